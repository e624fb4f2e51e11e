"""The request journey in Spanish, in a real browser: WCAG 2.2 AA in every state, and the keyboard alone."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.utils import translation
from playwright.sync_api import Page, expect

from appointments.models import AppointmentRequest
from tests.appointments.spanish import WAYS, Walk
from tests.browser import Faults
from tests.journeys.inspection import Inspection
from tests.journeys.keyboard import Keyboard
from tests.journeys.steps import SAFETY_CHECK, heading, press


def say(text: str) -> str:
    """One of our English texts as the Spanish page says it."""
    with translation.override("es"):
        spanish = translation.gettext(text)
    assert spanish != text, f"there is no Spanish for {text}"
    return spanish


def fill_in(page: Page) -> None:
    """What cannot be left out."""
    for name, text in {
        "problem": "Me duele al caminar.",
        "full_name": "Lucía Caminante",
        "birth_date_0": "marzo",
        "birth_date_1": "27",
        "birth_date_2": "1962",
        "phone": "424 555 0134",
    }.items():
        page.locator(f"#id_{name}").fill(text)
    for label in ("2 to 6 weeks", "Phone call"):
        page.get_by_label(say(label), exact=True).check()
    page.locator("#id_consent").check()


def test_states_of_the_forms_in_spanish(site: str, page: Page, faults: Faults) -> None:
    inspection = Inspection(page)
    page.goto(f"{site}{SAFETY_CHECK}?language=en&article=cause/sciatica")
    page.get_by_role("link", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es-US")
    inspection.look("safety check")
    press(page, say("Continue"))
    inspection.look("safety check without an answer")
    page.get_by_label("Dolor en el pecho").check()
    press(page, say("Continue"))
    inspection.look("help")
    press(page, say("Continue to the request form"))
    inspection.look("help, not checked")

    page.goto(f"{site}/es{SAFETY_CHECK}?article=cause/sciatica")
    page.get_by_label("Fiebre o escalofríos").check()
    press(page, say("Continue"))
    inspection.look("form, with an urgent sign")
    press(page, say("Check your answers"))
    inspection.look("form with every error")
    fill_in(page)
    press(page, say("Check your answers"))
    inspection.look("check")
    press(page, say("Send request"))
    expect(heading(page)).to_have_text(say("We have your request"))
    assert AppointmentRequest.objects.get().birth_date.month == 3
    page.goto(f"{site}/es/privacy/")
    inspection.look("privacy")
    inspection.assert_fine()


def test_status_pages_in_spanish(site: str, page: Page, faults: Faults, staff: Callable[[str], User]) -> None:
    faults.expect("status of 404")
    inspection, walk = Inspection(page), Walk("/es", staff("clinician"))
    for status in WAYS:
        address = walk.sent_and_moved(status).status_path()
        page.goto(site + address)
        inspection.look(status, is_page_of_its_own=status == "received")
        if status == "received":
            for verb in ("worse", "contact", "times", "add", "withdraw"):
                page.goto(f"{site}{address}{verb}/")
                inspection.look(verb)
                page.locator("form button.button").click()
                inspection.look(f"{verb}, nothing answered")
    page.goto(f"{site}/es/appointments/find/")
    inspection.look("lost link")
    page.goto(f"{site}/es/appointments/r/no-such-token/")
    inspection.look("404")
    inspection.assert_fine()


def test_corridor_in_spanish_with_the_keyboard_alone(site: str, open_page: Callable[..., Page]) -> None:
    page = open_page()
    keyboard = Keyboard(page)
    page.goto(f"{site}{SAFETY_CHECK}?language=en")
    assert keyboard.tab().words == "Skip to main content"
    keyboard.tab_to("Español")
    keyboard.press_and_go()

    assert keyboard.tab().words == say("Skip to main content")
    keyboard.tab_to("English")
    keyboard.tab_to(say("None of these"))
    keyboard.press("Space")
    keyboard.tab_to(say("Continue"))
    keyboard.assert_read_top_down()
    keyboard.press_and_go()

    keyboard.tab_to(say("What is wrong, in your own words?"))
    keyboard.type("Me duele al caminar.")
    keyboard.tab_to(say("Less than 2 weeks"))
    keyboard.press("Space")
    for label, text in {"Full name": "Lucia Caminante", "Month": "ene", "Day": "27", "Year": "1962"}.items():
        keyboard.tab_to(say(label))
        keyboard.type(text)
    keyboard.tab_to(say("Phone number"))
    keyboard.type("424.555.0134")
    keyboard.tab_to(say("Phone call"))
    keyboard.press("Space")
    keyboard.tab_to(say("Check your answers"))
    keyboard.assert_read_top_down()
    keyboard.press_and_go()

    expect(page.locator(".error-summary")).to_be_focused()
    keyboard.tab_to(say("To send a request, agree that the clinic may use your answers to reply"))
    keyboard.press("Enter")
    assert keyboard.focus().words.startswith("Acepto")
    keyboard.press("Space")
    keyboard.tab_to(say("Check your answers"))
    keyboard.press_and_go()
    keyboard.tab_to(say("Send request"))
    keyboard.assert_read_top_down()
    keyboard.press_and_go()

    expect(heading(page)).to_have_text(say("We have your request"))
    kept = AppointmentRequest.objects.get()
    assert (kept.language, kept.full_name, kept.birth_date.month) == ("es", "Lucia Caminante", 1)
    keyboard.tab_to("English")
    keyboard.press_and_go()
    expect(heading(page)).to_have_text("We have your request")
