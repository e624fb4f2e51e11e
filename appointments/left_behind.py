"""Nobody left behind: every request that waits has somebody of the staff who owns it, a next step, and a day that
has not passed, or it is listed. At the end of a day a named person signs that off; sign-offs are kept for ever.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from appointments.lifecycle import MoveRefused, Role, triage_role
from appointments.models import AppointmentRequest, DaySignOff
from appointments.roles import name_of
from clinic.models import clinic_today

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NO_OWNER = Q(next_step_by=None)
OWNER_IS_GONE = Q(next_step_by__isnull=False) & (Q(next_step_by__is_active=False) | Q(next_step_by__is_staff=False))


@dataclass(frozen=True)
class Standing:
    """How many requests wait at a moment, and how many of them lack something."""

    open_count: int
    listed_count: int


def left_behind(day: date) -> QuerySet[AppointmentRequest, AppointmentRequest]:
    """Those that lack something on this day of the clinic's calendar, with their owner, in the queue's order."""
    waiting = AppointmentRequest.objects.in_queue().select_related("next_step_by")
    return waiting.filter(_lacks_something(day)).in_queue_order()


def lacks(appointment_request: AppointmentRequest, day: date) -> Iterator[str]:
    """What a request that waits lacks on this day, in words; nothing for one that is not left behind. No query when
    its owner was fetched."""
    owner = appointment_request.next_step_by
    if owner is None:
        yield "Nothing is planned"  # owner, step and day come together: a constraint says so
        return
    if not (owner.is_active and owner.is_staff):
        yield f"{name_of(owner)}, who owns it, works here no more"
    if appointment_request.next_step_on is not None and appointment_request.next_step_on < day:
        yield f"Its day has passed: {appointment_request.next_step_on:%B %-d}"


def standing(day: date) -> Standing:
    """How many wait, and how many are listed, on this day of the clinic's calendar. One query."""
    listed = Count("pk", filter=_lacks_something(day))
    counts = AppointmentRequest.objects.in_queue().aggregate(open_count=Count("pk"), listed_count=listed)
    return Standing(**counts)


def sign_off(*, by: "User", roles: frozenset[Role], seen: int, note: str = "") -> DaySignOff:
    """Sign off today, on the clinic's calendar, with the counts of this moment. Once a day: of two at the same
    moment one does. `seen` is how many were listed on the page that is signed.

    Commits the sign-off. Raises MoveRefused and keeps nothing, with code `not_your_role`, `signed_already`, `stale`
    when more or fewer are listed by now, or `note_missing` when some are and nothing says what happens with them.
    """
    triage_role(roles, "sign off a day")
    now, day = timezone.now(), clinic_today()
    with transaction.atomic():
        _refuse_second(DaySignOff.objects.filter(date=day).first())
        counts = standing(day)
        if counts.listed_count != seen:
            raise MoveRefused("stale", "The list has changed since you opened it. Read it again before you sign.")
        if counts.listed_count and not note.strip():
            raise MoveRefused("note_missing", "Requests are listed. Say in a note what happens with them.")
        what = {"signed_at": now, "signed_by": by, "note": note.strip(), **vars(counts)}
        kept, is_new = DaySignOff.objects.get_or_create(date=day, defaults=what)
        _refuse_second(None if is_new else kept)
    return kept


def _refuse_second(signed: DaySignOff | None) -> None:
    if signed is not None:
        raise MoveRefused("signed_already", f"{name_of(signed.signed_by)} has already signed off this day.")


def _lacks_something(day: date) -> Q:
    return NO_OWNER | OWNER_IS_GONE | Q(next_step_on__lt=day)
