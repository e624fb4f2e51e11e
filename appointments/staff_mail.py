"""What every mail to the staff says: reference numbers and links into the admin, and nothing of any patient."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse

from appointments import models  # as a module: it is being loaded while this is
from appointments.patient_mail import clinic_time
from clinic.models import ClinicProfile
from clinic.outbox import Message, NothingToSend


def to_staff(
    template: str, subject: str, requests: Iterable["models.AppointmentRequest"] = (), **values: Any
) -> Message:
    """The mail of the templates mail/`template`, in English, about these requests. Raises NothingToSend when the
    clinic's profile names no address of the staff."""
    clinic = ClinicProfile.objects.get()
    if not clinic.staff_email:
        raise NothingToSend("The profile names no address of the staff.")
    rows = [_facts(appointment_request, clinic) for appointment_request in requests]
    queue = _page("changelist")
    return Message.from_templates(
        f"mail/{template}", clinic.staff_email, subject, requests=rows, queue=queue, **values
    )


def _facts(appointment_request: "models.AppointmentRequest", clinic: ClinicProfile) -> dict[str, Any]:
    reply_by = appointment_request.reply_by
    return {
        "reference": appointment_request.reference,
        "urgency": appointment_request.get_urgency_display(),
        "promised": clinic_time(reply_by, clinic) if reply_by else "",
        "page": _page("change", appointment_request.pk),
    }


def _page(name: str, *args: int) -> str:
    return settings.SITE_ADDRESS + reverse(f"admin:appointments_appointmentrequest_{name}", args=args)
