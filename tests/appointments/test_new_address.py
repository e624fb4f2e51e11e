"""The patient gives another email address: it is told what stands, and then the staff's mark is about it."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone

from appointments import changes
from appointments.mail_trouble import undelivered_mails
from appointments.models import AppointmentRequest
from clinic import outbox
from clinic.models import ClinicProfile, OutgoingMail
from clinic.outbox import NothingToSend
from tests.appointments.following import address, kept, move_on
from tests.appointments.mails import words_of_html, words_of_text
from tests.form_posts import post_form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

NEW = "right@example.com"


def give(appointment_request: AppointmentRequest, **fields: str) -> list[OutgoingMail]:
    """Change the contact on the page; the mails that this queued."""
    before = OutgoingMail.objects.about(appointment_request.topic).count()
    assert post_form(Client(), address(appointment_request, "contact"), fields).status_code == 302
    appointment_request.refresh_from_db()
    return list(OutgoingMail.objects.about(appointment_request.topic)[before:])


def functions(mails: list[OutgoingMail]) -> list[str]:
    return [mail.function.rsplit(".", 1)[1] for mail in mails]


def end(mails: list[OutgoingMail], **ended: datetime.datetime | None) -> None:
    OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(**ended)


@pytest.mark.parametrize("status", ["received", "in_review", "awaiting_patient", "unreachable", "booked"])
def test_new_address_is_told_and_so_is_the_old_one(status: str) -> None:
    appointment_request = kept(status=status)
    old, new = give(appointment_request, email=NEW)
    assert functions([old, new]) == ["contact_changed", "new_address"]
    to_old, to_new = outbox.written(old), outbox.written(new)
    assert (to_old.to, to_new.to) == ("testa@example.com", NEW)
    page = appointment_request.status_path()
    assert page not in to_old.text and page in to_new.text
    assert "We now write to this address" in to_new.text
    assert words_of_html(to_new) == words_of_text(to_new)
    assert ("You have an appointment" in to_new.text) == (status == "booked")


def test_new_address_of_a_booked_patient_reads_date_and_place() -> None:
    """The mail that told of the booking has reached nobody."""
    appointment_request = kept(status="booked")
    AppointmentRequest.objects.update(appointment_place="Second floor, Room 7")
    end(list(OutgoingMail.objects.about(appointment_request.topic)), failed_at=timezone.now())
    _, new = give(appointment_request, email=NEW)
    assert appointment_request.appointment_starts_at is not None
    clinic = ClinicProfile.objects.get()
    starts = appointment_request.appointment_starts_at.astimezone(clinic.zone)
    text = outbox.written(new).text
    assert f"You have an appointment: {starts:%A, %B} {starts.day}, " in text
    for part in (clinic.name, "Dr. Hooman Melamed", "Second floor, Room 7"):
        assert part in text[: text.index("What happens next")]


def test_new_address_in_spanish() -> None:
    appointment_request = kept(status="booked")
    AppointmentRequest.objects.update(language="es")
    _, new = give(appointment_request, email=NEW)
    text = outbox.written(new).text
    assert "Ahora le escribimos a esta dirección" in text
    assert re.search(r"/es/appointments/r/[\w-]+/", text)


@pytest.mark.parametrize(
    ("on_file", "fields", "expected"),
    [
        ({"email": ""}, {"email": NEW}, ["new_address"]),
        ({}, {"email": "TESTA@example.com"}, ["contact_changed"]),
        ({}, {"phone": "424 555 0199"}, ["contact_changed"]),
        ({}, {"no_longer": "email"}, ["contact_changed"]),
        ({"email": ""}, {"phone": "424 555 0199"}, []),
    ],
)
def test_only_an_address_that_is_new_is_told(
    on_file: dict[str, str], fields: dict[str, str], expected: list[str]
) -> None:
    assert functions(give(kept(**on_file), **fields)) == expected


def test_mark_of_the_staff_is_about_the_new_address_from_then_on() -> None:
    appointment_request, now = kept(status="booked"), timezone.now()
    end(list(OutgoingMail.objects.about(appointment_request.topic)), failed_at=now)
    assert undelivered_mails([appointment_request])
    old, new = give(appointment_request, email=NEW)
    end([old], sent_at=timezone.now())
    assert not undelivered_mails([appointment_request]), "nobody knows yet"
    end([new], failed_at=timezone.now())
    assert [mail.pk for mail in undelivered_mails([appointment_request]).values()] == [new.pk]
    end([new], failed_at=None, sent_at=timezone.now())
    assert not undelivered_mails([appointment_request])


def test_address_that_was_replaced_meanwhile_is_not_told() -> None:
    appointment_request = kept()
    _, first = give(appointment_request, email="typo@example.com")
    _, second = give(appointment_request, email=NEW)
    with pytest.raises(NothingToSend):
        outbox.written(first)
    assert outbox.written(second).to == NEW


def test_nothing_is_told_of_a_request_that_was_closed_meanwhile() -> None:
    appointment_request = kept(status="in_review")
    _, new = give(appointment_request, email=NEW)
    move_on(appointment_request, "declined")
    with pytest.raises(NothingToSend):
        outbox.written(new)


def test_nobody_has_mails_sent_to_an_address_again_and_again() -> None:
    """From however many requests: the change is kept, and the old address told, but the new one is left alone."""
    told = []
    for _ in range(changes.MOST_PER_ADDRESS + 2):
        appointment_request = kept()
        told += functions(give(appointment_request, email="Victim@example.com"))
        assert appointment_request.email == "Victim@example.com"
    assert told.count("new_address") == changes.MOST_PER_ADDRESS
    assert told.count("contact_changed") == changes.MOST_PER_ADDRESS + 2
