"""An invented patient, and the way through the form as a browser goes it."""

import re
from typing import Any

from django.test import Client

from appointments.models import AppointmentRequest
from appointments.safety import SafetyCheck
from conditions.models import RedFlag
from tests.form_posts import page, post_form
from tests.plain_browser import PlainBrowser

SAFETY = "/appointments/request/"
DETAILS = "/appointments/request/details/"

ANSWERS: dict[str, Any] = {
    "full_name": "Testa Patient",
    "birth_date_month": "3",
    "birth_date_day": "27",
    "birth_date_year": "1962",
    "phone": "(424) 555-0134",
    "email": "testa@example.com",
    "preferred_contact": "phone",
    "may_leave_voicemail": "on",
    "problem": "My back hurts\r\nwhen I walk downhill.",
    "duration": "under_6_weeks",
    "windows": ["0-morning", "3-morning"],
    "unsuitable_dates": "Not on December 1",
    "consent": "on",
}


def safety_check(*red_flag_keys: str, article_key: str = "") -> SafetyCheck:
    """A safety check in which these red flags were ticked, with a new one-time key."""
    return SafetyCheck.of(RedFlag.objects.filter(key__in=red_flag_keys), article_key)


def post(client: Client, safety: SafetyCheck | str, button: str = "send", **changes: Any) -> Any:
    """Press a button of the form, with the usual answers but for the `changes`."""
    token = safety if isinstance(safety, str) else safety.token
    return post_form(client, DETAILS, {**ANSWERS, **changes, "safety": token, "button": button})


def sent(client: Client, *red_flag_keys: str, **changes: Any) -> AppointmentRequest:
    """Send a request, and find it."""
    safety = safety_check(*red_flag_keys)
    if safety.needs_help_first:
        safety = safety.checked_by_clinician()
    response = post(client, safety, **changes)
    assert response.status_code == 302, page(response)
    return AppointmentRequest.objects.get(key=safety.key)


def filled_in_form(browser: PlainBrowser, **changes: Any) -> dict[str, Any]:
    """Go to the form on a served site, and fill it in: what pressing Send posts to DETAILS.

    One red flag is ticked, so that there is a row of each kind to be lost.
    """
    browser.get(SAFETY)
    form = browser.post(SAFETY, {"urgent": "fever"})
    found = re.search(r'name="safety" value="([^"]+)"', form.text)
    assert found, form
    return {**ANSWERS, **changes, "safety": found[1], "button": "send"}
