"""Whoever has an emergency sign sees where to get help before anything else, and staff see them first."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from appointments.lifecycle import Urgency
from appointments.models import AppointmentRequest
from tests.appointments.patients import sent
from tests.journeys.steps import (
    SAFETY_CHECK,
    Patient,
    answer_safety_check,
    ask_from_the_article,
    fill_in,
    heading,
    patients_in_queue,
    press,
    sign_in,
)

PATIENT = Patient()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no_javascript"])
def test_emergency_sign_help_comes_first_and_the_request_comes_on_top(
    site: str, staff: Callable[[str], User], open_page: Callable[..., Page], javascript: bool
) -> None:
    # Born in other years: a second request by the same person would raise the first.
    sent(Client(), full_name="Routine and Older", birth_date_year="1950")
    sent(Client(), "calf-pain", full_name="Soon", birth_date_year="1951")
    sent(Client(), "fever", full_name="Urgent", birth_date_year="1952")
    page = open_page(java_script_enabled=javascript)

    ask_from_the_article(page, site)
    answer_safety_check(page, "chest pain", "in both legs", "a high temperature or chills")
    _see_help_and_no_form(page)
    press(page, "Continue to the request form")
    expect(page).to_have_title("Error: Get help now - The Spine Pro")
    page.get_by_role("link", name="Tick the box only if a clinician has checked these symptoms").click()
    expect(page.get_by_label("A clinician has already checked these symptoms")).to_be_focused()
    _see_help_and_no_form(page)
    assert AppointmentRequest.objects.count() == 3, "something was stored before Send"

    page.get_by_label("A clinician has already checked these symptoms").check()
    press(page, "Continue to the request form")
    fill_in(page, PATIENT)
    press(page, "Check your answers")
    press(page, "Send request")
    expect(heading(page)).to_have_text("We have your request")
    for told in ("chest", "both legs", "temperature", "clinician has"):
        assert told not in page.get_by_role("main").inner_text().lower()

    kept = AppointmentRequest.objects.get(full_name=PATIENT.name)
    assert kept.urgency == Urgency.EMERGENCY
    assert kept.is_checked_by_clinician
    assert {(answer.key, answer.tier, answer.concern) for answer in kept.red_flag_answers.all()} == {
        ("chest-pain", "emergency", "Heart"),
        ("both-legs", "emergency", "Cauda equina syndrome; spinal cord or nerve compression"),
        ("fever", "urgent", "Infection"),
    }

    staff("reception")
    reception = open_page(java_script_enabled=javascript)
    sign_in(reception, site, "reception")
    reception.get_by_role("link", name="Appointment requests").last.click()
    queue = patients_in_queue(reception)
    expect(queue).to_have_text([PATIENT.name, "Urgent", "Soon", "Routine and Older"])
    expect(reception.locator("#result_list .field-how_urgent")).to_have_text(
        ["Emergency", "Urgent", "Soon", "Routine"]
    )
    reception.get_by_role("link", name=PATIENT.name).click()
    expect(reception.locator(".red-flag-emergency, .red-flag-urgent")).to_have_text(
        [
            "Pain, tingling, weakness or numbness in both legs "
            "Think of: Cauda equina syndrome; spinal cord or nerve compression",
            "Chest pain Think of: Heart",
            "A high temperature or chills Think of: Infection",
        ]
    )
    expect(reception.get_by_text("The patient says that a clinician has already checked these.")).to_be_visible()


@pytest.mark.parametrize("button", ["check", "send"])
def test_emergency_sign_not_checked_the_help_page_cannot_be_passed_by(
    site: str, open_page: Callable[..., Page], button: str
) -> None:
    page = open_page()
    page.goto(site + SAFETY_CHECK)
    answer_safety_check(page, "chest pain")
    token_of_an_emergency = page.locator("input[name=safety]").input_value()

    page.goto(site + SAFETY_CHECK)
    answer_safety_check(page)
    fill_in(page, PATIENT)
    page.locator("input[name=safety]").evaluate("(field, token) => { field.value = token }", token_of_an_emergency)
    pressed = page.get_by_role("button", name="Check your answers")
    pressed.evaluate("(pressed, button) => { pressed.value = button }", button)
    pressed.click()

    _see_help_and_no_form(page)
    assert not AppointmentRequest.objects.exists()


def _see_help_and_no_form(page: Page) -> None:
    expect(heading(page)).to_have_text("Get help now")
    main = page.get_by_role("main")
    told = main.inner_text()
    assert told.index("Get help now") < told.index("Call 911, or go to the nearest emergency room")
    assert told.index("Chest pain") < told.index("Has a clinician already checked this?")
    expect(main.get_by_role("link", name="Call 911")).to_have_attribute("href", "tel:911")
    expect(page.get_by_label("Full name")).to_have_count(0)
