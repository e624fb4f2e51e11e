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


def staff_urgent(request_id: int) -> Message:
    """Somebody must look at a request now."""
    raise NothingToSend
