"""Claims: one staff member has a request, for a while, visibly. Nobody is locked out: a claim ends by itself, and
whoever says why may take it over.

A claim lasts CLAIM_LENGTH from its holder's last act, never over a night, and is given back at log-out, and when
its holder looks after requests no more.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import DateField, DateTimeField
from django.utils import timezone

from appointments.lifecycle import TRIAGE, MoveRefused, Role, acting_role, triage_role
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from appointments.models.acting import NOBODY, claim_ends
from appointments.models.waiting import LATE_AT_MOST
from appointments.roles import who_triages
from clinic.limits import Limit, LimitReached, count
from clinic.models import clinic_today
from clinic.ready_query import ReadyQuery, blank

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet


@transaction.atomic
def take_next(*, by: "User", roles: frozenset[Role], button: str = "") -> AppointmentRequest | None:
    """Give the first request of the queue that nobody has to this person alone; None when there is none.

    Those put off to a later day are passed over. Several may ask at once: rows that another is taking just now are
    skipped. `button` tells the button of one page from every other. Pressed twice, it gives the same request again,
    as long as nothing was done with that: a double click is one wish. Commits the claim with its entry in the
    record. Raises MoveRefused with code `not_your_role`.
    """
    role = triage_role(roles, "take requests")
    if button and _was_pressed(button, by) and (last := _last_taken(by)) is not None:
        return last
    today = clinic_today()
    found = _NEXT.rows(now=timezone.now(), today=today, latest=today + LATE_AT_MOST)
    if not found:
        return None
    first = AppointmentRequest.objects.get(pk=found[0][0])
    # Nobody has it, the query says: not even somebody who is gone, and whose claim has not run out yet.
    first.change(EventKind.CLAIMED, by=by, role=role, claims=False, **_claim(by))
    return first


def _next() -> "QuerySet[AppointmentRequest, Any]":
    """The first that nobody has and that has work for today. Its row stays locked until the transaction ends."""
    now: Any = blank("now", DateTimeField())
    today: Any = blank("today", DateField())
    latest: Any = blank("latest", DateField())
    waiting = AppointmentRequest.objects.in_queue().unclaimed(now).with_work(now, today, latest).in_queue_order()
    return waiting.select_for_update(skip_locked=True).values_list("pk")[:1]


_NEXT = ReadyQuery(_next)


def _was_pressed(button: str, by: "User") -> bool:
    """Whether this person has pressed it before, within a day. Of two presses at the same moment, one waits until
    the transaction of the other ends."""
    try:
        with transaction.atomic():
            count(Limit("take next", f"{by.pk} {button}", most=1, window=timedelta(days=1)))
    except LimitReached:
        return True
    return False


def _last_taken(by: "User") -> AppointmentRequest | None:
    """What this person has acted on last and still has, when all that they did was to take it. Two queries."""
    last = AppointmentRequest.objects.in_queue().claimed_by(by, timezone.now()).order_by("claimed_until").last()
    if last is None or not last.events.filter(version=last.version, kind=EventKind.CLAIMED).exists():
        return None
    return last


def take(appointment_request: AppointmentRequest, *, by: "User", roles: frozenset[Role]) -> RequestEvent:
    """Take this one, from the version that this object was read with; of one's own, the time begins anew.

    Commits the claim with its entry in the record. Raises MoveRefused with code `not_your_role`, `not_in_queue`,
    `claimed` when somebody else has it, or `stale`.
    """
    role = triage_role(roles, "take requests")
    _refuse_outside_queue(appointment_request)
    return appointment_request.change(EventKind.CLAIMED, by=by, role=role, **_claim(by))


def take_over(
    appointment_request: AppointmentRequest, *, by: "User", roles: frozenset[Role], reason: str
) -> RequestEvent:
    """Take a request from whoever has it. The record says from whom, and why.

    Commits the claim with its entry in the record. Raises MoveRefused with code `not_your_role`, `not_in_queue`,
    `note_missing`, or `stale`.
    """
    role = triage_role(roles, "take requests")
    _refuse_outside_queue(appointment_request)
    if not reason.strip():
        raise MoveRefused("note_missing", "Taking over needs a reason.")
    return appointment_request.change(
        EventKind.TAKEN_OVER, by=by, role=role, note=reason, claims=False, **_claim(by)
    )


def give_back(appointment_request: AppointmentRequest, *, by: "User", roles: frozenset[Role]) -> RequestEvent:
    """Let others have it. Commits it with its entry in the record. Raises MoveRefused with code `not_your_role`,
    `not_claimed` when this person does not have it, or `stale`."""
    role = triage_role(roles, "take requests")
    holder = appointment_request.holder(timezone.now())
    if holder is None or holder.pk != by.pk:
        raise MoveRefused("not_claimed", "You do not have this request.")
    return appointment_request.change(EventKind.RELEASED, by=by, role=role, claims=False, **NOBODY)


def give_back_all(by: "User", note: str = "") -> int:
    """Give back what this person has, as at log-out, whatever roles are left to them; how many. Commits each by
    itself. What somebody takes over meanwhile is theirs."""
    given_back = 0
    for appointment_request in AppointmentRequest.objects.claimed_by(by, timezone.now()):
        role = _role_of(appointment_request, by)
        try:
            appointment_request.change(EventKind.RELEASED, by=by, role=role, note=note, claims=False, **NOBODY)
        except MoveRefused:
            continue
        given_back += 1
    return given_back


def give_back_of_the_gone() -> None:
    """Give back what those have who look after requests no more: their account or their role was taken away. Two
    queries where nobody is gone."""
    held = AppointmentRequest.objects.filter(claimed_until__gt=timezone.now(), claimed_by__isnull=False)
    for holder in get_user_model().objects.filter(pk__in=held.values("claimed_by")).exclude(pk__in=who_triages()):
        give_back_all(holder, note="Looks after requests no more.")


def _role_of(appointment_request: AppointmentRequest, by: "User") -> Role:
    """The role under which this person has acted last on the request: to have it, they have."""
    entries = [
        entry
        for entries in (appointment_request.events, appointment_request.status_changes)
        for entry in entries.filter(changed_by=by).order_by("-version")[:1]
    ]
    latest = max(entries, key=lambda entry: entry.version, default=None)
    return Role(latest.role) if latest else acting_role(TRIAGE)


def _claim(by: "User") -> dict[str, Any]:
    return {"claimed_by": by, "claimed_until": claim_ends(timezone.now())}


def _refuse_outside_queue(appointment_request: AppointmentRequest) -> None:
    if not appointment_request.is_in_queue:
        raise MoveRefused("not_in_queue", "This request waits for nobody any more.")
