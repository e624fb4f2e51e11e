"""How many queries the pages cost: fixed numbers, whatever there is to show."""

import datetime
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.models import AppointmentRequest, StatusChange
from clinic.models import OutgoingMail, RateCount
from conditions.walking_line import sign
from tests.appointments.patients import DETAILS, MINIMAL, SAFETY, post, safety_check, sent
from tests.form_posts import page, post_form

HELP = "/appointments/request/help/"
QUEUE = "/admin/appointments/appointmentrequest/"


def queries(ask: Callable[[], Any], status: int = 200) -> int:
    """How many queries an answer costs. BEGIN and COMMIT count too."""
    with CaptureQueriesContext(connection) as captured:
        response = ask()
    assert response.status_code == status, page(response)
    return len(captured)


@pytest.mark.django_db
def test_pages_of_the_form_cost_at_most_two_queries(clinic_data: None, client: Client) -> None:
    calm, emergency = safety_check().token, safety_check("bladder")
    assert queries(lambda: client.get(SAFETY)) <= 2
    assert queries(lambda: client.get(SAFETY, {"article": "cause/sciatica"})) <= 2
    assert queries(lambda: post_form(client, SAFETY, {}), 422) <= 2
    # The form straight after the safety check: the clinic, and what the check asks and the form lists.
    assert queries(lambda: post_form(client, SAFETY, {"none": "on"})) <= 2
    assert queries(lambda: post_form(client, SAFETY, {"urgent": "fever"})) <= 2
    assert queries(lambda: post_form(client, SAFETY, {"none": "on", "walking_line": sign("My walking pain.")})) <= 2
    assert (
        queries(lambda: post_form(client, HELP, {"safety": emergency.token, "is_checked_by_clinician": "on"})) <= 2
    )
    assert queries(lambda: post_form(client, SAFETY, {**MINIMAL, "none": "on", "full_name": ""}), 422) <= 2
    assert queries(lambda: post(client, calm, "check", full_name="", phone="x", email="x"), 422) <= 2
    assert queries(lambda: post(client, calm, "change")) <= 2
    assert queries(lambda: post(client, emergency, "check")) <= 2  # the help page
    assert queries(lambda: post_form(client, SAFETY, {"emergency": "bladder"})) <= 2
    assert queries(lambda: post_form(client, DETAILS, {"safety": calm})) <= 2  # the form, asked with its token
    assert queries(lambda: post(client, "a token of nobody's", "check")) <= 2  # the safety check again


@pytest.mark.django_db
def test_check_page_costs_at_most_four_queries(clinic_data: None, client: Client) -> None:
    safety = safety_check("fever", "calf-pain", article_key="cause/sciatica")
    assert queries(lambda: post(client, safety, "check")) <= 4


@pytest.mark.django_db(transaction=True)
def test_send_costs_at_most_ten_queries_and_its_transaction(
    clinic_data: None, client: Client, settings: LazySettings
) -> None:
    """With its key, outbox, record, red flags, limits and the look for the same person."""
    settings.SENDING_IS_LIMITED = True
    safety = safety_check("fever", "calf-pain", "weight-loss", article_key="cause/sciatica")
    first = queries(lambda: post(client, safety), 302)
    again = queries(lambda: post(client, safety), 302)
    other = queries(lambda: post(client, safety, problem="Other."), 409)
    assert first <= 10 + 2  # BEGIN and COMMIT
    assert max(again, other) <= 10 + 2
    assert (
        AppointmentRequest.objects.count()
        == OutgoingMail.objects.filter(function__endswith="received").count()
        == 1
    )
    assert RateCount.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_send_that_raises_an_earlier_request_costs_at_most_eight_queries_more(
    clinic_data: None, client: Client
) -> None:
    """The link, and what "it has got worse" does: the promise, the change and its entry."""
    safety = [safety_check() for _ in range(2)]
    first = queries(lambda: post(client, safety[0], course="better"), 302)
    raising = queries(lambda: post(client, safety[1], course="worse"), 302)
    assert AppointmentRequest.objects.filter(worse_at__isnull=False).count() == 1
    assert first <= 10 + 2
    assert raising <= first + 8 + 2  # and its savepoints


@pytest.mark.django_db
def test_status_page_costs_at_most_three_queries(clinic_data: None, client: Client) -> None:
    path = sent(client).status_path()
    assert queries(lambda: client.get(path)) <= 3


@pytest.mark.django_db(transaction=True)
def test_worse_costs_at_most_twelve_queries_and_its_transactions(clinic_data: None, client: Client) -> None:
    path = f"{sent(client).status_path()}worse/"
    assert queries(lambda: client.get(path)) <= 3
    assert queries(lambda: post_form(client, path, {"urgent": ["fever", "weight-loss"]}), 302) <= 12 + 6


@pytest.mark.django_db
def test_queue_costs_the_same_from_10_to_10_000_requests(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    browser = Client()
    browser.force_login(staff("reception"))
    pattern = sent(client, "fever")
    counts = {}
    for total in (10, 10_000):
        copy_requests(pattern, total - AppointmentRequest.objects.count())
        for query in (
            "",
            "?status=all",
            "?status=received&urgency=2",
            "?tab=unclaimed",
            "?tab=today",
            "?urgency=1",
        ):
            counts[total, query] = queries(partial(browser.get, QUEUE + query))
    assert AppointmentRequest.objects.count() == 10_000
    assert max(counts.values()) <= 17, counts  # of these, one for the numbers on all tabs of the queue
    assert {query: count for (total, query), count in counts.items() if total == 10} == {
        query: count for (total, query), count in counts.items() if total == 10_000
    }


def copy_requests(pattern: AppointmentRequest, count: int) -> None:
    """Add `count` requests like this one, each with an identity of its own."""
    start = AppointmentRequest.objects.count()
    values = {
        field.name: getattr(pattern, field.name)
        for field in AppointmentRequest._meta.concrete_fields
        if field.name not in {"id", "key", "token_digest", "reference", "received_at", "article"}
    }
    AppointmentRequest.objects.bulk_create(
        AppointmentRequest(
            **values,
            key=uuid.uuid4(),
            token_digest=f"{number:064}",
            reference=f"{number:09}",
            received_at=pattern.received_at - datetime.timedelta(minutes=number),
        )
        for number in range(start, start + count)
    )


@pytest.mark.django_db
def test_record_costs_the_same_with_a_long_history(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    reception = staff("reception")
    browser = Client()
    browser.force_login(reception)
    short, long = sent(client, "fever"), sent(client, "fever", "weight-loss", "calf-pain")
    StatusChange.objects.bulk_create(
        StatusChange(
            appointment_request=long,
            version=version,
            from_status="in_review" if version % 2 else "awaiting_patient",
            to_status="awaiting_patient" if version % 2 else "in_review",
            changed_at=timezone.now(),
            changed_by=staff_of(version),
            role="reception",
        )
        for version in range(2, 200)
    )
    counts = [queries(partial(browser.get, f"{QUEUE}{pk}/change/")) for pk in (short.pk, long.pk)]
    assert counts[0] == counts[1] <= 16  # with who has it, and why it stands where it stands


def staff_of(number: int) -> User:
    """One of several people."""
    return User.objects.get_or_create(username=f"staff-{number % 7}", defaults={"is_staff": True})[0]


@pytest.mark.django_db(transaction=True)
def test_move_costs_at_most_sixteen_queries(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    browser = Client()
    browser.force_login(staff("reception"))
    path = f"{QUEUE}{sent(client).pk}/move/in_review/"
    assert queries(lambda: post_form(browser, path, {"version": 1}), 302) <= 16
