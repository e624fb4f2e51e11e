"""The reception finds a caller's request in a real browser: accessible, with Back and Reload, and no name left."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from tests.appointments.patients import sent
from tests.browser import Faults
from tests.journeys.inspection import MOUSE, Inspection
from tests.journeys.steps import QUEUE, heading, sign_in


def look_for(page: Page, text: str) -> None:
    """Type it into the search, and press Enter."""
    page.get_by_role("searchbox", name="Find a request").fill(text)
    page.keyboard.press("Enter")


def test_search_in_a_browser(site: str, page: Page, faults: Faults, staff: Callable[[str], User]) -> None:
    faults.expect("status of 422")
    sent(Client(), "fever", full_name="Zephyrine Quillfeather")
    sent(Client(), full_name="Zephyrine Quillfeathers", birth_date_day="28", phone="(424) 555-0187")
    staff("reception")
    inspection = Inspection(page, smallest_target=MOUSE)
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url + request.headers.get("referer", "")))
    sign_in(page, site, "reception")
    page.goto(site + QUEUE)
    look_for(page, "quilfeather 555-0187")
    expect(heading(page)).to_have_text("Requests found")
    found = page.url
    inspection.look("found")
    page.get_by_role("link", name="Zephyrine Quillfeathers").click()
    expect(heading(page)).to_contain_text("Request")
    page.go_back()
    expect(heading(page)).to_have_text("Requests found")
    page.reload()
    expect(page.get_by_role("row")).to_have_count(3)
    assert page.url == found
    look_for(page, "Zephyrine Nobody")
    expect(page.get_by_text("No request was found by this.")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("Zephyrine Nobody")
    inspection.look("nobody found")
    look_for(page, "555")
    expect(page.get_by_role("alert")).to_contain_text("at least its last 7 digits")
    inspection.look("search that holds nothing", is_page_of_its_own=False)
    inspection.assert_fine()
    assert not [address for address in addresses for word in ("uil", "ephyrine", "0187") if word in address]
