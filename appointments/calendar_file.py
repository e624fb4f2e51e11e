"""The booked appointment as an iCalendar file (RFC 5545), for the patient's own calendar.

Calendars are shared with families and employers: it holds no name of a patient, nothing about health, and no link
to the status page.
"""

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from appointments.models import AppointmentRequest
from clinic.models import ClinicProfile

# A calendar needs an end. The clinic's own choice, for it to confirm; nobody is told how long a visit takes.
BLOCKED = timedelta(minutes=30)


def calendar_file(appointment_request: AppointmentRequest, clinic: ClinicProfile, now: datetime) -> bytes:
    """The file for a booked request, written at `now`.

    Times are in UTC, which every calendar turns into its reader's own zone, on both sides of a clock change. The
    same appointment keeps its UID; after it was moved its SEQUENCE is higher, and a calendar replaces the old one.
    Raises ValueError for a request that has no appointment.
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
    event.add("summary", _("Appointment at %(clinic)s") % {"clinic": clinic.name})
    where = [appointment_request.appointment_place] if appointment_request.appointment_place else None
    event.add("location", ", ".join([clinic.name, *(where or clinic.address.splitlines())]))
    event.add("description", _("Can you not come? Call %(phone)s.") % {"phone": clinic.phone_display})
    event.add("status", "CONFIRMED")
    event.add("class", "PRIVATE")
    calendar = Calendar()
    calendar.add("prodid", "-//clinic//appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
