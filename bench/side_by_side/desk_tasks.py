"""The ten tasks in django-helpdesk. Each begins on its list of tickets, where signing in leads."""

import re

from playwright.sync_api import Locator, Page, expect

from bench.side_by_side.hand import Hand
from bench.side_by_side.people import SOUGHT, TWICE

HOME = "/helpdesk/tickets/"


def sign_in(page: Page, site: str) -> None:
    """As reception."""
    page.goto(f"{site}/helpdesk/login/?next=/helpdesk/")
    page.fill("[name=username]", "reception")
    page.fill("[name=password]", "demo")
    page.press("[name=password]", "Enter")
    page.wait_for_url(re.compile("/tickets/"))


def is_quiet(url: str) -> bool:
    """Nothing is fetched that nobody waits for."""
    return False


def see_next(hand: Hand) -> None:
    """The dashboard, sorted by priority, tells who; the reason stands in the ticket."""
    page = hand.page
    _sort_by_priority(hand)
    first = page.locator("#unassigned-table tbody tr").first
    hand.click(first.locator(".tickettitle a"))
    expect(page.locator("body")).to_contain_text("chest-pain")


def take_next(hand: Hand) -> None:
    """On the dashboard, sorted by priority. Nothing keeps two people from pressing the same button."""
    _sort_by_priority(hand)
    hand.click(hand.page.locator("#unassigned-table tbody tr").first.get_by_role("button", name="Take"))
    expect(hand.page.locator("body")).to_contain_text("Assigned to reception")


def find_by_name(hand: Hand) -> None:
    """The name as it was heard finds nothing; the beginning of it does."""
    assert _search(hand, "Katarzina Wojcechowska") == 0
    assert _search(hand, "Katar") == 1
    _open_the_one_sought(hand)


def find_by_phone(hand: Hand) -> None:
    """The number as a telephone shows it finds nothing; the end of it does."""
    assert _search(hand, "4245550134") == 0
    assert _search(hand, "0134") == 1
    _open_the_one_sought(hand)


def log_call(hand: Hand) -> None:
    """A comment that the patient is not sent."""
    page = hand.page
    _open(hand, 5)
    hand.type_into(page.locator("#commentBox"), "Called, no answer, no message left.")
    hand.click(page.locator("#id_public"))
    _save(hand, "Called, no answer")


def send_text(hand: Hand) -> None:
    """A preset reply goes into the comment by itself."""
    page = hand.page
    _open(hand, 6)
    hand.choose(page.locator("#id_preset"), label="Scan report")
    expect(page.locator("#commentBox")).to_have_value(re.compile("scan"))
    _save(hand, "report of the scan")


def book(hand: Hand) -> None:
    """There are no appointments: the time and the place are words of the resolution."""
    page = hand.page
    _open(hand, 7)
    hand.type_into(page.locator("#commentBox"), "Your appointment is on December 9 at 9:30 AM with Ade.")
    hand.click(page.locator("#st_resolved"))
    _save(hand, "December 9")


def hand_three(hand: Hand) -> None:
    """Tick, choose a person, go."""
    for number in (9, 10, 11):
        hand.tick(_rows(hand.page).nth(number).locator("input[type=checkbox]"))
    _act_on_ticked(hand, "bianca")
    _wait_for_rows(hand.page)


def link(hand: Hand) -> None:
    """Both are looked for, ticked and merged. There is no way back."""
    assert _search(hand, TWICE) == 2
    for number in (0, 1):
        hand.tick(_rows(hand.page).nth(number).locator("input[type=checkbox]"))
    _act_on_ticked(hand, "Merge")
    hand.click(hand.page.get_by_role("button", name="Validate"))
    hand.page.wait_for_url(re.compile(r"/tickets/\d+/$"))


def see_forgotten(hand: Hand) -> None:
    """The list by its last follow-up: the second time, those that have none stand first."""
    head = hand.page.locator("#ticketTable thead th", has_text="Last Followup")
    for _ in range(2):
        hand.click(head)
        _wait_for_rows(hand.page)
    expect(_rows(hand.page).first.locator("td").last).to_have_text("")


def _sort_by_priority(hand: Hand) -> None:
    hand.click(hand.page.get_by_role("link", name="Dashboard"))
    hand.click(hand.page.locator("#unassigned-table thead a", has_text="Priority"))
    expect(hand.page.locator("#unassigned-table tbody tr").first.locator("td").nth(1)).to_have_text("1")


def _rows(page: Page) -> Locator:
    return page.locator("#ticketTable tbody tr:has(.tickettitle)")


def _wait_for_rows(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    expect(page.locator("#ticketTable tbody tr").first).to_be_visible()


def _search(hand: Hand, text: str) -> int:
    field = hand.page.locator("#search_query")
    hand.type_into(field, text)
    hand.enter(field)
    _wait_for_rows(hand.page)
    return _rows(hand.page).count()


def _open_the_one_sought(hand: Hand) -> None:
    hand.click(_rows(hand.page).first.locator("a"))
    expect(hand.page.locator("body")).to_contain_text(SOUGHT)


def _open(hand: Hand, number: int) -> None:
    hand.click(_rows(hand.page).nth(number).locator(".tickettitle a"))
    hand.click(hand.page.locator("#respond-tab"))
    expect(hand.page.locator("#commentBox")).to_be_visible()


def _save(hand: Hand, expected: str) -> None:
    hand.click(hand.page.locator("#ticket-respond-form button[type=submit]"))
    expect(hand.page.locator("#followup-tab-pane")).to_contain_text(expected)


def _act_on_ticked(hand: Hand, action: str) -> None:
    hand.click(hand.page.locator("#actions-dropdown button.dropdown-toggle"))
    hand.choose(hand.page.locator("#id_mass_action"), label=action)
    hand.click(hand.page.locator("#actions-dropdown button[type=submit]"))
