"""The whole corridor: from the article, through the form, to a booked appointment that the patient can see."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from appointments.models import AppointmentRequest
from tests.appointments.patients import sent
from tests.appointments.test_admin import in_days
from tests.journeys.steps import (
    CONDITION,
    QUEUE,
    Patient,
    answer_safety_check,
    ask_from_the_article,
    box,
    fill_in,
    heading,
    patients_in_queue,
    press,
    sign_in,
)

PATIENT = Patient()
MISTAKES = Patient(
    typed={**PATIENT.typed, "Date of birth: Month": "13", "Phone number": "555", "Email address": "lena at home"},
    chosen=("Phone call", "Thursday Morning"),
)
MISTAKES_SAID = {
    "Choose how long you have had it": "id_duration_0",
    "Date of birth must be a real date": "id_birth_date_0",
    "Enter a phone number with its area code, such as 424 555 0134": "id_phone",
    "Enter an email address such as name@example.com": "id_email",
    "To send a request, agree that the clinic may use your answers to reply": "id_consent",
}


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no_javascript"])
def test_corridor_from_the_article_to_a_booked_appointment(
    site: str, staff: Callable[[str], User], open_page: Callable[..., Page], width: int, javascript: bool
) -> None:
    device = {"viewport": {"width": width, "height": 800}, "java_script_enabled": javascript}
    patients_page = open_page(**device)

    ask_from_the_article(patients_page, site)
    _say_nothing_then_none_of_these(patients_page)
    _make_mistakes_and_mend_them(patients_page)
    _check_and_change_one_line(patients_page)
    press(patients_page, "Send request")
    _see_that_it_arrived(patients_page)

    for name in ("Later One", "Later Two", "Later Three"):
        sent(Client(), full_name=name)
    staff("reception")
    reception = open_page(**device)
    starts_at = in_days(8)
    sign_in(reception, site, "reception")
    reception.get_by_role("link", name="Appointment requests").last.click()
    expect(patients_in_queue(reception)).to_have_text([PATIENT.name, "Later One", "Later Two", "Later Three"])
    _review_and_book(reception, patients_page, f"{starts_at:%Y-%m-%d}", "10:30")
    reception.goto(site + QUEUE)
    expect(patients_in_queue(reception)).to_have_text(["Later One", "Later Two", "Later Three"])

    patients_page.reload()
    expect(heading(patients_page)).to_have_text("Your appointment is booked")
    expect(patients_page.locator(".stage__lead")).to_have_text(
        f"{starts_at:%A, %B} {starts_at.day}, 10:30 a.m. {starts_at:%Z}"
    )
    expect(patients_page.get_by_text("It is not an appointment yet")).to_have_count(0)


def _say_nothing_then_none_of_these(page: Page) -> None:
    press(page, "Continue")
    expect(page).to_have_title("Error: Safety check - The Spine Pro")
    page.get_by_role("link", name="Choose every symptom that you have").click()
    expect(page.locator("#id_emergency_0")).to_be_focused()
    answer_safety_check(page)
    expect(heading(page)).to_have_text("Request an appointment")


def _make_mistakes_and_mend_them(page: Page) -> None:
    fill_in(page, MISTAKES)
    press(page, "Check your answers")
    expect(page).to_have_title("Error: Request an appointment - The Spine Pro")
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    assert summary.get_by_role("link").all_inner_texts() == list(MISTAKES_SAID)
    for message, control in MISTAKES_SAID.items():
        summary.get_by_role("link", name=message).click()
        expect(page.locator(f"#{control}")).to_be_focused()
    expect(box(page, "Full name")).to_have_value(MISTAKES.name)
    for label, text in MISTAKES.typed.items():
        expect(box(page, label)).to_have_value(text)
    for label in MISTAKES.chosen:
        expect(box(page, label)).to_be_checked()
    fill_in(page, PATIENT)
    press(page, "Check your answers")


def _check_and_change_one_line(page: Page) -> None:
    expect(heading(page)).to_have_text("Check your answers")
    assert _answers(page) == {
        "What is it about?": "Lower back pain when walking",
        "What is wrong, in your own words?": "It hurts when I walk downhill.\nSitting helps.",
        "How long have you had it?": "2 to 6 weeks",
        "How far can you walk before it makes you stop?": "About one block",
        "What makes it better when walking hurts?": "Sitting down",
        "Does it go into your legs?": "Both legs",
        "Is there numbness or weakness in a leg or foot?": "Numbness or tingling",
        "Is it getting better or worse?": "Getting worse",
        "Full name": "Lena Wanderer",
        "Date of birth": "March 27, 1962",
        "Which language should we talk in?": "English",
        "I need an interpreter": "No",
        "Phone number": "+1 424-555-0134",
        "Email address": "lena@example.com",
        "How should we reach you?": "Phone call",
        "You may leave a voice message": "No",
        "You may say that the clinic is calling": "No",
        "You may send a text message": "No",
        "Which times suit you?": "Thursday: Morning",
        "Are there dates that do not suit you?": "Not on my birthday",
        "I agree that the clinic uses these answers to reply to my request, as its privacy page says": "Yes",
    }
    assert _left_out(page) == [
        "Has anyone looked at this before? Do you have any of these at hand?",
        "Have you been to our clinic before? Your own name; Who are you to the patient? The patient agrees that I"
        " ask for them, and that you talk to me about it; Which other language? Do any of these apply to you?",
        "When is a good time to call?",
        "If a time frees up, how soon could you come? Earliest date; Latest date",
        "How will you pay?",
    ]
    page.locator("button", has_text="Change: Email address").click()
    expect(box(page, "Email address")).to_be_focused()
    expect(page.locator(".error-summary")).to_have_count(0)
    box(page, "Email address").fill("")
    press(page, "Check your answers")
    expect(heading(page)).to_have_text("Check your answers")
    answers = _answers(page)
    assert "Email address" not in answers
    assert "Email address; When is a good time to call?" in _left_out(page)
    assert answers["Phone number"] == "+1 424-555-0134"
    _change_what_is_folded_away(page)
    assert not AppointmentRequest.objects.exists(), "something was stored before Send"


def _change_what_is_folded_away(page: Page) -> None:
    """Each line leads to its box, also where the box stands in a part that was never opened."""
    page.locator("button", has_text="Change: I need an interpreter").click()
    expect(box(page, "I need an interpreter")).to_be_focused()
    expect(box(page, "I need an interpreter")).to_be_in_viewport()
    press(page, "Check your answers")
    page.locator("button", has_text="Change: How will you pay?").click()
    expect(page.get_by_label("Health insurance")).to_be_focused()
    press(page, "Check your answers")
    page.locator("button", has_text="Change: Which times suit you?").click()
    expect(page.get_by_label("Monday Morning")).to_be_focused()
    press(page, "Check your answers")
    expect(heading(page)).to_have_text("Check your answers")


def _left_out(page: Page) -> list[str]:
    """The one line of each section that has questions without an answer."""
    return page.locator(".answers__missing").all_inner_texts()


def _answers(page: Page) -> dict[str, str]:
    lines = page.locator(".answers > div:not(:has(.answers__missing))")
    return {line.locator("dt").inner_text(): line.locator("dd").first.inner_text() for line in lines.all()}


def _see_that_it_arrived(page: Page) -> None:
    expect(heading(page)).to_have_text("We have your request")
    expect(page.get_by_text("It is not an appointment yet.")).to_be_visible()
    expect(page.get_by_text("We answer by")).to_be_visible()
    kept = AppointmentRequest.objects.get()
    expect(page.locator(".stage__reference")).to_have_text(f"Reference {kept.reference}")
    assert kept.article is not None
    assert kept.article.get_absolute_url() == CONDITION
    assert PATIENT.name not in page.content()
    assert "downhill" not in page.content()


def _review_and_book(reception: Page, patients_page: Page, date: str, time: str) -> None:
    reception.get_by_role("link", name=PATIENT.name).click()
    expect(reception.locator(".patient-words")).to_have_text(PATIENT.typed["What is wrong, in your own words?"])
    press(reception, "Start review")
    expect(reception.get_by_text("is now “In review”")).to_be_visible()
    patients_page.reload()
    expect(heading(patients_page)).to_have_text("We are looking at your request")

    press(reception, "Book")
    expect(reception.get_by_role("alert")).to_contain_text("Enter the date and time of the appointment")
    reception.get_by_label("Date of the appointment").fill(date)
    reception.get_by_label("Time of the appointment").fill(time)
    press(reception, "Book")
    expect(reception.get_by_text("is now “Booked”")).to_be_visible()
