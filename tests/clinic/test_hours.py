"""Working time against a slow, obvious twin, and by examples with the dates written out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.hours import NoWorkingTime, WorkingHours

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
LONDON = ZoneInfo("Europe/London")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clock changes by half an hour

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
TWIN_GIVES_UP_AFTER = timedelta(days=9)

property_test = settings(max_examples=max(300, settings().max_examples), deadline=None)


# The twin: look at the clock on the wall, minute by minute.


def clock_shows_open(hours: WorkingHours, instant: datetime) -> bool:
    """Say whether the clinic's clock shows a time inside a period of a date that is not closed."""
    on_the_wall = instant.astimezone(hours.zone)
    if on_the_wall.date() in hours.closed_dates:
        return False
    periods = hours.periods.get(on_the_wall.weekday(), ())
    return any(opens <= on_the_wall.time() < closes for opens, closes in periods)


def slow_working_time_between(hours: WorkingHours, start: datetime, end: datetime) -> timedelta:
    """Count the open minutes from `start` to `end`, both in UTC and on whole minutes."""
    counted = timedelta(0)
    while start < end:
        if clock_shows_open(hours, start):
            counted += MINUTE
        start += MINUTE
    return counted


def slow_add_working_time(hours: WorkingHours, start: datetime, amount: timedelta) -> datetime | None:
    """Walk from `start` (UTC, whole minute) until `amount` is used up; None if the walk gets too long."""
    instant = start
    while amount:
        if instant - start > TWIN_GIVES_UP_AFTER:
            return None
        if clock_shows_open(hours, instant):
            amount -= MINUTE
        instant += MINUTE
    return instant


# Random calendars, and instants that often lie near a change of the clock.


@cache
def dates_of_clock_changes(zone: ZoneInfo, year: int) -> list[date]:
    """Return the dates on which the clock of `zone` is put forward or back in `year`."""
    changes = []
    midnight = datetime(year, 1, 1, tzinfo=zone)
    while midnight.year == year:
        if (midnight + DAY).utcoffset() != midnight.utcoffset():
            changes.append(midnight.date())
        midnight += DAY
    return changes


def time_of_day(minute: int) -> time:
    """Return the time that many minutes after midnight."""
    return time(minute // 60, minute % 60)


# Every second boundary lies in the early hours, where clocks change.
minutes_of_day = st.integers(0, 240) | st.integers(0, 24 * 60 - 1)


@st.composite
def periods_of_a_day(draw: st.DrawFn) -> list[tuple[time, time]]:
    """Up to three periods, sometimes touching."""
    boundaries = sorted(draw(st.lists(minutes_of_day, max_size=6)))
    pairs = zip(boundaries[::2], boundaries[1::2], strict=False)
    return [(time_of_day(opens), time_of_day(closes)) for opens, closes in pairs if opens < closes]


week_with_lunch_breaks = st.just(
    {weekday: [(time(9), time(12, 30)), (time(13, 15), time(17))] for weekday in range(5)}
)
random_week = st.dictionaries(st.integers(0, 6), periods_of_a_day(), min_size=1)
busy_week = st.fixed_dictionaries({weekday: periods_of_a_day() for weekday in range(7)})


@st.composite
def calendars_and_starts(draw: st.DrawFn) -> tuple[WorkingHours, datetime]:
    """Working hours with holidays, and a start in UTC on a whole minute."""
    zone = draw(st.sampled_from([LOS_ANGELES, LONDON, LORD_HOWE]))
    year = draw(st.integers(2020, 2035))
    near_change = st.sampled_from(dates_of_clock_changes(zone, year))
    day = draw(near_change | st.dates(date(year, 1, 1), date(year, 12, 31)))
    start = datetime.combine(day, time(0), zone).astimezone(UTC)
    start += draw(st.integers(-2 * 24 * 60, 24 * 60)) * MINUTE
    days_off = draw(st.sets(st.integers(-3, 9), max_size=3))
    closed_dates = frozenset(day + count * DAY for count in days_off)
    periods = draw(week_with_lunch_breaks | random_week | busy_week)
    return WorkingHours(periods, closed_dates, zone), start


def test_dates_of_clock_changes_are_the_known_ones() -> None:
    assert dates_of_clock_changes(LOS_ANGELES, 2026) == [date(2026, 3, 8), date(2026, 11, 1)]
    assert dates_of_clock_changes(LONDON, 2026) == [date(2026, 3, 29), date(2026, 10, 25)]
    assert dates_of_clock_changes(LORD_HOWE, 2026) == [date(2026, 4, 5), date(2026, 10, 4)]


@property_test
@given(calendars_and_starts(), st.integers(0, 20 * 60))
def test_add_working_time_agrees_with_the_slow_twin(
    calendar_and_start: tuple[WorkingHours, datetime], minutes: int
) -> None:
    hours, start = calendar_and_start
    expected = slow_add_working_time(hours, start, minutes * MINUTE)
    try:
        answer = hours.add_working_time(start, minutes * MINUTE)
    except NoWorkingTime:
        assert expected is None
        return
    assert answer.tzinfo is hours.zone
    if expected is None:
        assert answer.astimezone(UTC) > start + TWIN_GIVES_UP_AFTER
    else:
        assert answer.astimezone(UTC) == expected


@property_test
@given(calendars_and_starts(), st.integers(0, 6 * 24 * 60))
def test_working_time_between_agrees_with_the_slow_twin(
    calendar_and_start: tuple[WorkingHours, datetime], minutes: int
) -> None:
    hours, start = calendar_and_start
    end = start + minutes * MINUTE
    expected = slow_working_time_between(hours, start, end)
    assert hours.working_time_between(start, end) == expected
    assert hours.working_time_between(end.astimezone(hours.zone), start.astimezone(LONDON)) == -expected


@property_test
@given(calendars_and_starts(), st.integers(-3 * 60, 3 * 60))
def test_open_until_agrees_with_the_slow_twin(
    calendar_and_start: tuple[WorkingHours, datetime], minutes: int
) -> None:
    hours, start = calendar_and_start
    instant = closes = start + minutes * MINUTE
    while clock_shows_open(hours, closes):
        closes += MINUTE
    answer = hours.open_until(instant)
    assert (answer and answer.astimezone(UTC)) == (closes if closes > instant else None)


@property_test
@given(
    calendars_and_starts(),
    st.timedeltas(timedelta(0), timedelta(minutes=1)),
    st.timedeltas(timedelta(0), timedelta(hours=30)),
    st.timedeltas(timedelta(0), timedelta(hours=30)),
)
def test_add_and_between_are_two_sides_of_one_count_to_the_microsecond(
    calendar_and_start: tuple[WorkingHours, datetime],
    past_the_minute: timedelta,
    first: timedelta,
    second: timedelta,
) -> None:
    hours, start = calendar_and_start
    start += past_the_minute
    try:
        there = hours.add_working_time(start, first)
        further = hours.add_working_time(there, second)
    except NoWorkingTime:
        return
    assert hours.working_time_between(start, there) == first
    assert hours.add_working_time(start, first + second).astimezone(UTC) == further.astimezone(UTC)
    if first:  # the earliest such instant: a moment before, the time was not yet used up
        moment_before = there.astimezone(UTC) - timedelta.resolution
        assert hours.working_time_between(start, moment_before) == first - timedelta.resolution


# Examples. The week: Monday to Friday, 9 to 12 and 13 to 17. 2026-11-26 is Thanksgiving.


def weekdays(*periods: tuple[time, time]) -> Mapping[int, Sequence[tuple[time, time]]]:
    """Return a week with the same periods from Monday to Friday."""
    return dict.fromkeys(range(5), periods)


def every_day(*periods: tuple[time, time]) -> Mapping[int, Sequence[tuple[time, time]]]:
    """Return a week with the same periods on all seven days."""
    return dict.fromkeys(range(7), periods)


CLINIC = WorkingHours(
    periods=weekdays((time(13), time(17)), (time(9), time(12))),
    closed_dates=frozenset({date(2026, 11, 26)}),
    zone=LOS_ANGELES,
)


def in_los_angeles(text: str) -> datetime:
    """Return the instant when a clock in Los Angeles first shows `text`."""
    return datetime.fromisoformat(text).replace(tzinfo=LOS_ANGELES)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        pytest.param("2026-11-23 09:00", 1, "2026-11-23 10:00", id="within one period"),
        pytest.param("2026-11-23 11:30", 1, "2026-11-23 13:30", id="over lunch"),
        pytest.param("2026-11-23 12:20", 1, "2026-11-23 14:00", id="asked during lunch"),
        pytest.param("2026-11-23 06:00", 1, "2026-11-23 10:00", id="asked before opening"),
        pytest.param("2026-11-23 16:30", 1, "2026-11-24 09:30", id="over the evening"),
        pytest.param("2026-11-23 17:00", 1, "2026-11-24 10:00", id="asked at closing time"),
        pytest.param("2026-11-23 16:00", 1, "2026-11-23 17:00", id="ends at closing, not at next opening"),
        pytest.param("2026-11-23 11:00", 1, "2026-11-23 12:00", id="ends at lunch, not after it"),
        pytest.param("2026-11-25 16:00", 2, "2026-11-27 10:00", id="over Thanksgiving"),
        pytest.param("2026-11-26 10:00", 1, "2026-11-27 10:00", id="asked on Thanksgiving"),
        pytest.param("2026-11-27 16:30", 1, "2026-11-30 09:30", id="over the weekend"),
        pytest.param("2026-11-28 13:00", 7, "2026-11-30 17:00", id="a whole day, asked on Saturday"),
        pytest.param("2026-11-23 09:00", 14, "2026-11-24 17:00", id="two whole days"),
        pytest.param("2026-11-28 13:00", 0, "2026-11-28 13:00", id="no time, asked when closed"),
        pytest.param("2026-11-23 09:30", 0, "2026-11-23 09:30", id="no time, asked when open"),
        pytest.param("2026-03-06 16:00", 2, "2026-03-09 10:00", id="over the weekend when clocks go forward"),
        pytest.param("2026-10-30 16:00", 2, "2026-11-02 10:00", id="over the weekend when clocks go back"),
        pytest.param("2026-12-31 16:00", 2, "2027-01-01 10:00", id="over the year's end"),
    ],
)
def test_add_working_time_by_examples(start: str, hours: int, end: str) -> None:
    answer = CLINIC.add_working_time(in_los_angeles(start), timedelta(hours=hours))
    assert answer == in_los_angeles(end)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param("2026-11-23 11:30", "2026-11-23 13:30", timedelta(hours=1), id="over lunch"),
        pytest.param("2026-11-25 16:00", "2026-11-27 10:00", timedelta(hours=2), id="over Thanksgiving"),
        pytest.param("2026-11-27 17:00", "2026-11-30 09:00", timedelta(0), id="over a closed weekend"),
        pytest.param("2026-11-23 00:00", "2026-11-30 00:00", timedelta(hours=28), id="a week with a holiday"),
        pytest.param("2026-11-23 10:00", "2026-11-23 10:00", timedelta(0), id="the same instant"),
        pytest.param("2026-11-23 10:30", "2026-11-23 10:00", timedelta(minutes=-30), id="backwards"),
    ],
)
def test_working_time_between_by_examples(a: str, b: str, expected: timedelta) -> None:
    assert CLINIC.working_time_between(in_los_angeles(a), in_los_angeles(b)) == expected


def test_add_working_time_takes_a_start_in_any_zone() -> None:
    start = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)  # 11:30 in Los Angeles
    answer = CLINIC.add_working_time(start, timedelta(hours=1))
    assert answer.isoformat() == "2026-11-23T13:30:00-08:00"


# The nights when the clock changes, with instants in UTC.


@pytest.mark.parametrize(
    ("zone", "day", "really_open"),
    [
        pytest.param(LOS_ANGELES, date(2026, 3, 8), timedelta(hours=2), id="Los Angeles forward"),
        pytest.param(LOS_ANGELES, date(2026, 11, 1), timedelta(hours=4), id="Los Angeles back"),
        pytest.param(LONDON, date(2026, 3, 29), timedelta(hours=2), id="London forward"),
        pytest.param(LONDON, date(2026, 10, 25), timedelta(hours=4), id="London back"),
        pytest.param(LORD_HOWE, date(2026, 10, 4), timedelta(hours=2.5), id="Lord Howe forward"),
        pytest.param(LORD_HOWE, date(2026, 4, 5), timedelta(hours=3.5), id="Lord Howe back"),
    ],
)
def test_period_over_a_clock_change_lasts_as_long_as_really_passes(
    zone: ZoneInfo, day: date, really_open: timedelta
) -> None:
    hours = WorkingHours(every_day((time(1), time(4))), frozenset(), zone)
    midnight = datetime.combine(day, time(0), zone)
    closing = datetime.combine(day, time(4), zone)
    assert hours.working_time_between(midnight, closing) == really_open
    assert hours.add_working_time(midnight, really_open) == closing
    assert hours.open_until(datetime.combine(day, time(1), zone)) == closing


def test_add_working_time_ends_in_the_second_showing_of_an_hour() -> None:
    hours = WorkingHours(every_day((time(1), time(4))), frozenset(), LOS_ANGELES)
    start = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)  # 01:00 daylight time
    answer = hours.add_working_time(start, timedelta(minutes=90))
    assert answer.isoformat() == "2026-11-01T01:30:00-08:00"  # standard time


def test_period_inside_the_hour_shown_twice_is_open_both_times() -> None:
    hours = WorkingHours({6: [(time(1), time(1, 30))]}, frozenset(), LOS_ANGELES)
    midnight = in_los_angeles("2026-11-01 00:00")
    assert hours.working_time_between(midnight, in_los_angeles("2026-11-02 00:00")) == timedelta(hours=1)
    assert hours.add_working_time(midnight, timedelta(minutes=30)).isoformat() == "2026-11-01T01:30:00-07:00"
    assert hours.add_working_time(midnight, timedelta(minutes=31)).isoformat() == "2026-11-01T01:01:00-08:00"


def test_period_inside_the_hour_left_out_does_not_open_that_day() -> None:
    hours = WorkingHours(every_day((time(2, 10), time(2, 50))), frozenset(), LOS_ANGELES)
    answer = hours.add_working_time(in_los_angeles("2026-03-08 00:00"), timedelta(minutes=10))
    assert answer == in_los_angeles("2026-03-09 02:20")


def test_clock_that_goes_back_over_midnight_shows_the_end_of_a_day_twice() -> None:
    # Newfoundland, 2010: at one minute past midnight the clock went back to 23:01 of the day before.
    newfoundland = ZoneInfo("America/St_Johns")
    hours = WorkingHours({5: [(time(23), time(23, 30))]}, frozenset(), newfoundland)
    saturday = datetime(2010, 11, 6, 12, tzinfo=newfoundland)
    assert hours.working_time_between(saturday, saturday + 2 * DAY) == timedelta(minutes=59)


# Calendars and arguments that cannot be.


@pytest.mark.parametrize("periods", [{}, {0: []}], ids=["no weekday", "a weekday without periods"])
def test_add_working_time_without_any_opening_raises(
    periods: Mapping[int, Sequence[tuple[time, time]]],
) -> None:
    hours = WorkingHours(periods, frozenset(), LOS_ANGELES)
    start = in_los_angeles("2026-11-23 09:00")
    with pytest.raises(NoWorkingTime, match="no opening in the 400 days after"):
        hours.add_working_time(start, timedelta(hours=1))
    assert hours.working_time_between(start, in_los_angeles("2028-11-23 09:00")) == timedelta(0)


@pytest.mark.parametrize(("days_closed", "is_reached"), [(400, True), (401, False)])
def test_add_working_time_looks_400_days_ahead(days_closed: int, is_reached: bool) -> None:
    first_day = date(2026, 1, 1)
    closed_dates = frozenset(first_day + count * DAY for count in range(days_closed))
    hours = WorkingHours(every_day((time(0), time(23))), closed_dates, ZoneInfo("UTC"))
    start = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    if is_reached:
        assert hours.add_working_time(start, MINUTE) == datetime(2027, 2, 5, 0, 1, tzinfo=UTC)
    else:
        with pytest.raises(NoWorkingTime):
            hours.add_working_time(start, MINUTE)


def test_working_time_between_counts_after_a_closure_of_years() -> None:
    closed_dates = frozenset(date(2026, 1, 1) + count * DAY for count in range(800))
    hours = WorkingHours(every_day((time(9), time(17))), closed_dates, LOS_ANGELES)
    a, b = in_los_angeles("2025-12-31 00:00"), in_los_angeles("2028-03-13 00:00")
    assert hours.working_time_between(a, b) == timedelta(hours=24)  # 31 December, 11 and 12 March


def test_datetime_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 23, 9)
    aware = in_los_angeles("2026-11-23 09:00")
    for call in (
        lambda: CLINIC.add_working_time(naive, MINUTE),
        lambda: CLINIC.working_time_between(naive, aware),
        lambda: CLINIC.working_time_between(aware, naive),
        lambda: CLINIC.open_until(naive),
    ):
        with pytest.raises(ValueError, match="needs a datetime with a time zone"):
            call()


def test_negative_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        CLINIC.add_working_time(in_los_angeles("2026-11-23 09:00"), -MINUTE)


@pytest.mark.parametrize(
    ("periods", "complaint"),
    [
        pytest.param({7: [(time(9), time(12))]}, "weekday is 0", id="no such weekday"),
        pytest.param({0: [(time(12), time(9))]}, "must open before", id="closes before it opens"),
        pytest.param({0: [(time(9), time(9))]}, "must open before", id="closes as it opens"),
        pytest.param({0: [(time(9), time(0))]}, "must open before", id="closes at midnight"),
        pytest.param({0: [(time(11), time(17)), (time(9), time(12))]}, "overlap", id="overlap"),
        pytest.param({0: [(time(9, tzinfo=UTC), time(12, tzinfo=UTC))]}, "carry no zone", id="zone"),
    ],
)
def test_impossible_periods_are_refused(periods: Mapping[int, Sequence[tuple[time, time]]], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        WorkingHours(periods, frozenset(), LOS_ANGELES)


def test_working_hours_do_not_change_when_the_callers_dictionary_does() -> None:
    periods = {0: [(time(9), time(12))]}
    hours = WorkingHours(periods, frozenset(), LOS_ANGELES)
    periods[0].clear()
    periods.clear()
    assert hours.add_working_time(in_los_angeles("2026-11-23 09:00"), MINUTE).time() == time(9, 1)
    assert hours == WorkingHours({0: [(time(9), time(12))]}, frozenset(), LOS_ANGELES)
    assert len({hours, hours}) == 1


def test_years_of_working_time_are_counted_by_the_day_not_by_the_minute() -> None:
    class CountingZone(ZoneInfo):
        looks = 0

        def utcoffset(self, moment: datetime | None, /) -> timedelta | None:
            CountingZone.looks += 1
            return super().utcoffset(moment)

        def fromutc(self, moment: datetime, /) -> datetime:
            CountingZone.looks += 1
            return super().fromutc(moment)

    hours = WorkingHours(weekdays((time(9), time(17))), frozenset(), CountingZone("America/Los_Angeles"))
    start = datetime(2020, 1, 1, tzinfo=UTC)
    hours.working_time_between(start, start + 3650 * DAY)
    assert 3650 <= CountingZone.looks < 10 * 3650
