"""Giving a booked appointment another time: by HTTP, with the mail in the same transaction."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from appointments import emails
from appointments.booking import move_appointment
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest
from clinic.models import OutgoingMail
from tests.appointments.patients import sent
from tests.appointments.test_admin import QUEUE, date_and_time, in_days, in_status, record_path, signed_in
from tests.form_posts import page, post_form

StaffFactory = Callable[[str], User]


def appointment_path(appointment_request: AppointmentRequest) -> str:
    return f"{QUEUE}{appointment_request.pk}/appointment/"


def move(client: Client, appointment_request: AppointmentRequest, **fields: Any) -> Any:
    """Press the button, with the version that the object was read with."""
    return post_form(
        client, appointment_path(appointment_request), {"version": appointment_request.version, **fields}
    )


def mails_of(appointment_request: AppointmentRequest) -> list[OutgoingMail]:
    return [
        mail for mail in OutgoingMail.objects.about(appointment_request.topic) if mail.function.endswith(".moved")
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["reception", "clinician", "manager"])
def test_appointment_gets_its_new_time_and_the_patient_a_mail(
    clinic_data: None, staff: StaffFactory, role: str
) -> None:
    appointment_request = in_status("booked", staff("clinician"))
    old, browser = appointment_request.appointment_starts_at, signed_in(staff(role))
    assert move(browser, appointment_request, **date_and_time(9), note="They asked.").status_code == 302
    appointment_request.refresh_from_db()
    assert appointment_request.appointment_starts_at != old
    event = appointment_request.events.get()
    assert (event.kind, event.role, event.note) == ("appointment_moved", role, "They asked.")
    (mail,) = mails_of(appointment_request)
    assert mail.arguments["request_id"] == appointment_request.pk
    told = datetime.datetime.fromisoformat(mail.arguments["appointment_starts_at"])
    assert told == appointment_request.appointment_starts_at
    html = page(browser.get(record_path(appointment_request)))
    assert "Appointment moved" in html
    assert f"{in_days(9):%B %-d, %Y}, 2:30 PM" in html


@pytest.mark.django_db
def test_appointment_of_a_patient_without_an_address_is_moved_without_a_mail(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    appointment_request = in_status("booked", clinician, email="")
    assert move(signed_in(clinician), appointment_request, **date_and_time(9)).status_code == 302
    assert not mails_of(appointment_request)


@pytest.mark.django_db(transaction=True)
def test_appointment_stays_when_its_mail_cannot_be_queued(
    clinic_data: None, staff: StaffFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction: here the mail's function is one that no worker could find again."""
    clinician = staff("clinician")
    appointment_request = in_status("booked", clinician)
    old = appointment_request.appointment_starts_at
    monkeypatch.setattr(emails, "moved", lambda request_id, appointment_starts_at: None)
    with pytest.raises(ValueError, match="cannot be imported"):
        move_appointment(appointment_request, in_days(9), by=clinician, roles=frozenset({Role.CLINICIAN}))
    appointment_request.refresh_from_db()
    assert (appointment_request.appointment_starts_at, appointment_request.events.count()) == (old, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Enter the date and time"),
        ({"appointment_starts_at_0": "2020-01-06", "appointment_starts_at_1": "14:30"}, "in the future"),
        ({"appointment_starts_at_0": "9999-12-31", "appointment_starts_at_1": "23:59"}, "within"),
        ({**date_and_time(9), "note": "x" * 1_001}, "at most 1000 characters"),
    ],
)
def test_appointment_without_a_good_time_stays_where_it_is(
    clinic_data: None, staff: StaffFactory, fields: dict[str, str], message: str
) -> None:
    clinician = staff("clinician")
    appointment_request = in_status("booked", clinician)
    response = move(signed_in(clinician), appointment_request, **fields)
    assert response.status_code == 422
    assert message in page(response)
    assert not appointment_request.events.exists()
    assert not mails_of(appointment_request)


@pytest.mark.django_db
def test_appointment_moved_twice_by_a_double_click_is_moved_once(clinic_data: None, staff: StaffFactory) -> None:
    clinician = staff("clinician")
    browser, appointment_request = signed_in(clinician), in_status("booked", clinician)
    assert move(browser, appointment_request, **date_and_time(9)).status_code == 302
    assert move(browser, appointment_request, **date_and_time(9)).status_code == 409
    appointment_request.refresh_from_db()
    assert move(browser, appointment_request, **date_and_time(9)).status_code == 422  # it is at that time already
    assert len(mails_of(appointment_request)) == 1


@pytest.mark.django_db
def test_appointment_that_is_not_booked_is_not_moved(clinic_data: None, staff: StaffFactory) -> None:
    browser, appointment_request = signed_in(staff("clinician")), sent(Client())
    assert move(browser, appointment_request, **date_and_time(9)).status_code == 409
    assert "/appointment/" not in page(browser.get(record_path(appointment_request)))


@pytest.mark.django_db
def test_appointment_is_moved_by_post_of_the_staff_alone(clinic_data: None, staff: StaffFactory) -> None:
    clinician = staff("clinician")
    appointment_request = in_status("booked", clinician)
    assert signed_in(clinician).get(appointment_path(appointment_request)).status_code == 405
    assert move(signed_in(staff("editor")), appointment_request, **date_and_time(9)).status_code == 403
    assert move(Client(), appointment_request, **date_and_time(9)).status_code == 302
    assert not appointment_request.events.exists()
