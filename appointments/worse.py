"""It has got worse: the patient says so, and the request is looked at first."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from appointments import emails
from appointments.lifecycle import Urgency, urgency_of
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from appointments.patient_word import earliest_promise, take_word
from clinic import outbox
from conditions.models import RedFlag


def report_worse(appointment_request: AppointmentRequest, red_flags: Iterable[RedFlag], words: str) -> RequestEvent:
    """Raise a request that has got worse: at least to urgent, to what these red flags ask for, and never down.

    That a worsening is urgent whatever the signs is the clinic's own choice of service, for it to confirm. In one
    transaction: the row of the record with the red flags and the `words`, a new promise, a request that waited for
    the patient back in review, the mail to the patient and the one to the staff. Said again before anybody has
    looked, it keeps its place in the queue. Raises what `take_word` raises.
    """
    flags, now = list(red_flags), timezone.now()
    asked_for = urgency_of(flag.tier for flag in flags)
    urgency = Urgency(min(appointment_request.urgency, asked_for, Urgency.URGENT))
    with transaction.atomic():
        event = take_word(
            appointment_request,
            EventKind.WORSE,
            note=words,
            red_flags=flags,
            urgency=urgency,
            worse_at=appointment_request.worse_at or now,
            reply_by=earliest_promise(appointment_request, now, urgency),
        )
        mails = [emails.staff_urgent, *([emails.worse_received] if appointment_request.email else [])]
        outbox.queue(*(emails.about(appointment_request, mail) for mail in mails))
    return event
