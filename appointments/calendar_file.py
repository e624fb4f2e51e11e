"""Booked appointments as iCalendar files (RFC 5545): one for the patient, all of theirs for a clinician.

Calendars are shared with families and employers: they hold no name of a patient, nothing about health, and no link
to the status page.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from appointments.models import AppointmentRequest
from clinic.models import ClinicProfile

# A calendar needs an end. The clinic's own choice, for it to confirm; nobody is told how long a visit takes.
BLOCKED = timedelta(minutes=30)


def calendar_file(appointment_request: AppointmentRequest, clinic: ClinicProfile, now: datetime) -> bytes:
    """The patient's file for a booked request, written at `now`, in the current language.

    Raises ValueError for a request that has no appointment.
    """
    event = _event(appointment_request, now)
    event.add("summary", _("Appointment at %(clinic)s") % {"clinic": clinic.name})
    place = appointment_request.appointment_place
    event.add("location", ", ".join([clinic.name, *([place] if place else clinic.address.splitlines())]))
    event.add("description", _("Can you not come? Call %(phone)s.") % {"phone": clinic.phone_display})
    return _file([event])


def clinicians_file(appointment_requests: Iterable[AppointmentRequest], now: datetime) -> bytes:
    """A clinician's file of these booked requests, written at `now`: each under its reference, which leads to the
    record only whoever may sign in. Not where: staff write the place as they like, and it may be a patient's home.

    It is the whole list: an appointment that is off is no longer in it, and a calendar that reads it again drops
    it. Raises ValueError when one of them has no appointment.
    """
    events = []
    for appointment_request in appointment_requests:
        event = _event(appointment_request, now)
        event.add("summary", f"Appointment {appointment_request.reference}")
        events.append(event)
    return _file(events)


def _event(appointment_request: AppointmentRequest, now: datetime) -> Event:
    """What both kinds of file say of an appointment.

    Times are in UTC, which every calendar turns into its reader's own zone, on both sides of a clock change. The
    same appointment keeps its UID; after it was moved its SEQUENCE is higher, and a calendar replaces the old one.
    """
    starts_at = appointment_request.appointment_starts_at
    if starts_at is None:
        raise ValueError("only a booked request has a place in a calendar")
    event = Event()
    event.add("uid", str(uuid5(NAMESPACE_URL, f"appointment-request:{appointment_request.key}")))
    event.add("sequence", appointment_request.version)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", starts_at.astimezone(UTC))
    event.add("dtend", (starts_at + BLOCKED).astimezone(UTC))
    event.add("status", "CONFIRMED")
    event.add("class", "PRIVATE")
    return event


def _file(events: Iterable[Event]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//clinic//appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())
