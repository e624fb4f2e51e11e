"""The ledger of attempts to reach a patient."""

import datetime
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from appointments.contact import log_attempt, part_of_day
from appointments.lifecycle import MoveRefused, NextStep, Role
from appointments.models import AppointmentRequest, Channel, ContactAttempt, Outcome, PartOfDay
from tests.appointments.following import kept
from tests.appointments.moves import try_in_vain

RECEPTION = frozenset({Role.RECEPTION})
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

Staff = Callable[[str], User]


def refused(
    appointment_request: AppointmentRequest, outcome: str, by: User, roles: frozenset[Role] = RECEPTION
) -> str:
    """The code with which an attempt is refused, once it is sure that nothing was kept of it."""
    before = AppointmentRequest.objects.filter(pk=appointment_request.pk).values().get()
    with pytest.raises(MoveRefused) as refusal:
        log_attempt(appointment_request, Channel.PHONE, outcome, by=by, roles=roles)
    assert AppointmentRequest.objects.filter(pk=appointment_request.pk).values().get() == before
    assert not ContactAttempt.objects.exists()
    return refusal.value.code


def test_attempt_in_vain_does_not_meet_the_promise_and_plans_the_next(staff: Staff) -> None:
    appointment_request, reception = kept(status="in_review"), staff("reception")
    attempt = log_attempt(
        appointment_request, Channel.PHONE, Outcome.NO_ANSWER, by=reception, roles=RECEPTION, note="It rang."
    )
    appointment_request.refresh_from_db()
    assert appointment_request.answered_at is None
    assert (appointment_request.next_step, appointment_request.next_step_by) == (NextStep.CALL, reception)
    assert appointment_request.next_step_on is not None
    assert appointment_request.next_step_on > attempt.tried_on
    assert (attempt.event.changed_by, attempt.event.role, attempt.event.note) == (
        reception,
        "reception",
        "It rang.",
    )
    assert appointment_request.claimed_by == reception


def test_first_real_contact_meets_the_promise_once(staff: Staff) -> None:
    appointment_request, reception = kept(status="in_review"), staff("reception")
    log_attempt(appointment_request, Channel.PHONE, Outcome.NO_ANSWER, by=reception, roles=RECEPTION)
    log_attempt(appointment_request, Channel.PHONE, Outcome.REACHED, by=reception, roles=RECEPTION)
    first = appointment_request.answered_at
    assert first is not None
    assert (appointment_request.answered_by, appointment_request.next_step) == (reception, "")
    log_attempt(appointment_request, Channel.PHONE, Outcome.REACHED, by=reception, roles=RECEPTION)
    appointment_request.refresh_from_db()
    assert appointment_request.answered_at == first


def test_unreachable_takes_three_attempts_at_different_times(staff: Staff) -> None:
    """Three calls in one morning are one time. One from before the patient was reached is none."""
    appointment_request, reception = kept(status="in_review"), staff("reception")

    def move() -> str:
        try:
            appointment_request.move_to("unreachable", by=reception, roles=RECEPTION)
        except MoveRefused as refusal:
            return refusal.code
        return ""

    try_in_vain(appointment_request, reception, times=3)
    log_attempt(appointment_request, Channel.PHONE, Outcome.REACHED, by=reception, roles=RECEPTION)
    assert move() == "attempts_missing"
    for _ in range(3):
        log_attempt(appointment_request, Channel.PHONE, Outcome.NO_ANSWER, by=reception, roles=RECEPTION)
    assert ContactAttempt.objects.failed_times(appointment_request) == 1
    assert move() == "attempts_missing"
    try_in_vain(appointment_request, reception, times=2)
    assert ContactAttempt.objects.failed_times(appointment_request) == 3
    assert move() == ""


def test_voice_message_that_the_patient_does_not_want_is_refused(staff: Staff) -> None:
    assert refused(kept(status="in_review"), Outcome.VOICEMAIL, staff("reception")) == "voicemail_not_allowed"
    allowed = kept(status="in_review", may_leave_voicemail=True)
    log_attempt(allowed, Channel.PHONE, Outcome.VOICEMAIL, by=staff("reception"), roles=RECEPTION)
    assert allowed.contact_attempts.get().outcome == "voicemail"


@pytest.mark.parametrize("status", ["booked", "declined", "duplicate", "withdrawn"])
def test_attempt_on_a_closed_request_is_refused(staff: Staff, status: str) -> None:
    assert refused(kept(status=status), Outcome.NO_ANSWER, staff("reception")) == "no_such_move"


def test_attempt_by_the_wrong_role_or_from_an_old_page_or_on_anothers_request_is_refused(staff: Staff) -> None:
    appointment_request, reception = kept(), staff("reception")
    assert (
        refused(appointment_request, Outcome.REACHED, staff("editor"), frozenset({Role.EDITOR})) == "not_your_role"
    )
    seen = AppointmentRequest.objects.get(pk=appointment_request.pk)
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    assert refused(seen, Outcome.REACHED, reception) == "stale"
    assert refused(appointment_request, Outcome.REACHED, staff("clinician")) == "claimed"


@pytest.mark.parametrize(
    ("clock", "part"),
    [
        ((0, 0), PartOfDay.MORNING),
        ((11, 59), PartOfDay.MORNING),
        ((12, 0), PartOfDay.MIDDAY),
        ((13, 59), PartOfDay.MIDDAY),
        ((14, 0), PartOfDay.AFTERNOON),
        ((23, 59), PartOfDay.AFTERNOON),
    ],
)
def test_part_of_day_is_that_of_the_clinics_clock(clock: tuple[int, int], part: PartOfDay) -> None:
    day = timezone.now().replace(hour=clock[0], minute=clock[1])
    assert part_of_day(day) == part
    assert isinstance(day, datetime.datetime)
