"""What a patient with an urgent request is told to do before we answer."""

from typing import TYPE_CHECKING

from appointments.lifecycle import Urgency

if TYPE_CHECKING:
    from appointments.models import AppointmentRequest


def care_meanwhile(appointment_request: "AppointmentRequest") -> str:
    """How soon this patient has to get care while we still owe an answer: "now", "today", or "" when it may wait.

    It follows from the urgency alone, so whoever reads it learns of no sign. The words are those of the help page
    and of the form: appointments/includes/meanwhile.html.
    """
    if not appointment_request.is_owed_an_answer or appointment_request.urgency > Urgency.URGENT:
        return ""
    return "now" if appointment_request.urgency == Urgency.EMERGENCY else "today"
