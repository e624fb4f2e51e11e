"""Something more, new contact details and new times: what the patient changes of a request that was sent."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from appointments import emails
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from appointments.patient_word import heard_by, keep_word, take_word
from appointments.windows import windows_end_at
from clinic import outbox
from clinic.limits import Limit, LimitReached, count
from clinic.models import working_hours

HOUR = timedelta(hours=1)
MOST_PER_ADDRESS = 3  # in an hour: mails that somebody can have sent to an address that they name


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

    In one transaction: the row of the record, a mail to the address that was on file before, so that nobody takes
    over a request in silence, and one to an address that is new, which may never have heard of what stands. Raises
    what `take_word` raises.
    """
    former = appointment_request.email
    with transaction.atomic():
        event = take_word(appointment_request, EventKind.CONTACT_CHANGED, **changes)
        if former:
            outbox.queue(emails.about(appointment_request, emails.contact_changed, event_id=event.pk))
        if appointment_request.email.lower() not in {"", former.lower()}:
            _tell_new_address(appointment_request, event)
    return event


def _tell_new_address(appointment_request: AppointmentRequest, event: RequestEvent) -> None:
    """Queue its mail; none to an address that has had its mails for now, whoever asked for them."""
    try:
        with transaction.atomic():
            count(Limit("new_address", appointment_request.email.lower(), MOST_PER_ADDRESS, HOUR))
            outbox.queue(emails.about(appointment_request, emails.new_address, event_id=event.pk))
    except LimitReached:
        return


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
