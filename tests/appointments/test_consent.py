"""Consent counts for the privacy page that the patient could read beside it, and for no other."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client
from pytest_django import Settings

from appointments.models import AppointmentRequest
from appointments.safety import SALT, SafetyCheck
from tests.appointments.patients import DETAILS, SAFETY, post, safety_check
from tests.appointments.test_admin import signed_in
from tests.appointments.test_caller import keep, token_on
from tests.appointments.test_changed_questions import hidden_fields, reword
from tests.form_posts import page, post_form

pytestmark = pytest.mark.django_db
CHANGED = "Our privacy page may have changed since you opened this form."


@pytest.fixture(autouse=True)
def version(clinic_data: None, settings: Settings) -> None:
    settings.PRIVACY_VERSION = "2027-01-01"


def is_asked_again(response: Any) -> bool:
    """The form with its one mistake: the box is not ticked, and all else is there."""
    html = page(response)
    assert response.status_code == 422
    assert html.count(CHANGED) == 2  # in the summary and at the box
    assert 'href="#id_consent"' in html and 'value="Testa Patient"' in html
    return not re.search(r'<input[^>]* name="consent"[^>]* checked', html)


@pytest.mark.parametrize("button", ["check", "send", "change"])
def test_consent_to_an_older_privacy_page_is_asked_for_again(
    client: Client, settings: Settings, button: str
) -> None:
    safety = safety_check()
    settings.PRIVACY_VERSION = "2027-02-02"
    response = post(client, safety, button)
    assert is_asked_again(response)
    assert not AppointmentRequest.objects.exists()
    assert post(client, token_on(response)).status_code == 302
    appointment_request = AppointmentRequest.objects.get()
    assert (appointment_request.key, appointment_request.privacy_version) == (safety.key, "2027-02-02")


def test_version_travels_from_the_page_of_the_form_to_the_request(client: Client, settings: Settings) -> None:
    begun = hidden_fields(client.get(SAFETY))["safety"][0]
    settings.PRIVACY_VERSION = "2027-02-02"  # before the form is shown: nothing to ask again
    form = post_form(client, SAFETY, {"safety": begun, "none": "on"})
    checked = post(client, token_on(form), "check")
    assert "<h1>Check your answers</h1>" in page(checked)
    settings.FORM_MINIMUM_SECONDS = 0
    assert post_form(client, DETAILS, {**hidden_fields(checked), "button": "send"}).status_code == 302
    assert AppointmentRequest.objects.get().privacy_version == "2027-02-02"


def test_consent_is_asked_for_again_after_new_questions_too(client: Client, settings: Settings) -> None:
    safety = safety_check()
    reword()
    asked = post(client, safety)
    settings.PRIVACY_VERSION = "2027-02-02"
    assert is_asked_again(post_form(client, SAFETY, {**hidden_fields(asked), "none": "on"}))


def test_form_from_before_versions_travelled_is_asked_again_and_ends_well(client: Client) -> None:
    safety = safety_check("fever")
    old = signing.dumps(signing.loads(safety.token, salt=SALT)[:-1], salt=SALT, compress=True)
    assert SafetyCheck.from_token(old) == replace(safety, privacy_version="")
    response = post(client, old)
    assert is_asked_again(response)
    assert post(client, token_on(response).token).status_code == 302
    assert AppointmentRequest.objects.get().key == safety.key


def test_consent_is_asked_for_again_in_spanish(client: Client, settings: Settings) -> None:
    safety = safety_check()
    settings.PRIVACY_VERSION = "2027-02-02"
    checked = hidden_fields(post(client, safety_check(), "check"))
    response = post_form(client, f"/es{DETAILS}", {**checked, "safety": safety.token, "button": "send"})
    assert page(response).count("Es posible que nuestra página de privacidad haya cambiado") == 2


def test_consent_of_a_caller_is_asked_for_again(staff: Callable[[str], User], settings: Settings) -> None:
    safety, reception = safety_check(), signed_in(staff("reception"))
    settings.PRIVACY_VERSION = "2027-02-02"
    response = keep(reception, safety)
    assert is_asked_again(response)
    assert keep(reception, token_on(response)).status_code == 302
    assert AppointmentRequest.objects.get().privacy_version == "2027-02-02"
