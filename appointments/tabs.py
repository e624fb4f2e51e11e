"""The tabs of the queue: which requests each shows, in which order, and how many there are."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q

from appointments.day_calendar import bounds
from appointments.lifecycle import RequestStatus, Urgency
from appointments.models import AppointmentRequest
from appointments.models.request import NEVER
from appointments.models.sending import QUEUE_ORDER, AppointmentRequestQuerySet
from appointments.models.waiting import somebody_has
from appointments.promise import ALLOWANCES, is_near, margin_of
from clinic.hours import NoWorkingTime, WorkingHours

if TYPE_CHECKING:
    from django.contrib.auth.models import User

BY_APPOINTMENT = ("appointment_starts_at", "id")


@dataclass(frozen=True)
class Look:
    """Who looks at the queue, when (an aware time), and the clinic's hours."""

    user: "User"
    now: datetime.datetime
    hours: WorkingHours

    def today(self) -> tuple[datetime.datetime, datetime.datetime]:
        """The begin and the end of the day on the clinic's calendar."""
        return bounds(self.now.astimezone(self.hours.zone).date(), self.hours)


@dataclass(frozen=True)
class Tab:
    """One tab. `which` is its condition; those `in_queue` are narrowed to the queue, and stand in its order.
    What it says when it holds nothing is `empty`."""

    key: str
    label: str
    which: Callable[[Look], Q]
    empty: str
    in_queue: bool = True

    @property
    def order(self) -> tuple[str, ...]:
        """The order of its rows, one for everybody and for every page."""
        return QUEUE_ORDER if self.in_queue else BY_APPOINTMENT

    def of(self, requests: AppointmentRequestQuerySet, look: Look) -> AppointmentRequestQuerySet:
        """These requests narrowed to the tab."""
        narrowed = requests.in_queue() if self.in_queue else requests
        return narrowed.filter(self.which(look))


def everything(look: Look) -> Q:
    """No condition."""
    return Q()


def mine(look: Look) -> Q:
    """What this person has now, or will do."""
    return Q(claimed_by=look.user, claimed_until__gt=look.now) | Q(next_step_by=look.user)


def unclaimed(look: Look) -> Q:
    """What nobody has."""
    return ~somebody_has(look.now)


def urgent(look: Look) -> Q:
    """Emergencies and what is urgent."""
    return Q(urgency__lte=Urgency.URGENT)


def promise_near(look: Look) -> Q:
    """The promise stands, and little time is left for it, or none."""
    # due_at is in the index of the queue, and NEVER where the promise does not stand. The first comparison tells
    # most rows: no urgency has a longer margin.
    try:
        latest = look.hours.add_working_time(
            look.now, max(margin_of(allowance) for allowance in ALLOWANCES.values())
        )
    except NoWorkingTime:
        latest = NEVER
    return Q(due_at__lt=latest) & is_near(look.now, look.hours, "due_at")


def waiting_for_patient(look: Look) -> Q:
    """The patient was asked for something."""
    return Q(status=RequestStatus.AWAITING_PATIENT)


def needs_new_dates(look: Look) -> Q:
    """Open, and every time that the patient prefers has passed."""
    # Of the queue all is open but what is booked and worse. Few have an end in the past: that is asked first.
    return Q(windows_end_at__lt=look.now) & ~Q(status=RequestStatus.BOOKED)


def booked_today(look: Look) -> Q:
    """Appointments of this day on the clinic's calendar."""
    # Whatever has an appointment is booked: a constraint says so, and the index need not ask the table.
    begin, end = look.today()
    return Q(appointment_starts_at__gte=begin, appointment_starts_at__lt=end)


TABS = (
    Tab("open", "Open", everything, "No request waits. New ones appear here as patients send them."),
    Tab("mine", "Mine", mine, "You have no request now. “Take next” gives you the first one that waits."),
    Tab("unclaimed", "Unclaimed", unclaimed, "No request waits that nobody has."),
    Tab("urgent", "Urgent", urgent, "No urgent request waits."),
    Tab("promise", "Promise near", promise_near, "No promise ends soon, and none was missed."),
    Tab("patient", "Waiting for patient", waiting_for_patient, "We wait for the answer of no patient."),
    Tab("dates", "Needs new dates", needs_new_dates, "No open request has run out of dates."),
    Tab("today", "Booked today", booked_today, "No appointment is booked for today.", in_queue=False),
)
TAB_BY_KEY = {tab.key: tab for tab in TABS}


def counts(look: Look) -> dict[str, int]:
    """How many requests each tab holds, by its key: exact. Two queries: one that reads the index of the queue once,
    from end to end, and one for the day's appointments."""
    read = {tab.key: Count("pk", filter=tab.which(look) or None) for tab in TABS if tab.in_queue}
    # What somebody has is quicker to tell than what nobody has.
    read["unclaimed"] = Count("pk", filter=somebody_has(look.now))
    numbers = AppointmentRequest.objects.in_queue().aggregate(**read)
    numbers["unclaimed"] = numbers["open"] - numbers["unclaimed"]
    others = {tab.key: tab.of(AppointmentRequest.objects.all(), look).count() for tab in TABS if not tab.in_queue}
    return {**numbers, **others}
