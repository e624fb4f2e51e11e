"""The way to a request begins in the language that the browser prefers. From there on the address keeps it."""

import pytest
from django.test import Client

from appointments.models import AppointmentRequest
from tests.appointments.patients import ANSWERS, safety_check
from tests.form_posts import post_form

ENGLISH, SPANISH = "/appointments/request/", "/es/appointments/request/"


@pytest.mark.django_db
@pytest.mark.parametrize("preference", ["es", "es-MX,es;q=0.9,en;q=0.8", "fr,es;q=0.5,en;q=0.4", "ES"])
def test_browser_that_prefers_spanish_is_led_there_with_its_query(
    clinic_data: None, client: Client, preference: str
) -> None:
    for method in (client.get, client.head):
        response = method(f"{ENGLISH}?article=cause/sciatica&x=%C3%A9", headers={"accept-language": preference})
        assert response.status_code == 302
        assert response.headers["Location"] == f"{SPANISH}?article=cause/sciatica&x=%C3%A9"
        assert "Accept-Language" in response.headers["Vary"]
        assert response.headers["Cache-Control"] == "no-cache, private"
    landed = client.get(response.headers["Location"], headers={"accept-language": preference})
    assert (landed.status_code, landed.headers["Content-Language"]) == (200, "es")


@pytest.mark.django_db
@pytest.mark.parametrize("preference", ["", "en", "en-US,es;q=0.9", "fr", "*", "nonsense;;q=x", "é" * 50])
def test_other_browsers_stay_in_english(clinic_data: None, client: Client, preference: str) -> None:
    response = client.get(ENGLISH, headers={"accept-language": preference} if preference else {})
    assert (response.status_code, response.headers["Content-Language"]) == (200, "en")
    assert "Accept-Language" in response.headers["Vary"]


@pytest.mark.django_db
def test_choice_by_a_link_counts_more_than_the_browser(clinic_data: None, client: Client) -> None:
    spanish, english = {"accept-language": "es"}, {"accept-language": "en"}
    assert client.get(f"{ENGLISH}?language=en", headers=spanish).headers["Content-Language"] == "en"
    assert client.get(SPANISH, headers=english).headers["Content-Language"] == "es"


@pytest.mark.django_db
def test_only_the_entry_asks_the_browser(clinic_data: None, client: Client) -> None:
    spanish = {"accept-language": "es"}
    posted = post_form(client, ENGLISH, {"none": "on"}, headers=spanish)
    assert (posted.status_code, posted.headers["Content-Language"]) == (200, "en")
    led = client.get(f"{ENGLISH}details/", headers=spanish)
    assert led.headers["Location"] == ENGLISH  # which then asks
    for path in ("/", "/conditions/", "/privacy/"):
        assert client.get(path, headers=spanish).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(("prefix", "language"), [("", "en"), ("/es", "es")])
def test_request_keeps_the_language_of_its_pages(
    clinic_data: None, client: Client, prefix: str, language: str
) -> None:
    fields = {**ANSWERS, "safety": safety_check().token, "button": "send"}
    response = post_form(client, f"{prefix}/appointments/request/details/", fields)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(f"{prefix}/appointments/r/")
    assert AppointmentRequest.objects.get().language == language
