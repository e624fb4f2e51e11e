"""Staff at work with a request that has everything: what got worse, a caller, and the pages between."""

import datetime
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from appointments.lifecycle import Role
from appointments.models import AppointmentRequest, EventKind
from clinic.models import OutgoingMail
from conditions.models import RedFlag
from tests.appointments.patients import sent
from tests.appointments.test_admin import in_status
from tests.browser import Faults
from tests.journeys.inspection import MOUSE, Inspection
from tests.journeys.steps import QUEUE, answer_safety_check, box, patients_in_queue, press, sign_in

PATIENT: dict[str, Any] = {"by": None, "role": Role.PATIENT}


def with_everything() -> AppointmentRequest:
    """A request with every mark and every kind of event, its texts as long as they may be."""
    sent(Client())
    appointment_request = sent(
        Client(),
        "fever",
        problem="A long story. " * 140,
        full_name="W" * 150,
        other_language="L" * 60,
        proxy_name="N" * 150,
        proxy_relation="R" * 60,
        has_proxy_consent="on",
    )
    appointment_request.change(EventKind.ADDED, **PATIENT, note="n" * 1_000)
    appointment_request.change(EventKind.TIMES_CHANGED, **PATIENT, windows=["1-midday"], unsuitable_dates="d" * 300)
    appointment_request.change(
        EventKind.CONTACT_CHANGED, **PATIENT, email="e" * 60 + "@" + "x" * 60 + ".example.com"
    )
    appointment_request.change(
        EventKind.WORSE,
        **PATIENT,
        red_flags=RedFlag.objects.filter(key__in=("bladder", "chest-pain")),
        urgency=1,
        worse_at=timezone.now(),
    )
    past = timezone.now() - datetime.timedelta(days=5)
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(
        windows_end_at=past, received_at=past, reply_by=past
    )
    OutgoingMail.objects.about(appointment_request.topic).update(failed_at=timezone.now(), failure="f" * 300)
    return appointment_request


def test_request_with_everything(site: str, page: Page, faults: Faults, staff: Callable[[str], User]) -> None:
    inspection = Inspection(page, smallest_target=MOUSE)
    staff("clinician")
    appointment_request = with_everything()
    booked = in_status("booked", staff("clinician"), birth_date_year="1950", full_name="Booked Person")
    sign_in(page, site, "clinician")
    inspection.look("first page, with all that waits")
    page.goto(site + QUEUE)
    inspection.look("queue with every mark")
    page.goto(f"{site}{QUEUE}{appointment_request.pk}/change/")
    inspection.look("request with everything")
    press(page, "Set the urgency")
    inspection.look("clearing a report without a reason")
    page.locator("#urgency_note").fill("Examined on the phone.")
    press(page, "Set the urgency")
    expect(page.get_by_text("Report that it is worse was looked at", exact=True)).to_be_visible()
    page.goto(f"{site}{QUEUE}{booked.pk}/change/")
    inspection.look("booked request")
    press(page, "Show the mail")
    inspection.look("moving an appointment to where it is")
    inspection.assert_fine()


def test_request_for_a_caller(site: str, page: Page, faults: Faults, staff: Callable[[str], User]) -> None:
    inspection = Inspection(page, smallest_target=MOUSE)
    staff("reception")
    sign_in(page, site, "reception")
    page.goto(site + QUEUE)
    page.get_by_role("link", name="New request for a caller").click()
    inspection.look("safety check for a caller")
    press(page, "Continue")
    inspection.look("safety check for a caller, unanswered")
    answer_safety_check(page, "chest pain")
    inspection.look("what to tell the caller")
    press(page, "I have told the caller. Go on to the form")
    inspection.look("form for a caller")
    press(page, "Put it into the queue")
    inspection.look("form for a caller, with every error")
    for label, text in {
        "What is wrong, in your own words?": "The back locks up in line.",
        "Full name": "Carla Caller",
        "Month": "3",
        "Day": "27",
        "Year": "1962",
        "Phone number": "(424) 555-0134",
    }.items():
        box(page, label).first.fill(text)
    for label in ("2 to 6 weeks", "Phone call", "The caller agrees"):
        box(page, label).check()
    press(page, "Put it into the queue")
    expect(page.get_by_text("Tell the caller this reference")).to_be_visible()
    expect(page.get_by_text("Phone, keyed in by")).to_be_visible()
    page.goto(site + QUEUE)
    expect(patients_in_queue(page)).to_have_text(["Carla Caller"])
    inspection.assert_fine()
