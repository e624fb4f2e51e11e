"""The tests' own browser: that it sees what it is there to see."""

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

from tests.browser import Faults, axe_violations
from tests.environment import PROJECT

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'"
PAGES = {
    "/good": "<!doctype html><html lang=en><title>Good</title><main><h1>Good</h1></main>",
    "/style": "<!doctype html><html lang=en><title>Style</title><p style='color: red'>Red",
    "/script": "<!doctype html><html lang=en><title>Script</title><script>document.title = 'Ran'</script>",
    "/abroad": "<!doctype html><html lang=en><title>Abroad</title><img alt='' src='http://clinic.example/a.png'>",
    "/missing": "<!doctype html><html lang=en><title>Missing</title><img alt='' src='/none.png'>",
    "/error": "<!doctype html><html lang=en><title>Error</title><script src='/broken.js'></script>",
    "/broken.js": "nothing.at.all()",
    "/unnamed": "<!doctype html><html lang=en><title>Unnamed</title><main><input><p>Text</p></main>",
}


class Handler(BaseHTTPRequestHandler):
    """Answers with the pages above, under a strict policy unless the address says otherwise."""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.send_response(200 if path in PAGES else 404)
        self.send_header("Content-Type", "text/javascript" if path.endswith(".js") else "text/html")
        if "without-policy" not in self.path:
            self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(PAGES.get(path, "").encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """A site of good and bad pages."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "fault", "java_script_enabled"),
    [
        ("/style", "style-src", True),
        ("/style", "style-src", False),
        ("/script", "script-src", True),  # with scripts off there is none to refuse
        ("/abroad", "request to another host: http://clinic.example/a.png|img-src", True),
        ("/abroad", "request to another host: http://clinic.example/a.png|img-src", False),
        ("/abroad?without-policy", "request to another host: http://clinic.example/a.png", True),
        ("/abroad?without-policy", "request to another host: http://clinic.example/a.png", False),
        ("/missing", "404", True),
        ("/missing", "404", False),
    ],
)
def test_page_that_misbehaves_is_found_out(
    site: str, open_page: Callable[..., Page], faults: Faults, path: str, fault: str, java_script_enabled: bool
) -> None:
    open_page(java_script_enabled=java_script_enabled).goto(site + path)
    faults.expect("/favicon.ico")
    assert [seen for seen in faults.unexpected() if re.search(fault, seen)]
    faults.expect(fault)
    faults.expect("Failed to load resource")
    assert faults.unexpected() == []


def test_page_with_a_script_that_fails_is_found_out(site: str, page: Page, faults: Faults) -> None:
    page.goto(site + "/error")
    faults.expect("favicon")
    assert [fault for fault in faults.unexpected() if "nothing is not defined" in fault]
    faults.expect("nothing is not defined")


def test_page_that_behaves_has_no_faults(site: str, page: Page, faults: Faults) -> None:
    page.goto(site + "/good")
    faults.expect("favicon")
    assert faults.unexpected() == []


def test_unexpected_fault_fails_the_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run by a pytest of its own, since this one must not fail."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    pytester.makeconftest("pytest_plugins = ['tests.browser']")
    pytester.makepyfile(
        """
        def test_quiet(page):
            page.set_content("<title>Quiet</title>")

        def test_loud(page):
            page.evaluate("console.error('somebody complains')")

        def test_expected(page, faults):
            page.evaluate("console.error('somebody complains')")
            faults.expect("somebody")
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:django", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*the browser complains:*", "*somebody complains*"])


def test_axe_violations_are_found(site: str, page: Page, faults: Faults) -> None:
    faults.expect("favicon")
    page.goto(site + "/good")
    assert axe_violations(page) == []
    page.goto(site + "/unnamed")
    violations = axe_violations(page)
    assert len(violations) == 1
    assert violations[0].startswith("label (critical): <input>")
