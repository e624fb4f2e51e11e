"""Every hostile string in every field of the pages of a request that was sent."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from appointments.models import AppointmentRequest
from clinic.models import RateCount
from tests.appointments.following import address, kept
from tests.appointments.test_hostile_input import (
    LIMITS,
    PARTS,
    Watch,
    as_kept,
    of_part,
    packed,
    shortened,
    spread,
)
from tests.form_posts import page, post_form
from tests.hostile_strings import OURS, as_received

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

BOXES = {
    "worse": ("emergency", "urgent", "mention", "none", "words"),
    "contact": (
        *("phone", "email", "no_longer", "preferred_contact", "contact_times"),
        *("may_leave_voicemail", "may_name_clinic", "may_text"),
    ),
    "times": (
        *("windows", "short_notice", "unsuitable_dates", "earliest_date_month", "earliest_date_day"),
        *("earliest_date_year", "latest_date_month", "latest_date_day", "latest_date_year"),
    ),
    "add": ("words",),
    "withdraw": ("is_sure", "status"),
}
TYPED = {"words", "phone", "email", "unsuitable_dates", "earliest_date_month", "latest_date_year"}


@pytest.fixture
def watch(client: Client) -> Watch:
    """It has seen every page of a request with harmless text, also with mistakes, and the page after too many."""
    watch = Watch()
    appointment_request = kept()
    for verb, names in BOXES.items():
        path = address(appointment_request, verb)
        watch.learn(client.get(path))
        watch.learn(post_form(client, path, dict.fromkeys(names, "x" * 1_100)))
        watch.learn(post_form(client, path, dict.fromkeys(names, "")))
    watch.learn(post_form(client, address(appointment_request, "worse"), {"emergency": "bowel"}))
    watch.learn(client.get(address(appointment_request)))
    for number in range(12):
        again = {"none": "on", "words": "x" * number}
        watch.learn(post_form(client, address(appointment_request, "worse"), again))
    watch.learn(client.get(address(kept(status="withdrawn"), "worse")))
    watch.learn(client.get(address(kept(status="withdrawn"))))
    RateCount.objects.all().delete()
    return watch


@pytest.mark.parametrize("verb", BOXES)
@pytest.mark.parametrize("part", PARTS)
def test_pages_of_a_request_take_any_text(watch: Watch, verb: str, part: int) -> None:
    """In every field at once; what was typed stands in its box again."""
    browser = Client(raise_request_exception=False)
    appointment_request = kept()
    for number, _ in of_part(part):
        fields = spread(BOXES[verb], number)
        with transaction.atomic():
            answer = post_form(browser, address(appointment_request, verb), fields)
            transaction.set_rollback(True)
        shown = [as_received(fields[box]) for box in TYPED & fields.keys()] if answer.status_code == 422 else []
        watch.look(answer, fields.values(), shown=shown)
    watch.report()


def test_words_are_kept_as_typed_and_shown_as_text_to_the_staff(
    watch: Watch, client: Client, staff: Callable[[str], User]
) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(staff("clinician"))
    texts = [as_received(text) for text in OURS] + packed(LIMITS["note"])
    taken = 0
    for text in texts:
        appointment_request: AppointmentRequest = kept()
        response: Any = post_form(client, address(appointment_request, "add"), {"words": text})
        assert response.status_code in {302, 422}, shortened([text])
        if response.status_code == 302:
            taken += 1
            assert appointment_request.events.get().note == as_kept(text), shortened([text])
            record = browser.get(f"/admin/appointments/appointmentrequest/{appointment_request.pk}/change/")
            assert record.status_code == 200
            assert not [part for part in ("<script>alert(", "<svg onload", "<img src=x") if part in page(record)]
    assert taken > 50
