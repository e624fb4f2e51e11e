"""Mails to the staff; and mails that are kept or lost with what caused them."""

import datetime
import re
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from appointments import emails
from appointments.lifecycle import RequestStatus
from appointments.models import AppointmentRequest
from clinic.models import ClinicProfile, OutgoingMail
from clinic.outbox import Message, NothingToSend
from tests.appointments import mails
from tests.appointments.mails import PLANTED, Reading, assert_one_clean_mail, move, queued_functions
from tests.appointments.patients import sent
from tests.appointments.test_submit import submit


@pytest.fixture
def appointment_request(clinic_data: None, client: Client) -> AppointmentRequest:
    """The invented patient's, with everything filled in."""
    return sent(client)


# To the staff


@pytest.fixture
def staff_address(clinic_data: None) -> str:
    ClinicProfile.objects.update(staff_email="desk@clinic.example")
    return "desk@clinic.example"


def to_staff(appointment_request: AppointmentRequest) -> dict[str, Message]:
    return {
        "staff_urgent": emails.staff_urgent(appointment_request.pk),
        "staff_promise_near": emails.staff_promise_near([appointment_request.pk]),
        "staff_daily_summary": emails.staff_daily_summary(),
    }


@pytest.mark.django_db
def test_staff_mails_hold_references_and_links_alone(
    staff_address: str, appointment_request: AppointmentRequest
) -> None:
    AppointmentRequest.objects.update(language="es")
    for name, message in to_staff(appointment_request).items():
        assert message.to == staff_address
        reading = Reading(message.html)
        assert reading.language == "en"
        assert mails.words_of_html(message) == mails.words_of_text(message), name
        for half in (message.subject, message.text, message.html):
            assert not [planted for planted in PLANTED if re.search(rf"\b{planted}", half)]
            assert "/appointments/r/" not in half
        admin = f"{settings.SITE_ADDRESS}/admin/appointments/appointmentrequest/"
        assert all(link.startswith(admin) for link in reading.links)
        if name != "staff_daily_summary":
            assert appointment_request.reference in message.text
            assert f"{admin}{appointment_request.pk}/change/" in reading.links
        assert_one_clean_mail(message)


@pytest.mark.django_db
def test_staff_mails_need_an_address(appointment_request: AppointmentRequest) -> None:
    ClinicProfile.objects.update(staff_email="")
    for function, arguments in (
        (emails.staff_urgent, (appointment_request.pk,)),
        (emails.staff_promise_near, ([appointment_request.pk],)),
        (emails.staff_daily_summary, ()),
    ):
        with pytest.raises(NothingToSend):
            function(*arguments)


@pytest.mark.django_db
def test_staff_are_not_called_to_what_is_done(staff_address: str, appointment_request: AppointmentRequest) -> None:
    move(appointment_request, "in_review", "awaiting_patient")
    with pytest.raises(NothingToSend):
        emails.staff_promise_near([appointment_request.pk])
    move(appointment_request, "withdrawn")
    with pytest.raises(NothingToSend):
        emails.staff_urgent(appointment_request.pk)


@pytest.mark.django_db
def test_daily_summary_counts(staff_address: str, client: Client) -> None:
    now = timezone.now()
    hour = datetime.timedelta(hours=1)
    late, wrote = sent(client, "fever"), sent(client, problem="Another one.")
    booked = sent(client, problem="A third one.")
    move(booked, "in_review", "booked")
    AppointmentRequest.objects.filter(pk=late.pk).update(
        received_at=now - 30 * hour, reply_by=now - hour, windows_end_at=now - hour
    )
    AppointmentRequest.objects.filter(pk=booked.pk).update(worse_at=now)
    AppointmentRequest.objects.exclude(pk=wrote.pk).update(patient_wrote_at=None)
    AppointmentRequest.objects.filter(pk=wrote.pk).update(patient_wrote_at=now)
    OutgoingMail.objects.filter(function__endswith="received").update(failed_at=now)
    counts: dict[str, Any] = dict(re.findall(r"^(.+): (\d+)$", emails.staff_daily_summary().text, re.MULTILINE))
    urgencies = AppointmentRequest.objects.in_queue().values_list("urgency", flat=True)
    assert {name: int(count) for name, count in counts.items()} == {
        "In the queue": 3,
        "Emergency": 0,
        "Urgent": sum(urgency == 2 for urgency in urgencies),
        "Soon": 0,
        "Routine": sum(urgency == 4 for urgency in urgencies),
        "Late (the promise has passed)": 1,
        "Got worse, and nobody has looked yet": 1
        + AppointmentRequest.objects.filter(pk=late.pk, worse_at__isnull=False).count(),
        "The patient wrote, and nobody has answered yet": 1,
        "All preferred times have passed": 1,
        "Mails that reached nobody (please call)": 3,
    }


# In the transaction of its cause


@pytest.mark.django_db(transaction=True)
def test_urgent_mail_to_staff_is_rolled_back_with_its_cause(clinic_data: None) -> None:
    with transaction.atomic():
        submit(uuid.uuid4(), "fever")
        assert queued_functions() == ["staff_urgent"]
        transaction.set_rollback(True)
    assert not AppointmentRequest.objects.exists()
    assert queued_functions() == []
    submit(uuid.uuid4(), "fever")
    assert queued_functions() == ["staff_urgent"]


@pytest.mark.django_db(transaction=True)
def test_no_request_is_kept_without_its_mail(clinic_data: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other way round: when the mail cannot be queued, nothing is kept."""
    monkeypatch.setattr(emails, "staff_urgent", lambda request_id: None)  # not found by its path: refused
    with pytest.raises(ValueError, match="cannot be imported"):
        submit(uuid.uuid4(), "fever")
    assert not AppointmentRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_move_and_its_mail_are_one_transaction(appointment_request: AppointmentRequest) -> None:
    move(appointment_request, "in_review")
    with transaction.atomic():
        move(appointment_request, "booked")
        assert queued_functions() == ["received", "booked"]
        transaction.set_rollback(True)
    assert AppointmentRequest.objects.get().status == RequestStatus.IN_REVIEW
    assert queued_functions() == ["received"]
