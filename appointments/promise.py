"""The promise: the time by which the clinic answers an appointment request, as told to the patient.

It is worked out once, when the request arrives, and kept on the request. Page, mail and queue read what was
kept. The allowances below are the clinic's own choices of service, not a clinical rule, for it to confirm.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from django.db.models import Q

from appointments.lifecycle import Urgency
from clinic.hours import NoWorkingTime, WorkingHours
from clinic.models import working_hours

WORKING_DAY = timedelta(hours=8)

ALLOWANCES: Mapping[Urgency, timedelta] = MappingProxyType(
    {
        Urgency.EMERGENCY: timedelta(hours=1),
        Urgency.URGENT: timedelta(hours=4),
        Urgency.SOON: WORKING_DAY,
        Urgency.ROUTINE: 2 * WORKING_DAY,
    }
)

# A promise is near when less working time than this is left: a quarter of what was allowed, or half an hour where
# that is more. The clinic's own choice of service, for it to confirm.
NEAR_PART = 4
NEAR_AT_LEAST = timedelta(minutes=30)

# People are told "by 3:25 pm", never "by 3:22 and 41 seconds pm".
ROUNDED_TO = timedelta(minutes=5)

_WHOLE = datetime(2000, 1, 1, tzinfo=UTC)


def reply_by(received_at: datetime, urgency: Urgency, hours: WorkingHours) -> datetime:
    """Return the time by which a request received at `received_at` is answered, in the clinic's zone.

    The working time allowed for each urgency stands in `ALLOWANCES`. Those are the clinic's own choices of
    service, not a clinical rule, and for the clinic to confirm. A working day there is eight hours of
    working time, however long the clinic is open on the day. The end is rounded up to the next five minutes,
    but never past the closing time of the opening in which it falls: nobody is there to answer after it.

    `received_at` may be in any zone. Raises `ValueError` when it has none, and `clinic.hours.NoWorkingTime`
    when the clinic has no opening within 400 days.
    """
    due = hours.add_working_time(received_at, ALLOWANCES[urgency])
    closes = hours.open_until(due)
    if closes is None:  # due exactly at closing time
        return due
    # In UTC, because two times in one zone compare as the clock reads, which misleads when clocks go back.
    due, closes = due.astimezone(UTC), closes.astimezone(UTC)
    rounded = due + (_WHOLE - due) % ROUNDED_TO
    return min(rounded, closes).astimezone(hours.zone)


def promise(received_at: datetime, urgency: Urgency) -> datetime | None:
    """The reply-by time for a request received then, by the clinic's own opening hours; None when it has none.

    One query. Raises ClinicProfile.DoesNotExist before the clinic's profile is loaded.
    """
    return promised_by(received_at, urgency, working_hours())


def promised_by(received_at: datetime, urgency: Urgency, hours: WorkingHours) -> datetime | None:
    """`reply_by`, or None for a clinic that has no opening to promise by."""
    try:
        return reply_by(received_at, urgency, hours)
    except NoWorkingTime:
        return None


def margin_of(allowance: timedelta) -> timedelta:
    """How much working time before its end a promise with this allowance is near."""
    return max(allowance / NEAR_PART, NEAR_AT_LEAST)


def is_near(now: datetime, hours: WorkingHours, ends: str = "reply_by") -> Q:
    """The requests of which, for their urgency, little working time is left at `now` until the promise, or none.

    `now` is aware; `ends` names the field of the promised time. Whether the promise still stands is another
    question: see OWED_AN_ANSWER.
    """
    near = Q()
    for urgency, allowance in ALLOWANCES.items():
        try:
            near |= Q(("urgency", urgency), (f"{ends}__lt", hours.add_working_time(now, margin_of(allowance))))
        except NoWorkingTime:  # nobody comes any more: what was promised cannot be kept
            near |= Q(("urgency", urgency), (f"{ends}__isnull", False))
    return near
