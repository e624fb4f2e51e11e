"""The site in a browser that knows no pictures, no style sheets and no scripts."""

import re
import subprocess
from pathlib import Path

import pytest
from django.test import Client

from appointments.models import AppointmentRequest
from tests.appointments.patients import sent
from tests.environment import IS_CI
from tests.journeys.lynx import Lynx
from tests.journeys.steps import CONDITION, SAFETY_CHECK
from tests.programs import TEXT_BROWSERS, find

CAUSES = [
    "Muscle or ligament strain",
    "Degenerative disc disease",
    "Spinal stenosis",
    "Sciatica",
    "Facet joint osteoarthritis",
    "SI joint dysfunction",
    "Peripheral artery disease",
]


def installed(name: str) -> str:
    """The path of this text browser. Where it is missing the test is skipped; with CI=true there must be one."""
    path = find([name])
    if path is None:
        give_up = pytest.fail if IS_CI and find(TEXT_BROWSERS) is None else pytest.skip
        give_up(f"there is no {name} here: install it")
    return path


@pytest.fixture(params=TEXT_BROWSERS)
def text_browser(request: pytest.FixtureRequest) -> str:
    """The path of each text browser, one after the other."""
    return installed(request.param)


def read(text_browser: str, address: str) -> str:
    """The page as text, its white space evened out, without lynx's numbers."""
    shown = subprocess.run([text_browser, "-dump", address], capture_output=True, check=True, timeout=20)
    return " ".join(re.sub(r"\[\d+\]", "", shown.stdout.decode()).split())


def assert_in_order(text: str, *parts: str) -> None:
    """Each part stands in the text, after the one before it."""
    place = 0
    for part in parts:
        found = text.find(part, place)
        assert found >= 0, f"{part!r} does not follow in: {text[place:]}"
        place = found + len(part)


def test_condition_says_when_to_get_help_before_anything_else(site: str, text_browser: str) -> None:
    text = read(text_browser, site + CONDITION)
    assert_in_order(
        text,
        "Lower back pain when walking: causes and treatments",
        "Emergency: Call 911 or go to an emergency room now if you have any of these",
        "Chest pain",
        "Causes of lower back pain when walking",
        *CAUSES,
        "Urgent: Call us today if you have any of these",
        "Treatments for lower back pain when walking",
        "Physical therapy",
        "Surgery",
        "When to see us",
        "Request an appointment",
        "424-21-SPINE",
    )


def test_safety_check_is_read_in_order(site: str, text_browser: str) -> None:
    assert_in_order(
        read(text_browser, site + SAFETY_CHECK),
        "This is a request, not an appointment. In an emergency, call 911.",
        "First, a quick safety check",
        "Do you have any of these?",
        "[ ]",
        "Numbness or tingling",
        "Or any of these?",
        "A high temperature or chills",
        "Or any of these?",
        "Calf pain when you walk",
        "None of these",
        "Continue",
    )


def test_status_is_read_in_order(site: str, text_browser: str) -> None:
    appointment_request = sent(Client())
    assert_in_order(
        read(text_browser, site + appointment_request.status_path()),
        "We have your request",
        "It is not an appointment yet.",
        "We answer by",
        "What happens next",
        f"Reference {appointment_request.reference}",
        "Has it got worse?",
    )


def test_corridor_in_lynx(site: str, tmp_path: Path) -> None:
    with Lynx(installed("lynx"), site + CONDITION, tmp_path) as lynx:
        lynx.follow("Request an appointment")
        lynx.press("Continue")
        assert_in_order(
            lynx.page(),
            "First, a quick safety check",
            "There is a problem",
            "Choose every symptom that you have, or “None of these”",
            "Do you have any of these?",
            "Error: Choose every symptom that you have",
            "Numbness or tingling",
        )
        lynx.tick("None of these")
        lynx.press("Continue")

        assert_in_order(
            lynx.page(),
            *(
                "Request an appointment",
                "What is wrong",
                "What is it about? (optional)",
                "What is wrong, in your own",
            ),
            *("A few words are enough", "How long have", "Less than 2 weeks", "When you walk (optional)"),
            *("How far can you walk", "A few steps", "Care so far (optional)", "About you", "Full name"),
            *("Date of birth", "For example", "Month", "Day", "Year", "I am asking for someone else (optional)"),
            *("Your own name", "Reaching you safely", "Phone number (optional)", "Any way of writing it"),
            *("Email address", "How should we reach you?", "Phone call", "You may leave a voice message"),
            *("When suits you (optional)", "Which times suit you?", "Morning", "Around noon", "Afternoon"),
            *("Monday", "Monday Morning", "Monday Around noon", "Tuesday", "Tuesday Morning", "Friday Afternoon"),
            *("Certain dates", "Earliest date", "How will you pay? (optional)", "I agree", "Check your answers"),
        )
        lynx.type("Full name", "Lena Reader")
        lynx.type("Month", "March")
        lynx.type("Day", "27")
        lynx.type("Phone number", "424 555 0134")
        lynx.tick("Phone call")
        lynx.type("What is wrong, in your own words?", "It hurts when I walk.", "Sitting helps.")
        lynx.tick("2 to 6 weeks")
        lynx.tick("Monday Morning")
        lynx.tick("I agree")
        lynx.press("Check your answers")

        assert_in_order(
            lynx.page(),
            "There is a problem",
            "Date of birth must include a year",
            "About you",
            "Lena Reader",
            "Year",
        )
        lynx.type("Year", "1962")
        lynx.press("Check your answers")

        assert_in_order(
            lynx.page(),
            *(
                "Check your answers",
                "Nothing has been sent yet",
                "It hurts when I walk.",
                "Sitting helps.",
                "2 to 6 weeks",
                "Lena Reader",
                "March 27, 1962",
                "+1 424-555-0134",
            ),
            *("Phone call", "Monday: Morning", "Send request"),
        )
        assert not AppointmentRequest.objects.exists(), "something was stored before Send"
        lynx.press("Send request")
        arrived = lynx.page()

    kept = AppointmentRequest.objects.get()
    assert_in_order(arrived, "We have your request", "It is not an appointment yet.", kept.reference)
    assert (kept.full_name, kept.problem) == ("Lena Reader", "It hurts when I walk.\nSitting helps.")
    assert kept.windows == ["0-morning"]
