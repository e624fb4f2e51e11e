"""When preferred times have passed, against a slow, obvious twin, and by examples with the dates written out."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.models.answers import PartOfDay, window
from appointments.windows import windows_end_at
from tests.clinic.test_hours import DAY, LONDON, LORD_HOWE, LOS_ANGELES, dates_of_clock_changes, property_test

# Written out again by hand: a change of the table is a change of when patients are asked again.
ENDS = {"morning": time(12), "midday": time(14), "afternoon": time(18)}
NAMES = [window(weekday, part) for weekday in range(7) for part in PartOfDay]


def slow_windows_end_at(
    received_at: datetime, windows: list[str], earliest: date | None, latest: date | None, zone: ZoneInfo
) -> datetime | None:
    """Walk day by day through all days that may suit, and keep the last moment of any window met on the way."""
    if not windows and latest is None:
        return None
    day = received_at.astimezone(zone).date()
    if earliest is not None and earliest > day:
        day = earliest
    last_day = day + 28 * DAY if latest is None else latest
    end = None
    while day <= last_day:
        for name in windows:
            weekday, part = name.split("-")
            if day.weekday() == int(weekday):
                met = datetime.combine(day, ENDS[part], zone).astimezone(UTC)
                end = met if end is None else max(end, met)
        day += DAY
    return end or datetime.combine(last_day, time(18), zone).astimezone(UTC)


@st.composite
def wishes(draw: st.DrawFn) -> tuple[datetime, list[str], date | None, date | None, ZoneInfo]:
    """What a patient may ask for, often around a change of the clock."""
    zone = draw(st.sampled_from([LOS_ANGELES, LONDON, LORD_HOWE]))
    year = draw(st.integers(2020, 2035))
    near_change = st.sampled_from(dates_of_clock_changes(zone, year))
    day = draw(near_change | st.dates(date(year, 1, 1), date(year, 12, 31)))
    received_at = datetime.combine(day, time(0), zone).astimezone(UTC) + draw(
        st.timedeltas(timedelta(hours=-30), timedelta(hours=30))
    )
    some_day = st.none() | st.integers(-10, 60).map(lambda count: day + count * DAY)
    windows = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))
    return received_at, windows, draw(some_day), draw(some_day), zone


@property_test
@given(wishes())
def test_windows_end_at_agrees_with_the_slow_twin(
    wish: tuple[datetime, list[str], date | None, date | None, ZoneInfo],
) -> None:
    assert windows_end_at(*wish) == slow_windows_end_at(*wish)


MONDAY = "2026-11-23T10:00"


@pytest.mark.parametrize(
    ("received", "windows", "earliest", "latest", "end"),
    [
        pytest.param(MONDAY, [], None, None, None, id="any time"),
        pytest.param(MONDAY, [], "2026-12-01", None, None, id="any time from then on"),
        pytest.param(MONDAY, [], None, "2026-12-01", "2026-12-01T18:00", id="any time until"),
        pytest.param(MONDAY, ["1-morning"], None, None, "2026-12-15T12:00", id="a weekday: four weeks"),
        pytest.param(MONDAY, ["0-midday"], None, None, "2026-12-21T14:00", id="today's weekday: the 28th day too"),
        pytest.param(MONDAY, ["0-morning", "0-afternoon"], None, "2026-11-24", "2026-11-23T18:00", id="later part"),
        pytest.param(MONDAY, ["1-morning", "3-midday"], None, "2026-11-27", "2026-11-26T14:00", id="later day"),
        pytest.param(MONDAY, ["1-morning"], "2026-12-02", None, "2026-12-29T12:00", id="weeks from the earliest"),
        pytest.param(MONDAY, ["2-morning"], "2026-12-03", "2026-12-05", "2026-12-05T18:00", id="none between"),
        pytest.param("2026-03-01T10:00", ["6-midday"], None, "2026-03-08", "2026-03-08T14:00", id="clocks forward"),
        pytest.param("2026-10-26T10:00", ["6-midday"], None, "2026-11-01", "2026-11-01T14:00", id="clocks back"),
    ],
)
def test_windows_end_at_by_examples(
    received: str, windows: list[str], earliest: str | None, latest: str | None, end: str | None
) -> None:
    def in_clinic(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=LOS_ANGELES)

    def day(text: str | None) -> date | None:
        return date.fromisoformat(text) if text else None

    answer = windows_end_at(in_clinic(received), windows, day(earliest), day(latest), LOS_ANGELES)
    assert answer == (in_clinic(end) if end else None)


def test_windows_end_at_counts_days_on_the_clinics_calendar() -> None:
    # Still Sunday in Los Angeles: the first Sunday counts, and so does the 28th day after it.
    received_at = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    answer = windows_end_at(received_at, ["6-morning"], None, None, LOS_ANGELES)
    assert answer == datetime(2026, 12, 20, 12, tzinfo=LOS_ANGELES)


@pytest.mark.parametrize("day", [date.min, date.max])
@pytest.mark.parametrize("windows", [[], ["0-morning"]])
def test_windows_end_at_takes_every_date_that_a_field_holds(windows: list[str], day: date) -> None:
    received_at = datetime(2026, 11, 23, 18, tzinfo=UTC)
    for earliest, latest in ((day, None), (None, day), (day, day)):
        end = windows_end_at(received_at, windows, earliest, latest, LOS_ANGELES)
        if day == date.min and latest:
            assert end is not None and end < received_at
        else:
            assert end is None or end > received_at
