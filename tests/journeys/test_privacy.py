"""Nothing personal lies around: planted words go through the whole corridor, and are then looked for everywhere."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote_plus

import pytest
from django.conf import LazySettings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from playwright.sync_api import Page, Request, expect

from appointments.models import AppointmentRequest
from clinic import outbox
from clinic.embedded_postgres.launch import log_file
from clinic.models import OutgoingMail, RateCount
from tests.journeys.steps import (
    QUEUE,
    Patient,
    answer_safety_check,
    ask_from_the_article,
    box,
    fill_in,
    heading,
    press,
    sign_in,
)
from tests.served_site import ServedSite

PATIENT = Patient(
    name="Zephyrine Quillfeather",
    typed={
        **Patient().typed,
        "Phone number": "(424) 555-0187",
        "Email address": "zephyrine@planted.example",
        "What is wrong, in your own words?": "Glimmerknee since the brambleday.",
        "Are there dates that do not suit you?": "Quibbledate",
    },
)
PLANTED = (
    *("Zephyrine", "Quillfeather", "planted.example", "5550187", "555-0187", "Glimmerknee", "brambleday"),
    *("Quibbledate", "Addedword", "Worseword", "Sternmessage", "Innernote", "othermail", "5550188", "555-0188"),
    *("fever", "temperature", "chills", "1962-03-27"),
)
# A script looks where a page could have kept something. It runs in the browser's tools, not in the page's policy.
BROWSER_STORAGE = """async () => JSON.stringify([
    Object.entries(localStorage), Object.entries(sessionStorage), document.cookie, window.name, history.state,
    await indexedDB.databases(), await caches.keys(),
    (await navigator.serviceWorker.getRegistrations()).map(registration => registration.scope),
])"""


def found_in(text: str) -> list[str]:
    """The planted words in a text, plain or as an address writes them."""
    texts = (text.casefold(), unquote_plus(text).casefold())
    ways = {word: {word.casefold(), quote(word).casefold(), quote_plus(word).casefold()} for word in PLANTED}
    return [word for word, written in ways.items() if any(way in text for way in written for text in texts)]


@dataclass
class Trail:
    """What the pages of one browser have left: addresses, referrers, titles, storage."""

    left: dict[str, list[str]] = field(default_factory=lambda: {"address": [], "title": [], "storage": []})

    def follow(self, page: Page) -> None:
        page.on("request", self._note_request)
        page.on("load", self._note_page)

    def _note_request(self, request: Request) -> None:
        self.left["address"] += [request.url, request.headers.get("referer", "")]

    def _note_page(self, page: Page) -> None:
        self.left["address"].append(page.url)
        self.left["title"].append(page.title())
        self.left["storage"].append(page.evaluate(BROWSER_STORAGE))


def test_looking_for_planted_words_finds_them() -> None:
    for text in ("x Quillfeather y", "?q=zephyrine%40planted.example", "/a?b=Zephyrine+Q", "%51uillfeather"):
        assert found_in(text), text
    assert not found_in("/appointments/r/abc/")


def new_text_of(log: Path, start: int) -> str:
    return log.read_bytes()[start:].decode(errors="replace")


@pytest.fixture
def logs(running_site: ServedSite) -> Callable[[], dict[str, str]]:
    """What the web server and the database have written during the test."""
    files = {"web server": running_site.log}
    data = connection.settings_dict.get("EMBEDDED_DATA_DIR")
    if data:
        files["database"] = log_file(Path(data))
    starts = {name: file.stat().st_size for name, file in files.items()}
    return lambda: {name: new_text_of(file, starts[name]) for name, file in files.items()}


def test_nothing_personal_is_left_anywhere_but_in_the_request(
    site: str,
    running_site: ServedSite,
    logs: Callable[[], dict[str, str]],
    staff: Callable[[str], User],
    open_page: Callable[..., Page],
    settings: LazySettings,
) -> None:
    settings.SECRET_KEY = running_site.environment["SECRET_KEY"]  # mails are written here, with the server's links
    trail, patient, clinician = Trail(), open_page(), open_page()
    trail.follow(patient)
    trail.follow(clinician)

    _ask(patient, site)
    _follow(patient)
    staff("clinician")
    _triage(clinician, site)
    _be_lost(patient, site)

    appointment_request = AppointmentRequest.objects.get()
    assert appointment_request.problem == "Glimmerknee since the brambleday."  # the words did go through
    written = [outbox.written(mail) for mail in OutgoingMail.objects.all()]
    assert len(written) >= 4
    left = {
        **trail.left,
        **{f"log of the {name}": [text] for name, text in logs().items()},
        "mail subject": [message.subject for message in written],
        "outbox": [
            f"{mail.topic} {mail.function} {mail.arguments} {mail.failure}" for mail in OutgoingMail.objects.all()
        ],
        "session": [str(session.get_decoded()) for session in Session.objects.all()],
        "cookie": [str(page.context.cookies()) for page in (patient, clinician)],
        "storage state": [str(page.context.storage_state(indexed_db=True)) for page in (patient, clinician)],
        "admin's log": [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()],
        "limits": [str(vars(count)) for count in RateCount.objects.all()],
        "name of a request": [str(appointment_request), *map(str, appointment_request.events.all())],
    }
    for kind in ("address", "title", "storage", "mail subject", "outbox", "session", "cookie"):
        assert any(left[kind]), f"nothing was looked at: {kind}"
    assert "/appointments/request/details/" in left["log of the web server"][0]
    assert {kind: [text for text in texts if found_in(text)] for kind, texts in left.items()} == dict.fromkeys(
        left, []
    )
    assert not patient.context.storage_state()["origins"], "a page has kept something in the browser"
    assert [cookie["name"] for cookie in patient.context.cookies()] == ["csrf"]


def _ask(page: Page, site: str) -> None:
    ask_from_the_article(page, site)
    answer_safety_check(page, "A high temperature or chills")
    fill_in(page, PATIENT)
    box(page, "Date of birth: Month").fill("13")
    press(page, "Check your answers")
    expect(page.locator(".error-summary")).to_be_visible()
    box(page, "Date of birth: Month").fill("3")
    press(page, "Check your answers")
    page.locator("button", has_text="Change: Full name").click()
    press(page, "Check your answers")
    press(page, "Send request")
    expect(heading(page)).to_have_text("We have your request")
    page.go_back()
    press(page, "Send request")


def _follow(page: Page) -> None:
    status_page = page.url
    page.get_by_role("link", name="Add something").click()
    page.locator("textarea").fill("Addedword")
    press(page, "Send to the clinic")
    page.goto(status_page)
    page.get_by_role("link", name="Change how we reach you").click()
    box(page, "New email address").fill("othermail@planted.example")
    box(page, "New phone number").fill("(424) 555-0188")
    press(page, "Save")
    page.goto(status_page)
    page.get_by_role("link", name="It has got worse", exact=True).click()
    page.get_by_label("A high temperature or chills").check()
    page.locator("textarea").fill("Worseword")
    press(page, "Tell the clinic")
    page.goto(status_page)


def _triage(page: Page, site: str) -> None:
    sign_in(page, site, "clinician")
    page.goto(site + QUEUE)
    page.get_by_role("link", name=PATIENT.name).click()
    expect(page.get_by_text("Glimmerknee")).to_be_visible()
    press(page, "Start review")
    move = page.locator("details.other-move", has_text="Need something from patient")
    move.locator("summary").click()
    move.locator('textarea[name$="message"]').fill("Sternmessage")
    move.locator('textarea[name$="note"]').fill("Innernote")
    press(page, "Ask the patient and send the mail")
    expect(page.get_by_text("is now “Waiting for patient”")).to_be_visible()


def _be_lost(page: Page, site: str) -> None:
    page.goto(f"{site}/appointments/find/")
    box(page, "Email address").fill("othermail@planted.example")
    press(page, "Send the link")
    expect(heading(page)).not_to_have_text("Lost the link to your request?")
