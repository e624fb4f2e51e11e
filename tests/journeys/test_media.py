"""The pages to read on every kind of screen and on paper: axe finds nothing, nothing scrolls sideways."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser import axe_violations

PATHS = (
    *("/", "/conditions/", "/conditions/lower-back-pain-when-walking/", "/causes/spinal-stenosis/"),
    *("/treatments/surgery/", "/search/?q=siatica", "/a-to-z/", "/walking-pattern/", "/privacy/"),
)
MEDIA: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colors": {"forced_colors": "active"},
    "forced colors, dark": {"forced_colors": "active", "color_scheme": "dark"},
    "print": {"media": "print"},
}


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("media", MEDIA)
def test_pages_to_read_in_every_medium(site: str, open_page: Callable[..., Page], media: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    page.emulate_media(**MEDIA[media])
    for path in PATHS:
        page.goto(site + path)
        assert axe_violations(page) == [], path
        if media != "print":
            sideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not page.evaluate(sideways), path
