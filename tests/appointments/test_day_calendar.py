"""The day calendar: who sees whom when, what clashes, what is free; and the clock changes."""

import datetime
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.day_calendar import Booked, Free, bounds, day_of
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest
from clinic.models import ClosedDate, OpeningHours, working_hours
from tests.appointments.following import kept
from tests.form_posts import page as text_of
from tests.form_posts import post_form
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

DAY = "/admin/appointments/appointmentrequest/day/"
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
MONDAY = datetime.date(2027, 5, 3)
LONG_BEFORE = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)


def on_the_clock(date: datetime.date, clock: str, fold: int = 0) -> datetime.datetime:
    """This time on the clinic's clock; `fold` 1 for the second of two."""
    return datetime.datetime.combine(date, datetime.time.fromisoformat(clock), LOS_ANGELES).replace(fold=fold)


def book(
    starts_at: datetime.datetime, clinician: User | None = None, place: str = "", **answers: Any
) -> AppointmentRequest:
    """A request that was booked for this time."""
    appointment_request = kept(status="in_review", **answers)
    appointment_request.move_to(
        "booked",
        by=make_staff("clinician"),
        roles=frozenset({Role.CLINICIAN}),
        appointment_starts_at=starts_at,
        appointment_with=clinician,
        appointment_place=place,
    )
    return appointment_request


def signed_in(role: str = "reception") -> Client:
    client = Client()
    client.force_login(make_staff(role))
    return client


def show(date: datetime.date | str, role: str = "reception") -> str:
    response = signed_in(role).get(DAY, {"date": str(date)})
    assert response.status_code == 200, text_of(response)
    return text_of(response)


def said(html: str) -> str:
    """What the page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.split('id="content-main"')[1]).split())


def test_day_shows_each_clinician_with_time_name_reference_place_and_link() -> None:
    clinician, other = make_staff("clinician"), make_staff("clinician", "ade")
    mine = book(on_the_clock(MONDAY, "09:00"), clinician, "Room <2>", full_name="Zoë <b>Ng</b>")
    theirs = book(on_the_clock(MONDAY, "11:00"), other)
    nobodys = book(on_the_clock(MONDAY, "14:00"))
    book(on_the_clock(MONDAY + datetime.timedelta(days=1), "09:00"), clinician, full_name="Of Tuesday")
    html = show(MONDAY)
    text = said(html)
    assert "<bdi>Zoë &lt;b&gt;Ng&lt;/b&gt;</bdi>" in html
    assert "Room &lt;2&gt;" in html
    assert f"9:00 AM to 9:30 AM Zoë &lt;b&gt;Ng&lt;/b&gt; {mine.reference} Room &lt;2&gt;" in text
    assert "3 appointments" in text
    assert "All times are in PDT." in text and text.count("PDT") == 1, "the zone stands there once"
    assert "Of Tuesday" not in text
    for one in (mine, theirs, nobodys):
        assert f"/admin/appointments/appointmentrequest/{one.pk}/change/" in html
    columns = re.split(r'<section class="day-column"', html)[1:]
    assert [mine.reference in columns[1], theirs.reference in columns[0], nobodys.reference in columns[2]] == [
        True
    ] * 3
    assert "No clinician named" in columns[2]


def test_day_marks_clashes_of_one_clinician_in_words() -> None:
    clinician, other = make_staff("clinician"), make_staff("clinician", "ade")
    first = book(on_the_clock(MONDAY, "09:00"), clinician)
    second = book(on_the_clock(MONDAY, "09:29"), clinician)
    after = book(on_the_clock(MONDAY, "09:59"), clinician)
    elsewhere = book(on_the_clock(MONDAY, "09:00"), other)
    book(on_the_clock(MONDAY, "09:00"))
    book(on_the_clock(MONDAY, "09:10"))
    text = said(show(MONDAY))
    assert f"Clashes with {first.reference}" in text
    assert f"Clashes with {second.reference}" in text
    assert f"Clashes with {after.reference}" not in text, "one ends as the other begins"
    assert f"Clashes with {elsewhere.reference}" not in text
    assert text.count("Clashes with") == 2
    assert "2 of them clash" in text


def test_day_shows_what_is_free_of_the_opening_hours() -> None:
    OpeningHours.objects.all().delete()
    OpeningHours.objects.create(weekday=0, opens=datetime.time(9), closes=datetime.time(12))
    OpeningHours.objects.create(weekday=0, opens=datetime.time(13), closes=datetime.time(15))
    clinician = make_staff("clinician")
    for clock in ("09:00", "10:15", "10:30", "13:00", "14:50"):
        book(on_the_clock(MONDAY, clock), clinician)
    book(on_the_clock(MONDAY, "18:00"), clinician)
    (column,) = day_of(MONDAY, LONG_BEFORE).columns
    gaps = [
        tuple(moment.astimezone(LOS_ANGELES).strftime("%H:%M") for moment in (entry.starts_at, entry.ends_at))
        for entry in column.entries
        if isinstance(entry, Free)
    ]
    # Before 14:50 there is more than an hour; after 10:30's there is an hour; nothing shorter than a visit.
    assert gaps == [("09:30", "10:15"), ("11:00", "12:00"), ("13:30", "14:50")]
    assert [entry.starts_at for entry in column.entries] == sorted(entry.starts_at for entry in column.entries)
    assert "Free, 9:30 AM to 10:15 AM" in said(show(MONDAY))


def test_day_that_is_running_or_over_is_free_only_from_now_on() -> None:
    make_staff("clinician")
    now = on_the_clock(MONDAY, "16:00")
    (column,) = day_of(MONDAY, now).columns
    assert [(entry.starts_at, entry.ends_at) for entry in column.entries] == [(now, on_the_clock(MONDAY, "17:00"))]
    assert day_of(MONDAY, now + datetime.timedelta(days=1)).columns[0].entries == []
    assert day_of(MONDAY, on_the_clock(MONDAY, "16:31")).columns[0].entries == [], "too short for a visit"


@pytest.mark.parametrize(
    ("date", "hours"),
    [(datetime.date(2027, 3, 14), 23), (datetime.date(2027, 11, 7), 25), (MONDAY, 24)],
)
def test_day_is_as_long_as_the_clinics_clock_says(date: datetime.date, hours: int) -> None:
    start, end = bounds(date, working_hours())
    assert end - start == datetime.timedelta(hours=hours)
    clinician = make_staff("clinician")
    book(start, clinician)
    book(end - datetime.timedelta(minutes=1), clinician)
    book(start - datetime.timedelta(minutes=1), clinician)
    book(end, clinician)
    entries = [entry for column in day_of(date, LONG_BEFORE).columns for entry in column.entries]
    assert [entry.starts_at for entry in entries if isinstance(entry, Booked)] == [
        start,
        end - datetime.timedelta(minutes=1),
    ]


def test_day_tells_apart_the_two_times_of_the_hour_that_comes_twice() -> None:
    clinician = make_staff("clinician")
    sunday = datetime.date(2027, 11, 7)
    first = book(on_the_clock(sunday, "01:45", fold=0), clinician)
    second = book(on_the_clock(sunday, "01:45", fold=1), clinician)
    text = said(show(sunday))
    assert f"1:45 AM PDT to 1:15 AM PST Testa Patient {first.reference}" in text
    assert f"1:45 AM PST to 2:15 AM PST Testa Patient {second.reference}" in text
    assert "Clashes" not in text, "an hour lies between them"


def test_day_counts_a_clash_over_the_missing_hour() -> None:
    """From 1:45 to 3:05 the clock of that night shows 80 minutes; 20 minutes pass."""
    clinician = make_staff("clinician")
    sunday = datetime.date(2027, 3, 14)
    book(on_the_clock(sunday, "01:45"), clinician)
    book(on_the_clock(sunday, "03:05"), clinician)
    text = said(show(sunday))
    assert "1:45 AM PST" in text
    assert "3:05 AM PDT" in text
    assert text.count("Clashes with") == 2


def test_day_without_appointments_says_so() -> None:
    make_staff("clinician")
    ClosedDate.objects.create(date=MONDAY, reason="A day off")
    text = said(show(MONDAY))
    assert "No appointment is booked on this day." in text
    assert "The clinic is closed" in text
    assert "Nothing booked" not in text and "0 booked" not in text, "it is said once"
    assert "Free" not in text


def test_day_of_a_clinic_without_clinicians_says_so() -> None:
    assert "Nobody of the staff is in the group “clinician” yet." in said(show(MONDAY))


def test_day_says_whose_patients_need_somebody_else() -> None:
    gone = make_staff("clinician", "gone")
    book(on_the_clock(MONDAY, "09:00"), gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    text = said(show(MONDAY))
    assert "Cannot sign in any more" in text
    assert text.count("Free,") == 2, "what is free of the day of somebody who is gone is not shown"


def test_day_keeps_only_what_is_booked() -> None:
    clinician = make_staff("clinician")
    gone = book(on_the_clock(MONDAY, "09:00"), clinician)
    AppointmentRequest.objects.filter(pk=gone.pk).update(
        status="withdrawn", appointment_starts_at=None, appointment_with=None
    )
    assert gone.reference not in show(MONDAY)


@pytest.mark.parametrize(
    "date", ["yesterday", "2027-02-30", "2027-1-1x", "0001-01-01", "9999-12-31", "1999-12-31", "2027"]
)
def test_day_that_is_no_date_is_today_with_a_kind_word(date: str) -> None:
    text = said(show(date))
    assert "We could not read that date, so here is today." in text
    assert f"{timezone.now().astimezone(LOS_ANGELES):%B %-d, %Y}" in show(date)


@pytest.mark.parametrize("date", ["2000-01-01", "2099-12-31"])
def test_first_and_last_day_lead_no_further(date: str) -> None:
    html = show(date)
    assert html.count('rel="prev"') + html.count('rel="next"') == 1


def test_day_leads_to_the_days_beside_it_and_to_today() -> None:
    html = show(MONDAY)
    assert '<a class="button" rel="prev" href="?date=2027-05-02">' in html
    assert '<a class="button" rel="next" href="?date=2027-05-04">' in html
    assert f'<a class="button" href="{DAY}">Today</a>' in html
    assert "We could not read" not in show("")
    assert '<span class="day-today">Today</span>' in show("")


@pytest.mark.parametrize(
    ("role", "status"), [("reception", 200), ("clinician", 200), ("manager", 200), ("editor", 403)]
)
def test_day_is_for_whoever_may_see_requests(role: str, status: int) -> None:
    assert signed_in(role).get(DAY).status_code == status


def test_day_is_only_read_and_kept_nowhere() -> None:
    client = signed_in()
    assert post_form(client, DAY, {}).status_code == 405
    assert client.get(DAY).headers["Cache-Control"] == "no-store, private"
    assert Client().get(DAY).status_code == 302


def test_day_costs_the_same_with_more_appointments_and_clinicians() -> None:
    client = signed_in()

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(DAY, {"date": str(MONDAY)})
        return len(captured)

    cost()
    none = cost()
    for number in range(4):
        clinician = make_staff("clinician", f"clinician-{number}")
        for minutes in range(0, 120, 20):
            book(on_the_clock(MONDAY, "09:00") + datetime.timedelta(minutes=minutes), clinician)
    assert cost() == none <= 9


def test_queue_and_first_page_lead_to_the_day() -> None:
    for path in ("/admin/", "/admin/appointments/appointmentrequest/"):
        assert f'href="{DAY}"' in text_of(signed_in().get(path)), path
