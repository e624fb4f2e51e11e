"""The form, its errors and the page to check it on every kind of screen and on paper."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe_violations
from tests.journeys.steps import (
    SAFETY_CHECK,
    Patient,
    answer_safety_check,
    fill_in,
    heading,
    make_mistakes_in_folded_parts,
    mend_what_is_folded_away,
    press,
)
from tests.journeys.test_media import MEDIA

SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
LONGEST = Patient(name="Wolfeschlegelsteinhausenbergerdorff" * 4)


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("media", MEDIA)
def test_form_in_every_medium(site: str, open_page: Callable[..., Page], media: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    page.emulate_media(**MEDIA[media])
    page.goto(site + SAFETY_CHECK)
    answer_safety_check(page)
    assert_fine(page, media)
    make_mistakes_in_folded_parts(page)
    press(page, "Check your answers")
    expect(page.locator(".error-summary")).to_be_visible()
    assert_fine(page, media)
    mend_what_is_folded_away(page)
    fill_in(page, LONGEST)
    press(page, "Check your answers")
    expect(heading(page)).to_have_text("Check your answers")
    assert_fine(page, media)


def assert_fine(page: Page, media: str) -> None:
    """Axe finds nothing, and nothing scrolls sideways."""
    page.wait_for_load_state("load")
    assert axe_violations(page) == []
    assert media == "print" or not page.evaluate(SIDEWAYS)
