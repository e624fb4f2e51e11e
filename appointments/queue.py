"""Why a request stands where it stands in the queue, in plain words: on its row and on its page.

The database orders the queue (QUEUE_ORDER); the reasons are told in the same order: the urgency, what got worse,
the promise, the wait, and then what is to be done.
"""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.timesince import timesince

from appointments.lifecycle import URGENCY_BY_TIER, NextStep, RequestStatus, Urgency
from appointments.models import AppointmentRequest, ContactAttempt, PartOfDay, RedFlagAnswer

SAME_WORD = timedelta(minutes=1)  # the two times of one report are not taken in the same instant
ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")
IN_PART = {
    PartOfDay.MORNING: "in the morning",
    PartOfDay.MIDDAY: "at midday",
    PartOfDay.AFTERNOON: "in the afternoon",
}


@dataclass(frozen=True)
class Reason:
    """One reason: which kind it is, and the words for it."""

    name: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass
class Known:
    """What other tables know of a request and reasons are made of, the oldest first."""

    red_flags: list[RedFlagAnswer] = field(default_factory=list)
    in_vain: list[ContactAttempt] = field(default_factory=list)  # the attempts that count


def known_of(appointment_requests: Collection[AppointmentRequest]) -> dict[int, Known]:
    """What is known of each of them, by primary key. Two queries, however many there are."""
    ids = [appointment_request.pk for appointment_request in appointment_requests]
    known: dict[int, Known] = defaultdict(Known)
    for answer in RedFlagAnswer.objects.filter(appointment_request__in=ids).order_by("id"):
        known[answer.appointment_request_id].red_flags.append(answer)
    for attempt in ContactAttempt.objects.in_vain().filter(appointment_request__in=ids):
        known[attempt.appointment_request_id].in_vain.append(attempt)
    return known


def reasons(appointment_request: AppointmentRequest, here: datetime, known: Known) -> list[Reason]:
    """Why this request stands where it stands, what matters most first. No query.

    `here` is now, on the clinic's clock: an aware time in its zone. At least one reason for what is in the queue,
    none for what has left it.
    """
    if not appointment_request.is_in_queue:
        return []
    found = ((name, rule(appointment_request, here, known)) for name, rule in RULES.items())
    return [Reason(name, text) for name, text in found if text]


def _urgency(appointment_request: AppointmentRequest, here: datetime, known: Known) -> str:
    """With the red flags that ask for it, or for more, the gravest first."""
    urgency = Urgency(appointment_request.urgency)
    if urgency == Urgency.ROUTINE:
        return ""
    grave = [answer for answer in known.red_flags if URGENCY_BY_TIER[answer.tier] <= urgency]
    grave.sort(key=lambda answer: URGENCY_BY_TIER[answer.tier])
    wordings = dict.fromkeys(_within_a_sentence(answer.wording) for answer in grave)
    return f"{urgency.label}: {'; '.join(wordings)}" if wordings else urgency.label


def _worse(appointment_request: AppointmentRequest, here: datetime, known: Known) -> str:
    at = appointment_request.worse_at
    return f"Got worse {_ago(at, here)}" if at else ""


def _promise(appointment_request: AppointmentRequest, here: datetime, known: Known) -> str:
    reply_by = appointment_request.standing_promise
    if reply_by is None:
        return ""
    if appointment_request.is_late(here):
        return f"Promise missed by {_span(reply_by, here)}"
    return f"Promise in {_span(here, reply_by)}"


def _patient_wrote(appointment_request: AppointmentRequest, here: datetime, known: Known) -> str:
    """Unless the last word was that it got worse."""
    at, worse_at = appointment_request.patient_wrote_at, appointment_request.worse_at
    if at is None or (worse_at is not None and at - worse_at < SAME_WORD):
        return ""
    return f"The patient wrote {_ago(at, here)}"


def _waiting(appointment_request: AppointmentRequest, here: datetime, known: Known) -> str:
    """This clock never pauses. Days are those of the clinic's calendar."""
    if not appointment_request.is_open:
        return ""
    days = (here.date() - appointment_request.received_at.astimezone(here.tzinfo).date()).days
    if days < 1:
        return f"Waiting for {_span(appointment_request.received_at, here)}"
    return f"{_ordinal(days + 1)} day waiting"


def _new_dates(appointment_request: AppointmentRequest, here: datetime, known: Known) -> str:
    if not appointment_request.needs_new_dates(here):
        return ""
    return "Needs new dates: the patient was asked" if appointment_request.dates_asked_at else "Needs new dates"


def _next_step(appointment_request: AppointmentRequest, here: datetime, known: Known) -> str:
    on = appointment_request.next_step_on
    if on is None:
        return ""
    step = NextStep(appointment_request.next_step)
    if on > here.date():
        return f"Put off until {_day(on)}: {_within_a_sentence(step.label)}"
    if step == NextStep.CALL and known.in_vain:
        return _next_try(known.in_vain)
    since = "today" if on == here.date() else f"since {_day(on)}"
    return f"Due {since}: {_within_a_sentence(step.label)}"


def _next_try(in_vain: list[ContactAttempt]) -> str:
    """Tries in one part of one day count once; the next one is better made in another part."""
    tries = {(attempt.tried_on, attempt.part_of_day) for attempt in in_vain}
    other_parts = [part for part in PartOfDay if part not in {attempt.part_of_day for attempt in in_vain}]
    when = " or ".join(IN_PART[part] for part in other_parts)
    return f"{_ordinal(len(tries) + 1)} try is due{f', {when}' if when else ''}"


def _second_look(appointment_request: AppointmentRequest, here: datetime, known: Known) -> str:
    on = appointment_request.second_look_on
    return "A second look is due" if on and on <= here.date() else ""


def _asked(appointment_request: AppointmentRequest, here: datetime, known: Known) -> str:
    return "Waiting for the patient" if appointment_request.status == RequestStatus.AWAITING_PATIENT else ""


RULES: dict[str, Callable[[AppointmentRequest, datetime, Known], str]] = {
    "urgency": _urgency,
    "worse": _worse,
    "promise": _promise,
    "wrote": _patient_wrote,
    "waiting": _waiting,
    "dates": _new_dates,
    "step": _next_step,
    "again": _second_look,
    "asked": _asked,
}


def _span(start: datetime, end: datetime) -> str:
    """The time between the two in its largest unit, rounded down: "40 minutes", "2 hours", "3 days"."""
    return timesince(start, end, depth=1).replace("\xa0", " ") if end > start else "0 minutes"


def _ago(at: datetime, here: datetime) -> str:
    span = _span(at, here)
    return "just now" if span == "0 minutes" else f"{span} ago"


def _day(day: date) -> str:
    return date_format(day, "l, F j")


def _ordinal(number: int) -> str:
    if number <= len(ORDINALS):
        return ORDINALS[number - 1]
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _within_a_sentence(words: str) -> str:
    """Begun with a small letter, unless the first word is an abbreviation."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
