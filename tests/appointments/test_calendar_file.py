"""The calendar file of a booked appointment, read again by a calendar library."""

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from icalendar import Calendar

from appointments.calendar_file import calendar_file
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest, EventKind
from clinic.models import ClinicProfile
from tests.appointments.following import PRIVATE, address, kept
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

LOS_ANGELES = ZoneInfo("America/Los_Angeles")


def download(client: Client, appointment_request: AppointmentRequest) -> Any:
    return client.get(address(appointment_request) + "appointment.ics")


def event_in(response: Any) -> Any:
    (event,) = Calendar.from_ical(response.content).walk("VEVENT")
    return event


def moved_to(appointment_request: AppointmentRequest, starts_at: datetime.datetime) -> None:
    appointment_request.change(
        EventKind.APPOINTMENT_MOVED,
        by=make_staff("reception"),
        role=Role.RECEPTION,
        appointment_starts_at=starts_at,
    )


def test_appointment_calendar_is_a_file_that_tells_nothing_of_the_patient(client: Client) -> None:
    ClinicProfile.objects.update(address="1234 Spine Blvd, Suite 5;\nLos Angeles, CA\\90000")
    appointment_request = kept("fever", status="booked")
    response = download(client, appointment_request)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="appointment.ics"'
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["Referrer-Policy"] == "strict-origin"
    event = event_in(response)
    assert event["SUMMARY"] == "Appointment at The Spine Pro"
    assert event["LOCATION"] == "The Spine Pro, 1234 Spine Blvd, Suite 5;, Los Angeles, CA\\90000"
    assert (event["STATUS"], event["CLASS"], event["SEQUENCE"]) == ("CONFIRMED", "PRIVATE", 3)
    assert event["DTSTAMP"].dt.tzinfo is not None
    text = response.content.decode()
    token = address(appointment_request).rstrip("/").rsplit("/", 1)[1]
    assert not [private for private in (*PRIVATE, token, "back", "pain") if private in text]


def test_appointment_calendar_keeps_to_the_form_of_the_standard(client: Client) -> None:
    """CRLF, lines of at most 75 bytes, and the parts that Outlook asks for."""
    ClinicProfile.objects.update(name="Clínica de la Columna Vertebral y del Dolor de Espalda Ñuñez de los Ángeles")
    content = download(client, kept(status="booked")).content
    lines = content.split(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75
    assert lines[0] == b"BEGIN:VCALENDAR"
    for part in (b"VERSION:2.0", b"METHOD:PUBLISH"):
        assert part in lines
    assert [
        name for name in ("UID", "DTSTAMP", "DTSTART", "DTEND") if content.count(f"\r\n{name}:".encode()) != 1
    ] == []


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        # The day before and the day on which clocks go forward, and back again.
        (datetime.datetime(2027, 3, 13, 9, 0), "20270313T170000Z"),
        (datetime.datetime(2027, 3, 14, 9, 0), "20270314T160000Z"),
        (datetime.datetime(2027, 11, 6, 9, 0), "20271106T160000Z"),
        (datetime.datetime(2027, 11, 7, 9, 0), "20271107T170000Z"),
        # The hour that the clock shows twice.
        (datetime.datetime(2027, 11, 7, 1, 45, fold=0), "20271107T084500Z"),
        (datetime.datetime(2027, 11, 7, 1, 45, fold=1), "20271107T094500Z"),
    ],
)
def test_appointment_calendar_is_right_on_both_sides_of_a_clock_change(
    client: Client, local: datetime.datetime, utc: str
) -> None:
    starts_at = local.replace(tzinfo=LOS_ANGELES)
    appointment_request = kept(status="booked")
    moved_to(appointment_request, starts_at)
    response = download(client, appointment_request)
    assert f"\r\nDTSTART:{utc}\r\n".encode() in response.content
    event = event_in(response)
    assert event["DTSTART"].dt == starts_at.astimezone(datetime.UTC)
    assert event["DTSTART"].dt.astimezone(LOS_ANGELES).strftime("%H:%M") == local.strftime("%H:%M")
    assert event["DTEND"].dt - event["DTSTART"].dt == datetime.timedelta(minutes=30)


def test_appointment_that_was_moved_takes_the_place_of_the_old_one(client: Client) -> None:
    appointment_request, other = kept(status="booked"), kept(status="booked")
    before = event_in(download(client, appointment_request))
    starts_at = datetime.datetime(2027, 5, 5, 17, 0, tzinfo=datetime.UTC)
    moved_to(appointment_request, starts_at)
    after = event_in(download(client, appointment_request))
    assert after["UID"] == before["UID"] != event_in(download(client, other))["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTSTART"].dt == starts_at


@pytest.mark.parametrize("status", ["received", "declined", "withdrawn"])
def test_appointment_calendar_of_what_is_not_booked_leads_to_the_status_page(client: Client, status: str) -> None:
    appointment_request = kept(status=status)
    response = download(client, appointment_request)
    assert (response.status_code, response.headers["Location"]) == (302, address(appointment_request))
    with pytest.raises(ValueError, match="only a booked request"):
        calendar_file(appointment_request, ClinicProfile.objects.get(), datetime.datetime.now(datetime.UTC))


def test_appointment_calendar_is_only_read(client: Client) -> None:
    path = address(kept(status="booked")) + "appointment.ics"
    assert client.post(path).status_code in {405, 415}
    assert client.head(path).status_code == 200
