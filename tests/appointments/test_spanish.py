"""The request journey under /es/: in Spanish from the first page to the last, and it stays there."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from django.utils.text import capfirst

from appointments.models import AppointmentRequest, RedFlagAnswer
from clinic.models import Announcement, ClinicProfile, PaymentOption
from conditions.models import Article, RedFlag
from tests import messages
from tests.appointments import mails
from tests.appointments.patients import ANSWERS, safety_check, sent
from tests.appointments.reading import Reading
from tests.appointments.spanish import Walk
from tests.form_posts import page, post_form

# The same words in both languages.
SAME = {
    text for message in messages.spanish() if message.id for text in messages.strings(message) if text == message.id
}
# What a patient typed, and what is nobody's language.
TYPED = {"Testa Patient", "testa@example.com", "Not on Thanksgiving Day", "My back hurts when I walk downhill."}
SPANISH_TIME = re.compile(
    r"(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo), \d{1,2} de (?:enero|febrero|marzo|abril|mayo|junio"
    r"|julio|agosto|septiembre|octubre|noviembre|diciembre), \d{1,2}:\d\d [ap]\.m\. P[SD]T"
)


WALKED: list[dict[str, str]] = []


@pytest.fixture
def pages(clinic_data: None, staff: Callable[..., User]) -> list[dict[str, str]]:
    """Every page of the journey by its name: in English, and in Spanish. Walked once, whichever test is first."""
    if not WALKED:
        clinician = staff("clinician")
        WALKED.extend(Walk(prefix, clinician).pages() for prefix in ("", "/es"))
    english, spanish = WALKED
    assert english.keys() == spanish.keys() and len(english) > 80
    return WALKED


@pytest.mark.django_db
def test_no_english_is_left_on_a_spanish_page(pages: list[dict[str, str]]) -> None:
    profile = ClinicProfile.objects.get()
    names = {profile.name, profile.clinician, profile.phone_display, f"{profile.name}, {profile.clinician}"}
    names |= {option.name for option in PaymentOption.objects.filter(name_es=F("name"))} | SAME | TYPED
    left: dict[str, set[str]] = {}
    for name, english in pages[0].items():
        texts = Reading.of(pages[1][name]).in_language("es")
        for text in (Reading.of(english).in_language("en") & texts) - names:
            if text.strip("x"):
                left.setdefault(text, set()).add(name)
    assert {text: sorted(names)[:3] for text, names in left.items()} == {}


@pytest.mark.django_db
@pytest.mark.parametrize("name", mails.TO_PATIENT)
def test_no_english_is_left_in_a_spanish_mail(clinic_data: None, name: str) -> None:
    english, spanish = (texts_of_mail(name, language) for language in ("en", "es"))
    assert len(spanish) > 10
    profile = ClinicProfile.objects.get()
    names = {profile.name, profile.clinician, profile.phone_display, f"{profile.name}, {profile.clinician}"}
    assert english & spanish <= names | SAME | {mails.STAFF_WROTE}


def texts_of_mail(name: str, language: str) -> set[str]:
    """The subject and both halves of a mail about a new request, but for addresses and references."""
    appointment_request = sent(Client(), full_name=f"Testa {language}")
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(language=language)
    appointment_request.refresh_from_db()
    message = mails.TO_PATIENT[name](appointment_request)
    texts = {message.subject, *message.text.splitlines(), *(text for _, text in Reading.of(message.html).texts)}
    return {text for text in texts if text.strip(" -") and not text.startswith("http")}


@pytest.mark.django_db
def test_every_address_of_the_journey_stays_in_spanish(pages: list[dict[str, str]]) -> None:
    for name, html in pages[1].items():
        for link in Reading.of(html).links:
            leads_to_english = link.address.startswith("/") and not link.address.startswith("/es/")
            assert leads_to_english == (link.hreflang == "en"), f"{name}: {link}"


@pytest.mark.django_db
def test_page_says_its_language_and_marks_what_is_english(pages: list[dict[str, str]]) -> None:
    announcement = Announcement.objects.get()
    for name, html in pages[1].items():
        assert '<html lang="es-US">' in html, name
    reading = Reading.of(pages[1]["check"])
    assert announcement.message in reading.in_language("en")
    assert Article.objects.with_key("cause/sciatica").get().name in reading.in_language("en")


@pytest.mark.django_db
def test_promise_is_said_in_spanish_with_its_zone(pages: list[dict[str, str]]) -> None:
    for name in ("check", "status received", "status booked", "late"):
        times = [text for text in Reading.of(pages[1][name]).in_language("es") if SPANISH_TIME.fullmatch(text)]
        assert times, name


@pytest.mark.django_db
def test_pages_that_are_asked_for_lead_to_the_other_language(pages: list[dict[str, str]]) -> None:
    for name in ("safety check", "status received", "received, add", "find"):
        for html, language in zip(pages, ("Español", "English"), strict=True):
            assert f">{language}</a>" in html[name], name
    for name in ("nothing ticked", "form, urgent", "check", "add, wrong"):
        for html in pages:
            assert ">Español</a>" not in html[name] and ">English</a>" not in html[name], name


@pytest.mark.django_db
def test_switch_leads_to_the_same_page_and_keeps_the_article(clinic_data: None, client: Client) -> None:
    english = client.get("/appointments/request/?article=cause%2Fsciatica&language=en")
    assert 'href="/es/appointments/request/?article=cause%2Fsciatica" hreflang="es" lang="es"' in page(english)
    spanish = client.get("/es/appointments/request/?article=cause%2Fsciatica", headers={"accept-language": "es"})
    there = "/appointments/request/?article=cause%2Fsciatica&amp;language=en"
    assert f'href="{there}" hreflang="en" lang="en"' in page(spanish)
    back = client.get(there.replace("&amp;", "&"), headers={"accept-language": "es"})
    assert back.status_code == 200 and '<html lang="en-US">' in page(back)


@pytest.mark.django_db
def test_status_page_leads_to_itself_in_the_other_language(clinic_data: None, client: Client) -> None:
    address = sent(client).status_path()
    assert f'href="/es{address}" hreflang="es"' in page(client.get(address))
    assert f'href="{address}" hreflang="en"' in page(client.get(f"/es{address}"))


@pytest.mark.django_db
def test_english_pages_lead_to_the_journey_in_spanish(clinic_data: None, client: Client) -> None:
    link = 'href="/es/appointments/request/" hreflang="es" lang="es">Solicitar una cita en español</a>'
    for path in ("/", "/conditions/lower-back-pain-when-walking/", "/privacy/"):
        assert link in page(client.get(path))
    for path in ("/appointments/request/", "/es/appointments/request/", "/es/privacy/"):
        assert link not in page(client.get(path))


@pytest.mark.django_db
def test_red_flag_without_spanish_is_shown_in_english(clinic_data: None, client: Client) -> None:
    RedFlag.objects.filter(key="fever").update(wording_es="")
    shown = page(client.get("/es/appointments/request/"))
    assert "A high temperature or chills" in shown
    assert "Pérdida de peso sin proponérselo" in shown


@pytest.mark.django_db
def test_red_flag_without_spanish_says_wherever_it_stands_that_it_is_english(
    clinic_data: None, client: Client
) -> None:
    """So that a voice reads it as English, and a translator sees it."""
    flags = {flag.tier: flag for flag in RedFlag.objects.filter(key__in=["bowel", "fever", "calf-pain"])}
    RedFlag.objects.filter(pk__in=[flag.pk for flag in flags.values()]).update(wording_es="")
    worse = sent(client).status_path() + "worse/"
    emergency, every = [flags["emergency"]], list(flags.values())
    ticked = {"emergency": ["bowel", "chest-pain"]}
    for shown, expected in (
        (client.get("/es/appointments/request/"), every),
        (post_form(client, "/es/appointments/request/", ticked), emergency),
        (client.get(f"/es{worse}"), every),
        (post_form(client, f"/es{worse}", ticked), emergency),
    ):
        reading = Reading.of(page(shown))
        for flag in expected:
            assert capfirst(flag.wording) in reading.in_language("en") - reading.in_language("es")
        assert not [text for text in reading.in_language("en") if text.startswith("Dolor")]
    for shown in (client.get("/appointments/request/?language=en"), post_form(client, worse, ticked)):
        assert '<span lang="' not in page(shown) and '<li lang="' not in page(shown)


@pytest.mark.django_db
def test_staff_see_what_was_ticked_in_both_languages(clinic_data: None) -> None:
    walk = Walk("/es", User())
    walk.post("request/", {"urgent": "fever"})
    answers = {**ANSWERS, "safety": safety_check("fever").token, "button": "send"}
    walk.post("request/details/", answers, 302)
    ticked = RedFlagAnswer.objects.get()
    assert (ticked.wording, ticked.shown_as) == ("a high temperature or chills", "fiebre o escalofríos")
