"""What the database itself refuses: each named constraint, by a row that only it stands against."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from appointments.models import (
    AppointmentRequest,
    CannedReply,
    DaySignOff,
    RedFlagAnswer,
    RequestEvent,
    SavedView,
    StatusChange,
)
from tests.appointments.moves import try_in_vain
from tests.appointments.patients import sent

NOW = timezone.now()

REQUEST: list[tuple[str, dict[str, Any]]] = [
    ("request_status_exists", {"status": "done"}),
    ("request_urgency_exists", {"urgency": 0}),
    ("request_urgency_exists", {"urgency": 5}),
    ("request_language_exists", {"language": "fr"}),
    ("request_keyed_in_by_somebody", {"source": "phone"}),
    ("request_answer_is_whole", {"answered_at": NOW}),
    ("request_answer_is_whole", {"answered_after": datetime.timedelta(hours=1)}),
    ("request_proxy_has_consent", {"proxy_name": "Mara Patient", "proxy_relation": "Daughter"}),
    ("request_proxy_has_consent", {"proxy_name": "Mara Patient", "has_proxy_consent": True}),
    ("request_proxy_has_consent", {"has_proxy_consent": True}),
    (
        "request_dates_in_order",
        {"earliest_date": datetime.date(2027, 1, 5), "latest_date": datetime.date(2027, 1, 4)},
    ),
    ("request_version_positive", {"version": 0}),
    ("request_promise_after_receipt", {"reply_by": NOW - datetime.timedelta(days=365)}),
    ("request_can_be_answered", {"phone": "", "email": ""}),
    ("request_has_a_name", {"full_name": ""}),
    ("request_birth_date_plausible", {"birth_date": datetime.date(1899, 12, 31)}),
    ("request_problem_length", {"problem": ""}),
    ("request_problem_length", {"problem": "x" * 2_001}),
    ("request_booked_has_its_time", {"status": "booked"}),
    ("request_booked_has_its_time", {"appointment_starts_at": NOW}),
    ("request_booked_has_its_time", {"appointment_place": "Room 3"}),
    ("request_claim_is_whole", {"claimed_until": NOW}),
    ("request_next_step_is_whole", {"next_step": "call"}),
    ("request_next_step_is_whole", {"next_step_on": NOW.date()}),
    ("request_duplicate_of_another", {"duplicate_of": F("id"), "status": "duplicate"}),
]
CHANGE: list[tuple[str, dict[str, Any]]] = [
    ("status_change_version_once", {"version": 1}),
    ("status_change_goes_somewhere", {"from_status": "in_review"}),
    ("status_change_status_exists", {"to_status": "done"}),
    ("status_change_staff_are_named", {"role": "clinician", "changed_by": None}),
    ("status_change_staff_are_named", {"role": "patient"}),
    ("status_change_note_length", {"note": "x" * 1_001}),
    ("status_change_note_length", {"message": "x" * 1_001}),
    ("status_change_from_status_exists", {"from_status": "new"}),
    ("status_change_role_exists", {"role": "visitor"}),
]
EVENT: list[tuple[str, dict[str, Any]]] = [
    ("request_event_version_once", {"version": 3}),
    ("request_event_kind_exists", {"kind": "forgotten"}),
    ("request_event_role_exists", {"role": "visitor"}),
    ("request_event_staff_are_named", {"role": "clinician", "changed_by": None}),
    ("request_event_staff_are_named", {"role": "patient"}),
    ("request_event_note_length", {"note": "x" * 1_001}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("constraint", "wrong"), REQUEST)
def test_request_that_breaks_a_rule_is_refused_by_the_database(
    clinic_data: None, client: Client, constraint: str, wrong: dict[str, Any]
) -> None:
    appointment_request = sent(client)
    with refused_by(constraint):
        AppointmentRequest.objects.filter(pk=appointment_request.pk).update(**wrong)


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["key", "reference", "token_digest"])
def test_request_with_the_identity_of_another_is_refused_by_the_database(
    clinic_data: None, client: Client, field: str
) -> None:
    first, second = sent(client), sent(client)
    with refused_by(f"appointments_appointmentrequest_{field}"):
        AppointmentRequest.objects.filter(pk=second.pk).update(**{field: getattr(first, field)})


@pytest.mark.django_db
@pytest.mark.parametrize(("constraint", "wrong"), CHANGE)
def test_status_change_that_breaks_a_rule_is_refused_by_the_database(
    clinic_data: None, staff: Callable[[str], User], client: Client, constraint: str, wrong: dict[str, Any]
) -> None:
    right = {
        "appointment_request": sent(client),
        "version": 2,
        "from_status": "received",
        "to_status": "in_review",
        "changed_at": NOW,
        "changed_by": staff("reception"),
        "role": "reception",
    }
    with refused_by(constraint):
        StatusChange.objects.create(**{**right, **wrong})
    StatusChange.objects.create(**right)


@pytest.mark.django_db
def test_request_from_nowhere_known_is_refused_by_the_database(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    appointment_request = sent(client)
    with refused_by("request_source_exists"):
        AppointmentRequest.objects.filter(pk=appointment_request.pk).update(
            source="fax", keyed_in_by=staff("reception")
        )


@pytest.mark.django_db
def test_request_from_the_web_that_staff_keyed_in_is_refused_by_the_database(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    appointment_request = sent(client)
    with refused_by("request_keyed_in_by_somebody"):
        AppointmentRequest.objects.filter(pk=appointment_request.pk).update(keyed_in_by=staff("reception"))


@pytest.mark.django_db
@pytest.mark.parametrize(("constraint", "wrong"), EVENT)
def test_event_that_breaks_a_rule_is_refused_by_the_database(
    clinic_data: None, staff: Callable[[str], User], client: Client, constraint: str, wrong: dict[str, Any]
) -> None:
    appointment_request, reception = sent(client), staff("reception")
    right = {
        "appointment_request": appointment_request,
        "version": 2,
        "kind": "added",
        "changed_at": NOW,
        "changed_by": reception,
        "role": "reception",
    }
    RequestEvent.objects.create(**{**right, "version": 3})
    with refused_by(constraint):
        RequestEvent.objects.create(**{**right, **wrong})
    RequestEvent.objects.create(**right)


@pytest.mark.django_db
def test_red_flag_answered_twice_is_refused_by_the_database(clinic_data: None, client: Client) -> None:
    answer = sent(client, "fever").red_flag_answers.get()
    answer.pk = None
    with refused_by("red_flag_answer_once"):
        answer.save(force_insert=True)


@pytest.mark.django_db
def test_red_flag_of_an_unknown_tier_is_refused_by_the_database(clinic_data: None, client: Client) -> None:
    with refused_by("red_flag_answer_tier_exists"):
        sent(client, "fever").red_flag_answers.update(tier="amber")


@pytest.mark.django_db
def test_staff_who_made_a_move_cannot_be_deleted(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    reception = staff("reception")
    sent(client).move_to("in_review", by=reception, roles=frozenset({"reception"}))  # type: ignore[arg-type]
    with pytest.raises(models.ProtectedError):
        reception.delete()


def test_every_named_constraint_has_a_row_that_it_refuses() -> None:
    named = {
        constraint.name
        for model in (AppointmentRequest, StatusChange, RequestEvent, RedFlagAnswer)
        for constraint in model._meta.constraints
    }
    elsewhere = {"request_source_exists", "red_flag_answer_once", "red_flag_answer_tier_exists"}
    assert named == {name for name, _ in (*REQUEST, *CHANGE, *EVENT)} | elsewhere


@contextmanager
def refused_by(constraint: str) -> Iterator[None]:
    """The database refuses what is done inside, by the constraint of this name."""
    with pytest.raises(IntegrityError, match=f'"{constraint}'), transaction.atomic():
        yield


DESK: list[tuple[str, type[models.Model], dict[str, Any]]] = [
    ("canned_reply_title_once", CannedReply, {"title": "WE CALL YOU", "body": "Soon."}),
    ("canned_reply_language_exists", CannedReply, {"title": "Other", "body": "Soon.", "language": "fr"}),
    ("saved_view_name_once", SavedView, {"name": "my MONDAY"}),
    ("sign_off_counts", DaySignOff, {"open_count": 1, "listed_count": 2, "note": "Because."}),
    ("sign_off_with_listed_says_why", DaySignOff, {"open_count": 2, "listed_count": 1}),
    ("appointments_daysignoff_date", DaySignOff, {"date": NOW.date(), "open_count": 0, "listed_count": 0}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("constraint", "model", "wrong"), DESK, ids=[name for name, _, _ in DESK])
def test_what_staff_keep_that_breaks_a_rule_is_refused_by_the_database(
    staff: Callable[[str], User], constraint: str, model: type[models.Model], wrong: dict[str, Any]
) -> None:
    reception = staff("reception")
    CannedReply.objects.create(title="We call you", body="We call you soon.")
    SavedView.objects.create(name="My Monday", query="tab=mine", kept_by=reception)
    signed = {"date": NOW.date() + datetime.timedelta(days=1), "signed_at": NOW, "signed_by": reception}
    DaySignOff.objects.create(**{**signed, "date": NOW.date()}, open_count=0, listed_count=0)
    usual: dict[type[models.Model], dict[str, Any]] = {DaySignOff: signed, SavedView: {"kept_by": reception}}
    with refused_by(constraint):
        model._default_manager.create(**{**usual.get(model, {}), **wrong})


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["channel", "outcome", "part_of_day"])
def test_attempt_that_nobody_could_make_is_refused_by_the_database(
    clinic_data: None, staff: Callable[[str], User], client: Client, field: str
) -> None:
    appointment_request = sent(client)
    try_in_vain(appointment_request, staff("reception"), times=1)
    with refused_by(f"contact_attempt_{field}_exists"):
        appointment_request.contact_attempts.update(**{field: "x"})
