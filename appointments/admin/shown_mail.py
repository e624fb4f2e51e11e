"""The mail to a patient as it would go out, before it goes: done, read, and rolled back."""

from collections.abc import Callable
from dataclasses import replace

from django.db import transaction

from appointments.models import AppointmentRequest
from appointments.status_link import token_of
from clinic.models import OutgoingMail
from clinic.outbox import Message, NothingToSend, written


def mail_of(appointment_request: AppointmentRequest, act: Callable[[], object]) -> Message | None:
    """The mail that `act` would queue about this request; None when there is none. Nothing stays of the act.

    In it the secret of the status link is left out: it is the patient's alone, not even the staff's.
    Raises what `act` raises, such as MoveRefused. The object in memory is as `act` left it: read it anew.
    """
    with transaction.atomic():
        mails = OutgoingMail.objects.about(appointment_request.topic)
        before = set(mails.values_list("pk", flat=True))
        act()
        mail = mails.exclude(pk__in=before).last()
        try:
            return _without_secret(written(mail), appointment_request) if mail is not None else None
        except NothingToSend:
            return None
        finally:
            transaction.set_rollback(True)


def _without_secret(message: Message, appointment_request: AppointmentRequest) -> Message:
    try:
        token = token_of(appointment_request.key, appointment_request.token_digest)
    except LookupError:  # then the mail has no link either
        return message
    return replace(message, text=message.text.replace(token, "…"), html=message.html.replace(token, "…"))
