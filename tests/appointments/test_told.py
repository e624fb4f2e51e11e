"""What the staff read of what a patient is told: in the form before a step, and in the message after it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from appointments.admin.words import moment
from appointments.models import AppointmentRequest
from clinic.models import OutgoingMail
from tests.appointments.moves import let_go, try_in_vain
from tests.appointments.test_admin import date_and_time, in_status, move, record_path, signed_in
from tests.form_posts import page, post_form

StaffFactory = Callable[[str], User]
BY_PHONE = "There is no email address: tell the patient on the phone."


def said(response: Any) -> str:
    """The message that the next page shows."""
    assert response.status_code == 302
    return str(list(get_messages(response.wsgi_request))[-1])  # no page has shown those before


def undone(browser: Client, appointment_request: AppointmentRequest) -> str:
    appointment_request.refresh_from_db()
    path = record_path(appointment_request).replace("change/", "undo/")
    return said(post_form(browser, path, {"version": appointment_request.version}))


@pytest.mark.django_db
@pytest.mark.parametrize(("email", "told"), [("testa@example.com", "A mail goes to the patient."), ("", BY_PHONE)])
def test_message_after_a_step_says_what_has_become_of_it_and_what_the_patient_is_told(
    clinic_data: None, staff: StaffFactory, email: str, told: str
) -> None:
    clinician = staff("clinician")
    browser, booked = signed_in(clinician), in_status("in_review", clinician, email=email)
    text = said(move(browser, booked, "booked", **date_and_time(3), clinician=str(clinician.pk)))
    booked.refresh_from_db()
    assert booked.appointment_starts_at is not None
    with timezone.override("America/Los_Angeles"):
        when = moment(booked.appointment_starts_at)
    assert text == f"{booked.reference} is now “Booked”: {when}, with clinician. {told}"
    asked = in_status("in_review", clinician, email=email)
    text = said(move(browser, asked, "awaiting_patient", message="Please send it."))
    assert text == f"{asked.reference} is now “Waiting for patient”. {told}"
    fresh = in_status("received", clinician, email=email)
    assert said(move(browser, fresh, "in_review")) == f"{fresh.reference} is now “In review”."


@pytest.mark.django_db
def test_message_after_undoing_says_what_the_patient_is_told_of_that(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    browser, one = signed_in(clinician), in_status("in_review", clinician)
    move(browser, one, "booked", **date_and_time(3))
    assert undone(browser, one).endswith("“In review”. Its mail has not gone out, and will not.")
    one.refresh_from_db()
    move(browser, one, "booked", **date_and_time(3))
    one.refresh_from_db()
    OutgoingMail.objects.about(one.topic).update(sent_at=one.received_at)
    assert undone(browser, one).endswith("“In review”. A mail tells the patient that the last one was a mistake.")
    silent = in_status("received", clinician)
    move(browser, silent, "in_review")
    assert undone(browser, silent).endswith("“Received”. The patient was told nothing of it.")
    without = in_status("in_review", clinician, email="")
    move(browser, without, "booked", **date_and_time(3))
    assert undone(browser, without).endswith(f"“In review”. {BY_PHONE}")


@pytest.mark.django_db
def test_message_holds_nothing_of_the_patient(clinic_data: None, staff: StaffFactory) -> None:
    """It is kept in a cookie until the next page."""
    clinician = staff("clinician")
    browser, one = signed_in(clinician), in_status("in_review", clinician)
    text = said(move(browser, one, "declined", message="Not for us.", note="Why."))
    assert not [part for part in (one.full_name, one.email, one.problem, "Not for us", "Why.") if part in text]


@pytest.mark.django_db
def test_step_that_closes_looks_and_reads_like_one(clinic_data: None, staff: StaffFactory) -> None:
    clinician = staff("clinician")
    one = in_status("in_review", clinician)
    try_in_vain(one, clinician)
    let_go(one)
    html = page(signed_in(clinician).get(record_path(one)))
    for button in ("Decline the request and send the mail", "Close as unreachable", "Withdraw the request"):
        assert 'class="button ends"' in html[: html.index(f">{button}</button>")].rpartition("<button")[2], button
    assert html.count("This closes the request. The patient gets a mail about it.") == 3
    for button in ("Ask the patient and send the mail", "Log it", "Keep the plan"):
        assert "ends" not in html[: html.index(f">{button}</button>")].rpartition("<button")[2], button
    assert 'class="button ends">Link and close this one</button>' in html
    AppointmentRequest.objects.update(email="")
    assert f"This closes the request. {BY_PHONE}" in page(signed_in(clinician).get(record_path(one)))
