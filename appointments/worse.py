"""It has got worse: the patient says so, and the request is looked at first."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from appointments import emails
from appointments.lifecycle import Urgency, urgency_of
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from appointments.models.answers import Course
from appointments.patient_word import earliest_promise, heard_by, keep_word, take_word
from clinic import outbox
from conditions.models import RedFlag

# Who answers "getting worse" again in a second form: sooner than this the same is said twice, later it is news.
NEWS_AFTER = timedelta(days=1)


def report_worse(appointment_request: AppointmentRequest, red_flags: Iterable[RedFlag], words: str) -> RequestEvent:
    """Raise a request that has got worse: at least to urgent, to what these red flags ask for, and never down.

    That a worsening is urgent whatever the signs is the clinic's own choice of service, for it to confirm. In one
    transaction: the row of the record with the red flags and the `words`, a new promise, a request that waited for
    the patient back in review, the mail to the patient and the one to the staff. Said again before anybody has
    looked, it keeps its place in the queue. Said of a duplicate, all of this happens to its original; the duplicate
    keeps it too, should it turn out to be none. Raises what `take_word` raises.
    """
    flags, heard = list(red_flags), heard_by(appointment_request, EventKind.WORSE)
    seen = heard.version
    asked_for = urgency_of(flag.tier for flag in flags)
    said: dict[str, Any] = {"note": words, "red_flags": flags}
    with transaction.atomic():
        event = take_word(heard, EventKind.WORSE, **said, **_raised(heard, asked_for))
        if event.version <= seen:  # said just now
            return event
        if heard != appointment_request:
            keep_word(appointment_request, EventKind.WORSE, **said, **_raised(appointment_request, asked_for))
        mails = [emails.staff_urgent, *([emails.worse_received] if heard.email else [])]
        outbox.queue(*(emails.about(heard, mail) for mail in mails))
    return event


def report_worse_by_second(earlier: AppointmentRequest, second: AppointmentRequest) -> RequestEvent | None:
    """Raise a request, which is locked, when a second one of the same person says that it has got worse since.

    That is when the second one is more urgent, or says "getting worse" where the earlier one did not, or did a day
    ago. Commits the same as `report_worse`, but the mails are the caller's: to the patient there is none, for the
    sender may be a stranger who would learn who has asked. None when the second one says nothing of the kind.
    """
    note = _says_worse(earlier, second)
    if not note:
        return None
    raised = _raised(earlier, Urgency(second.urgency))
    return keep_word(earlier, EventKind.WORSE, note=f"Sent a second request, {second.reference}, {note}", **raised)


def _says_worse(earlier: AppointmentRequest, second: AppointmentRequest) -> str:
    """In words for the staff; "" when it does not."""
    if second.urgency < earlier.urgency:
        return "which is more urgent."
    is_news = earlier.course != Course.WORSE or second.received_at - earlier.received_at >= NEWS_AFTER
    return "which says that it is getting worse." if second.course == Course.WORSE and is_news else ""


def _raised(appointment_request: AppointmentRequest, asked_for: Urgency) -> dict[str, Any]:
    """The values of a request of which somebody says just now that it has got worse. One query."""
    now = timezone.now()
    urgency = Urgency(min(appointment_request.urgency, asked_for, Urgency.URGENT))
    return {
        "urgency": urgency,
        "worse_at": appointment_request.worse_at or now,
        "reply_by": earliest_promise(appointment_request, now, urgency),
    }
