"""The day calendar and the page of its addresses in a browser: from a phone to a wide screen."""

from playwright.sync_api import Page

from tests.appointments.test_calendar_feed import FEEDS
from tests.appointments.test_day_calendar import DAY, MONDAY, book, on_the_clock
from tests.browser import axe_violations
from tests.journeys.inspection import MOUSE, Inspection
from tests.journeys.steps import press, sign_in
from tests.staff import make_staff

TOPS = "all => all.map(one => one.getBoundingClientRect().top)"


def test_day_stands_in_columns_where_they_fit_and_in_one_list_on_a_phone(site: str, page: Page) -> None:
    clinician, other = make_staff("clinician"), make_staff("clinician", "ade")
    book(on_the_clock(MONDAY, "09:00"), clinician, "Room 2", full_name="Wolfeschlegelsteinhausenbergerdorff Jr")
    book(on_the_clock(MONDAY, "09:10"), clinician)
    book(on_the_clock(MONDAY, "11:00"), other)
    sign_in(page, site, "clinician")
    for width, rows in ((390, 2), (1280, 1), (1920, 1)):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{site}{DAY}?date={MONDAY}")
        tops = page.locator(".day-column").evaluate_all(TOPS)
        assert (len(tops), len(set(tops))) == (2, rows), width
    assert axe_violations(page) == []  # at 1920 px; the other sizes below


def test_calendar_pages_are_fine_in_every_size_and_color(site: str, page: Page) -> None:
    inspection = Inspection(page, smallest_target=MOUSE)
    clinician = make_staff("clinician")
    make_staff("manager")
    sign_in(page, site, "manager")
    page.goto(f"{site}{DAY}?date=tomorrow")
    inspection.look("today, for want of a date")
    book(on_the_clock(MONDAY, "09:00"), clinician, "Room 2")
    book(on_the_clock(MONDAY, "09:10"), clinician)
    page.goto(f"{site}{DAY}?date={MONDAY}")
    inspection.look("day with a clash")
    page.goto(site + FEEDS)
    inspection.look("addresses")
    press(page, "Make an address for clinician")
    assert "/appointments/feed/" in page.get_by_label("Secret address").input_value()
    inspection.look("a new address", is_page_of_its_own=False)
    inspection.assert_fine()
