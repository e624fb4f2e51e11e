"""A clinic that changes its questions while a form is open, and forms that were left open for long."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments.models import AppointmentRequest
from appointments.safety import SafetyCheck
from clinic.models import PaymentOption
from conditions.models import RedFlag, Tier
from tests.appointments.patients import ANSWERS, DETAILS, SAFETY, post, safety_check
from tests.form_posts import page, post_form

HELP = "/appointments/request/help/"
ASKED_AGAIN = "Please answer our safety questions once more."


def reword() -> None:
    RedFlag.objects.filter(key="fever").update(wording="a high temperature, or chills")


def reword_in_spanish() -> None:
    RedFlag.objects.filter(key="fever").update(wording_es="fiebre alta")


def raise_tier() -> None:
    RedFlag.objects.filter(key="fever").update(tier=Tier.EMERGENCY)


def take_out() -> None:
    RedFlag.objects.filter(key="fever").update(is_in_use=False)


def add() -> None:
    RedFlag.objects.create(key="new", tier=Tier.URGENT, wording="a new sign", concern="New", position=99)


def hidden_fields(response: Any) -> dict[str, list[str]]:
    """The hidden fields that a page carries, as a browser would post them."""
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page(response)):
        fields.setdefault(name, []).append(value.replace("&#x27;", "'").replace("&amp;", "&"))
    fields.pop("csrfmiddlewaretoken", None)
    return fields


@pytest.mark.django_db
@pytest.mark.parametrize("change", [reword, reword_in_spanish, raise_tier, take_out, add])
@pytest.mark.parametrize("button", ["check", "send"])
def test_changed_questions_are_asked_again_and_nothing_typed_is_lost(
    clinic_data: None, client: Client, change: Callable[[], None], button: str
) -> None:
    safety = safety_check("calf-pain", article_key="cause/sciatica")
    change()
    asked = post(client, safety, button)
    assert asked.status_code == 200
    assert "<h1>First, a quick safety check</h1>" in page(asked) and ASKED_AGAIN in page(asked)
    assert not AppointmentRequest.objects.exists()

    nothing_ticked = post_form(client, SAFETY, hidden_fields(asked))
    assert nothing_ticked.status_code == 422
    check = post_form(client, SAFETY, {**hidden_fields(nothing_ticked), "none": "on"})
    assert check.status_code == 200
    assert "<h1>Check your answers</h1>" in page(check)
    carried = hidden_fields(check)
    for name, value in ANSWERS.items():
        assert carried.get(name) == (value if isinstance(value, list) else [value]), name
    sent = post_form(client, DETAILS, {**carried, "button": "send"})
    assert sent.status_code == 302
    appointment_request = AppointmentRequest.objects.get()
    assert appointment_request.key == safety.key
    assert "calf-pain" not in appointment_request.red_flag_answers.values_list("key", flat=True)


@pytest.mark.django_db
def test_unchanged_questions_are_not_asked_again(clinic_data: None, client: Client) -> None:
    safety = safety_check("calf-pain")
    RedFlag.objects.filter(key="fever").update(position=77)  # another order is no other question
    assert "<h1>Check your answers</h1>" in page(post(client, safety, "check"))
    assert post(client, safety).status_code == 302


@pytest.mark.django_db
def test_emergency_found_by_the_new_questions_shows_help_and_still_keeps_what_was_typed(
    clinic_data: None, client: Client
) -> None:
    safety = safety_check()
    reword()
    asked = post(client, safety)
    help_page = post_form(client, SAFETY, {**hidden_fields(asked), "emergency": "bladder"})
    assert "<h1>Get help now</h1>" in page(help_page)
    refused = post_form(client, HELP, hidden_fields(help_page))
    assert refused.status_code == 422
    check = post_form(client, HELP, {**hidden_fields(refused), "is_checked_by_clinician": "on"})
    assert "<h1>Check your answers</h1>" in page(check)
    assert post_form(client, DETAILS, {**hidden_fields(check), "button": "send"}).status_code == 302
    appointment_request = AppointmentRequest.objects.get()
    assert (appointment_request.key, appointment_request.urgency) == (safety.key, 1)
    assert appointment_request.problem == "My back hurts\nwhen I walk downhill."


@pytest.mark.django_db
def test_answers_that_no_longer_pass_come_back_in_the_form(clinic_data: None, client: Client) -> None:
    asked_with = hidden_fields(post(client, "a token that nobody signed"))
    asked_with["duration"] = ["of old"]
    response = post_form(client, SAFETY, {**asked_with, "none": "on"})
    assert response.status_code == 422
    assert "<h1>Request an appointment</h1>" in page(response) and 'value="Testa Patient"' in page(response)


@pytest.mark.django_db
@pytest.mark.parametrize("change", [reword, raise_tier, take_out, add])
def test_replay_of_a_form_that_was_sent_leads_to_its_page_whatever_has_changed(
    clinic_data: None, client: Client, change: Callable[[], None]
) -> None:
    safety = safety_check("fever")
    first = post(client, safety)
    change()
    again = post(client, safety)
    assert (again.status_code, again.headers["Location"]) == (302, first.headers["Location"])
    assert AppointmentRequest.objects.count() == 1


@pytest.mark.django_db
def test_replay_with_answers_that_no_longer_pass_shows_the_request_that_we_have(
    clinic_data: None, client: Client
) -> None:
    option = PaymentOption.objects.create(name="Barter", position=1)
    safety = safety_check()
    first = post(client, safety, payment_option=option.pk)
    assert first.status_code == 302
    AppointmentRequest.objects.update(payment_option=None)
    option.delete()
    again = post(client, safety, payment_option="9999")
    assert again.status_code == 409
    assert first.headers["Location"] in page(again)


@pytest.mark.django_db
def test_form_of_yesterday_is_sent_and_its_replay_leads_to_the_same_page(
    clinic_data: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = time.time() - 25 * 3600
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: yesterday)
        safety = safety_check("fever")
        token = safety.token
    assert SafetyCheck.from_token(token) == safety
    assert safety.seconds_since_it_began() > 24 * 3600
    first = post(client, token)
    assert first.status_code == 302
    assert post(client, token).headers["Location"] == first.headers["Location"]
    assert AppointmentRequest.objects.count() == 1


@pytest.mark.django_db
def test_second_request_from_the_page_that_says_already_sent_is_one_more_however_often(
    clinic_data: None, client: Client
) -> None:
    safety = safety_check()
    post(client, safety)
    for _ in range(2):
        already = post(client, safety, problem="Something new")
        assert already.status_code == 409
        assert post_form(client, DETAILS, {**hidden_fields(already), "button": "send"}).status_code == 302
    assert AppointmentRequest.objects.count() == 2


@pytest.mark.django_db
def test_safety_check_cannot_be_skipped_with_the_token_of_its_own_page(clinic_data: None, client: Client) -> None:
    token = hidden_fields(client.get(SAFETY))["safety"][0]
    assert post_form(client, DETAILS, {"safety": token}).status_code == 302
    assert post_form(client, HELP, {"safety": token, "is_checked_by_clinician": "on"}).status_code == 302
    for button in ("send", "check", "change"):
        assert "<h1>First, a quick safety check</h1>" in page(post(client, token, button))
    assert not AppointmentRequest.objects.exists()


@pytest.mark.django_db
def test_questions_in_use_are_read_once(clinic_data: None, client: Client) -> None:
    for button, status in (("check", 200), ("send", 302)):
        with CaptureQueriesContext(connection) as captured:
            assert post(client, safety_check("fever").token, button).status_code == status
        asked = [query for query in captured if 'FROM "conditions_redflag"' in query["sql"]]
        assert len(asked) - 2 == 1  # two are of making the safety check here
