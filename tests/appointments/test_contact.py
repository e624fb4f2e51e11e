"""The ledger of attempts to reach a patient."""

import datetime
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments.contact import log_attempt, part_of_day, tried_in_vain
from appointments.lifecycle import MoveRefused, NextStep, Role
from appointments.models import AppointmentRequest, Channel, ContactAttempt, EventKind, Outcome, PartOfDay
from appointments.patient_word import take_word
from appointments.queue import known_of
from appointments.undo import undo_last
from appointments.worse import report_worse
from tests.appointments.following import kept
from tests.appointments.moves import let_go, try_in_vain
from tests.form_posts import page, post_form

RECEPTION = frozenset({Role.RECEPTION})
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

Staff = Callable[[str], User]


def refused(
    appointment_request: AppointmentRequest,
    outcome: str,
    by: User,
    roles: frozenset[Role] = RECEPTION,
    channel: str = Channel.PHONE,
) -> str:
    """The code with which an attempt is refused, once it is sure that nothing was kept of it."""
    before = AppointmentRequest.objects.filter(pk=appointment_request.pk).values().get()
    with pytest.raises(MoveRefused) as refusal:
        log_attempt(appointment_request, channel, outcome, by=by, roles=roles)
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
    assert ContactAttempt.objects.tries(appointment_request).times == 1
    assert move() == "attempts_missing"
    try_in_vain(appointment_request, reception, times=2)
    assert ContactAttempt.objects.tries(appointment_request).times == 3
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


# What counts towards "unreachable": only what was tried after the patient was last heard of


def move_code(appointment_request: AppointmentRequest, by: User, status: str = "unreachable") -> str:
    """The code with which the move is refused: "" once it is made."""
    try:
        appointment_request.move_to(status, by=by, roles=RECEPTION)
    except MoveRefused as refusal:
        return refusal.code
    return ""


def tried(appointment_request: AppointmentRequest) -> AppointmentRequest:
    """As the patient's page reads it."""
    return AppointmentRequest.objects.noting_attempts().get(pk=appointment_request.pk)


@pytest.mark.parametrize("kind", [EventKind.WORSE, EventKind.ADDED, EventKind.CONTACT_CHANGED])
def test_a_patient_who_writes_is_not_unreachable_before_new_attempts(staff: Staff, kind: EventKind) -> None:
    """However often the staff act in between: what they do does not take the patient's word back."""
    row, reception = kept(status="in_review"), staff("reception")
    try_in_vain(row, reception, times=3)
    assert tried_in_vain(tried(row)) is not None
    if kind == EventKind.WORSE:
        report_worse(row, [], "I cannot feel my legs.")
    else:
        take_word(row, kind, note="I am here.")
    assert tried_in_vain(tried(row)) is None
    assert move_code(row, reception) == "attempts_missing"
    try_in_vain(row, reception, times=2)
    assert ContactAttempt.objects.tries(row).times == 2
    assert move_code(row, reception) == "attempts_missing"
    let_go(row)
    assert len(known_of([row])[row.pk].in_vain) == 2
    log_attempt(row, Channel.PHONE, Outcome.NO_ANSWER, by=reception, roles=RECEPTION)
    assert move_code(row, reception) == ""


def test_a_patient_who_comes_back_is_not_unreachable_before_new_attempts(staff: Staff) -> None:
    """By their own word, or because they called and the staff reopened it. To undo the closing is not to hear of
    the patient."""
    reception = staff("reception")
    wrote, called, undone = kept(status="in_review"), kept(status="in_review"), kept(status="in_review")
    for row in (wrote, called, undone):
        try_in_vain(row, reception, times=3)
        assert move_code(row, reception) == ""
    report_worse(wrote, [], "I cannot feel my legs.")
    assert move_code(called, reception, "in_review") == ""
    undo_last(undone, by=reception, roles=RECEPTION)
    assert [row.status for row in (wrote, called, undone)] == ["in_review"] * 3
    assert [move_code(row, reception) for row in (wrote, called, undone)] == [*["attempts_missing"] * 2, ""]


def test_the_record_counts_the_same_attempts_as_the_move(staff: Staff) -> None:
    row, reception = kept(status="in_review"), staff("reception")
    try_in_vain(row, reception, times=3)
    take_word(row, EventKind.ADDED, note="I am here.")
    browser = Client()
    browser.force_login(reception)
    path = f"/admin/appointments/appointmentrequest/{row.pk}/change/"
    assert "Nothing in vain since the patient was last reached or wrote to us." in page(browser.get(path))
    try_in_vain(row, reception, times=1)
    assert "Tried once, nobody reached; 2 more (one on another day) before" in page(browser.get(path))


# What can come of which channel, and what is enough


@pytest.mark.parametrize(
    ("channel", "outcome", "code"),
    [
        ("email", "voicemail", "outcome_impossible"),
        ("email", "no_answer", "outcome_impossible"),
        ("email", "message_sent", ""),
        ("in_person", "wrong_number", "outcome_impossible"),
        ("in_person", "somebody_else", ""),
        ("phone", "message_sent", "outcome_impossible"),
        ("phone", "wrong_number", ""),
        ("text", "voicemail", "outcome_impossible"),
        ("text", "message_sent", ""),
        *((channel.value, "reached", "") for channel in Channel),
    ],
)
def test_outcome_that_cannot_come_of_a_channel_is_refused(
    staff: Staff, channel: str, outcome: str, code: str
) -> None:
    row = kept(status="in_review", may_leave_voicemail=True, may_text=True)
    browser, path = Client(), f"/admin/appointments/appointmentrequest/{row.pk}/log-call/"
    browser.force_login(staff("clinician"))
    answer = post_form(browser, path, {"version": row.version, "channel": channel, "outcome": outcome})
    assert answer.status_code == (422 if code else 302)
    assert ContactAttempt.objects.count() == (0 if code else 1)
    if code:
        assert refused(row, outcome, staff("reception"), channel=channel) == code
        assert "cannot end with" in page(answer)


def test_text_that_the_patient_does_not_want_is_refused(staff: Staff) -> None:
    """An answer that came by text all the same is one."""
    row, reception = kept(status="in_review"), staff("clinician")
    assert refused(row, Outcome.MESSAGE_SENT, reception, channel=Channel.TEXT) == "text_not_allowed"
    log_attempt(row, Channel.TEXT, Outcome.REACHED, by=reception, roles=RECEPTION)
    assert row.answered_at is not None


def try_by(channel: str, row: AppointmentRequest, by: User, when: str) -> None:
    """In vain, that many days ago in that part of the day."""
    days, _, part = when.partition(" ")
    outcome = Outcome.MESSAGE_SENT if channel == Channel.EMAIL else Outcome.NO_ANSWER
    attempt = log_attempt(row, channel, outcome, by=by, roles=RECEPTION)
    attempt.tried_on, attempt.part_of_day = attempt.tried_on - datetime.timedelta(days=int(days)), part
    attempt.save()


@pytest.mark.parametrize(
    ("tries", "phone", "lacks"),
    [
        ("email 0 morning, email 0 midday, email 0 afternoon", "+14245550134", ["by phone", "on another day"]),
        ("email 2 morning, email 1 midday, email 0 afternoon", "+14245550134", ["by phone"]),
        ("email 2 morning, email 1 midday, email 0 afternoon", "", []),
        ("phone 0 morning, phone 0 midday, phone 0 afternoon", "+14245550134", ["on another day"]),
        ("phone 1 morning, email 0 midday, email 0 afternoon", "+14245550134", []),
    ],
)
def test_unreachable_takes_the_phone_and_two_days(staff: Staff, tries: str, phone: str, lacks: list[str]) -> None:
    row, by = kept(status="in_review"), staff("clinician")
    AppointmentRequest.objects.filter(pk=row.pk).update(phone=phone)
    row.refresh_from_db()
    for one in tries.split(", "):
        channel, _, when = one.partition(" ")
        try_by(channel, row, by, when)
    browser = Client()
    browser.force_login(by)
    html = page(browser.get(f"/admin/appointments/appointmentrequest/{row.pk}/change/"))
    assert ("more (" in html) == bool(lacks)
    if not lacks:
        assert move_code(row, by) == ""
        return
    with pytest.raises(MoveRefused) as refusal:
        row.move_to("unreachable", by=by, roles=RECEPTION)
    assert refusal.value.code == "attempts_missing"
    assert all(f"one {what}" in str(refusal.value) and f"one {what}" in html for what in lacks)
