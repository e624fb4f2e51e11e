"""What the clock brings about: times that have passed, promises that come near, and the summary of the day.

Any number of workers may run at once. In each of the three, a conditional statement decides who acts: the row count
says so, and the mail is queued in the same transaction.
"""

import logging
import threading
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from appointments import emails
from appointments.lifecycle import Urgency
from appointments.models import AppointmentRequest, DailySummary
from appointments.promise import ALLOWANCES
from clinic import outbox
from clinic.hours import WorkingHours
from clinic.models import working_hours
from clinic.readable_errors import is_database_unreachable

PAUSE = 60.0  # seconds

# A promise is near when less working time than this is left: a quarter of what was allowed, or half an hour where
# that is more. The clinic's own choice of service, for it to confirm.
NEAR_PART = 4
NEAR_AT_LEAST = timedelta(minutes=30)

logger = logging.getLogger(__name__)


def remind_until(stop: threading.Event) -> None:
    """Remind once a minute until `stop` is set.

    A database that goes away is waited for. Raises any other error: whoever runs the worker starts it again. Leaves
    this thread's database connection closed.
    """
    try:
        while not stop.is_set():
            try:
                remind(timezone.now())
            except Exception as error:
                if not is_database_unreachable(error):
                    raise
                logger.warning("The database is away (%s): trying again", type(error).__name__)
                connection.close()
            stop.wait(PAUSE)
    finally:
        connection.close()


def remind(now: datetime) -> None:
    """Do what the clock asks for at `now`, an aware time. Commits each thing by itself."""
    ask_for_new_dates(now)
    warn_of_promises(now)
    send_daily_summary(now)


def ask_for_new_dates(now: datetime) -> int:
    """Ask each patient once whose preferred times have all passed; without an address the mark alone says so to the
    staff. How many were asked. Commits each."""
    passed = AppointmentRequest.objects.in_need_of_dates(now)
    return sum(_ask_for_new_dates(pk, now) for pk in passed.values_list("pk", flat=True))


@transaction.atomic
def _ask_for_new_dates(pk: int, now: datetime) -> bool:
    if not AppointmentRequest.objects.in_need_of_dates(now).filter(pk=pk).update(dates_asked_at=now):
        return False  # another worker was first, or the patient, with new times
    appointment_request = AppointmentRequest.objects.get(pk=pk)
    if appointment_request.email:
        mail = outbox.queued(emails.new_dates_needed, topic=appointment_request.topic, request_id=pk)
        outbox.queue(mail)
    return True


@transaction.atomic
def warn_of_promises(now: datetime) -> int:
    """One mail to the staff about all promises that have come near since the last one; each once, and one that was
    made anew is another. How many. Commits once."""
    hours = working_hours()
    unwarned = AppointmentRequest.objects.with_unwarned_promise()
    # In one order for all workers, so that none waits for a row while it holds another's.
    owed = list(unwarned.order_by("pk").values_list("pk", "urgency", "reply_by"))
    near = [pk for pk, urgency, reply_by in owed if reply_by and is_near(reply_by, urgency, now, hours)]
    warned = [pk for pk in near if unwarned.filter(pk=pk).update(warned_reply_by=F("reply_by"))]
    if warned:
        outbox.queue(outbox.queued(emails.staff_promise_near, request_ids=warned))
    return len(warned)


def is_near(reply_by: datetime, urgency: int, now: datetime, hours: WorkingHours) -> bool:
    """True when little working time is left until `reply_by`, or none."""
    margin = max(ALLOWANCES[Urgency(urgency)] / NEAR_PART, NEAR_AT_LEAST)
    return hours.working_time_between(now, reply_by) < margin


@transaction.atomic
def send_daily_summary(now: datetime) -> bool:
    """Send the summary when the clinic is first found open on its day; whether it was sent now. Commits once."""
    hours = working_hours()
    if hours.open_until(now) is None:
        return False
    _, is_first = DailySummary.objects.get_or_create(date=now.astimezone(hours.zone).date())
    if is_first:
        outbox.queue(outbox.queued(emails.staff_daily_summary))
    return is_first
