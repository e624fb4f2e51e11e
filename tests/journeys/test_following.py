"""Following a request: every page of it, looked at, with the keyboard alone, and without a script."""

import datetime
from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone
from icalendar import Calendar
from playwright.sync_api import Page, expect

from appointments import emails
from appointments.lifecycle import RequestStatus
from appointments.models import AppointmentRequest
from appointments.worse import report_worse
from clinic import outbox
from clinic.models import OutgoingMail
from tests.appointments.following import VERBS, address, kept, make_late
from tests.browser import Faults
from tests.journeys.inspection import Inspection
from tests.journeys.keyboard import Keyboard
from tests.journeys.steps import box, heading, press

PHONE = {"viewport": {"width": 390, "height": 800}, "java_script_enabled": False}


def follow(page: Page, words: str) -> None:
    """Follow the link with these words."""
    page.get_by_role("main").get_by_role("link", name=words, exact=True).click()


def with_every_trouble() -> AppointmentRequest:
    """Late, got worse, its times have passed, and its mail came back."""
    appointment_request = kept(birth_date=datetime.date(1950, 1, 1))
    make_late(appointment_request)
    report_worse(appointment_request, [], "")
    now = timezone.now()
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(windows_end_at=now)
    with transaction.atomic():
        outbox.queue(
            outbox.queued(emails.received, topic=appointment_request.topic, request_id=appointment_request.pk)
        )
    OutgoingMail.objects.about(appointment_request.topic).update(failed_at=now)
    return appointment_request


def test_status_pages(site: str, page: Page) -> None:
    inspection = Inspection(page)
    for status in RequestStatus:
        page.goto(site + address(kept(status=status)))
        inspection.look(status, is_page_of_its_own=status == RequestStatus.RECEIVED)
    page.goto(site + address(with_every_trouble()))
    for words in (
        "We are late",
        "We know that it has got worse",
        "We need new dates",
        "We could not send you mail",
    ):
        expect(page.get_by_role("heading", name=words)).to_be_visible()
    inspection.look("every trouble at once", is_page_of_its_own=False)
    inspection.assert_fine()


def test_pages_to_say_something_of_a_request(site: str, page: Page, faults: Faults) -> None:
    faults.expect("status of 4(09|29)")
    inspection = Inspection(page)
    open_request, booked = kept(), kept(status="booked", birth_date=datetime.date(1950, 1, 1))
    for verb in VERBS:
        page.goto(site + address(open_request, verb))
        inspection.look(verb)
        if verb == "times":
            box(page, "Latest date: Year").fill("1")
        page.locator("main form button").click()
        expect(page.locator(".error-summary")).to_be_focused()
        inspection.look(f"{verb} with a mistake")
    page.goto(site + address(open_request, "worse"))
    page.get_by_label("chest pain").check()
    press(page, "Tell the clinic")
    inspection.look("worse, with an emergency sign")
    page.goto(site + address(booked, "withdraw"))
    inspection.look("not possible")
    page.goto(site + "/appointments/find/")
    inspection.look("lost link")
    press(page, "Send the link")
    inspection.look("lost link without an address")
    box(page, "Email address").fill("testa@example.com")
    press(page, "Send the link")
    expect(heading(page)).to_have_text("Look at your email")
    inspection.look("link sent")
    for _ in range(10):
        page.goto(site + "/appointments/find/")
        box(page, "Email address").fill("testa@example.com")
        press(page, "Send the link")
    inspection.look("too often")
    inspection.assert_fine()


def test_request_gets_worse_with_the_keyboard_alone(site: str, open_page: Callable[..., Page]) -> None:
    page, appointment_request = open_page(), kept()
    keyboard = Keyboard(page)
    page.goto(site + address(appointment_request))
    assert keyboard.tab().words == "Skip to main content"
    keyboard.tab_to("It has got worse")
    keyboard.assert_read_top_down()
    keyboard.press_and_go()
    assert keyboard.tab().words == "Skip to main content"
    keyboard.tab_to("None of these")
    keyboard.press("Space")
    keyboard.tab_to("What has changed?")
    keyboard.type("It hurts when I lie down.")
    keyboard.tab_to("Tell the clinic")
    keyboard.assert_read_top_down()
    keyboard.press_and_go()
    expect(page.get_by_role("heading", name="We know that it has got worse")).to_be_visible()
    assert appointment_request.events.get().note == "It hurts when I lie down."

    keyboard.tab_to("Add something")
    keyboard.press_and_go()
    keyboard.tab_to("What do you want to add?")
    keyboard.type("I have a scan.")
    keyboard.tab_to("Send to the clinic")
    keyboard.assert_read_top_down()
    keyboard.press_and_go()
    expect(page.get_by_text("We got what you last told us")).to_be_visible()


def test_every_verb_without_a_script(site: str, open_page: Callable[..., Page]) -> None:
    """As a phone sends it: with the origin and the referrer that the browser makes of our policy."""
    page, appointment_request = open_page(**PHONE), kept(status="awaiting_patient")
    page.goto(site + address(appointment_request))
    follow(page, "Answer us here")
    box(page, "What do you want to add?").fill("I send the letter.")
    press(page, "Send to the clinic")
    expect(heading(page)).to_have_text("We are looking at your request")

    follow(page, "Change how we reach you")
    box(page, "New phone number").fill("424 555 0199")
    press(page, "Save")
    follow(page, "Change the times that suit you")
    box(page, "Tuesday Afternoon").check()
    press(page, "Save")
    follow(page, "It has got worse")
    page.get_by_label("chest pain").check()
    press(page, "Tell the clinic")
    expect(heading(page)).to_have_text("Get help now")
    follow(page, "Back to your request")
    expect(page.get_by_role("heading", name="We know that it has got worse")).to_be_visible()

    appointment_request.refresh_from_db()
    assert appointment_request.phone.as_e164 == "+14245550199"
    assert (appointment_request.windows, appointment_request.urgency) == (["1-afternoon"], 1)
    assert appointment_request.events.count() == 4
    assert page.context.storage_state()["origins"] == []
    assert {cookie["name"] for cookie in page.context.cookies()} <= {"csrf"}

    follow(page, "I no longer want an appointment")
    page.get_by_label("Yes, I no longer want").check()
    press(page, "Withdraw my request")
    expect(heading(page)).to_have_text("Your request is withdrawn")


@pytest.mark.parametrize("verb", ["", "add"])
def test_address_of_the_request_is_told_to_no_page_that_follows(
    site: str, open_page: Callable[..., Page], verb: str
) -> None:
    page, appointment_request = open_page(), kept()
    token = address(appointment_request).rstrip("/").rsplit("/", 1)[1]
    told: list[str] = []
    page.on("request", lambda request: told.append(request.headers.get("referer", "")))
    page.goto(site + address(appointment_request, verb))
    page.get_by_role("contentinfo").get_by_role("link", name="Privacy").click()
    page.wait_for_load_state()
    assert told
    assert not [referrer for referrer in told if token in referrer]


def test_calendar_file_is_downloaded_by_a_browser(site: str, open_page: Callable[..., Page]) -> None:
    page, appointment_request = open_page(), kept(status="booked")
    page.goto(site + address(appointment_request))
    with page.expect_download() as download:
        follow(page, "Put it in your calendar")
    assert download.value.suggested_filename == "appointment.ics"
    (event,) = Calendar.from_ical(download.value.path().read_bytes()).events
    assert appointment_request.appointment_starts_at is not None
    assert event.start == appointment_request.appointment_starts_at.replace(microsecond=0)
