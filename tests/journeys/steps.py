"""The steps of the corridor, as people take them: by the words on the screen."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, expect

from tests.staff import PASSWORD

CONDITION = "/conditions/lower-back-pain-when-walking/"
SAFETY_CHECK = "/appointments/request/"
QUEUE = "/admin/appointments/appointmentrequest/"


@dataclass(frozen=True)
class Patient:
    """An invented person, and what they type and choose, each under its label."""

    name: str = "Lena Wanderer"
    typed: dict[str, str] = field(
        default_factory=lambda: {
            "Month": "Mar",
            "Day": "27",
            "Year": "1962",
            "Phone number": "(424) 555-0134",
            "Email address": "lena@example.com",
            "What is wrong, in your own words?": "It hurts when I walk downhill.\nSitting helps.",
            "Are there dates that do not suit you?": "Not on my birthday",
        }
    )
    chosen: tuple[str, ...] = ("Phone call", "2 to 6 weeks", "Thursday", "Morning", "I agree")


def press(page: Page, button: str) -> None:
    """Press the button with exactly these words."""
    page.get_by_role("button", name=button, exact=True).click()


def heading(page: Page) -> Locator:
    """The page's one big heading."""
    return page.locator("h1")


def ask_from_the_article(page: Page, site: str) -> None:
    """From the article to the safety check, by the call at its end."""
    page.goto(site + CONDITION)
    page.get_by_role("main").get_by_role("link", name="Request an appointment").click()
    expect(heading(page)).to_have_text("First, a quick safety check")


def answer_safety_check(page: Page, *symptoms: str) -> None:
    """Tick these symptoms, or none of them, and go on."""
    for symptom in symptoms or ("None of these",):
        page.get_by_label(symptom).check()
    press(page, "Continue")


def box(page: Page, label: str) -> Locator:
    """The box under this label; its hint or "(optional)" need not be named."""
    return page.get_by_label(re.compile(rf"^{re.escape(label)}"))


def fill_in(page: Page, patient: Patient) -> None:
    """Type and choose everything that this patient has to say."""
    box(page, "Full name").fill(patient.name)
    for label, text in patient.typed.items():
        box(page, label).fill(text)
    for label in patient.chosen:
        box(page, label).check()


def sign_in(page: Page, site: str, username: str) -> None:
    """To the staff's first page."""
    page.goto(site + "/admin/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Log in")


def patients_in_queue(page: Page) -> Locator:
    """The names of the patients in the queue, from the top."""
    return page.locator("#result_list tbody th bdi")
