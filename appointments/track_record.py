"""How soon requests were really answered lately: what stands beside the promise."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Coalesce

from appointments.lifecycle import OPEN_STATUSES
from appointments.models import AppointmentRequest

LATELY = timedelta(days=30)
FEWEST = 20  # requests: of fewer, "nine in ten" says nothing
HOUR = timedelta(hours=1)
NO_ANSWER = timedelta(days=36_500)  # stands for "not answered yet": longer than any answer took


class NineInTen(Aggregate):
    """The time within which nine in ten of them fall."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.9) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class TrackRecord:
    """What really happened lately.

    `hours`: nine in ten requests were answered within so many hours in which the clinic was open, a whole number of
    at least 1. None when so many wait past their promise that no figure would be true.
    """

    hours: int | None


def answered_lately(now: datetime) -> TrackRecord | None:
    """How soon nine in ten were answered in the 30 days up to `now`; None under 20 requests. One query.

    It counts every request that was answered in that time, however it was sent, and every open one whose promise
    has passed without an answer, however old. Those count as if the answer never came, so a request that nobody
    answers can only make the figure worse, never drop out of it. What is not due yet counts neither way; demo
    requests never do. `now` may be in any zone.
    """
    answered = Q(answered_at__gt=now - LATELY, answered_at__lte=now)
    overdue = Q(answered_at=None, status__in=OPEN_STATUSES, reply_by__lt=now)
    counted = AppointmentRequest.objects.filter(answered | overdue, is_demo=False).order_by()
    waited = Coalesce(F("answered_after"), ExpressionWrapper(Value(NO_ANSWER), output_field=DurationField()))
    found = counted.aggregate(requests=Count("id"), nine_in_ten=NineInTen(waited))
    if found["requests"] < FEWEST:
        return None
    return TrackRecord(_whole_hours(found["nine_in_ten"]))


def _whole_hours(waited: timedelta) -> int | None:
    """Rounded up: never better than it was. None where an unanswered request is among the nine in ten, or is the
    neighbor with which PostgreSQL reckons their border."""
    return max(-(-waited // HOUR), 1) if waited < NO_ANSWER / 100 else None
