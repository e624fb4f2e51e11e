"""The record of a request in a real browser: a reply put into a message, the mail before it goes, both versions."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from appointments.models import AppointmentRequest, CannedReply
from tests.appointments.moves import RECEPTION, let_go, try_in_vain
from tests.appointments.patients import sent
from tests.browser import Faults
from tests.journeys.inspection import MOUSE, Inspection
from tests.journeys.steps import QUEUE, press, sign_in


def test_record_with_all_that_its_verbs_show(
    site: str, page: Page, faults: Faults, staff: Callable[[str], User]
) -> None:
    faults.expect("status of 409")
    inspection = Inspection(page, smallest_target=MOUSE)
    reception = staff("reception")
    staff("clinician")
    CannedReply.objects.create(title="Scan", body="Please send your scan for {reference}.")
    CannedReply.objects.create(title="Imagen", body="Por favor, envíe su imagen.", language="es")
    appointment_request = sent(Client())
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    try_in_vain(appointment_request, reception, times=2)
    sign_in(page, site, "reception")
    page.goto(f"{site}{QUEUE}{appointment_request.pk}/change/")
    for summary in ("Need something from patient", "Log a call", "Plan the next step"):
        page.locator("summary", has_text=summary).click()
    inspection.look("record with its forms unfolded")
    page.get_by_label("A text of ours").select_option("Scan")
    press(page, "Insert")
    message = page.get_by_label("Message to the patient")
    expect(message).to_have_value(f"Please send your scan for {appointment_request.reference}.")
    expect(page.locator(".reply")).to_have_count(1)  # no page was loaded
    page.locator("form", has=message).get_by_role("button", name="Show the mail").click()
    expect(page.get_by_text("Nothing has gone out yet")).to_be_visible()
    inspection.look("mail before it goes")
    press(page, "Change")
    expect(message).to_have_value(f"Please send your scan for {appointment_request.reference}.")

    other = staff("manager")
    let_go(appointment_request)
    elsewhere = AppointmentRequest.objects.get(pk=appointment_request.pk)
    elsewhere.change("claimed", by=other, role="manager")  # type: ignore[arg-type]
    page.locator("form", has=message).get_by_role("button", name="Show the mail").click()
    expect(page.get_by_role("heading", name="Both versions")).to_be_visible()
    inspection.look("both versions")
    page.locator("form", has=message).get_by_role("button", name="Show the mail").click()
    expect(page.get_by_text("manager has this request now. Take it over first")).to_be_visible()
    inspection.look("refused for the sake of a claim", is_page_of_its_own=False)
    page.get_by_label("Take it over, because").fill("The manager is away.")
    page.locator("form", has=message).get_by_role("button", name="Show the mail").click()
    press(page, "Confirm and send the mail")
    expect(page.get_by_text("is now “Waiting for patient”")).to_be_visible()
    inspection.look("after it", is_page_of_its_own=False)
    inspection.assert_fine()
