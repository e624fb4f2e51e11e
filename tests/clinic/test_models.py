"""The clinic's own rows: what the database refuses, and the hours that promises are reckoned from."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models, transaction

from clinic.models import Announcement, ClinicProfile, ClosedDate, OpeningHours, working_hours

ZONE = ZoneInfo("America/Los_Angeles")


@contextmanager
def refused_by(constraint: str) -> Iterator[None]:
    """The database refuses what is done inside, by the constraint of this name."""
    with pytest.raises(IntegrityError, match=f'"{constraint}'), transaction.atomic():
        yield


WRONG: list[tuple[str, type[models.Model], dict[str, Any]]] = [
    ("clinic_profile_is_one_row", ClinicProfile, {"id": 2}),
    ("opening_hours_open_before_close", OpeningHours, {"opens": "17:00", "closes": "17:00"}),
    ("opening_hours_open_before_close", OpeningHours, {"opens": "17:00", "closes": "08:00"}),
    ("opening_hours_weekday_exists", OpeningHours, {"weekday": 7}),
    ("opening_hours_once", OpeningHours, {"opens": "13:30", "closes": "14:00"}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("constraint", "model", "wrong"), WRONG)
def test_row_that_breaks_a_rule_is_refused_by_the_database(
    clinic_data: None, constraint: str, model: type[models.Model], wrong: dict[str, Any]
) -> None:
    first = model._default_manager.order_by("pk")[0]
    with refused_by(constraint):
        model._default_manager.filter(pk=first.pk).update(**wrong)


def test_every_named_constraint_has_a_row_that_it_refuses() -> None:
    ours = (ClinicProfile, OpeningHours, ClosedDate, Announcement)
    named = {constraint.name for model in ours for constraint in model._meta.constraints}
    assert named == {name for name, _, _ in WRONG}


@pytest.mark.django_db
def test_date_is_closed_once(clinic_data: None) -> None:
    with refused_by("clinic_closeddate_date"):
        ClosedDate.objects.create(date=datetime.date(2026, 12, 25))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "America/Springfield"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "PST8PDT-nonsense"),
        ("emergency_number", "nine"),
        ("emergency_number", "9"),
        ("emergency_number", "٩١١"),
        ("phone", "12"),
        ("name", ""),
    ],
)
def test_profile_that_pages_could_not_use_is_refused(clinic_data: None, field: str, value: str) -> None:
    profile = ClinicProfile.objects.get()
    setattr(profile, field, value)
    with pytest.raises(ValidationError) as error:
        profile.full_clean()
    assert set(error.value.message_dict) == {field}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["https://example.org/", "//example.org/", "/\\example.org", "javascript:x", "surgery", "/a b", ""],
)
def test_announcement_leads_to_a_page_of_this_site(path: str) -> None:
    with pytest.raises(ValidationError) as error:
        Announcement(message="x", link_path=path).full_clean()
    assert set(error.value.message_dict) == {"link_path"}


@pytest.mark.django_db
def test_announcement_that_is_deleted_leaves_the_profile(clinic_data: None) -> None:
    Announcement.objects.all().delete()
    profile = ClinicProfile.objects.current()
    assert profile is not None
    assert profile.announcement is None


@pytest.mark.django_db
def test_profile_gives_links_and_zone(clinic_data: None) -> None:
    profile = ClinicProfile.objects.get()
    assert profile.phone_href == "tel:+14242177463"
    assert profile.zone == ZONE


@pytest.mark.django_db
def test_current_profile_is_read_anew_each_time(clinic_data: None) -> None:
    ClinicProfile.objects.update(name="Another name")
    profile = ClinicProfile.objects.current()
    assert profile is not None
    assert profile.name == "Another name"
    ClinicProfile.objects.all().delete()
    assert ClinicProfile.objects.current() is None


@pytest.mark.django_db
def test_current_profile_does_not_hide_a_defect_of_ours(clinic_data: None) -> None:
    """Only a database that is away is answered with the last known profile."""
    with pytest.raises(DataError), transaction.atomic():
        ClinicProfile.objects.extra(where=["1/0 = 1"]).current()


# Opening hours


@pytest.mark.django_db
def test_working_hours_are_those_that_staff_entered(clinic_data: None) -> None:
    hours = working_hours()
    monday = [(datetime.time(8, 30), datetime.time(12, 30)), (datetime.time(13, 30), datetime.time(17))]
    assert {day: list(periods) for day, periods in hours.periods.items()} == dict.fromkeys(range(5), monday)
    assert datetime.date(2026, 12, 25) in hours.closed_dates
    assert hours.zone == ZONE


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("08:00", "12:00"), ("10:00", "14:00")], [(8, 14)]),
        ([("08:00", "17:00"), ("10:00", "11:00")], [(8, 17)]),
        ([("08:00", "12:00"), ("12:00", "17:00")], [(8, 17)]),
        ([("13:00", "17:00"), ("08:00", "12:00")], [(8, 12), (13, 17)]),
        ([("08:00", "10:00"), ("09:00", "12:00"), ("11:00", "13:00"), ("15:00", "16:00")], [(8, 13), (15, 16)]),
        ([], []),
    ],
)
def test_working_hours_take_overlapping_rows_as_one_opening(
    rows: list[tuple[str, str]], expected: list[tuple[int, int]]
) -> None:
    ClinicProfile.objects.create(name="Clinic", phone="+14245550100", emergency_number="911", time_zone=ZONE.key)
    for opens, closes in rows:
        OpeningHours.objects.create(weekday=2, opens=opens, closes=closes)
    periods = working_hours().periods.get(2, ())
    assert [(opens.hour, closes.hour) for opens, closes in periods] == expected
