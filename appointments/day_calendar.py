"""One day of booked appointments: who sees whom at what time, where two clash, and what is still free.

No HTTP. Times are kept in UTC, where adding and comparing follow the time that really passes: on the two days on
which clocks change, a day of the clinic's calendar has 23 or 25 hours.
"""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appointments.calendar_file import BLOCKED
from appointments.models import AppointmentRequest
from appointments.roles import clinicians
from clinic.hours import WorkingHours
from clinic.models import working_hours

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Stretch = tuple[datetime.datetime, datetime.datetime]  # from, until; in UTC


@dataclass(frozen=True)
class Booked:
    """An appointment, and those of the same clinician that take place at the same time."""

    appointment_request: AppointmentRequest
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    clashes: tuple[AppointmentRequest, ...] = ()


@dataclass(frozen=True)
class Free:
    """A stretch of opening time that is still to come, long enough for an appointment, in which none is booked."""

    starts_at: datetime.datetime
    ends_at: datetime.datetime


@dataclass(frozen=True)
class Column:
    """The day of one clinician, in order of time; of None: what was booked without naming one."""

    clinician: "User | None"
    entries: Sequence[Booked | Free]

    @property
    def booked_count(self) -> int:
        """How many appointments there are."""
        return sum(isinstance(entry, Booked) for entry in self.entries)


@dataclass(frozen=True)
class Day:
    """The clinic's appointments of one date. `is_open` is False on closed dates and days without hours."""

    date: datetime.date
    is_open: bool
    columns: Sequence[Column]

    @property
    def booked_count(self) -> int:
        """How many appointments there are."""
        return sum(column.booked_count for column in self.columns)

    @property
    def clash_count(self) -> int:
        """How many of them take place while the same clinician has another one."""
        return sum(
            isinstance(entry, Booked) and bool(entry.clashes) for column in self.columns for entry in column.entries
        )


def day_of(date: datetime.date, now: datetime.datetime) -> Day:
    """The appointments of this date on the clinic's calendar, with what is free after `now`, an aware time.

    A column for every clinician of today, by name, for whoever else has an appointment, and at last for what was
    booked without a name. Three queries, whatever is booked. Raises ClinicProfile.DoesNotExist before the clinic's
    profile is loaded.
    """
    hours = working_hours()
    openings = [(max(opens, now), closes) for opens, closes in openings_of(date, hours)]
    start, end = bounds(date, hours)
    by_clinician: dict[User | None, list[AppointmentRequest]] = {clinician: [] for clinician in clinicians()}
    for appointment_request in AppointmentRequest.objects.appointments_from(start, end):
        by_clinician.setdefault(appointment_request.appointment_with, []).append(appointment_request)
    nobody = by_clinician.pop(None, [])
    columns = [
        Column(clinician, in_order([*booked(theirs), *free(openings if clinician.is_active else (), theirs)]))
        for clinician, theirs in by_clinician.items()
        if clinician is not None
    ]
    if nobody:  # nobody is known to be in two places at once
        columns.append(Column(None, [_alone(appointment_request) for appointment_request in nobody]))
    return Day(date, bool(openings_of(date, hours)), columns)


def bounds(date: datetime.date, hours: WorkingHours) -> Stretch:
    """The first instant of this date on the clinic's calendar, and that of the next one."""
    midnights = (datetime.datetime.combine(day, datetime.time(), hours.zone) for day in (date, next_day(date)))
    start, end = (midnight.astimezone(datetime.UTC) for midnight in midnights)
    return start, end


def next_day(date: datetime.date, days: int = 1) -> datetime.date:
    """The date so many days later."""
    return date + datetime.timedelta(days=days)


def openings_of(date: datetime.date, hours: WorkingHours) -> list[Stretch]:
    """When the clinic is open on this date."""
    if date in hours.closed_dates:
        return []
    clock = (
        [datetime.datetime.combine(date, time, hours.zone).astimezone(datetime.UTC) for time in period]
        for period in hours.periods.get(date.weekday(), ())
    )
    return [(opens, closes) for opens, closes in clock]


def booked(appointment_requests: Sequence[AppointmentRequest]) -> Iterator[Booked]:
    """The appointments of one clinician, each with those that begin before it ends and end after it begins."""
    alone = [_alone(appointment_request) for appointment_request in appointment_requests]
    for one in alone:
        clashes = tuple(
            other.appointment_request
            for other in alone
            if other is not one and other.starts_at < one.ends_at and one.starts_at < other.ends_at
        )
        yield Booked(one.appointment_request, one.starts_at, one.ends_at, clashes)


def free(openings: Iterable[Stretch], appointment_requests: Sequence[AppointmentRequest]) -> Iterator[Free]:
    """What is left of the openings beside these appointments of one clinician, given in order of time."""
    for opens, closes in openings:
        start = opens
        for one in map(_alone, appointment_requests):
            if one.ends_at > opens and one.starts_at < closes:
                if one.starts_at - start >= BLOCKED:
                    yield Free(start, one.starts_at)
                start = max(start, one.ends_at)
        if closes - start >= BLOCKED:
            yield Free(start, closes)


def in_order(entries: Iterable[Booked | Free]) -> list[Booked | Free]:
    """By the time at which they begin; of two at one time the one that was sent first stands first."""
    return sorted(entries, key=lambda entry: entry.starts_at)


def _alone(appointment_request: AppointmentRequest) -> Booked:
    if appointment_request.appointment_starts_at is None:
        raise ValueError("only a booked request has a place in a day")
    starts_at = appointment_request.appointment_starts_at.astimezone(datetime.UTC)
    return Booked(appointment_request, starts_at, starts_at + BLOCKED)
