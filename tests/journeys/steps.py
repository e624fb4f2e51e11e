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
    """An invented person, and what they type and choose, each under its label; `opened` are parts folded away."""

    name: str = "Lena Wanderer"
    typed: dict[str, str] = field(
        default_factory=lambda: {
            "Date of birth: Month": "Mar",
            "Date of birth: Day": "27",
            "Date of birth: Year": "1962",
            "Phone number": "(424) 555-0134",
            "Email address": "lena@example.com",
            "What is wrong, in your own words?": "It hurts when I walk downhill.\nSitting helps.",
            "Are there dates that do not suit you?": "Not on my birthday",
        }
    )
    chosen: tuple[str, ...] = (
        *("2 to 6 weeks", "About one block", "Sitting down", "Both legs", "Numbness or tingling", "Getting worse"),
        *("Phone call", "Thursday Morning", "I agree"),
    )
    opened: tuple[str, ...] = ("Certain dates",)


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
    """The box under this label; its hint or "(optional)" need not be named. "A group: a label" is one within."""
    group, _, own = label.rpartition(": ")
    where = page.get_by_role("group", name=re.compile(rf"^{re.escape(group)}")) if group else page
    return where.get_by_label(re.compile(rf"^{re.escape(own)}"))


def open_part(page: Page, title: str) -> None:
    """Open what is folded away under this title, unless it stands open."""
    part = page.locator("details", has_text=title)
    part.wait_for()
    if part.get_attribute("open") is None:
        part.locator("summary").click()


def fill_in(page: Page, patient: Patient) -> None:
    """Type and choose everything that this patient has to say."""
    for title in patient.opened:
        open_part(page, title)
    box(page, "Full name").fill(patient.name)
    for label, text in patient.typed.items():
        box(page, label).fill(text)
    for label in patient.chosen:
        box(page, label).check()


def make_mistakes_in_folded_parts(page: Page) -> None:
    """One in each part that is folded away, with all parts open."""
    for title in ("I am asking for someone else", "Language, hearing", "Certain dates"):
        open_part(page, title)
    box(page, "Your own name").fill("Mara Wanderer")
    box(page, "Another language").check()
    box(page, "Earliest date: Month").fill("13")
    for label in ("Day", "Year"):
        box(page, f"Latest date: {label}").fill("1")


def mend_what_is_folded_away(page: Page) -> None:
    """As if nothing there had been touched."""
    box(page, "Your own name").fill("")
    box(page, "English").check()
    box(page, "Earliest date: Month").fill("")
    for label in ("Day", "Year"):
        box(page, f"Latest date: {label}").fill("")


def sign_in(page: Page, site: str, username: str) -> None:
    """To the staff's first page."""
    page.goto(site + "/admin/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Log in")


def patients_in_queue(page: Page) -> Locator:
    """The names of the patients in the queue, from the top."""
    return page.locator("#result_list .patient-cell > a bdi")
