"""A form whose cookie was lost: nothing is done, nothing typed is lost, and one more press does it."""

import re
from typing import Any

import pytest
from django.test import Client

from appointments.models import AppointmentRequest
from conditions.models import RedFlag
from tests.appointments.following import VERBS, address, kept
from tests.appointments.patients import ANSWERS, DETAILS, SAFETY, safety_check
from tests.appointments.test_changed_questions import hidden_fields
from tests.form_posts import page, post_form

pytestmark = pytest.mark.django_db
OURS = {"Origin": "http://testserver"}
NOT_SENT = "This was not sent."
HELP = "/appointments/request/help/"
TYPED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "worse": ({"urgent": ["fever"], "words": "I cannot <feel> it"}, ("I cannot &lt;feel&gt; it", "checked")),
    "contact": ({"phone": "424 555 0199"}, ('value="424 555 0199"',)),
    "times": ({"windows": ["1-morning"], "unsuitable_dates": "Not in May"}, ('value="Not in May"', "checked")),
    "add": ({"words": "My letter is here."}, ("My letter is here.",)),
    "withdraw": ({"is_sure": "on"}, ("checked",)),
}


@pytest.fixture
def phone(clinic_data: None) -> Client:
    """A browser that has lost its cookies."""
    return Client(enforce_csrf_checks=True)


def send_from_our_page(client: Client, path: str, fields: dict[str, Any]) -> Any:
    return post_form(client, path, fields, headers=OURS)


def token_in(response: Any) -> str:
    """The token of the form that the page shows; its cookie came with it."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page(response))
    assert found and response.cookies["csrf"].value
    return found[1]


@pytest.mark.parametrize("prefix", ["", "/es"])
def test_send_without_its_cookie_comes_to_the_page_to_check_and_one_press_does_it(
    phone: Client, prefix: str
) -> None:
    safety = safety_check("fever")
    fields = {**ANSWERS, "safety": safety.token, "button": "send"}
    refused = send_from_our_page(phone, prefix + DETAILS, fields)
    assert refused.status_code == 403
    html = page(refused)
    assert ("Esto no se envió." if prefix else NOT_SENT) in html
    assert ("<h1>Revise sus respuestas</h1>" if prefix else "<h1>Check your answers</h1>") in html
    assert "when I walk downhill." in html and 'href="tel:+14242177463"' in html
    assert not AppointmentRequest.objects.exists()
    again = {**hidden_fields(refused), "button": "send", "csrfmiddlewaretoken": token_in(refused)}
    assert send_from_our_page(phone, prefix + DETAILS, again).status_code == 302
    assert AppointmentRequest.objects.get().key == safety.key


def test_send_with_a_mistake_and_without_its_cookie_comes_to_the_form(phone: Client) -> None:
    fields = {**ANSWERS, "full_name": "", "safety": safety_check().token, "button": "send"}
    html = page(send_from_our_page(phone, DETAILS, fields))
    assert NOT_SENT in html and "<h1>Request an appointment</h1>" in html and "when I walk downhill." in html


@pytest.mark.parametrize("button", ["send", "sent", "", "keep", "worse"])
def test_no_button_of_a_refused_form_stores_anything(phone: Client, button: str) -> None:
    fields = {**ANSWERS, "safety": safety_check().token, "button": button}
    assert send_from_our_page(phone, DETAILS, fields).status_code == 403
    assert not AppointmentRequest.objects.exists()


@pytest.mark.parametrize(
    ("path", "fields", "heading"),
    [
        (SAFETY, {"none": "on"}, "Request an appointment"),
        (SAFETY, {"emergency": "bladder"}, "Get help now"),
        (SAFETY, {"button": "begin"}, "First, a quick safety check"),
        (DETAILS, {**ANSWERS, "button": "check"}, "Check your answers"),
        (DETAILS, {**ANSWERS, "button": "change"}, "Request an appointment"),
        (HELP, {"is_checked_by_clinician": "on"}, "Request an appointment"),
    ],
)
def test_steps_before_send_go_on_without_their_cookie(
    phone: Client, path: str, fields: dict[str, Any], heading: str
) -> None:
    safety = safety_check("bladder" if path == HELP else "fever")
    response = send_from_our_page(phone, path, {**fields, "safety": safety.token})
    assert response.status_code == 403
    assert f"<h1>{heading}</h1>" in page(response) and NOT_SENT not in page(response)
    assert token_in(response)
    assert not AppointmentRequest.objects.exists()


@pytest.mark.parametrize("verb", VERBS)
def test_verb_without_its_cookie_is_not_done_and_one_press_does_it(phone: Client, verb: str) -> None:
    appointment_request = kept()
    path, (fields, shown) = address(appointment_request, verb), TYPED[verb]
    refused = send_from_our_page(phone, path, fields)
    assert refused.status_code == 403
    html = page(refused)
    assert NOT_SENT in html and f'action="{path}"' in html
    for text in shown:
        assert text in html, text
    assert (refused.headers["Cache-Control"], refused.headers["Referrer-Policy"]) == (
        "no-store, private",
        "strict-origin",
    )
    assert refused.headers["X-Frame-Options"] == "DENY"
    assert "testa@" not in html and "Thanksgiving Day" not in html
    appointment_request.refresh_from_db()
    assert appointment_request.version == 1
    again = {**fields, "csrfmiddlewaretoken": token_in(refused)}
    assert send_from_our_page(phone, path, again).status_code == 302
    appointment_request.refresh_from_db()
    assert appointment_request.version > 1


def test_verb_at_an_address_of_nobody_is_not_found(phone: Client) -> None:
    assert send_from_our_page(phone, "/appointments/r/nobody/add/", {"words": "x"}).status_code == 404


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://testserver", "http://testserver:81"]
)
@pytest.mark.parametrize("has_cookie", [False, True])
def test_form_of_another_site_gets_nothing_filled_in(phone: Client, origin: str | None, has_cookie: bool) -> None:
    appointment_request = kept()
    flag = RedFlag.objects.get(key="fever")
    if has_cookie:
        phone.get(SAFETY)
    headers = {"Origin": origin} if origin else {}
    for path, fields in (
        (DETAILS, {**ANSWERS, "safety": safety_check().token, "button": "send"}),
        (SAFETY, {"none": "on", **ANSWERS}),
        (address(appointment_request, "worse"), {"urgent": [flag.key], "words": "planted"}),
        (address(appointment_request, "withdraw"), {"is_sure": "on"}),
    ):
        response = post_form(phone, path, fields, headers=headers)
        assert response.status_code == 403
        html = page(response)
        assert "<h1>Your form was not sent</h1>" in html
        assert "<form" not in html and "planted" not in html and "downhill" not in html
    appointment_request.refresh_from_db()
    assert appointment_request.version == AppointmentRequest.objects.count() == 1


def test_form_of_the_staff_is_refused_as_before(phone: Client) -> None:
    response = send_from_our_page(phone, "/admin/login/", {"username": "x"})
    assert response.status_code == 403 and "<h1>Your form was not sent</h1>" in page(response)
