"""The pages on which a patient asks and follows."""

import datetime
import re
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from appointments.choices import form_choices
from appointments.forms import AppointmentRequestForm
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest
from conditions.models import RedFlag
from tests.appointments.patients import ANSWERS, DETAILS, post, safety_check, sent
from tests.form_posts import page, post_form

SAFETY = "/appointments/request/"
HELP = "/appointments/request/help/"
RECEPTION = frozenset({Role.RECEPTION})


def token_on(response: Any) -> str:
    """The safety token that a page carries."""
    found = re.search(r'name="safety" value="([^"]+)"', page(response))
    assert found, page(response)
    return found[1]


# The safety check


@pytest.mark.django_db
def test_safety_check_asks_about_every_red_flag_in_use(clinic_data: None, client: Client) -> None:
    RedFlag.objects.filter(key="fever").update(is_in_use=False)
    html = page(client.get(SAFETY))
    for flag in RedFlag.objects.all():
        assert (f'value="{flag.key}"' in html) == flag.is_in_use, flag.key
    assert "This is a request, not an appointment" in html
    assert 'href="tel:+14242177463"' in html


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "Choose every symptom that you have, or “None of these”"),
        ({"none": "on", "urgent": "fever"}, "Choose your symptoms or “None of these”, not both"),
        ({"none": "on", "emergency": ["bladder", "bowel"]}, "not both"),
        ({"urgent": "bladder"}, "Select a valid choice"),
        ({"emergency": "no-such-flag"}, "Select a valid choice"),
        ({"urgent": ["fever", "no-such-flag"]}, "Select a valid choice"),
    ],
)
def test_safety_check_without_a_clear_answer_asks_again(
    clinic_data: None, client: Client, fields: dict[str, Any], error: str
) -> None:
    response = post_form(client, SAFETY, fields)
    assert response.status_code == 422
    assert error in page(response)
    assert "<title>Error: Safety check" in page(response)


@pytest.mark.django_db
@pytest.mark.parametrize("tier_and_key", [("emergency", "bowel"), ("emergency", "chest-pain")])
def test_safety_check_with_an_emergency_shows_help_before_the_form(
    clinic_data: None, client: Client, tier_and_key: tuple[str, str]
) -> None:
    tier, key = tier_and_key
    response = post_form(client, SAFETY, {tier: key, "mention": "calf-pain"})
    html = page(response)
    assert response.status_code == 200
    assert "<h1>Get help now</h1>" in html
    assert RedFlag.objects.get(key=key).wording[1:] in html
    assert 'name="full_name"' not in html

    refused = post_form(client, HELP, {"safety": token_on(response)})
    assert refused.status_code == 422
    assert "Tick the box only if a clinician has checked these symptoms" in page(refused)

    form = post_form(client, HELP, {"safety": token_on(response), "is_checked_by_clinician": "on"})
    assert form.status_code == 200
    assert 'name="full_name"' in page(form)
    assert post(client, token_on(form)).status_code == 302
    appointment_request = AppointmentRequest.objects.get()
    assert (appointment_request.urgency, appointment_request.is_checked_by_clinician) == (1, True)


@pytest.mark.django_db
def test_safety_check_answered_leads_to_the_form_and_stores_nothing(clinic_data: None, client: Client) -> None:
    calm = post_form(client, SAFETY, {"none": "on"})
    urgent = post_form(client, SAFETY, {"urgent": "fever"})
    for response in (calm, urgent):
        assert response.status_code == 200
        assert "<h1>Request an appointment</h1>" in page(response)
    assert "Call us today as well" in page(urgent)
    assert "Call us today as well" not in page(calm)
    assert not AppointmentRequest.objects.exists()
    assert set(client.cookies) <= {"csrf"}


@pytest.mark.django_db
def test_safety_check_carries_the_article_to_the_request(clinic_data: None, client: Client) -> None:
    start = client.get(SAFETY, {"article": "cause/sciatica"})
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', page(start))
    form = post_form(client, action, {"none": "on", "safety": token_on(start)})
    (chosen,) = re.findall(r'<option value="([^"]*)" selected>', page(form))
    assert chosen == "cause/sciatica"
    check = post(client, token_on(form), "check", article=chosen)
    assert re.search(r"<bdi[^>]*>Sciatica</bdi>", page(check))
    post(client, token_on(check), article=chosen)
    article = AppointmentRequest.objects.get().article
    assert article is not None
    assert article.key == "cause/sciatica"


# The form, and the page to check it


@pytest.mark.django_db
def test_request_appointment_with_nothing_filled_in_names_every_mistake(clinic_data: None, client: Client) -> None:
    response = post_form(client, DETAILS, {"safety": safety_check().token, "button": "check"})
    assert response.status_code == 422
    for message in (
        "Enter your full name",
        "Enter your date of birth",
        "Choose how we should reach you",
        "Tell us what is wrong, in a few words",
        "Choose how long you have had it",
        "To send a request, agree that the clinic may use your answers to reply",
    ):
        assert page(response).count(message) == 2, message  # in the summary and at the field


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"phone": "", "email": ""}, "Enter a phone number or an email address"),
        ({"phone": ""}, "Enter a phone number, or choose email below"),
        ({"email": "", "preferred_contact": "email"}, "Enter an email address, or choose a phone call below"),
        ({"phone": "12"}, "Enter a phone number with its area code"),
        ({"phone": "²²²²²²²²²²"}, "Enter a phone number with its area code"),
        ({"phone": "9" * 61}, "Phone number must be 60 characters or less"),
        ({"email": "testa@"}, "Enter an email address such as name@example.com"),
        ({"full_name": "x" * 151}, "Full name must be 150 characters or less"),
        ({"problem": "x" * 2_001}, "What is wrong must be 2,000 characters or less. You used 2001."),
        ({"problem": " \r\n\t "}, "Tell us what is wrong, in a few words"),
        ({"unsuitable_dates": "x" * 301}, "Dates that do not suit you must be 300 characters or less"),
        ({"windows": ["9-morning"]}, "Choose one of the answers in the list"),
        ({"windows": ["0-night"]}, "Choose one of the answers in the list"),
        ({"duration": "for ever"}, "Choose one of the answers in the list"),
        ({"birth_date_year": "62"}, "Year of birth must have 4 numbers"),
        ({"birth_date_day": ""}, "Date of birth must include a day"),
        ({"birth_date_day": "²"}, "Date of birth must be a real date"),
        ({"birth_date_year": "9999"}, "Date of birth must be in the past"),
    ],
)
@pytest.mark.parametrize("button", ["check", "send"])
def test_request_appointment_with_a_mistake_says_so_and_keeps_the_rest(
    clinic_data: None, client: Client, changes: dict[str, Any], message: str, button: str
) -> None:
    response = post(client, safety_check(), button, **changes)
    assert response.status_code == 422
    assert message in page(response)
    assert "Testa Patient" in page(response) or "full_name" in changes
    assert not AppointmentRequest.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "written",
    [
        "4245550134",
        "424-555-0134",
        "424.555.0134",
        "+1 (424) 555-0134",
        "1 424 555 0134",
        "tel:+1-424-555-0134",
        " 424 555 0134 ",
    ],
)
def test_request_appointment_takes_a_phone_number_in_any_writing(
    clinic_data: None, client: Client, written: str
) -> None:
    assert sent(client, phone=written).phone == "+14245550134"


@pytest.mark.django_db
def test_request_appointment_at_the_limits_is_taken(clinic_data: None, client: Client) -> None:
    name, problem = "Ö" * 150, "\r\n".join(["😀"] * 1_000) + "x"
    appointment_request = sent(client, full_name=name, problem=problem, unsuitable_dates="é" * 300)
    assert appointment_request.full_name == name
    assert len(appointment_request.problem) == 2_000


@pytest.mark.django_db
def test_check_page_shows_every_answer_and_carries_them_on(clinic_data: None, client: Client) -> None:
    response = post(client, safety_check(), "check")
    html = page(response)
    assert response.status_code == 200
    for shown in (
        "Testa Patient",
        "March 27, 1962",
        "+1 424-555-0134",
        "testa@example.com",
        "Phone call",
        "My back hurts\nwhen I walk downhill.",
        "2 to 6 weeks",
        "Monday: Morning\nThursday: Morning",
        "About one block",
        "MRI or CT scan, Letter from a doctor",
        "I have trouble hearing",
        "On the next day",
        "Not on Thanksgiving Day",
    ):
        assert f"<bdi>{shown}" in html or f"{shown}</bdi>" in html, shown
    assert "Nothing has been sent yet" in html
    assert "we answer by" in html
    assert not AppointmentRequest.objects.exists()
    hidden = set(re.findall(r'<input type="hidden" name="([a-z_]+)"', html))
    assert set(ANSWERS) | {"safety"} <= hidden
    lines, left_out = len(re.findall(r">Change<", html)), html.count('class="answers__missing"')
    for question in AppointmentRequestForm(form_choices()):
        assert escape(str(question.label)) in html, question.name
    # What is not answered stands on one line for each section.
    assert (lines, left_out) == (30, 4)
    assert (
        html.index("we answer by") < html.index("Send request")
        and "</dl>" not in html[html.index("we answer by") :]
    )


@pytest.mark.django_db
def test_check_page_promises_what_the_request_then_keeps(clinic_data: None, client: Client) -> None:
    safety = safety_check()
    told = re.search(r'we answer by <strong><time datetime="([^"]+)"', page(post(client, safety, "check")))
    assert told
    appointment_request = AppointmentRequest.objects.get(pk=sent(client).pk)
    assert appointment_request.reply_by is not None
    difference = appointment_request.reply_by - datetime.datetime.fromisoformat(told[1])
    assert datetime.timedelta(0) <= difference <= datetime.timedelta(minutes=5)


@pytest.mark.django_db
def test_check_page_change_goes_back_to_the_filled_in_form(clinic_data: None, client: Client) -> None:
    response = post(client, safety_check(), "change")
    assert response.status_code == 200
    assert 'value="Testa Patient"' in page(response)
    assert 'value="1962"' in page(response)
    assert "There is a problem" not in page(response)


@pytest.mark.django_db
@pytest.mark.parametrize("path", [HELP, DETAILS])
def test_later_step_opened_by_its_address_begins_at_the_safety_check(
    clinic_data: None, client: Client, path: str
) -> None:
    response = client.get(path)
    assert (response.status_code, response.headers["Location"]) == (302, SAFETY)


# All of them


@pytest.mark.django_db
@pytest.mark.parametrize("path", [SAFETY, HELP, DETAILS])
def test_page_before_send_is_kept_by_the_browser_alone_and_sets_no_cookie_but_that_of_the_form(
    clinic_data: None, client: Client, path: str
) -> None:
    token = safety_check().token
    for response in (client.get(path), post_form(client, path, {"safety": token}), post(client, token, "check")):
        assert response.headers["Cache-Control"] == "no-cache, private"
        assert response.headers["X-Robots-Tag"] == "noindex"
    assert set(client.cookies) <= {"csrf"}


@pytest.mark.django_db
def test_form_without_its_token_is_refused_kindly_and_stores_nothing(clinic_data: None) -> None:
    client = Client(enforce_csrf_checks=True)
    response = post(client, safety_check())
    assert response.status_code == 403
    assert "Traceback" not in page(response)
    assert not AppointmentRequest.objects.exists()
