"""Times that have passed already are not taken: the patient would be asked for new ones a minute later."""

import datetime
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments.models import AppointmentRequest
from tests.appointments.following import address, kept
from tests.appointments.patients import coming, post, safety_check
from tests.appointments.test_admin import signed_in
from tests.appointments.test_caller import keep
from tests.form_posts import page, post_form

pytestmark = pytest.mark.django_db

MONDAY = datetime.date(2026, 11, 30)
TUESDAY = MONDAY + datetime.timedelta(days=1)
PASSED = "The times that you chose have passed by now."
TOO_LATE = "It is too late for an appointment on your latest date."


@pytest.fixture
def clock(clinic_data: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the clock of the clinic, on that Monday."""

    def set_to(time: str) -> None:
        at = datetime.datetime.combine(MONDAY, datetime.time.fromisoformat(time), ZoneInfo("America/Los_Angeles"))
        monkeypatch.setattr(timezone, "now", lambda: at.astimezone(datetime.UTC))

    return set_to


def until(day: datetime.date, *windows: str) -> dict[str, Any]:
    """These parts of the week, up to this day."""
    return {"windows": list(windows), **coming("latest_date", day)}


@pytest.mark.parametrize(
    ("time", "times", "error"),
    [
        ("11:59", until(MONDAY, "0-morning"), ""),
        ("12:00", until(MONDAY, "0-morning"), PASSED),
        ("15:00", until(MONDAY, "0-morning"), PASSED),
        ("15:00", until(MONDAY, "0-morning", "0-afternoon"), ""),
        ("15:00", until(TUESDAY, "0-morning"), PASSED),
        ("15:00", until(TUESDAY, "1-morning"), ""),
        ("15:00", until(TUESDAY + datetime.timedelta(days=6), "0-morning"), ""),
        ("17:59", until(MONDAY), ""),
        ("18:00", until(MONDAY), TOO_LATE),
        ("18:00", until(MONDAY, "0-afternoon"), TOO_LATE),
        ("18:00", {"windows": ["0-afternoon"]}, ""),
    ],
)
def test_times_that_have_passed_are_told_at_the_right_field_wherever_they_are_given(
    clock: Callable[[str], None],
    client: Client,
    staff: Callable[[str], User],
    time: str,
    times: dict[str, Any],
    error: str,
) -> None:
    clock(time)
    appointment_request = kept()
    reception = signed_in(staff("reception"))
    answers = {
        "Check": (post(client, safety_check(), "check", **times), 200),
        "Send": (post(client, safety_check(), **times), 302),
        "Change": (post_form(client, address(appointment_request, "times"), times), 302),
        "Caller": (keep(reception, safety_check(), full_name="Other Person", **times), 302),
    }
    for name, (response, taken) in answers.items():
        assert response.status_code == (422 if error else taken), name
        if error:
            box = "windows_0" if error == PASSED else "latest_date_0"
            assert f'<a href="#id_{box}">{error}' in page(response), name
            assert page(response).count(error) == 2, name
    assert not [request for request in AppointmentRequest.objects.all() if request.needs_new_dates(timezone.now())]


def test_form_that_was_checked_before_noon_and_is_sent_after_it_keeps_all_and_says_so(
    clock: Callable[[str], None], client: Client
) -> None:
    safety, times = safety_check(), until(MONDAY, "0-morning")
    clock("11:59")
    assert post(client, safety, "check", **times).status_code == 200
    clock("12:01")
    response = post(client, safety, **times)
    assert response.status_code == 422
    html = page(response)
    assert "Your request has not been sent yet." in html and PASSED in html
    assert 'value="Testa Patient"' in html and "when I walk downhill." in html
    assert re.search(r'value="0-morning"[^>]* checked', html)
    assert not AppointmentRequest.objects.exists()
    assert post(client, safety, **until(TUESDAY, "1-morning")).status_code == 302


def test_passed_times_are_told_in_spanish(clock: Callable[[str], None], client: Client) -> None:
    clock("18:30")
    path = f"/es{address(kept(), 'times')}"
    assert "Ya es muy tarde para una cita en su última fecha." in page(post_form(client, path, until(MONDAY)))
    clock("13:30")
    response = page(post_form(client, path, until(MONDAY, "0-morning")))
    assert "Las horas que eligió ya pasaron." in response
