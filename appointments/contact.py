"""The ledger of attempts to reach a patient: what came of each, and when to try next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from appointments.lifecycle import MoveRefused, NextStep, RequestStatus, Role, triage_role
from appointments.models import AppointmentRequest, Channel, ContactAttempt, EventKind, Outcome, PartOfDay
from appointments.models.acting import NO_STEP, working_day_after
from appointments.models.contact import OUTCOMES
from appointments.windows import PART_ENDS
from clinic.models import ClinicProfile

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# After an attempt in vain the next one is due when this much working time has passed: on the next working day.
NEXT_TRY_AFTER = timedelta(hours=8)
# What the patient's page says of the way: no more than this, for whoever else sees it.
WAYS = {Channel.PHONE: "phone", Channel.TEXT: "phone", Channel.EMAIL: "email"}


@dataclass(frozen=True)
class TriedInVain:
    """An attempt to reach the patient, as their page tells of it: the day on the clinic's calendar, the part of it,
    and "phone", "email" or nothing more."""

    day: date
    part: PartOfDay
    way: str


def log_attempt(
    appointment_request: AppointmentRequest,
    channel: str,
    outcome: str,
    *,
    by: "User",
    roles: frozenset[Role],
    note: str = "",
) -> ContactAttempt:
    """Keep an attempt to reach the patient that was made just now, from the version that this object was read with.

    In one transaction: the attempt, its row of the record, and the next call as the next step of whoever tried. To
    reach the patient answers them (see `Acting.contact_made`); an attempt in vain does not. Raises MoveRefused and
    changes nothing, with code `not_your_role`, `no_such_move` for a request that is closed, `voicemail_not_allowed`
    when the patient wants no voice message, `text_not_allowed` when no text (what the patient answers by text is
    logged all the same), `outcome_impossible` for what cannot come of the channel, `claimed`, or `stale`.
    """
    role = triage_role(roles, "log calls")
    if not appointment_request.is_in_queue:
        raise MoveRefused("no_such_move", "This request is closed. Reopen it before you log a call.")
    if Outcome(outcome) not in OUTCOMES[Channel(channel)]:
        what = f"“{Channel(channel).label}” cannot end with “{Outcome(outcome).label}”"
        raise MoveRefused("outcome_impossible", f"{what}. Choose what came of it again.")
    if channel == Channel.TEXT and outcome != Outcome.REACHED and not appointment_request.may_text:
        raise MoveRefused(
            "text_not_allowed",
            "The patient wants no text messages. Please call. If a text was sent, say so in the note of the call.",
        )
    if outcome == Outcome.VOICEMAIL and not appointment_request.may_leave_voicemail:
        raise MoveRefused(
            "voicemail_not_allowed",
            "The patient wants no voice message. If one was left, log “No answer” and say so in the note.",
        )
    now = timezone.now()
    here = now.astimezone(ClinicProfile.objects.get().zone)
    with transaction.atomic():
        event = appointment_request.change(
            EventKind.CONTACT_TRIED,
            by=by,
            role=role,
            note=note,
            **_what_follows(appointment_request, outcome, now, by),
        )
        return ContactAttempt.objects.create(
            appointment_request=appointment_request,
            event=event,
            channel=Channel(channel),
            outcome=Outcome(outcome),
            tried_on=here.date(),
            part_of_day=part_of_day(here),
        )


def tried_in_vain(appointment_request: AppointmentRequest) -> TriedInVain | None:
    """What the patient's page says of our last attempt; None when none counts (see `models.contact`), and when
    nobody tries any more. One query for a request that is under way."""
    if not (appointment_request.is_open or appointment_request.status == RequestStatus.UNREACHABLE):
        return None
    last = ContactAttempt.objects.in_vain().filter(appointment_request=appointment_request).last()
    if last is None:
        return None
    way = WAYS.get(Channel(last.channel), "")
    return TriedInVain(last.tried_on, PartOfDay(last.part_of_day), way)


def _what_follows(
    appointment_request: AppointmentRequest, outcome: str, now: datetime, by: "User"
) -> dict[str, Any]:
    if outcome == Outcome.REACHED:
        no_step = NO_STEP if appointment_request.next_step == NextStep.CALL else {}
        return {**appointment_request.contact_made(now, by), **no_step}
    day: date = working_day_after(now, NEXT_TRY_AFTER)
    return {"next_step": NextStep.CALL, "next_step_on": day, "next_step_by": by}


def next_part(tried: Collection[str], preferred: Collection[str]) -> PartOfDay:
    """The part of the day in which to try next: one in which it was tried least, and of these one that the patient
    prefers, the earliest. `tried` names the part of each attempt since the patient was last reached."""
    return min(PartOfDay, key=lambda part: (list(tried).count(part), part not in preferred))


def part_of_day(here: datetime) -> PartOfDay:
    """The part of the day that it is, on the clinic's clock."""
    for part in (PartOfDay.MORNING, PartOfDay.MIDDAY):
        if here.time() < PART_ENDS[part]:
            return part
    return PartOfDay.AFTERNOON
