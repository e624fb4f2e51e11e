"""Nobody left behind: every request that waits has somebody of the staff who owns it, a next step, and a day that
has not passed and comes no later than the promise, and its promise was not missed; or it is listed. At the end of a
day a named person signs that off; sign-offs are kept for ever.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from appointments.lifecycle import MoveRefused, Role, triage_role
from appointments.models import AppointmentRequest, DaySignOff
from appointments.models.waiting import owner_is_gone
from appointments.roles import name_of, who_triages
from clinic.models import ClinicProfile

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NO_OWNER = Q(next_step_by=None)


@dataclass(frozen=True)
class Moment:
    """Now, and where the clinic is. Without arguments: one query. One more for the team."""

    now: datetime = field(default_factory=timezone.now)
    zone: ZoneInfo = field(default_factory=lambda: ClinicProfile.objects.get().zone)

    @property
    def day(self) -> date:
        """The day on the clinic's calendar."""
        return self.now.astimezone(self.zone).date()

    @cached_property
    def team(self) -> frozenset[int]:
        """Whose work a request can be."""
        return frozenset(who_triages().values_list("pk", flat=True))


@dataclass(frozen=True)
class Standing:
    """How many requests wait at a moment, how many of them lack something, and which ones these are: of two
    lists, the digests tell whether they hold the same."""

    open_count: int
    listed_count: int
    listed_digest: str


def left_behind(day: date, moment: Moment | None = None) -> QuerySet[AppointmentRequest, AppointmentRequest]:
    """Those that lack something on this day of the clinic's calendar, with their owner, in the queue's order. One
    query more where no moment is given: it is the present one."""
    waiting = AppointmentRequest.objects.in_queue().select_related("next_step_by")
    return waiting.filter(_lacks_something(day, moment or Moment())).in_queue_order()


def lacks(appointment_request: AppointmentRequest, day: date, moment: Moment | None = None) -> Iterator[str]:
    """What a request that waits lacks on this day, in words; nothing for one that is not left behind. No query when
    its owner was fetched, and the moment is given and knows the team."""
    moment = moment or Moment()
    owner, on = appointment_request.next_step_by, appointment_request.next_step_on
    if owner is None:
        yield "Nothing is planned"  # owner, step and day come together: a constraint says so
    elif not (owner.is_active and owner.is_staff):
        yield f"{name_of(owner)}, who owns it, works here no more"
    elif owner.pk not in moment.team:
        yield f"{name_of(owner)}, who owns it, looks after requests no more"
    if on is not None and on < day:
        yield f"Its day has passed: {on:%B %-d}"
    if (promise := appointment_request.standing_promise) is None:
        return
    if promise < moment.now:
        yield "Promise missed"
    if on is not None and on > max(day, promise.astimezone(moment.zone).date()):
        yield f"Put off past its promise: until {on:%B %-d}"


def standing(day: date, moment: Moment | None = None) -> Standing:
    """How many wait, and how many and which are listed, on this day of the clinic's calendar. One query, and one
    more where no moment is given."""
    found = AppointmentRequest.objects.in_queue().aggregate(
        open_count=Count("pk"), listed=ArrayAgg("pk", filter=_lacks_something(day, moment or Moment()), default=[])
    )
    listed = sorted(found["listed"])
    digest = hashlib.sha256(json.dumps(listed).encode()).hexdigest()
    return Standing(found["open_count"], len(listed), digest)


def sign_off(*, by: "User", roles: frozenset[Role], seen: str, note: str = "") -> DaySignOff:
    """Sign off today, on the clinic's calendar, with the counts of this moment. Once a day: of two at the same
    moment one does. `seen` is the digest of what was listed on the page that is signed.

    Commits the sign-off. Raises MoveRefused and keeps nothing, with code `not_your_role`, `signed_already`, `stale`
    when others are listed by now, or `note_missing` when some are and nothing says what happens with them.
    """
    triage_role(roles, "sign off a day")
    moment = Moment()
    day = moment.day
    with transaction.atomic():
        _refuse_second(DaySignOff.objects.filter(date=day).first())
        counts = standing(day, moment)
        if counts.listed_digest != seen:
            raise MoveRefused("stale", "The list has changed since you opened it. Read it again before you sign.")
        if counts.listed_count and not note.strip():
            raise MoveRefused("note_missing", "Requests are listed. Say in a note what happens with them.")
        what = {"signed_at": moment.now, "signed_by": by, "note": note.strip()}
        what |= {"open_count": counts.open_count, "listed_count": counts.listed_count}
        kept, is_new = DaySignOff.objects.get_or_create(date=day, defaults=what)
        _refuse_second(None if is_new else kept)
    return kept


def _refuse_second(signed: DaySignOff | None) -> None:
    if signed is not None:
        raise MoveRefused("signed_already", f"{name_of(signed.signed_by)} has already signed off this day.")


def _lacks_something(day: date, moment: Moment) -> Q:
    """As `lacks` says of one. `due_at` is the promise while it stands, and else never comes."""
    promise_missed = Q(due_at__lt=moment.now)
    put_off_past_it = Q(next_step_on__gt=TruncDate("due_at", tzinfo=moment.zone))
    return NO_OWNER | owner_is_gone() | Q(next_step_on__lt=day) | promise_missed | put_off_past_it
