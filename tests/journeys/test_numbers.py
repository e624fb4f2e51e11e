"""The managers' page of numbers in a browser: empty, with one request, with many; by its own rules and axe's."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from tests.appointments.generated_year import YEAR, GeneratedYear
from tests.appointments.patients import sent
from tests.browser import Faults
from tests.journeys.inspection import MOUSE, Inspection
from tests.journeys.steps import QUEUE, press, sign_in

NUMBERS = f"{QUEUE}numbers/"


def test_numbers_page(site: str, page: Page, faults: Faults, staff: Callable[[str], User]) -> None:
    """From the first page to a file, and what is refused on the way."""
    inspection = Inspection(page, smallest_target=MOUSE)
    staff("manager")
    sign_in(page, site, "manager")
    page.get_by_role("link", name="Numbers: waiting times").click()
    inspection.look("no request")
    sent(Client())
    page.reload()
    expect(page.get_by_role("img", name="Promises kept and missed")).to_be_visible()
    inspection.look("one request", is_page_of_its_own=False)

    GeneratedYear(300, datetime(YEAR, 12, 31, 17, tzinfo=ZoneInfo("America/Los_Angeles"))).keep()
    page.get_by_label("From", exact=True).fill(f"{YEAR}-02-20")
    page.get_by_label("To, this day too").fill(f"{YEAR}-03-20")
    press(page, "Show these days")
    expect(page.get_by_text(f"Feb 20, {YEAR}", exact=True)).to_be_visible()
    inspection.look("many requests", is_page_of_its_own=False)
    page.goto(f"{site}{NUMBERS}?from={YEAR}-01-01&to={YEAR}-12-31")
    inspection.look("a year", is_page_of_its_own=False)

    with page.expect_download() as download:
        page.get_by_role("button", name="Download “Missed promises, and why” (CSV)").click()
    assert download.value.suggested_filename == f"missed-{YEAR}-01-01-to-{YEAR}-12-31.csv"
    page.goto(f"{site}{NUMBERS}?from={YEAR}-03-02&to={YEAR}-03-01")
    inspection.look("days that cannot be")
    inspection.assert_fine()


def test_numbers_page_in_forced_colors_and_without_javascript(
    site: str, open_page: Callable[..., Page], staff: Callable[[str], User]
) -> None:
    """Every part of a picture is still seen beside its ground."""
    staff("manager")
    sent(Client())
    page = open_page(forced_colors="active", java_script_enabled=False)
    sign_in(page, site, "manager")
    page.goto(site + NUMBERS)
    part = page.locator("svg.picture rect.tone-open").first
    expect(part).to_be_visible()
    expect(page.get_by_role("table").first).to_be_visible()
