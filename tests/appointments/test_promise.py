"""The promise against a slow, obvious twin, and by examples with the dates written out."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from appointments.lifecycle import Urgency
from appointments.promise import reply_by
from clinic.hours import NoWorkingTime, WorkingHours
from tests.clinic.test_hours import (
    LOS_ANGELES,
    TWIN_GIVES_UP_AFTER,
    calendars_and_starts,
    clock_shows_open,
    in_los_angeles,
    property_test,
    slow_add_working_time,
    weekdays,
)

MINUTE = timedelta(minutes=1)

# Written out again by hand: a change of the table is a change of what patients are told.
WORKING_HOURS_ALLOWED = {
    Urgency.EMERGENCY: 1,
    Urgency.URGENT: 4,
    Urgency.SOON: 8,
    Urgency.ROUTINE: 16,
}

CLINIC = WorkingHours(
    periods=weekdays((time(9), time(12)), (time(13), time(17))),
    closed_dates=frozenset({date(2026, 11, 26)}),  # Thanksgiving
    zone=LOS_ANGELES,
)


def slow_reply_by(hours: WorkingHours, received_at: datetime, urgency: Urgency) -> datetime | None:
    """Walk minute by minute to the end of the allowance, then on to a multiple of five or to closing time."""
    allowed = timedelta(hours=WORKING_HOURS_ALLOWED[urgency])
    instant = slow_add_working_time(hours, received_at, allowed)
    if instant is None:
        return None
    while instant.minute % 5 and clock_shows_open(hours, instant):
        instant += MINUTE
    return instant


@property_test
@given(calendars_and_starts(), st.sampled_from(Urgency))
def test_reply_by_agrees_with_the_slow_twin(
    calendar_and_start: tuple[WorkingHours, datetime], urgency: Urgency
) -> None:
    hours, received_at = calendar_and_start
    expected = slow_reply_by(hours, received_at, urgency)
    try:
        answer = reply_by(received_at, urgency, hours)
    except NoWorkingTime:
        assert expected is None
        return
    assert answer.tzinfo is hours.zone
    if expected is None:
        assert answer.astimezone(UTC) > received_at + TWIN_GIVES_UP_AFTER
    else:
        assert answer.astimezone(UTC) == expected


@property_test
@given(calendars_and_starts(), st.timedeltas(timedelta(0), MINUTE))
def test_more_urgent_is_never_promised_later(
    calendar_and_start: tuple[WorkingHours, datetime], past_the_minute: timedelta
) -> None:
    hours, received_at = calendar_and_start
    received_at += past_the_minute
    try:
        promises = [reply_by(received_at, urgency, hours).astimezone(UTC) for urgency in sorted(Urgency)]
    except NoWorkingTime:
        return
    assert received_at < promises[0]
    assert promises == sorted(promises)


def spans_change(hours: WorkingHours, start: datetime, change: int) -> bool:
    """Whether a routine promise is reckoned over a change of the clock: +1 forward, -1 back."""
    end = slow_reply_by(hours, start, Urgency.ROUTINE)
    if end is None:
        return False
    before, after = (moment.astimezone(hours.zone).utcoffset() for moment in (start, end))
    return before is not None and after is not None and (after - before) * change > timedelta(0)


def spans_closed_date(hours: WorkingHours, start: datetime) -> bool:
    """Whether a day off, on which it would be open otherwise, lies between."""
    end = slow_reply_by(hours, start, Urgency.ROUTINE)
    first = start.astimezone(hours.zone).date()
    return end is not None and any(
        first < day < end.astimezone(hours.zone).date() and hours.periods.get(day.weekday())
        for day in hours.closed_dates
    )


def spans_lunch(hours: WorkingHours, start: datetime) -> bool:
    """Whether an urgent promise begins in one period of a day and ends in a later one of the same day."""
    end = slow_reply_by(hours, start, Urgency.URGENT)
    if end is None or not clock_shows_open(hours, start):
        return False
    closes = hours.open_until(start)
    same_day = end.astimezone(hours.zone).date() == start.astimezone(hours.zone).date()
    return same_day and closes is not None and closes.astimezone(UTC) < end


@pytest.mark.parametrize(
    "reaches",
    [
        pytest.param(lambda hours, start: spans_change(hours, start, +1), id="clocks go forward"),
        pytest.param(lambda hours, start: spans_change(hours, start, -1), id="clocks go back"),
        pytest.param(spans_closed_date, id="closed date"),
        pytest.param(spans_lunch, id="lunch"),
        pytest.param(lambda hours, start: any(len(day) == 3 for day in hours.periods.values()), id="three periods"),
    ],
)
def test_random_calendars_reach_what_is_hard(reaches: Callable[[WorkingHours, datetime], bool]) -> None:
    """Or the twin would agree about nothing that matters."""
    find(
        calendars_and_starts(),
        lambda calendar_and_start: reaches(*calendar_and_start),
        settings=settings(max_examples=2_000, deadline=None, database=None, phases=[Phase.generate]),
        random=Random(0),  # noqa: S311 - always the same examples
    )


def test_every_urgency_has_a_promise() -> None:
    assert set(WORKING_HOURS_ALLOWED) == set(Urgency)


@pytest.mark.parametrize(
    ("received", "urgency", "promised"),
    [
        pytest.param("2026-11-23 09:00", Urgency.EMERGENCY, "2026-11-23 10:00", id="emergency"),
        pytest.param("2026-11-23 09:00", Urgency.URGENT, "2026-11-23 14:00", id="urgent, over lunch"),
        pytest.param("2026-11-23 09:00", Urgency.SOON, "2026-11-24 10:00", id="soon: eight hours, not a day"),
        pytest.param("2026-11-23 09:00", Urgency.ROUTINE, "2026-11-25 11:00", id="routine"),
        pytest.param("2026-11-25 10:00", Urgency.ROUTINE, "2026-11-30 12:00", id="over Thanksgiving"),
        pytest.param("2026-11-28 23:10", Urgency.EMERGENCY, "2026-11-30 10:00", id="emergency on Saturday"),
        pytest.param("2026-11-23 16:00", Urgency.EMERGENCY, "2026-11-23 17:00", id="exactly at closing time"),
        pytest.param("2026-11-23 16:01", Urgency.EMERGENCY, "2026-11-24 09:05", id="one minute too late"),
        pytest.param("2026-11-23 09:02:30", Urgency.EMERGENCY, "2026-11-23 10:05", id="rounded up"),
        pytest.param("2026-11-23 09:05", Urgency.EMERGENCY, "2026-11-23 10:05", id="already round"),
        pytest.param("2026-11-23 09:05:00.000001", Urgency.EMERGENCY, "2026-11-23 10:10", id="just past"),
        pytest.param("2026-03-06 16:30", Urgency.URGENT, "2026-03-09 13:30", id="clocks go forward"),
        pytest.param("2026-10-30 16:30", Urgency.URGENT, "2026-11-02 13:30", id="clocks go back"),
    ],
)
def test_reply_by_by_examples(received: str, urgency: Urgency, promised: str) -> None:
    assert reply_by(in_los_angeles(received), urgency, CLINIC) == in_los_angeles(promised)


@pytest.mark.parametrize(
    ("received", "promised"),
    [
        pytest.param("2026-11-23 10:01", "2026-11-23 11:05", id="rounds within the period"),
        pytest.param("2026-11-23 10:31", "2026-11-23 11:33", id="stops at closing time"),
        pytest.param("2026-11-23 10:33", "2026-11-23 11:33", id="stands at closing time"),
    ],
)
def test_reply_by_is_never_past_closing_time(received: str, promised: str) -> None:
    week = weekdays((time(9), time(11, 33)), (time(11, 34), time(17)))
    hours = WorkingHours(week, frozenset(), LOS_ANGELES)
    assert reply_by(in_los_angeles(received), Urgency.EMERGENCY, hours) == in_los_angeles(promised)


def test_reply_by_rounds_across_periods_that_touch() -> None:
    week = weekdays((time(9), time(11, 33)), (time(11, 33), time(17)))
    hours = WorkingHours(week, frozenset(), LOS_ANGELES)
    promised = reply_by(in_los_angeles("2026-11-23 10:32"), Urgency.EMERGENCY, hours)
    assert promised == in_los_angeles("2026-11-23 11:35")


def test_reply_by_rounds_up_into_the_second_showing_of_an_hour() -> None:
    hours = WorkingHours({6: [(time(0), time(1, 3)), (time(1, 20), time(5))]}, frozenset(), LOS_ANGELES)
    # 27 minutes to 01:03 and 33 from 01:20, all in daylight time.
    promised = reply_by(in_los_angeles("2026-11-01 00:36"), Urgency.EMERGENCY, hours)
    assert promised.isoformat() == "2026-11-01T01:55:00-07:00"
    # Due at 01:59 in daylight time: a minute later the clock shows 01:00 again.
    promised = reply_by(in_los_angeles("2026-11-01 00:42"), Urgency.EMERGENCY, hours)
    assert promised.isoformat() == "2026-11-01T01:00:00-08:00"


def test_reply_by_takes_the_instant_as_the_database_gives_it_and_answers_in_the_clinics_zone() -> None:
    promised = reply_by(datetime(2026, 11, 23, 17, 0, tzinfo=UTC), Urgency.EMERGENCY, CLINIC)
    assert promised.isoformat() == "2026-11-23T10:00:00-08:00"


def test_reply_by_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a datetime with a time zone"):
        reply_by(datetime(2026, 11, 23, 9), Urgency.ROUTINE, CLINIC)


def test_reply_by_without_any_opening_raises() -> None:
    with pytest.raises(NoWorkingTime):
        reply_by(
            in_los_angeles("2026-11-23 09:00"),
            Urgency.EMERGENCY,
            WorkingHours({}, frozenset(), LOS_ANGELES),
        )
