"""What every answer carries: the content security policy, its companions, and no cookie too many."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from wsgiref.util import is_hop_by_hop

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from tests.appointments.patients import sent
from tests.journeys.steps import (
    CONDITION,
    QUEUE,
    SAFETY_CHECK,
    Patient,
    answer_safety_check,
    ask_from_the_article,
    fill_in,
    heading,
    press,
)
from tests.served_site import ServedSite
from tests.staff import PASSWORD

HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'none'"],
}
STAFF_POLICY = {**POLICY, "script-src": ["'self'"]}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOO_LONG = b"problem=" + b"x" * 100_000


@dataclass(frozen=True)
class Question:
    """One request to the site, and the status that answers it."""

    status: int
    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def __str__(self) -> str:
        return f"{self.status} {self.method} {self.path}"


QUESTIONS = [
    Question(200, "/"),
    Question(200, "/", "HEAD"),
    Question(200, CONDITION),
    Question(200, "/privacy/"),
    Question(200, SAFETY_CHECK),
    Question(200, "/healthz"),
    Question(200, "/readyz"),
    Question(200, "/static/clinic/css/base.css"),
    Question(200, "/static/admin/js/theme.js"),
    Question(302, "/appointments/request/details/"),
    Question(400, "/?q=%00"),
    Question(400, "/", headers={"Host": "elsewhere.example"}),
    Question(403, SAFETY_CHECK, "POST", FORM, b"none=on"),
    Question(404, "/no-such-page/"),
    Question(404, "/appointments/r/no-such-token/"),
    Question(404, "/static/no-such-file.css"),
    Question(405, "/", "DELETE"),
    Question(405, QUEUE, "PUT"),
    Question(413, SAFETY_CHECK, "POST", FORM, TOO_LONG),
    Question(415, SAFETY_CHECK, "POST", {"Content-Type": "multipart/form-data; boundary=x"}, b"--x--\r\n"),
    Question(500, "/broken/"),
    Question(200, "/admin/login/"),
    Question(302, "/admin/"),
    Question(302, QUEUE),
]


@dataclass(frozen=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: HTTPMessage
    body: str


class SecureSite:
    """The site as it stands behind a proxy that speaks HTTPS, asked without a browser that would hide things."""

    def __init__(self, served: ServedSite) -> None:
        self.host = urlsplit(served.url).netloc
        self.cookies: dict[str, Morsel[str]] = {}

    def ask(self, question: Question) -> Answer:
        """Ask, with the cookies so far, and keep those that come."""
        sent_cookies = {"Cookie": "; ".join(f"{name}={kept.value}" for name, kept in self.cookies.items())}
        headers = {
            "Host": self.host,
            "X-Forwarded-Proto": "https",
            "Origin": f"https://{self.host}",
            **(sent_cookies if self.cookies else {}),
            **question.headers,
        }
        with closing(HTTPConnection(self.host, timeout=10)) as connection:
            connection.request(question.method, question.path, question.body, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read().decode())
        for line in answer.headers.get_all("Set-Cookie", []):
            self.cookies.update(SimpleCookie(line))
        return answer

    def sign_in(self, username: str) -> None:
        """As staff."""
        page = self.ask(Question(200, "/admin/login/")).body
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        fields = {"csrfmiddlewaretoken": token[1], "username": username, "password": PASSWORD, "next": "/admin/"}
        answer = self.ask(Question(302, "/admin/login/", "POST", FORM, urlencode(fields).encode()))
        assert answer.status == 302


@pytest.fixture(scope="module")
def served_behind_a_proxy(
    django_db_setup: None, static_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedSite]:
    """The site with HTTPS on, and an address that is broken on purpose."""
    served = ServedSite(tmp_path_factory.mktemp("policy"), static_root)
    served.environment |= {
        "DJANGO_SETTINGS_MODULE": "tests.journeys.broken_settings",
        "HTTPS": "true",
        "BEHIND_TLS_PROXY": "true",
    }
    served.start(workers=1)
    yield served
    served.stop()


@pytest.fixture
def secure_site(transactional_db: None, clinic_data: None, served_behind_a_proxy: ServedSite) -> SecureSite:
    """The site with HTTPS on, over the database that the test sees; no cookies yet."""
    return SecureSite(served_behind_a_proxy)


def policy_of(answer: Answer) -> dict[str, list[str]]:
    """The content security policy, by directive."""
    lines = answer.headers.get_all("Content-Security-Policy", [])
    assert len(lines) == 1, f"{len(lines)} policies"
    directives = [part.split() for part in lines[0].split(";")]
    policy = {name: sources for name, *sources in directives}
    assert len(policy) == len(directives), "a directive stands twice: the second would not count"
    return policy


def assert_guarded(answer: Answer, policy: dict[str, list[str]]) -> None:
    """The answer has the policy and every other header of the house."""
    assert policy_of(answer) == policy
    for name, value in HEADERS.items():
        assert answer.headers.get_all(name) == [value], name
    permissions = answer.headers["Permissions-Policy"]
    for feature in ("camera", "microphone", "geolocation", "payment", "usb"):
        assert f"{feature}=()" in permissions
    assert "Access-Control-Allow-Origin" not in answer.headers, "any other site may read it"


def test_every_answer_has_the_policy(secure_site: SecureSite, subtests: pytest.Subtests) -> None:
    for question in QUESTIONS:
        with subtests.test(str(question)):
            answer = secure_site.ask(question)
            assert answer.status == question.status
            assert_guarded(answer, STAFF_POLICY if question.path.startswith("/admin/") else POLICY)
            if question.status >= 400 and question.status != 405:
                assert "<h1>" in answer.body, "an error page for people"


@pytest.mark.django_db
@pytest.mark.parametrize("question", [question for question in QUESTIONS if question.status in {413, 415}], ids=str)
def test_no_answer_speaks_for_the_connection(client: Client, question: Question) -> None:
    """Such headers are the server's own: Python's refuses to send the answer, gunicorn leaves them out."""
    kind = question.headers["Content-Type"]
    answer = client.generic(question.method, question.path, question.body or b"", content_type=kind)
    assert answer.status_code == question.status
    assert not [name for name in answer.headers if is_hop_by_hop(name)]


def test_staff_pages_have_the_policy_and_are_not_kept(
    secure_site: SecureSite, staff: Callable[[str], User]
) -> None:
    staff("reception")
    appointment_request = sent(Client())
    secure_site.sign_in("reception")
    for path in ("/admin/", QUEUE, f"{QUEUE}{appointment_request.pk}/change/", "/admin/no-such-page/"):
        answer = secure_site.ask(Question(200, path))
        assert answer.status == (404 if "no-such" in path else 200)
        assert_guarded(answer, STAFF_POLICY)
        assert answer.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("policy", [POLICY, STAFF_POLICY], ids=["public", "staff"])
def test_policies_let_nothing_be_injected(policy: dict[str, list[str]]) -> None:
    assert policy["default-src"] == ["'none'"], "what is not named is refused: scripts, frames, workers, all of it"
    for directive in ("object-src", "base-uri", "frame-ancestors", "form-action"):
        assert directive in policy, f"{directive} must be written out: default-src does not stand in for all"
    for sources in policy.values():
        assert sources in (["'none'"], ["'self'"]), "no other host, no wildcard, no scheme, nothing unsafe-"


def test_pages_to_read_set_no_cookie(secure_site: SecureSite) -> None:
    for path in ("/", "/conditions/", CONDITION, "/causes/sciatica/", "/privacy/", "/no-such-page/"):
        answer = secure_site.ask(Question(200, path))
        assert "Set-Cookie" not in answer.headers, path


def test_form_sets_one_cookie_of_the_strictest_kind_and_only_the_browser_keeps_it(secure_site: SecureSite) -> None:
    answer = secure_site.ask(Question(200, SAFETY_CHECK))
    assert answer.headers["Cache-Control"] == "no-cache, private"
    assert list(secure_site.cookies) == ["__Host-csrf"]
    assert_strict(secure_site.cookies["__Host-csrf"])
    answer = secure_site.ask(Question(200, sent(Client()).status_path()))
    assert list(secure_site.cookies) == ["__Host-csrf"]


def test_sign_in_sets_a_session_of_the_strictest_kind(
    secure_site: SecureSite, staff: Callable[[str], User]
) -> None:
    staff("reception")
    secure_site.sign_in("reception")
    assert secure_site.cookies.keys() >= {"__Host-session", "__Host-csrf"}
    for cookie in secure_site.cookies.values():
        assert_strict(cookie)


def assert_strict(cookie: Morsel[str]) -> None:
    """Sent over HTTPS only, hidden from scripts, bound to this host. A session is gone with the browser.

    The token of forms is gone after four weeks (decision 5).
    """
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    if cookie.key == "__Host-csrf":
        assert cookie["max-age"] == str(28 * 24 * 3600)
    else:
        assert not cookie["max-age"]
        assert not cookie["expires"]


def test_request_over_plain_http_is_sent_on_to_https(secure_site: SecureSite) -> None:
    answer = secure_site.ask(Question(301, CONDITION, headers={"X-Forwarded-Proto": "http"}))
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{secure_site.host}{CONDITION}"


def test_patient_leaves_with_one_cookie_and_nothing_kept(site: str, page: Page) -> None:
    def cookies() -> list[Any]:
        return [cookie["name"] for cookie in page.context.cookies()]

    page.goto(site)
    page.goto(site + CONDITION)
    assert cookies() == []
    ask_from_the_article(page, site)
    answer_safety_check(page)
    fill_in(page, Patient())
    press(page, "Check your answers")
    press(page, "Send request")
    expect(heading(page)).to_have_text("We have your request")
    assert cookies() == ["csrf"]
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
