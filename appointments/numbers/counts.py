"""How many: requests of each day, week or month, by weekday and hour, by article, and what waits now by its age."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Case, CharField, Count, DateField, F, Q, QuerySet, Value, When
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, Trunc

from appointments.lifecycle import RequestStatus
from appointments.models import AppointmentRequest
from appointments.models.sending import OWED_AN_ANSWER
from appointments.numbers.period import Period

# Up to how long each has waited, the clock never pausing.
AGES: tuple[tuple[str, timedelta | None], ...] = (
    ("Under 1 day", timedelta(days=1)),
    ("1 to 2 days", timedelta(days=2)),
    ("2 to 4 days", timedelta(days=4)),
    ("4 to 7 days", timedelta(days=7)),
    ("1 to 2 weeks", timedelta(days=14)),
    ("2 to 4 weeks", timedelta(days=28)),
    ("4 weeks or more", None),
)
LATE, DUE, ANSWERED = "late", "due", "answered"


def received_in(period: Period) -> QuerySet[AppointmentRequest]:
    """The requests that arrived in it, in no order. Read by the index request_by_receipt."""
    return AppointmentRequest.objects.filter(
        received_at__gte=period.starts_at, received_at__lt=period.ends_at
    ).order_by()


@dataclass(frozen=True)
class Days:
    """Of each step of a period, by its first day: what was received, by its status now; and the first contacts
    that were made then, whenever the request had arrived."""

    received: Counter[tuple[date, str]]
    answered: Counter[date]


def by_day(period: Period) -> Days:
    """Requests and first contacts of each step of the period. Two queries."""
    received = received_in(period).annotate(step=_step("received_at", period)).values_list("step", "status")
    contacts = AppointmentRequest.objects.filter(answered_at__gte=period.starts_at, answered_at__lt=period.ends_at)
    answered = contacts.order_by().annotate(step=_step("answered_at", period)).values_list("step")
    return Days(
        Counter({(step, status): n for step, status, n in received.annotate(n=Count("pk"))}),
        Counter(dict(answered.annotate(n=Count("pk")))),
    )


def _step(name: str, period: Period) -> Trunc:
    """The first day of the step in which this time lies, on the clinic's clock."""
    return Trunc(name, period.step.value, output_field=DateField(), tzinfo=period.zone)


def by_weekday_and_hour(period: Period) -> Counter[tuple[int, int]]:
    """How many arrived on each weekday (0 is Monday) in each hour of the clinic's clock. One query."""
    rows = received_in(period).annotate(
        weekday=ExtractIsoWeekDay("received_at", tzinfo=period.zone) - 1,
        hour=ExtractHour("received_at", tzinfo=period.zone),
    )
    counted = rows.values_list("weekday", "hour").annotate(n=Count("pk"))
    return Counter({(weekday, hour): n for weekday, hour, n in counted})


def by_article(period: Period) -> list[tuple[str, int, int]]:
    """The title of each page that requests came from, how many did, and how many of them are booked; the most
    first. "" is for those that came from none. One query."""
    counted = (
        received_in(period)
        .values_list("article__title")
        .annotate(n=Count("pk"), booked=Count("pk", filter=Q(status=RequestStatus.BOOKED)))
    )
    return [(title or "", n, booked) for title, n, booked in counted.order_by("-n", F("article__title").asc())]


def backlog(now: datetime) -> Counter[tuple[str, str]]:
    """How many wait for the staff now, by age and by what they wait for: LATE when the promise has passed, DUE when
    it stands, ANSWERED when the patient was reached and work is left. One query, on the index of the queue."""
    ages = [When(received_at__gt=now - age, then=Value(label)) for label, age in AGES if age is not None]
    owed = Case(
        When(OWED_AN_ANSWER & Q(reply_by__lt=now), then=Value(LATE)),
        When(OWED_AN_ANSWER, then=Value(DUE)),
        default=Value(ANSWERED),
        output_field=CharField(),
    )
    age = Case(*ages, default=Value(AGES[-1][0]), output_field=CharField())
    rows = AppointmentRequest.objects.in_queue().order_by().annotate(age=age, owed=owed).values_list("age", "owed")
    return Counter({(label, what): n for label, what, n in rows.annotate(n=Count("pk"))})
