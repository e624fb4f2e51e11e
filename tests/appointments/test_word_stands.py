"""What the patient wrote after we had answered, and the promise made then: which acts of the staff answer it.

The rule stands in `Acting.contact_made`; this is its table.
"""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments import claims
from appointments.booking import move_appointment
from appointments.contact import log_attempt
from appointments.duplicates import link, unlink
from appointments.history import differences
from appointments.lifecycle import NextStep, RequestStatus, Role, Urgency
from appointments.models import AppointmentRequest, EventKind, Outcome
from appointments.models.acting import NOBODY
from appointments.models.request import NEVER
from appointments.patient_word import take_word
from appointments.plan import hand_over, plan
from appointments.reminders import ask_for_new_dates
from appointments.second_look import look_again
from appointments.undo import undo_last
from appointments.urgency import set_urgency
from appointments.worse import report_worse
from clinic.models import working_hours
from tests.appointments.following import address, kept, move_on
from tests.form_posts import page
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

Act = Callable[[AppointmentRequest, User], Any]
EVERYBODY = frozenset({Role.RECEPTION, Role.CLINICIAN, Role.MANAGER})
DAY = datetime.timedelta(days=1)


def moved(status: str, **how: Any) -> Act:
    return lambda row, by: row.move_to(status, by=by, roles=EVERYBODY, **how)


def tried(outcome: str) -> Act:
    channel = "email" if outcome == Outcome.MESSAGE_SENT else "phone"
    return lambda row, by: log_attempt(row, channel, outcome, by=by, roles=EVERYBODY)


def urgency(value: Urgency) -> Act:
    return lambda row, by: set_urgency(row, value, by=by, roles=EVERYBODY, may_lower=True, reason="Read again.")


def planned(days: int) -> Act:
    on = timezone.localdate() + days * DAY
    return lambda row, by: plan(row, NextStep.CALL, on, by, by=by, roles=EVERYBODY)


def planned_for_the_promise(row: AppointmentRequest, by: User) -> None:
    """As late as what got worse may be planned for."""
    assert row.standing_promise is not None
    on = row.standing_promise.astimezone(working_hours().zone).date()
    plan(row, NextStep.CALL, on, by, by=by, roles=EVERYBODY)


def appointment_moved(**changed: Any) -> Act:
    def act(row: AppointmentRequest, by: User) -> None:
        starts_at = row.appointment_starts_at
        assert starts_at is not None
        where = {"starts_at": starts_at, **changed}
        move_appointment(row, **where, by=by, roles=EVERYBODY, despite_clash=True)  # at whatever hour the test runs

    return act


def undone(first: Act) -> Act:
    def act(row: AppointmentRequest, by: User) -> None:
        first(row, by)
        undo_last(row, by=by, roles=EVERYBODY)

    return act


def taken_over(row: AppointmentRequest, by: User) -> None:
    claims.take(row, by=make_staff("reception", "another"), roles=EVERYBODY)
    claims.take_over(row, by=by, roles=EVERYBODY, reason="She is ill.")


def taken_and_given_back(row: AppointmentRequest, by: User) -> None:
    claims.take(row, by=by, roles=EVERYBODY)
    claims.give_back_all(by)


def linked_as_original(row: AppointmentRequest, by: User) -> None:
    other = kept(birth_date=datetime.date(1950, 1, 1))
    link(other, row, by=by, roles=EVERYBODY, note="Same voice.")


def linked_as_duplicate(row: AppointmentRequest, by: User) -> None:
    """The original was answered before, too: the duplicate's word stands there, and comes back with it."""
    original = kept(birth_date=datetime.date(1950, 1, 1))
    log_attempt(original, "phone", "reached", by=by, roles=EVERYBODY)
    told = row.reply_by
    link(row, original, by=by, roles=EVERYBODY, note="Same voice.")
    assert original.standing_promise == told
    unlink(row, by=by, roles=EVERYBODY)
    original.refresh_from_db()
    assert original.standing_promise is None
    assert differences(original) == {}


def could_not_reach(row: AppointmentRequest, by: User) -> None:
    """Three calls in vain, and opened again by the staff: still nobody has answered."""
    move_on(row, "unreachable")
    assert row.standing_promise is None, "nobody tries any more"
    row.move_to("in_review", by=by, roles=EVERYBODY)


def second_look_taken(row: AppointmentRequest, by: User) -> None:
    AppointmentRequest.objects.filter(pk=row.pk).update(second_look_on=timezone.localdate() - DAY)
    row.refresh_from_db()
    look_again(row, by=by, roles=EVERYBODY)
    first = row.status_changes.get(from_status="")
    first.after["second_look_on"] = None
    first.save()


def asked_for_dates(row: AppointmentRequest, by: User) -> None:
    AppointmentRequest.objects.filter(pk=row.pk).update(windows_end_at=timezone.now() - DAY)
    assert ask_for_new_dates(timezone.now()) == 1
    first = row.status_changes.get(from_status="")
    row.refresh_from_db()
    first.after["windows_end_at"] = str(row.windows_end_at)
    first.save()


SOON = timezone.now() + 4 * DAY
# Status -> what the staff do -> whether the promise to the patient stands afterwards.
ACTS: list[tuple[str, str, Act, bool]] = [
    # To have it, to put it off, to pass it on: nobody has answered.
    ("received", "take", lambda row, by: claims.take(row, by=by, roles=EVERYBODY), True),
    ("received", "take next", lambda row, by: claims.take_next(by=by, roles=EVERYBODY), True),
    ("received", "take over", taken_over, True),
    ("received", "take and sign out", taken_and_given_back, True),
    ("received", "plan for today", planned(0), True),
    ("received", "plan for later", planned_for_the_promise, True),
    ("received", "hand over", lambda row, by: hand_over(row, by, by=by, roles=EVERYBODY), True),
    ("received", "second look", second_look_taken, True),
    ("received", "ask for new dates", asked_for_dates, True),
    # A call or a message that reached nobody is no answer.
    *(("in_review", outcome.value, tried(outcome), outcome != Outcome.REACHED) for outcome in Outcome),
    ("in_review", "undo of reached", undone(tried("reached")), True),
    ("in_review", "three calls in vain", could_not_reach, True),
    # The urgency: to raise it answers nobody; a report that is lowered or cleared with a reason was looked at.
    ("in_review", "raise", urgency(Urgency.EMERGENCY), True),
    ("in_review", "undo of raise", undone(urgency(Urgency.EMERGENCY)), True),
    ("in_review", "lower", urgency(Urgency.ROUTINE), False),
    ("in_review", "clear the report", urgency(Urgency.URGENT), False),
    ("in_review", "undo of clear", undone(urgency(Urgency.URGENT)), True),
    # Moves: those that tell the patient something.
    ("received", "start review", moved("in_review"), True),
    ("in_review", "ask the patient", moved("awaiting_patient", message="Please send your letter."), False),
    ("in_review", "book", moved("booked", appointment_starts_at=SOON), False),
    ("in_review", "decline", moved("declined", note="No.", message="Please see another doctor."), False),
    ("in_review", "withdraw on their word", moved("withdrawn"), False),
    ("in_review", "undo of book", undone(moved("booked", appointment_starts_at=SOON)), True),
    # Links.
    ("in_review", "a duplicate is linked to it", linked_as_original, True),
    ("in_review", "linked as a duplicate, and not", linked_as_duplicate, True),
    # A new time is agreed with the patient; another room is not.
    ("booked", "move the appointment", appointment_moved(starts_at=SOON), False),
    ("booked", "another place", appointment_moved(appointment_place="Room 2"), True),
    ("booked", "clear the report of the booked", urgency(Urgency.URGENT), False),
]


def worse_after_an_answer(status: str) -> AppointmentRequest:
    """Somebody of the staff reached the patient; then it got worse. Nobody has it."""
    row = kept(status=status, may_leave_voicemail=True)
    if row.answered_at is None:
        log_attempt(row, "phone", "reached", by=make_staff("reception", "first"), roles=EVERYBODY)
        release(row)
    assert row.standing_promise is None
    report_worse(row, [], "Worse since last night.")
    return row


def release(row: AppointmentRequest) -> None:
    """As if whoever had it had given it back."""
    claims.give_back(row, by=row.claimed_by, roles=EVERYBODY)


@pytest.mark.parametrize(
    ("status", "act", "stands"), [pytest.param(status, act, stands, id=name) for status, name, act, stands in ACTS]
)
def test_promise_made_anew_stands_until_somebody_has_answered(
    client: Client, status: str, act: Act, stands: bool
) -> None:
    row = worse_after_an_answer(status)
    told = row.standing_promise
    assert told is not None
    AppointmentRequest.objects.filter(pk=row.pk).update(**NOBODY)
    row.refresh_from_db()
    act(row, make_staff("reception"))
    row = AppointmentRequest.objects.get(pk=row.pk)
    assert row.standing_promise == (told if stands else None)
    if row.status != RequestStatus.WITHDRAWN:
        assert (row.patient_wrote_at is not None) == stands
        assert row.due_at == (told if stands else NEVER)
    assert AppointmentRequest.objects.with_unwarned_promise().filter(pk=row.pk).exists() == stands
    assert row.is_late(told + datetime.timedelta(minutes=1)) == stands
    assert differences(row) == {}
    past = timezone.now() - datetime.timedelta(minutes=1)
    AppointmentRequest.objects.filter(pk=row.pk).update(received_at=past - DAY, reply_by=past)
    assert ("We are late" in page(client.get(address(row)))) == stands


def test_every_move_and_event_of_the_staff_stands_in_the_table() -> None:
    """Whoever adds an act says here whether it answers the patient."""
    by, said = make_staff("reception"), set()
    for status, _, act, _ in ACTS:
        row = worse_after_an_answer(status)
        AppointmentRequest.objects.filter(pk=row.pk).update(**NOBODY)
        row.refresh_from_db()
        seen = row.version
        act(row, by)
        said |= {str(event.kind) for event in row.events.filter(version__gt=seen)}
        said |= {str(move.to_status) for move in row.status_changes.filter(version__gt=seen)}
        AppointmentRequest.objects.filter(pk__gte=row.pk, status__in=["received", "in_review", "booked"]).update(
            status="withdrawn", appointment_starts_at=None, appointment_with=None, appointment_place=""
        )
    of_the_patient = {EventKind.WORSE, EventKind.CONTACT_CHANGED, EventKind.TIMES_CHANGED, EventKind.ADDED}
    on_the_other_one = {EventKind.DUPLICATE_UNLINKED}
    assert {*map(str, EventKind)} - {*map(str, of_the_patient | on_the_other_one)} <= said
    assert {*map(str, RequestStatus)} - {"received"} <= said


def test_lowering_for_another_reason_does_not_answer_what_the_patient_added() -> None:
    row = kept("fever", status="in_review")
    log_attempt(row, "phone", "reached", by=make_staff("reception"), roles=EVERYBODY)
    take_word(row, EventKind.ADDED, note="One thing more.")
    told = row.standing_promise
    urgency(Urgency.SOON)(row, make_staff("reception"))
    assert row.standing_promise == told is not None


# What is put off


def next_one() -> AppointmentRequest | None:
    return claims.take_next(by=make_staff("reception", "next"), roles=EVERYBODY)


@pytest.mark.parametrize("act", [planned(5), tried("no_answer")])
def test_what_is_put_off_after_the_patient_wrote_is_given_to_nobody_until_then(act: Act) -> None:
    """The promise stands, but whoever has just tried in vain, or planned a day, is not asked again at once."""
    row, by = kept(status="in_review"), make_staff("reception")
    log_attempt(row, "phone", "reached", by=by, roles=EVERYBODY)
    take_word(row, EventKind.ADDED, note="Please call me about my scan.")
    act(row, by)
    release(row)
    assert row.standing_promise is not None
    assert next_one() is None
    take_word(row, EventKind.ADDED, note="One thing more.")
    assert next_one() == row


@pytest.mark.parametrize("act", [planned_for_the_promise, tried("no_answer")])
def test_what_was_put_off_before_the_patient_wrote_comes_back_when_the_new_day_is_undone(act: Act) -> None:
    row, by = kept(status="in_review"), make_staff("reception")
    planned(5)(row, by)
    report_worse(row, [], "Worse since last night.")
    act(row, by)
    undo_last(row, by=by, roles=EVERYBODY)
    release(row)
    assert next_one() == row


def test_what_is_handed_over_stays_new_to_its_owner() -> None:
    row, by = kept(status="in_review"), make_staff("reception")
    planned(5)(row, by)
    report_worse(row, [], "Worse since last night.")
    hand_over(row, make_staff("reception", "next"), by=by, roles=EVERYBODY)
    assert next_one() == row


def test_page_tells_once_that_we_have_it_after_somebody_took_it_too(client: Client) -> None:
    row = worse_after_an_answer("in_review")
    claims.take(row, by=make_staff("reception"), roles=EVERYBODY)
    html = page(client.get(address(row)))
    assert "We know that it has got worse" in html
    assert "We got what you last told us" not in html
