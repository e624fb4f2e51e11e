"""Back, Forward, refresh, two tabs: what people do with a form ends well, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from appointments.models import AppointmentRequest
from tests.appointments.patients import MINIMAL
from tests.browser import Faults
from tests.journeys.steps import SAFETY_CHECK, answer_safety_check, heading, press

FORM, CHECK, SENT = "Request an appointment", "Check your answers", "We have your request"
BOX = 'input:not([type=radio], [type=checkbox], [type=hidden])[name="{0}"], textarea[name="{0}"]'


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def tab(request: pytest.FixtureRequest, open_page: Callable[..., Page], faults: Faults) -> Page:
    """A tab of a browser with scripts, and of one without."""
    faults.expect("status of 409")  # the page that says "already sent"
    return open_page(java_script_enabled=request.param)


def begin(tab: Page, site: str) -> None:
    tab.goto(site + SAFETY_CHECK)
    answer_safety_check(tab)
    expect(heading(tab)).to_have_text(FORM)


def fill_in(tab: Page, answers: dict[str, Any]) -> None:
    """Type or choose each answer, by the name of its control."""
    for name, value in answers.items():
        typed, chosen = tab.locator(BOX.format(name)), tab.locator(f'[name="{name}"][value="{value}"]')
        if typed.count():
            typed.fill(value)
        elif chosen.count():
            chosen.check()
        else:
            tab.locator(f'[name="{name}"]').check()


def expect_filled_in(tab: Page, answers: dict[str, Any]) -> None:
    """Everything typed and chosen is still there."""
    for name, value in answers.items():
        typed, chosen = tab.locator(BOX.format(name)), tab.locator(f'[name="{name}"][value="{value}"]')
        if typed.count():
            expect(typed).to_have_value(value.replace("\r\n", "\n"))
        else:
            expect(chosen if chosen.count() else tab.locator(f'[name="{name}"]')).to_be_checked()


def send_from(tab: Page) -> str:
    """Send; the address of the page that it leads to."""
    press(tab, "Send request")
    expect(heading(tab)).to_have_text(SENT)
    return tab.url


def test_back_and_forward_keep_everything_that_was_typed(tab: Page, site: str) -> None:
    begin(tab, site)
    fill_in(tab, MINIMAL)
    press(tab, "Check your answers")
    expect(heading(tab)).to_have_text(CHECK)

    tab.go_back()
    expect(heading(tab)).to_have_text(FORM)
    expect_filled_in(tab, MINIMAL)
    tab.go_back()
    expect(heading(tab)).to_have_text("First, a quick safety check")
    expect(tab.get_by_label("None of these")).to_be_checked()
    tab.go_forward()
    expect_filled_in(tab, MINIMAL)
    tab.go_forward()
    expect(heading(tab)).to_have_text(CHECK)
    expect(tab.get_by_text(MINIMAL["full_name"])).to_be_visible()
    assert not AppointmentRequest.objects.exists()


def test_back_from_a_page_with_a_mistake_keeps_everything_that_was_typed(tab: Page, site: str) -> None:
    begin(tab, site)
    fill_in(tab, {**MINIMAL, "birth_date_year": "62"})
    press(tab, "Check your answers")
    fill_in(tab, MINIMAL)
    press(tab, "Check your answers")
    expect(heading(tab)).to_have_text(CHECK)
    tab.go_back()
    expect(tab.get_by_role("alert")).to_be_visible()
    expect_filled_in(tab, MINIMAL)
    tab.go_back()
    expect_filled_in(tab, {**MINIMAL, "birth_date_year": "62"})


def test_back_after_send_and_send_again_leads_to_the_same_page(tab: Page, site: str) -> None:
    begin(tab, site)
    fill_in(tab, MINIMAL)
    press(tab, "Check your answers")
    address = send_from(tab)
    tab.go_back()
    expect(heading(tab)).to_have_text(CHECK)
    assert send_from(tab) == address

    # Further back, with another answer: the first request stands, and is shown.
    tab.go_back()
    tab.go_back()
    expect_filled_in(tab, MINIMAL)
    fill_in(tab, {"problem": "It is my neck."})
    press(tab, "Check your answers")
    press(tab, "Send request")
    expect(heading(tab)).to_have_text("You already sent this form")
    tab.get_by_role("link", name="See the request that we have").click()
    assert tab.url == address
    assert AppointmentRequest.objects.get().problem.startswith("My back hurts")


def refresh(tab: Page) -> None:
    """What F5 does, once the page is there whole: Chromium refuses to reload one that is still coming in."""
    tab.wait_for_load_state("load")
    tab.reload()


def test_refresh_on_each_page_loses_nothing_and_sends_nothing_twice(tab: Page, site: str) -> None:
    tab.goto(site + SAFETY_CHECK)
    refresh(tab)
    answer_safety_check(tab)
    expect(heading(tab)).to_have_text(FORM)
    refresh(tab)  # posts the safety check again, as the browser asks first
    expect(heading(tab)).to_have_text(FORM)
    fill_in(tab, MINIMAL)
    press(tab, "Check your answers")
    expect(heading(tab)).to_have_text(CHECK)
    refresh(tab)
    expect(heading(tab)).to_have_text(CHECK)
    expect(tab.get_by_text(MINIMAL["full_name"])).to_be_visible()
    address = send_from(tab)
    refresh(tab)
    expect(heading(tab)).to_have_text(SENT)
    assert tab.url == address
    assert AppointmentRequest.objects.count() == 1


def open_in_another_tab(tab: Page, button: str) -> Page:
    """Press a button as people do who hold Ctrl: its answer opens beside."""
    context: BrowserContext = tab.context
    with context.expect_page() as opened:
        tab.get_by_role("button", name=button, exact=True).click(modifiers=["ControlOrMeta"])
    opened.value.bring_to_front()
    return opened.value


@pytest.mark.parametrize("other_answer", [False, True], ids=["same answers", "other answers"])
def test_two_tabs_from_one_safety_check_make_one_request(
    page: Page, site: str, faults: Faults, other_answer: bool
) -> None:
    faults.expect("status of 409")
    page.goto(site + SAFETY_CHECK)
    page.get_by_label("None of these").check()
    tabs = [open_in_another_tab(page, "Continue") for _ in range(2)]
    for number, tab in enumerate(tabs):
        fill_in(tab, {**MINIMAL, **({"problem": f"Words of tab {number}."} if other_answer else {})})
        press(tab, "Check your answers")
        expect(heading(tab)).to_have_text(CHECK)
    address = send_from(tabs[0])
    press(tabs[1], "Send request")
    if other_answer:
        expect(heading(tabs[1])).to_have_text("You already sent this form")
        tabs[1].get_by_role("link", name="See the request that we have").click()
    expect(heading(tabs[1])).to_have_text(SENT)
    assert tabs[1].url == address
    assert AppointmentRequest.objects.count() == 1


def test_double_click_on_send_makes_one_request(tab: Page, site: str) -> None:
    begin(tab, site)
    fill_in(tab, MINIMAL)
    press(tab, "Check your answers")
    tab.get_by_role("button", name="Send request", exact=True).dblclick()
    expect(heading(tab)).to_have_text(SENT)
    assert AppointmentRequest.objects.count() == 1
