"""A real browser for tests. A page that complains, breaks the policy or asks another host fails its test."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.environment import IS_CI
from tests.programs import find_browser

LOOPBACK = {"127.0.0.1", "localhost"}
WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FLAGS = (
    # Chromium's own errands on the network, none of which a test needs.
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"),
    *(
        "--disable-quic",
        "--disable-gpu",
        "--disable-domain-reliability",
        "--disable-client-side-phishing-detection",
    ),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
# Chromium also writes violations to the console; the event tells of those in pages without a console entry.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", event =>
    console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI || "inline code"}`));
"""


@dataclass
class Faults:
    """What went wrong in the pages of one test."""

    seen: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """Let pass, from now on and before, what matches this regular expression."""
        self.expected.append(pattern)

    def unexpected(self) -> list[str]:
        """What nobody said would happen."""
        return [fault for fault in self.seen if not any(re.search(part, fault) for part in self.expected)]

    def watch(self, page: Page) -> None:
        """Note down what goes wrong in this page, and in those that it opens."""
        page.on("console", self.note_console)
        page.on("pageerror", lambda error: self.seen.append(f"script error: {error}"))
        page.on("request", self.note_request)
        page.on("popup", self.watch)

    def note_console(self, message: ConsoleMessage) -> None:
        """Errors and warnings are faults; the rest is talk."""
        if message.type in {"error", "warning"}:
            self.seen.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def note_request(self, request: Request) -> None:
        """Nothing may be asked of another host."""
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname not in LOOPBACK:
            self.seen.append(f"request to another host: {request.url}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium. Where there is none the test is skipped; with CI=true it fails."""
    path = find_browser()
    if path is None:
        give_up = pytest.fail if IS_CI else pytest.skip
        give_up("there is no browser here: install chromium")
    with sync_playwright() as playwright:
        is_root = os.geteuid() == 0
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, chromium_sandbox=not is_root)
        yield browser
        browser.close()


@pytest.fixture
def faults() -> Faults:
    """What went wrong in this test's pages; tell it what is meant to go wrong: `faults.expect("404")`."""
    return Faults()


@pytest.fixture
def open_page(browser: Browser, faults: Faults) -> Iterator[Callable[..., Page]]:
    """Opens pages, each with cookies of its own: `open_page(java_script_enabled=False)`.

    Takes what Playwright's `Browser.new_context` takes. Fails the test in the end when a page complained,
    broke the content security policy or asked another host.
    """
    contexts = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-US", "timezone_id": "America/Los_Angeles", **options})
        contexts.append(context)
        context.set_default_timeout(10_000)  # milliseconds
        context.add_init_script(REPORT_VIOLATIONS)
        page = context.new_page()
        faults.watch(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    if faults.unexpected():
        pytest.fail("the browser complains:\n" + "\n".join(faults.unexpected()), pytrace=False)


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """One page of an ordinary desktop browser."""
    return open_page()


def axe_violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA in the page as it is shown now, one line for each element."""
    options = {"runOnly": {"type": "tag", "values": WCAG_2_2_AA}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{violation['id']} ({violation['impact']}): {node['html']}: {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
    ]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, so that `-m "not browser"` leaves it out."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
