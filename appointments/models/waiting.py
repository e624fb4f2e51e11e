"""Which requests wait for somebody now: nobody has them, and no next step puts them off."""

import datetime

from django.db.models import Exists, OuterRef, Q

from appointments.models.record import EventKind, RequestEvent, is_undone
from appointments.roles import who_triages

# What has happened since may not wait for the day that was set before it: the patient wrote, the patient got worse,
# or the promise ended. Each is the field of a time.
CALLS_FOR_NOW = ("patient_wrote_at", "worse_at", "due_at")
# Rows were planned for up to a year before `appointments.plan` set bounds. The next working day is within a week.
LATE_AT_MOST = datetime.timedelta(days=7)


def has_work(now: datetime.datetime, today: datetime.date) -> Q:
    """Of requests in the queue: those with work for `today`, on the clinic's calendar. All but those whose next
    step is on a later day; and of these, too, each whose owner is gone, or that calls for somebody now.

    Whoever sets a day after the promise has ended, or tries in vain to reach the patient, has done today's work:
    nobody is called twice because the promise is still missed.
    """
    now_called_for = Q()
    for name in CALLS_FOR_NOW:
        now_called_for |= Q(Q((f"{name}__lte", now)), ~_day_set_since(name))
    too_late = Q(due_at__lte=now, next_step_on__gt=today + LATE_AT_MOST)
    return Q(next_step_on=None) | Q(next_step_on__lte=today) | owner_is_gone() | now_called_for | too_late


def somebody_has(now: datetime.datetime) -> Q:
    """Of requests: those that somebody has at `now` who still looks after requests."""
    return Q(claimed_until__gt=now, claimed_by__in=who_triages().order_by().values("pk"))


def owner_is_gone() -> Q:
    """Of requests: those whose owner looks after no requests any more."""
    return Q(next_step_by__isnull=False) & ~Q(next_step_by__in=who_triages().order_by().values("pk"))


def _day_set_since(name: str) -> Exists:
    """Whether the day of the next step was set after the time in this field. One that is handed over keeps the day
    that it had."""
    steps = RequestEvent.objects.filter(
        appointment_request=OuterRef("pk"),
        kind__in=[EventKind.PLANNED, EventKind.CONTACT_TRIED],
        changed_at__gt=OuterRef(name),
        after__has_key="next_step_on",
    )
    return Exists(steps.exclude(is_undone()))
