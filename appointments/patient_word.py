"""The patient's word on a request that was sent: when it may be said, how often, and what it sets going.

Whoever calls has read the request under a lock (`select_for_update`), so that no patient is told that somebody else
was faster.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.utils import timezone

from appointments.lifecycle import OPEN_STATUSES, MoveRefused, RequestStatus, Role, Urgency
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from appointments.promise import promise
from clinic.limits import Limit, LimitReached, count
from conditions.models import RedFlag

MOST_IN_AN_HOUR = 10  # of each kind, on one request
MOST_ADDED = 20  # in the whole life of a request

SAME_WORD_WITHIN = timedelta(minutes=5)

_UNDER_WAY = frozenset({*OPEN_STATUSES, RequestStatus.UNREACHABLE})
_UNDER_WAY_OR_BOOKED = _UNDER_WAY | {RequestStatus.BOOKED}

# What may be said in which status. Of what is booked, the patient talks with us: new times are agreed on the phone.
SAID_IN: Mapping[EventKind, frozenset[RequestStatus]] = MappingProxyType(
    {
        EventKind.WORSE: _UNDER_WAY_OR_BOOKED,
        EventKind.CONTACT_CHANGED: _UNDER_WAY_OR_BOOKED,
        EventKind.TIMES_CHANGED: _UNDER_WAY,
        EventKind.ADDED: _UNDER_WAY,
    }
)

# What is said of a duplicate counts for its original: both are handled together. The rest is of the page's own.
SAID_OF_ORIGINAL = frozenset({EventKind.WORSE, EventKind.ADDED})

# We wait for the patient there: any word of theirs is what we waited for.
WAITS_FOR_PATIENT = frozenset({RequestStatus.AWAITING_PATIENT, RequestStatus.UNREACHABLE})


def heard_by(appointment_request: AppointmentRequest, kind: EventKind) -> AppointmentRequest:
    """The request that takes this word when it is said on the page of this one. One query for a duplicate, unless
    its original was fetched."""
    original = appointment_request.duplicate_of if kind in SAID_OF_ORIGINAL else None
    return original or appointment_request


def may_say(appointment_request: AppointmentRequest, kind: EventKind) -> bool:
    """Whether this can still be said of the request, in the status that it is in."""
    return appointment_request.status in SAID_IN[kind]


def take_word(
    appointment_request: AppointmentRequest,
    kind: EventKind,
    *,
    note: str = "",
    red_flags: Iterable[RedFlag] = (),
    **values: Any,
) -> RequestEvent:
    """Keep what the patient says, and go on with a request that waited for it.

    In one transaction: a count under its limit, the `values` with their row in the record, and the move back into
    review. Where no promise stands any more, there is a new one. Words that were said just now, as by a button that
    was pressed twice, are taken once: then nothing changes, and the entry of the first time is returned. Raises
    MoveRefused with code `closed`, and clinic.limits.LimitReached; then the caller's transaction must be rolled
    back.
    """
    if not may_say(appointment_request, kind):
        raise MoveRefused("closed", "This cannot be said of the request any more.")
    flags = list(red_flags)
    if (same := _said_just_now(appointment_request, kind, note, flags)) is not None:
        return same
    with transaction.atomic():
        _count(appointment_request, kind)
        return keep_word(appointment_request, kind, note=note, red_flags=flags, **values)


def keep_word(
    appointment_request: AppointmentRequest,
    kind: EventKind,
    *,
    note: str = "",
    red_flags: Iterable[RedFlag] = (),
    **values: Any,
) -> RequestEvent:
    """What `take_word` does with a word that may be said, however often it was said."""
    with transaction.atomic(savepoint=False):  # within another's it is all or nothing with that
        if appointment_request.status != RequestStatus.BOOKED and not appointment_request.is_owed_an_answer:
            values.setdefault("reply_by", promise(timezone.now(), Urgency(appointment_request.urgency)))
        event = appointment_request.change(
            kind, by=None, role=Role.PATIENT, note=note, red_flags=red_flags, **values
        )
        if appointment_request.status in WAITS_FOR_PATIENT:
            appointment_request.move_to(RequestStatus.IN_REVIEW, by=None, roles=frozenset({Role.PATIENT}))
    return event


def earliest_promise(appointment_request: AppointmentRequest, now: datetime, urgency: Urgency) -> datetime | None:
    """The promise after the urgency was raised at `now`: one that stands is only ever brought forward."""
    return min(filter(None, (appointment_request.standing_promise, promise(now, urgency))), default=None)


def _said_just_now(
    appointment_request: AppointmentRequest, kind: EventKind, note: str, red_flags: Iterable[RedFlag]
) -> RequestEvent | None:
    """The same words with the same red flags a few minutes ago. Not when somebody has answered since, or has looked
    at the report that it is worse: then it is said anew. One query, and one for each time that it was said."""
    answered = appointment_request.patient_wrote_at is None or appointment_request.status in WAITS_FOR_PATIENT
    if kind not in {EventKind.WORSE, EventKind.ADDED} or answered:
        return None
    since = timezone.now() - SAME_WORD_WITHIN
    if kind == EventKind.WORSE:
        if appointment_request.worse_at is None:
            return None
        since = max(since, appointment_request.worse_at)
    said = appointment_request.events.filter(kind=kind, changed_by=None, note=note.strip(), changed_at__gte=since)
    keys = {flag.key for flag in red_flags}
    asked = (event for event in said if {answer.key for answer in event.redflaganswer_set.all()} == keys)
    return next(asked, None)


def _count(appointment_request: AppointmentRequest, kind: EventKind) -> None:
    """Raises LimitReached when the patient has said this as often as we can read it."""
    count(Limit(f"request_{kind}", appointment_request.topic, MOST_IN_AN_HOUR, timedelta(hours=1)))
    if kind == EventKind.ADDED and appointment_request.events.filter(kind=kind).count() >= MOST_ADDED:
        raise LimitReached(f"request_{kind}")
