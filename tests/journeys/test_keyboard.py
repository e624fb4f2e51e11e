"""The corridor without a mouse: Tab, Space, Enter, arrow keys and letters."""

import datetime
from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from appointments.lifecycle import RequestStatus
from appointments.models import AppointmentRequest
from tests.appointments.patients import sent
from tests.appointments.test_admin import in_days
from tests.journeys.keyboard import Keyboard
from tests.journeys.steps import CONDITION, heading
from tests.staff import PASSWORD


def test_corridor_with_the_keyboard_alone(site: str, open_page: Callable[..., Page]) -> None:
    page = open_page()
    keyboard = Keyboard(page)
    page.goto(site + CONDITION)

    assert keyboard.tab().words == "Skip to main content"
    keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert keyboard.tab().words == "Call 911", "the first thing after the title is the way to help"
    keyboard.tab_to("Request an appointment")
    keyboard.press_and_go()

    assert keyboard.tab().words == "Skip to main content"
    keyboard.tab_to("None of these")
    keyboard.press("Space")
    keyboard.tab_to("Continue")
    keyboard.assert_read_top_down()
    keyboard.press_and_go()

    _answer_everything_but_the_last_question(keyboard)
    keyboard.press_and_go()

    expect(page.locator(".error-summary")).to_be_focused()
    keyboard.tab_to("To send a request, agree")
    keyboard.press("Enter")
    assert keyboard.focus().words.startswith("I agree")
    keyboard.press("Space")
    keyboard.tab_to("Check your answers")
    keyboard.press_and_go()

    expect(heading(page)).to_have_text("Check your answers")
    assert keyboard.tab().words == "Skip to main content"
    keyboard.tab_to("Send request")
    keyboard.assert_read_top_down()
    # One for each answer, and one for what a section leaves out.
    assert sum(stop.words.startswith("Change") for stop in keyboard.stops) == 23
    keyboard.press_and_go()

    expect(heading(page)).to_have_text("We have your request")
    kept = AppointmentRequest.objects.get()
    assert kept.full_name == "Kai Boardman"
    assert kept.birth_date == datetime.date(1962, 3, 27)
    assert kept.phone.as_e164 == "+14245550134"
    assert (kept.preferred_contact, kept.duration) == ("phone", "under_6_weeks")
    assert kept.windows == ["1-morning"]
    assert (kept.walking_distance, kept.eased_by, kept.legs_affected) == ("one_block", "sitting", "both")
    assert kept.needs_interpreter
    assert kept.problem == "It hurts.\nDownhill most."

    keyboard.tab_to("I no longer want an appointment")
    keyboard.assert_read_top_down()
    keyboard.press_and_go()
    expect(heading(page)).to_have_text("Withdraw your request")
    keyboard.tab_to("Yes, I no longer want")
    keyboard.press("Space")
    keyboard.tab_to("Withdraw my request")
    keyboard.assert_read_top_down()
    keyboard.press_and_go()
    expect(heading(page)).to_have_text("Your request is withdrawn")


def _answer_everything_but_the_last_question(keyboard: Keyboard) -> None:
    assert keyboard.tab().words == "Skip to main content"
    keyboard.tab_to("What is it about?")
    keyboard.tab_to("What is wrong, in your own words?")
    keyboard.type("It hurts.")
    keyboard.press("Enter")
    keyboard.type("Downhill most.")
    keyboard.tab_to("Less than 2 weeks")
    keyboard.press("Space")
    keyboard.press("ArrowDown")
    for first, presses in {"A few steps": 2, "Sitting down": 1, "No leg, only my back": 3}.items():
        keyboard.tab_to(first)
        keyboard.press("Space")
        for _ in range(presses - 1):
            keyboard.press("ArrowRight")
    for label, text in {
        "Full name": "Kai Boardman",
        "Month": "3",
        "Day": "27",
        "Year": "1962",
    }.items():
        keyboard.tab_to(label)
        keyboard.type(text)
    _answer_in_a_folded_part(keyboard)
    for label, text in {
        "Phone number": "424.555.0134",
        "Email address": "",
    }.items():
        keyboard.tab_to(label)
        keyboard.type(text)
    keyboard.tab_to("Phone call")
    keyboard.press("Space")
    keyboard.tab_to("You may leave a voice message")
    keyboard.tab_to("Tuesday Morning")
    keyboard.press("Space")
    keyboard.tab_to("On the same day")
    keyboard.tab_to("Certain dates", tag="summary")
    keyboard.tab_to("I agree")
    keyboard.tab_to("Check your answers")
    keyboard.assert_read_top_down()


def _answer_in_a_folded_part(keyboard: Keyboard) -> None:
    """A part that stays closed is one stop; an opened one shows its questions right after."""
    keyboard.tab_to("I am asking for someone else", tag="summary")
    assert keyboard.tab().words.startswith("Language, hearing, sight"), "what is folded away is no stop"
    keyboard.press("Enter")
    assert keyboard.tab().words.startswith("English")
    keyboard.tab_to("Which other language?")
    keyboard.tab_to("I need an interpreter")
    keyboard.press("Space")
    keyboard.tab_to("I use a wheelchair")


def test_reception_with_the_keyboard_alone(
    site: str, staff: Callable[[str], User], open_page: Callable[..., Page]
) -> None:
    appointment_request = sent(Client(), full_name="Kai Boardman")
    starts_at = in_days(8)
    staff("reception")
    page = open_page()
    keyboard = Keyboard(page)
    page.goto(site + "/admin/")
    expect(page.get_by_label("Username")).to_be_focused()
    keyboard.type("reception")
    keyboard.tab_to("Password")
    keyboard.type(PASSWORD)
    keyboard.press_and_go()

    assert keyboard.tab().words == "Skip to main content"
    keyboard.press("Enter")
    keyboard.tab_to("Appointment requests")
    keyboard.press_and_go()
    assert keyboard.tab().words == "Skip to main content"
    keyboard.tab_to("Kai Boardman")
    keyboard.press_and_go()
    assert keyboard.tab().words == "Skip to main content"
    keyboard.tab_to("Start review")
    keyboard.press_and_go()
    keyboard.tab_to("Date of the appointment")
    keyboard.type(f"{starts_at:%m%d%Y}")
    keyboard.tab_to("Time of the appointment")
    keyboard.type("1030AM")
    keyboard.tab_to("Show the mail")
    keyboard.press_and_go()
    expect(page.get_by_text("Your appointment is booked")).to_be_visible()
    keyboard.tab_to("Confirm and send the mail")
    keyboard.press_and_go()

    expect(page.get_by_text("is now “Booked”")).to_be_visible()
    appointment_request.refresh_from_db()
    assert appointment_request.status == RequestStatus.BOOKED
    assert appointment_request.appointment_starts_at == starts_at.replace(
        hour=10, minute=30, second=0, microsecond=0
    )
