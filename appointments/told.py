"""What a patient is told of an act, as the staff read it: before they do it, and after."""

from appointments.emails import MAIL_OF_MOVE_TO
from appointments.lifecycle import OPEN_STATUSES, RequestStatus
from appointments.models import AppointmentRequest

BY_PHONE = "There is no email address: tell the patient on the phone."


def closes(status: str) -> bool:
    """Whether a move to this status ends what the patient has asked for."""
    return status not in OPEN_STATUSES and status != RequestStatus.BOOKED


def told_before(appointment_request: AppointmentRequest, status: str) -> str:
    """What a move to this status does, and what the patient is told of it; "" for what concerns the staff alone."""
    if RequestStatus(status) not in MAIL_OF_MOVE_TO:
        return ""
    told = "The patient gets a mail about it." if appointment_request.email else BY_PHONE
    return f"This closes the request. {told}" if closes(status) else told


def told_after(appointment_request: AppointmentRequest, status: str) -> str:
    """What the patient is told now that the move to this status is made; "" for what concerns the staff alone."""
    return told_by_mail(appointment_request) if RequestStatus(status) in MAIL_OF_MOVE_TO else ""


def told_by_mail(appointment_request: AppointmentRequest) -> str:
    """Where the request has an address, a mail tells the patient; else the staff must."""
    return "A mail goes to the patient." if appointment_request.email else BY_PHONE


def told_of_undoing(appointment_request: AppointmentRequest, *, was_told: bool, is_corrected: bool) -> str:
    """What the patient is told of a step that was taken back. `was_told`: that step has a mail. `is_corrected`: a
    mail about the undoing goes out, because the first one has gone."""
    if is_corrected:
        return "A mail tells the patient that the last one was a mistake."
    if not was_told:
        return "The patient was told nothing of it."
    return "Its mail has not gone out, and will not." if appointment_request.email else BY_PHONE
