"""Looks at a page as it stands, in all sizes and colors: what axe finds, and what it cannot judge."""

from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser import WCAG_2_2_AA

OWN_RULES = Path(__file__).with_name("inspection.js").read_text()
# Without preloading style sheets, which axe would put into the page again, and which no rule of these needs.
EVERYTHING = {"runOnly": {"type": "tag", "values": WCAG_2_2_AA}, "resultTypes": ["violations"], "preload": False}
COLORS = {"runOnly": ["color-contrast"], "resultTypes": ["violations"], "preload": False}
PHONE, DESKTOP, ZOOMED = 390, 1280, 320  # px wide; the last is a desktop at 400 %
Looks = tuple[tuple[int, str, dict[str, Any]], ...]  # width, colors, what axe is to judge
LOOKS: Looks = (
    # Every rule once in each size and once in each color; contrast, which depends on both, in all four.
    (PHONE, "light", EVERYTHING),
    (PHONE, "dark", COLORS),
    (DESKTOP, "dark", EVERYTHING),
    (DESKTOP, "light", COLORS),
)
WIDE = 1920  # px
AXE_ALONE = {**EVERYTHING}  # our own rules see nothing on a wide screen that they do not see at a desk
SIZES: Looks = ((PHONE, "light", EVERYTHING), (DESKTOP, "light", EVERYTHING), (WIDE, "light", AXE_ALONE))
FINGER, MOUSE = 44, 24  # px: the smallest target on patients' and on staff pages
IS_WIDER = "document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"


class Inspection:
    """Collects what is wrong with each state of a page that is looked at. Nothing wrong: `assert_fine`."""

    def __init__(self, page: Page, smallest_target: int = FINGER, looks: Looks = LOOKS) -> None:
        self.page = page
        self.smallest_target = smallest_target
        self.looks = looks
        self.titles: dict[str, str] = {}
        self.faults: list[str] = []

    def look(self, state: str, *, is_page_of_its_own: bool = True) -> None:
        """Look at the page that is open now. `state` names it in what is told.

        Two pages have not the same title, unless the later one is but another state of the first.
        """
        self.page.wait_for_load_state("load")
        self.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        self.page.evaluate(AXE_SCRIPT)
        for width, scheme, rules in self.looks:
            self._set(width, scheme)
            self._tell(f"{state}, {width} px, {scheme}", self._violations(rules))
            if rules is EVERYTHING:
                self._tell(f"{state}, {width} px", self.page.evaluate(OWN_RULES, self.smallest_target))
            self._tell_if_wider(state, width)
        self._set(ZOOMED, "light")
        self._tell_if_wider(state, ZOOMED)
        title = self.page.title()
        if is_page_of_its_own and title in self.titles:
            self._tell(state, [f"its title, {title!r}, is also that of: {self.titles[title]}"])
        self.titles.setdefault(title, state)

    def assert_fine(self) -> None:
        """Fails with all that was found."""
        assert not self.faults, f"{len(self.faults)} faults:\n" + "\n".join(self.faults)

    def _set(self, width: int, scheme: Any) -> None:
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme)
        self.page.evaluate("document.getAnimations().forEach(animation => animation.finish())")

    def _tell_if_wider(self, state: str, width: int) -> None:
        if self.page.evaluate(IS_WIDER):
            self._tell(f"{state}, {width} px", ["scrolls sideways"])

    def _violations(self, rules: dict[str, Any]) -> list[str]:
        found = self.page.evaluate("rules => axe.run(rules).then(results => results.violations)", rules)
        return [
            f"{violation['id']}: {node['html'][:160]}: {node['failureSummary']}"
            for violation in found
            for node in violation["nodes"]
        ]

    def _tell(self, where: str, faults: list[str]) -> None:
        self.faults += [f"{where}: {' '.join(fault.split())}" for fault in faults]
