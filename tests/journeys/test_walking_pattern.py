"""From a question about walking to a request, or back out of it: accessible, by keyboard, and leaving no trace."""

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.conditions.walking import SECRETS, WALKING
from tests.journeys.inspection import Inspection
from tests.journeys.keyboard import Keyboard
from tests.journeys.steps import answer_safety_check, heading, press
from tests.kept_rows import copy_rows
from tests.served_site import ServedSite

SEE = "See what it may point to"


def test_states_of_the_walking_pattern(site: str, page: Page) -> None:
    inspection = Inspection(page)
    page.goto(site + WALKING)
    inspection.look("questions")
    press(page, SEE)
    expect(page.locator(".error-summary")).to_be_focused()
    inspection.look("questions without an answer")
    for label in ("Both legs", "Sitting down", "In the calf", "Standing still for a few minutes"):
        page.get_by_label(label).check()
    press(page, SEE)
    expect(heading(page)).to_have_text("What your answers may point to")
    inspection.look("several causes")
    page.get_by_label("Take these answers along").check()
    page.get_by_role("main").get_by_role("button", name="Request an appointment").click()
    inspection.look("safety check with answers")
    answer_safety_check(page)
    inspection.look("form with answers")
    inspection.assert_fine()


def test_walking_pattern_by_keyboard_without_javascript_leaves_no_trace(
    site: str, running_site: ServedSite, open_page: Callable[..., Page]
) -> None:
    rows = copy_rows()
    page = open_page(java_script_enabled=False)
    page.goto(site + WALKING)
    keyboard = Keyboard(page)
    for answer in ("Leaning forward", "In the buttocks or thighs"):
        keyboard.tab_to(answer)
        keyboard.press("Space")
    keyboard.tab_to(SEE)
    keyboard.press_and_go()
    expect(heading(page)).to_have_text("What your answers may point to")
    keyboard.tab_to("Spinal stenosis")

    assert page.url == site + WALKING
    (cookie,) = page.context.cookies()
    assert cookie["name"] == "csrf" and cookie["httpOnly"]
    assert 27 < (cookie["expires"] - time.time()) / 86_400 < 29
    assert page.context.storage_state()["origins"] == []
    assert copy_rows() == rows
    log = running_site.log.read_text()
    assert not any(secret in log for secret in SECRETS)
