"""A hand at a browser that counts: clicks, page loads, what scripts fetch meanwhile, and the time of the server."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, Request

SETTLED = 700  # ms: what a page fetches for itself has begun by then
WRITTEN = 300  # ms: the server has written its log by then


@dataclass
class Cost:
    """What a task took."""

    clicks: int = 0
    loads: int = 0
    fetches: int = 0
    server_ms: float = 0.0


class Hand:
    """Counts from `begin` to `end`.

    A click is a press of the mouse, or of Enter in its place. Going into a field with the mouse is one, going on
    with Tab is none, typing is none; choosing from a list is two: it opens, and it closes. A page load is a
    document that somebody waits for, with its redirect. A fetch is a list or a text that a script asks the server
    for.
    """

    def __init__(self, page: Page, log: Path, is_quiet: Callable[[str], bool]) -> None:
        self.page, self.log, self.is_quiet = page, log, is_quiet
        self.cost, self.read_to = Cost(), 0
        page.on("request", self._note)

    def begin(self) -> None:
        """From here on, when the page that is open has all that it fetches for itself."""
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(SETTLED)
        self.read_to = self.log.stat().st_size
        self.cost = Cost()

    def end(self) -> Cost:
        """Up to here, with what the server has written down of each of its answers but static files."""
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(WRITTEN)
        cost, self.cost = self.cost, Cost()
        with self.log.open() as log:
            log.seek(self.read_to)
            for micros, path in re.findall(r"^(\d+) (\S+)$", log.read(), re.MULTILINE):
                if not path.startswith("/static/") and not self.is_quiet(path):
                    cost.server_ms += int(micros) / 1000
        return cost

    def click(self, what: Locator) -> None:
        """Press a button, follow a link."""
        self.cost.clicks += 1
        what.click()

    def tick(self, what: Locator) -> None:
        """Tick a box."""
        self.cost.clicks += 1
        what.check()

    def type_into(self, field: Locator, text: str) -> None:
        """Go into a field with the mouse, and type."""
        self.cost.clicks += 1
        field.click()
        field.fill(text)

    def tab_into(self, field: Locator, text: str) -> None:
        """Go on to the next field with Tab, and type."""
        field.fill(text)

    def choose(self, field: Locator, **option: str) -> None:
        """Choose from a list."""
        self.cost.clicks += 2
        field.select_option(**option)  # type: ignore[arg-type]

    def enter(self, field: Locator) -> None:
        """Press Enter."""
        self.cost.clicks += 1
        field.press("Enter")

    def _note(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame == self.page.main_frame:
            self.cost.loads += request.redirected_from is None
        elif request.resource_type in {"xhr", "fetch"} and not self.is_quiet(request.url):
            self.cost.fetches += 1
