"""Which requests wait for somebody now: nobody has them, and no next step puts them off."""

import datetime

from django.db.models import Case, Exists, OuterRef, Q, When
from django.db.models.functions import Greatest

from appointments.models.record import EventKind, RequestEvent, is_undone
from appointments.roles import who_triages

# Rows were planned for up to a year before `appointments.plan` set bounds. The next working day is within a week.
LATE_AT_MOST = datetime.timedelta(days=7)


def called_for_at(now: datetime.datetime) -> Greatest:
    """Of requests: when somebody was last called for, up to `now`. The patient wrote, the patient got worse, or the
    promise ended. None when nothing of it has happened."""
    ended = Case(When(due_at__lte=now, then="due_at"))
    return Greatest("patient_wrote_at", "worse_at", ended)


def has_work(now: datetime.datetime, today: datetime.date, latest: datetime.date) -> Q:
    """Of requests in the queue, with `called_for_at`: those with work for `today`, on the clinic's calendar. All
    but those whose next step is on a later day; and of these, too, each whose owner is gone, or for which somebody
    was called for since that day was set. What is late waits for no day after `latest`.

    Whoever sets a day after the promise has ended, or tries in vain to reach the patient, has done today's work:
    nobody is called twice because the promise is still missed.
    """
    called_for = Q(Q(called_for_at__isnull=False), ~_day_set_since("called_for_at"))
    too_late = Q(due_at__lte=now, next_step_on__gt=latest)
    return Q(next_step_on=None) | Q(next_step_on__lte=today) | owner_is_gone() | called_for | too_late


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
