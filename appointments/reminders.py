"""What the clock brings about: times that have passed, promises that come near, and the summary of the day.

Any number of workers may run at once. In each of the three, a conditional statement decides who acts: the row count
says so, and the mail is queued in the same transaction.
"""

import threading
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from appointments import emails
from appointments.models import AppointmentRequest, DailySummary
from appointments.promise import is_near
from clinic import outbox
from clinic.models import working_hours
from clinic.worker import work_until

PAUSE = 60.0  # seconds


def remind_until(stop: threading.Event) -> None:
    """Remind once a minute until `stop` is set. See `work_until`."""

    def step() -> bool:
        remind(timezone.now())
        return False

    work_until(stop, step, pause=PAUSE)


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
        outbox.queue(emails.about(appointment_request, emails.new_dates_needed))
    return True


@transaction.atomic
def warn_of_promises(now: datetime) -> int:
    """One mail to the staff about all promises that have come near since the last one; each once, and one that was
    made anew is another. How many. Two queries, and two more when there are any. Commits once."""
    unwarned = AppointmentRequest.objects.with_unwarned_promise().filter(is_near(now, working_hours()))
    # What another worker is warning of just now is passed by.
    near = list(unwarned.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True))
    if near:
        AppointmentRequest.objects.filter(pk__in=near).update(warned_reply_by=F("reply_by"))
        outbox.queue(outbox.queued(emails.staff_promise_near, request_ids=near))
    return len(near)


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
