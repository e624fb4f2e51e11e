"""The ten tasks in ours. Each begins on the list of open requests."""

import re

from playwright.sync_api import Locator, Page, expect

from bench.side_by_side.hand import Hand
from bench.side_by_side.people import SOUGHT, TWICE
from tests.staff import PASSWORD

HOME = "/admin/appointments/appointmentrequest/"


def sign_in(page: Page, site: str) -> None:
    """As reception."""
    page.goto(f"{site}/admin/login/?next={HOME}")
    page.fill("[name=username]", "reception")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(re.compile("appointmentrequest/$"))


def is_quiet(url: str) -> bool:
    """A record asks now and then who has it: nobody waits for that."""
    return url.endswith("/who/")


def see_next(hand: Hand) -> None:
    """The list tells who, and under the name why. It is loaded again, to have something to measure."""
    hand.page.reload()
    expect(_rows(hand.page).first.locator(".reasons")).to_contain_text("Emergency: chest pain")


def take_next(hand: Hand) -> None:
    """One button, which gives each request to one person."""
    hand.click(hand.page.get_by_role("button", name="Take next"))
    expect(hand.page.locator("#claim")).to_contain_text("You have")


def find_by_name(hand: Hand) -> None:
    """The name as it was heard."""
    _find(hand, "Katarzina Wojcechowska")


def find_by_phone(hand: Hand) -> None:
    """The number as a telephone shows it."""
    _find(hand, "4245550134")


def log_call(hand: Hand) -> None:
    """An attempt in the ledger."""
    page = hand.page
    _open(hand, "Received", 5)
    hand.click(page.locator("summary", has_text="Log a call"))
    hand.choose(page.locator("#log-call_outcome"), value="no_answer")
    hand.click(page.get_by_role("button", name="Log it"))
    expect(page.locator(".ledger")).to_contain_text("no answer")


def send_text(hand: Hand) -> None:
    """The text goes into the message, the mail is shown, and goes."""
    page = hand.page
    _open(hand, "In review", 1)
    hand.click(page.locator("summary", has_text="Need something from patient"))
    hand.choose(page.locator("#awaiting_patient_reply"), label="Scan report")
    message = page.locator("#awaiting_patient_message")
    if not message.input_value():
        hand.click(_form(page, "awaiting_patient").get_by_role("button", name="Insert"))
    expect(message).to_have_value(re.compile("scan"))
    _send(hand, "awaiting_patient")
    expect(page.locator(".record")).to_contain_text("Waiting for patient")


def book(hand: Hand) -> None:
    """A date, a time and a clinician, looked at for clashes; the mail is shown, and goes."""
    page = hand.page
    _open(hand, "In review", 2)
    hand.type_into(page.get_by_label("Date of the appointment").first, "2026-12-09")
    hand.tab_into(page.get_by_label("Time of the appointment").first, "09:30")
    hand.choose(page.locator("#booked_clinician"), label="ade")
    _send(hand, "booked")
    expect(page.locator(".record")).to_contain_text("Booked")


def hand_three(hand: Hand) -> None:
    """Tick, choose a person, hand over; the answer tells of each."""
    for number in (3, 4, 5):
        hand.tick(_rows(hand.page).filter(has_text="In review").nth(number).locator("input[name=ticked]"))
    hand.choose(hand.page.locator("#owner"), label="bianca")
    hand.click(hand.page.get_by_role("button", name="Hand over"))
    expect(hand.page.locator("body")).to_contain_text("3 now with")


def link(hand: Hand) -> None:
    """The record names the other request by itself. The link can be taken back, by one click."""
    page = hand.page
    hand.click(_rows(page).filter(has_text=TWICE).nth(1).locator("th a").first)
    hand.click(page.locator("summary", has_text="This repeats").first)
    hand.click(page.locator(".same-person-one details[open]").get_by_role("button", name="Link").first)
    expect(page.locator("body")).to_contain_text("This is a duplicate of")


def see_forgotten(hand: Hand) -> None:
    """The page of those that have no owner, no next step or no day."""
    link = hand.page.locator("#content-main").get_by_role("link", name=re.compile("left behind"))
    if not link.count():
        hand.click(hand.page.locator(".breadcrumbs a", has_text="Home"))
    hand.click(link)
    expect(hand.page.locator("tbody tr").first).to_contain_text("Nothing is planned")


def _rows(page: Page) -> Locator:
    return page.locator("#result_list tbody tr")


def _open(hand: Hand, status: str, number: int) -> None:
    hand.click(_rows(hand.page).filter(has_text=status).nth(number).locator("th a").first)
    expect(hand.page.locator(".record")).to_be_visible()


def _find(hand: Hand, text: str) -> None:
    field = hand.page.locator("#id_sought")
    hand.type_into(field, text)
    hand.enter(field)
    hand.click(hand.page.get_by_role("link", name=re.compile(SOUGHT)).first)
    expect(hand.page.locator(".record")).to_contain_text(SOUGHT)


def _form(page: Page, status: str) -> Locator:
    return page.locator(f'form[action$="/move/{status}/"]')


def _send(hand: Hand, status: str) -> None:
    """At once where that is offered, else by way of the mail that is shown."""
    at_once = _form(hand.page, status).locator('button[value="confirm"]')
    if at_once.count():
        hand.click(at_once)
        return
    hand.click(_form(hand.page, status).get_by_role("button", name="Show the mail"))
    hand.click(hand.page.get_by_role("button", name=re.compile("Confirm")))
