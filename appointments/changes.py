"""Something more, new contact details and new times: what the patient changes of a request that was sent."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from appointments import emails
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from appointments.patient_word import heard_by, keep_word, take_word
from appointments.windows import windows_end_at
from clinic import outbox
from clinic.models import working_hours


def add_words(appointment_request: AppointmentRequest, words: str) -> RequestEvent:
    """Keep something more that the patient wants us to know.

    Said of a duplicate, it goes to its original; the duplicate keeps it too, should it turn out to be none. Raises
    what `take_word` raises.
    """
    heard = heard_by(appointment_request, EventKind.ADDED)
    seen = heard.version
    with transaction.atomic():
        event = take_word(heard, EventKind.ADDED, note=words)
        if heard != appointment_request and event.version > seen:
            keep_word(appointment_request, EventKind.ADDED, note=words)
    return event


def change_contact(appointment_request: AppointmentRequest, changes: dict[str, Any]) -> RequestEvent:
    """Keep other ways to reach the patient: fields of the request, `email` always among them.

    In one transaction: the row of the record, and a mail to the address that was on file before, so that nobody
    takes over a request in silence. Raises what `take_word` raises.
    """
    had_email = bool(appointment_request.email)
    with transaction.atomic():
        event = take_word(appointment_request, EventKind.CONTACT_CHANGED, **changes)
        if had_email:
            outbox.queue(emails.about(appointment_request, emails.contact_changed, event_id=event.pk))
    return event


def change_times(appointment_request: AppointmentRequest, changes: dict[str, Any]) -> RequestEvent:
    """Keep other times that suit: fields of the request; `windows`, `earliest_date` and `latest_date` all or none.
    These hold from now on, and may be asked for again once.

    Raises what `take_word` raises.
    """
    if "windows" in changes:
        dates = changes["earliest_date"], changes["latest_date"]
        ends = windows_end_at(timezone.now(), changes["windows"], *dates, working_hours().zone)
        changes = {**changes, "windows_end_at": ends, "dates_asked_at": None}
    return take_word(appointment_request, EventKind.TIMES_CHANGED, **changes)
