"""What we write to patients and staff: one function for each mail. `clinic.outbox` calls it when it delivers.

No subject and no preview names a person or says anything about health. What a mail says is read from the request
at that moment, in the language that the patient chose.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from appointments.lifecycle import Urgency
from clinic.models import OutgoingMail
from clinic.outbox import Message, NothingToSend, queued

if TYPE_CHECKING:
    from appointments.models import AppointmentRequest, StatusChange


def after_sending(appointment_request: "AppointmentRequest") -> list[OutgoingMail]:
    """The mails that follow a new request: to the patient, and to the staff when it is urgent."""
    mails = []
    if appointment_request.email:
        mails.append(_about(appointment_request, received))
    if appointment_request.urgency <= Urgency.URGENT:
        mails.append(_about(appointment_request, staff_urgent))
    return mails


def after_move(
    appointment_request: "AppointmentRequest", change: "StatusChange", appointment_starts_at: datetime | None
) -> list[OutgoingMail]:
    """The mail that tells the patient of this move, if there is one to tell and an address to tell it to."""
    return []


def _about(appointment_request: "AppointmentRequest", mail: Callable[..., Message], **facts: str) -> OutgoingMail:
    return queued(mail, topic=appointment_request.topic, request_id=appointment_request.pk, **facts)


def received(request_id: int) -> Message:
    """We have your request: it is not an appointment, and this is when we answer."""
    raise NothingToSend


def tried_to_reach(request_id: int) -> Message:
    """We tried to reach you and could not: please call."""
    raise NothingToSend


def need_something(request_id: int, change_id: int) -> Message:
    """We need something before we can go on: what the staff wrote with that move."""
    raise NothingToSend


def booked(request_id: int, appointment_starts_at: str) -> Message:
    """Your appointment: day, time, place, how to prepare. `appointment_starts_at` in ISO form."""
    raise NothingToSend


def moved(request_id: int, appointment_starts_at: str) -> Message:
    """Your appointment has a new time. `appointment_starts_at` in ISO form."""
    raise NothingToSend


def declined(request_id: int, change_id: int) -> Message:
    """We cannot offer an appointment for this, and what to do instead: what the staff wrote with that move."""
    raise NothingToSend


def withdrawn(request_id: int) -> Message:
    """Your request is withdrawn."""
    raise NothingToSend


def worse_received(request_id: int) -> Message:
    """You told us that it has got worse: when we answer now, and where to get help sooner."""
    raise NothingToSend


def new_dates_needed(request_id: int) -> Message:
    """All times that you gave have passed: please give us new ones."""
    raise NothingToSend


def contact_changed(request_id: int, event_id: int) -> Message:
    """To the address that was on file before: your contact details were changed."""
    raise NothingToSend


def link_again(request_id: int) -> Message:
    """The link to your status page, as you asked."""
    raise NothingToSend


def staff_urgent(request_id: int) -> Message:
    """To the staff: somebody must look at a request now."""
    raise NothingToSend


def staff_promise_near(request_ids: list[int]) -> Message:
    """To the staff: promises that are about to be missed."""
    raise NothingToSend


def staff_daily_summary() -> Message:
    """To the staff: what is open, what is late, what waits for somebody."""
    raise NothingToSend
