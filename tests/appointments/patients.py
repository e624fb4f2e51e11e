"""An invented patient, and the way through the form as a browser goes it."""

import datetime
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

# Every question but those that only some patients have an answer to.
ANSWERS: dict[str, Any] = {
    "article": "",
    "problem": "My back hurts\r\nwhen I walk downhill.",
    "duration": "under_6_weeks",
    "walking_distance": "one_block",
    "eased_by": "sitting",
    "legs_affected": "both",
    "numbness": "numbness",
    "course": "worse",
    "seen_before": "elsewhere",
    "records_held": ["mri_or_ct", "letter"],
    "full_name": "Testa Patient",
    "birth_date_month": "3",
    "birth_date_day": "27",
    "birth_date_year": "1962",
    "patient_history": "new",
    "proxy_name": "",
    "proxy_relation": "",
    "spoken_language": "en",
    "other_language": "",
    "access_needs": ["hearing"],
    "phone": "(424) 555-0134",
    "email": "testa@example.com",
    "preferred_contact": "phone",
    "contact_times": ["morning"],
    "may_leave_voicemail": "on",
    "windows": ["0-morning", "3-morning"],
    "short_notice": "next_day",
    "earliest_date_month": "",
    "earliest_date_day": "",
    "earliest_date_year": "",
    "latest_date_month": "",
    "latest_date_day": "",
    "latest_date_year": "",
    "unsuitable_dates": "Not on Thanksgiving Day",
    "consent": "on",
}

# What the form cannot do without.
MINIMAL: dict[str, Any] = {
    name: ANSWERS[name]
    for name in (
        *("problem", "duration", "full_name", "birth_date_month", "birth_date_day", "birth_date_year"),
        *("phone", "preferred_contact", "consent"),
    )
}


def coming(name: str, date: datetime.date) -> dict[str, str]:
    """A date in the three boxes of this question."""
    return {f"{name}_month": str(date.month), f"{name}_day": str(date.day), f"{name}_year": str(date.year)}


def safety_check(*red_flag_keys: str, article_key: str = "") -> SafetyCheck:
    """A safety check in which these red flags were ticked, with a new one-time key, as the page of the form
    carries it."""
    ticked = RedFlag.objects.filter(key__in=red_flag_keys)
    return SafetyCheck.begin(article_key).answered(ticked, asked=RedFlag.objects.in_use()).showing_privacy()


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
