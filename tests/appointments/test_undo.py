"""Undo: the last step taken back by whoever took it, within ten minutes, as a step of its own."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from appointments.booking import book, move_appointment
from appointments.contact import log_attempt
from appointments.lifecycle import MoveRefused, Role, Urgency
from appointments.models import AppointmentRequest, Channel, ContactAttempt, Outcome, StatusChange
from appointments.undo import UNDO_WITHIN, last_entry, undo_last
from appointments.urgency import set_urgency
from tests.appointments.following import kept, move_on
from tests.appointments.test_admin import QUEUE, in_days, signed_in
from tests.form_posts import page, post_form
from tests.staff import make_staff

# What the database or the field reckons when the row is written.
RECKONED = {"name_keys", "due_at", "worse_rank_at"}
RECEPTION = frozenset({Role.RECEPTION})
CLINICIAN = frozenset({Role.CLINICIAN})
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

Staff = Callable[[str], User]


def row(appointment_request: AppointmentRequest) -> dict[str, Any]:
    """The row as the database has it."""
    return dict(AppointmentRequest.objects.filter(pk=appointment_request.pk).values().get())


def refused(appointment_request: AppointmentRequest, by: User, roles: frozenset[Role] = RECEPTION) -> str:
    """The code with which an undo is refused, once it is sure that nothing was changed by it."""
    before = row(appointment_request)
    with pytest.raises(MoveRefused) as refusal:
        undo_last(appointment_request, by=by, roles=roles)
    assert row(appointment_request) == before
    return refusal.value.code


def test_undo_of_a_booking_puts_everything_back(staff: Staff) -> None:
    appointment_request, clinician = kept(status="in_review"), staff("clinician")
    before = row(appointment_request)
    appointment_request.move_to(
        "booked",
        by=clinician,
        roles=CLINICIAN,
        appointment_starts_at=timezone.now() + datetime.timedelta(days=3),
        appointment_with=clinician,
        appointment_place="Room 3",
    )
    assert appointment_request.answered_at is not None
    undone = undo_last(appointment_request, by=clinician, roles=CLINICIAN, note="Wrong patient.")
    after = row(appointment_request)
    claims = {"version", "claimed_by_id", "claimed_until"}
    assert {name: after[name] for name in after if name not in claims} == {
        name: before[name] for name in before if name not in claims
    }
    assert after["claimed_by_id"] == clinician.pk  # whoever undoes has it
    assert isinstance(undone, StatusChange)
    assert (undone.from_status, undone.to_status, undone.undoes) == ("booked", "in_review", 3)
    assert (undone.changed_by, undone.role, undone.note) == (clinician, "clinician", "Wrong patient.")
    in_memory = {name: getattr(appointment_request, name) for name in after if name not in RECKONED}
    assert in_memory == {name: after[name] for name in in_memory}


def test_undo_of_a_raised_urgency_is_an_entry_of_its_own(staff: Staff) -> None:
    appointment_request, reception = kept(), staff("reception")
    set_urgency(appointment_request, Urgency.URGENT, by=reception, roles=RECEPTION, may_lower=False)
    event = undo_last(appointment_request, by=reception, roles=RECEPTION)
    appointment_request.refresh_from_db()
    assert (appointment_request.urgency, appointment_request.version, event.undoes) == (Urgency.ROUTINE, 3, 2)
    assert [entry.version for entry in appointment_request.events.all()] == [2, 3]


def test_undo_leaves_the_patients_word_as_new_as_it_was(staff: Staff) -> None:
    appointment_request, reception = kept(), staff("reception")
    wrote_at = timezone.now()
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(patient_wrote_at=wrote_at)
    appointment_request.refresh_from_db()
    log_attempt(appointment_request, Channel.PHONE, Outcome.REACHED, by=reception, roles=RECEPTION)
    assert appointment_request.patient_wrote_at is None
    undo_last(appointment_request, by=reception, roles=RECEPTION)
    appointment_request.refresh_from_db()
    assert appointment_request.patient_wrote_at == wrote_at


def test_undo_of_a_logged_call_takes_back_the_answer_and_the_attempt(staff: Staff) -> None:
    appointment_request, reception = kept(status="in_review"), staff("reception")
    log_attempt(appointment_request, Channel.PHONE, Outcome.REACHED, by=reception, roles=RECEPTION)
    assert appointment_request.answered_by == reception
    undo_last(appointment_request, by=reception, roles=RECEPTION)
    appointment_request.refresh_from_db()
    assert (appointment_request.answered_at, appointment_request.answered_by) == (None, None)
    assert not ContactAttempt.objects.standing().exists()
    assert ContactAttempt.objects.exists()  # what happened stays on record


def test_undo_of_an_undo_is_refused(staff: Staff) -> None:
    appointment_request, reception = kept(), staff("reception")
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    undo_last(appointment_request, by=reception, roles=RECEPTION)
    assert refused(appointment_request, reception) == "cannot_undo"


def test_undo_by_somebody_else_is_refused(staff: Staff) -> None:
    appointment_request = kept()
    appointment_request.move_to("in_review", by=staff("reception"), roles=RECEPTION)
    assert refused(appointment_request, staff("clinician"), CLINICIAN) == "not_yours"


@pytest.mark.parametrize(("seconds", "code"), [(-5, ""), (0, "too_late")])
def test_undo_is_possible_for_ten_minutes(staff: Staff, seconds: int, code: str) -> None:
    appointment_request, reception = kept(), staff("reception")
    change = appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    change.changed_at -= UNDO_WITHIN + datetime.timedelta(seconds=seconds)
    change.save()
    if code:
        assert refused(appointment_request, reception) == code
    else:
        undo_last(appointment_request, by=reception, roles=RECEPTION)
        assert appointment_request.status == "received"


def test_undo_of_what_the_patient_did_is_refused(staff: Staff) -> None:
    appointment_request = kept(status="withdrawn")
    change = last_entry(appointment_request)
    assert change.changed_by == staff("clinician")
    sent = kept()
    assert refused(sent, staff("reception")) == "cannot_undo"
    sent.move_to("withdrawn", by=None, roles=frozenset({Role.PATIENT}))
    assert refused(sent, staff("reception")) == "not_yours"


def test_undo_by_whoever_lost_the_role_is_refused(staff: Staff) -> None:
    appointment_request, reception = kept(), staff("reception")
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    assert refused(appointment_request, reception, frozenset({Role.EDITOR})) == "not_your_role"


def test_undo_after_somebody_else_acted_is_refused(staff: Staff) -> None:
    appointment_request, reception = kept(), staff("reception")
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    seen = AppointmentRequest.objects.get(pk=appointment_request.pk)
    set_urgency(appointment_request, Urgency.SOON, by=reception, roles=RECEPTION, may_lower=False)
    assert refused(seen, reception) == "stale"


def test_undo_of_a_booking_without_mail_sends_none_about_it(staff: Staff) -> None:
    appointment_request = kept(status="in_review")
    move_on(appointment_request, "booked")
    undo_last(appointment_request, by=staff("clinician"), roles=CLINICIAN)
    assert appointment_request.status == "in_review"


@pytest.mark.parametrize("what", ["time", "clinician"])
def test_undo_does_not_bring_an_appointment_back_where_another_one_stands(staff: Staff, what: str) -> None:
    reception, clinician, other = staff("reception"), staff("clinician"), make_staff("clinician", "ade")
    starts_at = in_days(7)
    moved = kept(status="in_review")
    book(moved, starts_at, by=reception, roles=RECEPTION, clinician=clinician)
    later = starts_at + datetime.timedelta(hours=2)
    if what == "time":
        move_appointment(moved, later, by=reception, roles=RECEPTION)
    else:
        move_appointment(moved, starts_at, by=reception, roles=RECEPTION, appointment_with=other)
    second = kept(status="in_review", birth_date=datetime.date(1950, 1, 1))
    book(second, starts_at, by=clinician, roles=CLINICIAN, clinician=clinician)
    assert refused(moved, reception) == "clash"
    response = post_form(signed_in(reception), f"{QUEUE}{moved.pk}/undo/", {"version": moved.version})
    html = page(response)
    assert response.status_code == 409
    assert f"clinician has an appointment at 10:00 AM {starts_at:%Z} on that day: {second.reference}." in html
    assert "Use “Move the appointment” to choose another time." in html
    # When that one is gone, it goes back.
    undo_last(second, by=clinician, roles=CLINICIAN)
    undo_last(moved, by=reception, roles=RECEPTION)
    assert (moved.appointment_starts_at, moved.appointment_with_id) == (starts_at, clinician.pk)


def test_undo_of_another_place_asks_nothing(staff: Staff) -> None:
    clinician, starts_at = staff("clinician"), in_days(7)
    first, second = (kept(status="in_review") for _ in range(2))
    for one in (first, second):
        book(one, starts_at, by=clinician, roles=CLINICIAN, clinician=clinician, despite_clash=True)
    move_appointment(first, starts_at, by=clinician, roles=CLINICIAN, appointment_place="Hill House")
    undo_last(first, by=clinician, roles=CLINICIAN)
    assert first.appointment_place == ""
