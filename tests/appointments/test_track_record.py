"""What really happened lately, beside the promise."""

import datetime
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from appointments.models import AppointmentRequest
from appointments.track_record import TrackRecord, answered_lately
from tests.appointments.patients import post, safety_check, sent
from tests.appointments.test_query_counts import copy_requests
from tests.form_posts import page
from tests.plans import plans_of_queries, rows_read, steps_of

HOUR = timedelta(hours=1)
NOW = timezone.now()


@pytest.fixture
def answered(clinic_data: None, client: Client, staff: Callable[[str], User]) -> Callable[..., None]:
    """Makes so many requests that were answered after these working times: `answered([HOUR, 2 * HOUR])`."""
    by = staff("clinician")
    pattern = sent(client)

    def answered(
        after: Iterable[timedelta],
        *,
        days_ago: float = 1,
        waiting: int = 0,
        late_by: timedelta = HOUR,
        is_demo: bool = False,
    ) -> None:
        AppointmentRequest.objects.exclude(pk=pattern.pk).delete()
        AppointmentRequest.objects.filter(pk=pattern.pk).update(received_at=NOW - timedelta(days=90), reply_by=None)
        times = list(after)
        copy_requests(pattern, len(times) + waiting)
        copies = AppointmentRequest.objects.exclude(pk=pattern.pk).order_by("id")
        copies.update(received_at=NOW - timedelta(days=90), reply_by=NOW - late_by, is_demo=is_demo)
        for row, time in zip(copies, times, strict=False):
            AppointmentRequest.objects.filter(pk=row.pk).update(
                status="in_review", answered_at=NOW - timedelta(days=days_ago), answered_by=by, answered_after=time
            )

    return answered


@pytest.mark.django_db
def test_nine_in_ten_is_hidden_under_twenty_requests(answered: Callable[..., None]) -> None:
    answered([HOUR] * 19)
    assert answered_lately(NOW) is None
    answered([HOUR] * 20)
    assert answered_lately(NOW) == TrackRecord(hours=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("after", "hours"),
    [
        ([HOUR * number for number in range(1, 22)], 19),  # the 19th of 21: two took longer
        ([HOUR] * 18 + [9 * HOUR] * 3, 9),
        ([HOUR] * 19 + [9 * HOUR] * 2, 1),
        ([timedelta(0)] * 21, 1),
        ([HOUR + timedelta(microseconds=1)] * 21, 2),
        ([timedelta(minutes=59, seconds=59)] * 21, 1),
    ],
)
def test_nine_in_ten_is_rounded_up_to_whole_hours(
    answered: Callable[..., None], after: list[timedelta], hours: int
) -> None:
    answered(after)
    assert answered_lately(NOW) == TrackRecord(hours)


@pytest.mark.django_db
def test_requests_that_wait_past_their_promise_count_against_us(answered: Callable[..., None]) -> None:
    times = [HOUR] * 10 + [5 * HOUR] * 8
    answered(times + [6 * HOUR] * 3)
    assert answered_lately(NOW) == TrackRecord(6)
    answered([HOUR] * 19, waiting=2)
    assert answered_lately(NOW) == TrackRecord(1)  # still nine in ten
    answered([HOUR] * 18, waiting=3)
    assert answered_lately(NOW) == TrackRecord(None)
    answered([HOUR] * 18, waiting=3, late_by=-HOUR)  # not due yet: neither way, and 18 are too few
    assert answered_lately(NOW) is None


@pytest.mark.django_db
def test_neither_old_nor_demo_requests_count(answered: Callable[..., None]) -> None:
    answered([HOUR] * 30, days_ago=31)
    assert answered_lately(NOW) is None
    answered([HOUR] * 30, days_ago=29.9)
    assert answered_lately(NOW) == TrackRecord(1)
    answered([HOUR] * 30, is_demo=True)
    assert answered_lately(NOW) is None


@pytest.mark.django_db
def test_closed_requests_without_an_answer_do_not_count(answered: Callable[..., None]) -> None:
    answered([HOUR] * 30, waiting=30)
    AppointmentRequest.objects.filter(answered_at=None).update(status="withdrawn")
    assert answered_lately(NOW) == TrackRecord(1)


@pytest.mark.django_db
def test_check_page_says_it_beside_the_promise(answered: Callable[..., None], client: Client) -> None:
    answered([HOUR] * 5)
    assert "nine in ten" not in page(post(client, safety_check(), "check"))
    answered([3 * HOUR] * 25)
    html = page(post(client, safety_check(), "check"))
    assert "In the last 30 days, we answered nine in ten requests within 3 hours in which we are open." in html
    assert html.index("we answer by") < html.index("nine in ten") < html.index("Send request")
    answered([HOUR] * 15, waiting=10)
    html = page(post(client, safety_check(), "check"))
    assert "Lately, we have often been slower than we promise." in html and "nine in ten" not in html


@pytest.mark.django_db
def test_nine_in_ten_reads_two_indexes(clinic_data: None, client: Client) -> None:
    """Of ten thousand old requests it touches none."""
    copy_requests(sent(client), 10_000)
    AppointmentRequest.objects.update(status="withdrawn")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE appointments_appointmentrequest")
    with plans_of_queries() as plans:
        answered_lately(datetime.datetime.now(datetime.UTC))
    steps = list(steps_of(plans[0]))
    assert not [step for step in steps if step["Node Type"] == "Seq Scan"], plans
    assert "request_answered" in {step.get("Index Name") for step in steps}, plans
    assert not rows_read(plans[0], AppointmentRequest._meta.db_table), plans
