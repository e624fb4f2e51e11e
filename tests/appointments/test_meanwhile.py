"""An urgent request: its confirmation and its status page say not to wait for our answer, and name no sign."""

import pytest
from django.test import Client

from appointments import emails
from appointments.contact import log_attempt
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest
from conditions.models import RedFlag
from tests.appointments.following import PRIVATE, address, kept, make_late
from tests.appointments.mails import Reading, words_of_html, words_of_text
from tests.appointments.patients import SAFETY
from tests.form_posts import page, post_form
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

TODAY = "If we are closed, get care elsewhere today, such as at an urgent care center."
NOW = "Call 911, or go to the nearest emergency room."
LINES = {"bowel": NOW, "fever": TODAY, "calf-pain": "", "": ""}
IN_SPANISH = {
    "bowel": "Llame al 911 o vaya a la sala de emergencias más cercana.",
    "fever": "Si la clínica está cerrada, busque atención hoy en otro lugar",
}


def shown(client: Client, appointment_request: AppointmentRequest) -> str:
    """What is to be read on the status page."""
    appointment_request.refresh_from_db()
    text = page(client.get(address(appointment_request)))
    return " ".join(Reading(text).text.split())


@pytest.mark.parametrize("sign", LINES)
def test_urgent_request_is_told_not_to_wait_on_its_page_and_in_its_mails(client: Client, sign: str) -> None:
    appointment_request = kept(sign)
    mail = emails.received(appointment_request.pk)
    texts = [shown(client, appointment_request), " ".join(mail.text.split()), " ".join(words_of_html(mail))]
    for text in texts:
        assert "We answer by" in text
        for line in (NOW, TODAY):
            assert text.count(line) == (line == LINES[sign]), text
        assert ("Do not wait for our answer: call 424-21-SPINE" in text) == (LINES[sign] == TODAY), text
        wording = RedFlag.objects.filter(key=sign).values_list("wording", flat=True)
        private = {*PRIVATE, *wording}
        assert not [word for word in private if word in text]
    assert words_of_text(mail) == words_of_html(mail)
    if LINES[sign]:
        assert texts[0].index(LINES[sign]) < texts[0].index("We have your request"), "before anything to read"


def test_form_page_says_it_in_the_same_words(client: Client) -> None:
    text = page(post_form(client, SAFETY, {"urgent": ["fever"]}))
    assert "Do not wait for our answer: call" in text
    assert TODAY in text


@pytest.mark.parametrize("sign", IN_SPANISH)
def test_urgent_request_is_told_not_to_wait_in_spanish(client: Client, sign: str) -> None:
    appointment_request = kept(sign)
    AppointmentRequest.objects.update(language="es")
    appointment_request.refresh_from_db()
    for text in (page(client.get(address(appointment_request))), emails.received(appointment_request.pk).text):
        assert IN_SPANISH[sign] in text


def test_it_has_got_worse_says_so_too(client: Client) -> None:
    for status in ("received", "booked"):
        appointment_request = kept(status=status)
        post_form(client, address(appointment_request, "worse"), {"none": "on"})
        assert TODAY in shown(client, appointment_request)
        mail = emails.worse_received(appointment_request.pk)
        assert mail.text.count("Do not wait for our answer") == 1
        assert TODAY in mail.text and TODAY in mail.html


def test_it_is_said_as_long_as_we_owe_an_answer(client: Client) -> None:
    appointment_request = kept("fever", status="in_review")
    assert TODAY in shown(client, appointment_request)
    make_late(appointment_request)
    assert TODAY in shown(client, appointment_request)
    assert TODAY in emails.link_again(appointment_request.pk).text
    log_attempt(
        appointment_request, "phone", "reached", by=make_staff("clinician"), roles=frozenset({Role.CLINICIAN})
    )
    assert TODAY not in shown(client, appointment_request)
    assert TODAY not in emails.link_again(appointment_request.pk).text


@pytest.mark.parametrize("status", ["awaiting_patient", "booked", "declined", "withdrawn"])
def test_it_is_not_said_once_we_have_answered_or_it_is_off(client: Client, status: str) -> None:
    appointment_request = kept("fever", status=status)
    assert TODAY not in shown(client, appointment_request)
