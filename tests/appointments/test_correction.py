"""A mail that was a mistake is taken back when its step is undone: over a real mail server, and if it went out."""

import datetime
import threading
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from appointments.booking import move_appointment
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest
from appointments.undo import undo_last
from clinic.models import OutgoingMail
from clinic.outbox import deliver_next
from tests.appointments.following import kept, move_on
from tests.appointments.test_admin import in_days
from tests.smtp_sink import HOST, Mode, SmtpSink

CLINICIAN = frozenset({Role.CLINICIAN})
Staff = Callable[[str], User]


@pytest.fixture
def sink(settings: Settings) -> Iterator[SmtpSink]:
    """A mail server that takes everything."""
    server = SmtpSink(slowness=1.0).start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = HOST, server.port, 5
    yield server
    server.stop()


def deliver_all() -> None:
    while deliver_next():
        pass


def texts(sink: SmtpSink) -> list[str]:
    """What the patient has read so far, but for the receipt."""
    found = []
    for message in sink.messages:
        half = message.get_body(("plain",))
        assert half is not None
        found.append(half.get_content().replace("\r\n", "\n"))
    return found[1:]


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["booked", "awaiting_patient", "declined", "unreachable"])
def test_undone_step_whose_mail_went_out_is_followed_by_a_correction_once(
    clinic_data: None, staff: Staff, sink: SmtpSink, status: str
) -> None:
    appointment_request = kept(status=status)
    deliver_all()
    assert len(texts(sink)) == 1
    undo_last(appointment_request, by=staff("clinician"), roles=CLINICIAN)
    deliver_all()
    deliver_all()
    assert len(texts(sink)) == 2
    correction = texts(sink)[-1]
    assert correction.startswith(
        "One of our emails was a mistake\n\nThis is a request. It is not an appointment yet."
    )
    assert "Your request is still being looked at." in correction
    assert "We sent you an email on " in correction
    assert sink.recipients[-1] == ["testa@example.com"]


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["booked", "awaiting_patient", "declined"])
def test_undone_step_whose_mail_waits_is_followed_by_no_mail_at_all(
    clinic_data: None, staff: Staff, sink: SmtpSink, status: str
) -> None:
    appointment_request = kept(status=status)
    undo_last(appointment_request, by=staff("clinician"), roles=CLINICIAN)
    deliver_all()
    assert texts(sink) == []
    assert not OutgoingMail.objects.filter(function__endswith="correction").exists()


@pytest.mark.django_db
def test_undone_booking_that_is_made_anew_for_the_same_time_is_told_once(
    clinic_data: None, staff: Staff, sink: SmtpSink
) -> None:
    appointment_request, clinician = kept(status="booked"), staff("clinician")
    starts_at = appointment_request.appointment_starts_at
    undo_last(appointment_request, by=clinician, roles=CLINICIAN)
    appointment_request.move_to("booked", by=clinician, roles=CLINICIAN, appointment_starts_at=starts_at)
    deliver_all()
    assert [text.splitlines()[0] for text in texts(sink)] == ["Your appointment is booked"]


@pytest.mark.django_db
def test_patient_without_an_address_gets_no_correction(clinic_data: None, staff: Staff, sink: SmtpSink) -> None:
    appointment_request = kept(status="booked", email="")
    undo_last(appointment_request, by=staff("clinician"), roles=CLINICIAN)
    deliver_all()
    assert sink.messages == []


@pytest.mark.django_db
def test_step_that_sends_no_mail_is_undone_without_one(clinic_data: None, staff: Staff, sink: SmtpSink) -> None:
    appointment_request = kept(status="in_review")
    deliver_all()
    undo_last(appointment_request, by=staff("clinician"), roles=CLINICIAN)
    deliver_all()
    assert texts(sink) == []


@pytest.mark.django_db
def test_appointment_that_was_moved_by_mistake_is_told_again_where_it_was(
    clinic_data: None, staff: Staff, sink: SmtpSink
) -> None:
    appointment_request, clinician = kept(status="booked"), staff("clinician")
    old = appointment_request.appointment_starts_at
    move_appointment(appointment_request, in_days(20), by=clinician, roles=CLINICIAN)
    deliver_all()
    undo_last(appointment_request, by=clinician, roles=CLINICIAN)
    deliver_all()
    assert appointment_request.appointment_starts_at == old
    # The mail about the booking itself had been overtaken before it went out.
    assert [text.splitlines()[0] for text in texts(sink)] == ["Your appointment has a new time"] * 2
    first, second = (text.splitlines()[2] for text in texts(sink))
    assert first != second


@pytest.mark.django_db(transaction=True)
def test_step_undone_while_its_mail_is_going_out_is_followed_by_a_correction(
    clinic_data: None, staff: Staff, sink: SmtpSink
) -> None:
    """The mail server has the mail and has not said so yet: the worker still holds the row."""
    appointment_request, clinician = kept(status="in_review"), staff("clinician")
    deliver_all()
    sink.mode = Mode.ACCEPT_SLOWLY
    sink.has_message.clear()
    move_on(appointment_request, "declined")

    def work() -> None:
        try:
            deliver_next()
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    assert sink.has_message.wait(10)
    undo_last(AppointmentRequest.objects.get(pk=appointment_request.pk), by=clinician, roles=CLINICIAN)
    sink.mode = Mode.ACCEPT
    deliver_all()  # waits for the worker
    worker.join(10)
    assert [text.splitlines()[0] for text in texts(sink)] == [
        "We cannot offer you an appointment for this request",
        "One of our emails was a mistake",
    ]


@pytest.mark.django_db(transaction=True)
def test_mail_that_fails_while_its_step_is_undone_is_followed_by_nothing(
    clinic_data: None, staff: Staff, sink: SmtpSink
) -> None:
    appointment_request, clinician = kept(status="in_review"), staff("clinician")
    deliver_all()
    move_on(appointment_request, "declined")
    sink.mode = Mode.DATA_451
    deliver_next()
    undo_last(appointment_request, by=clinician, roles=CLINICIAN)
    sink.mode = Mode.ACCEPT
    while deliver_next(timezone.now() + datetime.timedelta(hours=1)):
        pass
    assert texts(sink) == []
