"""The mail to a patient as it would go out, before it goes: done, read, and rolled back."""

from collections.abc import Callable

from django.db import transaction

from appointments.models import AppointmentRequest
from clinic.models import OutgoingMail
from clinic.outbox import Message, NothingToSend, written


def mail_of(appointment_request: AppointmentRequest, act: Callable[[], object]) -> Message | None:
    """The mail that `act` would queue about this request; None when there is none. Nothing stays of the act.

    Raises what `act` raises, such as MoveRefused. The object in memory is as `act` left it: read it anew.
    """
    with transaction.atomic():
        mails = OutgoingMail.objects.about(appointment_request.topic)
        before = set(mails.values_list("pk", flat=True))
        act()
        mail = mails.exclude(pk__in=before).last()
        try:
            return written(mail) if mail is not None else None
        except NothingToSend:
            return None
        finally:
            transaction.set_rollback(True)
