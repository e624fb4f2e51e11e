"""Whether our mail reaches the patient of a request."""

from django.db.models import Q

from appointments import emails
from appointments.models import AppointmentRequest, EventKind
from clinic.models import OutgoingMail

# To the staff; and to an address that is not the patient's any more.
_TO_OTHERS = Q(function__startswith=f"{emails.__name__}.staff_") | Q(
    function=f"{emails.__name__}.{emails.contact_changed.__name__}"
)


def mail_does_not_arrive(appointment_request: AppointmentRequest) -> bool:
    """True when the last mail to the patient failed for good, and no other address was given since. One query, or
    two."""
    to_patient = OutgoingMail.objects.about(appointment_request.topic).exclude(_TO_OTHERS)
    last = to_patient.exclude(sent_at=None, failed_at=None).order_by("-id").first()
    if last is None or last.failed_at is None:
        return False
    since = appointment_request.events.filter(kind=EventKind.CONTACT_CHANGED, changed_at__gte=last.failed_at)
    return all(event.before.get("email") == event.after.get("email") for event in since)
