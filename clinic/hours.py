"""Working time: the hours in which somebody at the clinic can answer.

One sentence defines it all: the clinic is open at an instant when the clock on its wall shows a time inside
one of that weekday's periods (the opening time counts, the closing time does not), on a date not closed.

Everything is measured in time that really passes. On the night when clocks go forward, a period from 01:00
to 04:00 lasts two hours; on the night when they go back, it lasts four. A period that begins or ends inside
the hour that the clock shows twice is open each time the clock shows it.

Nothing here knows of the database or of HTTP.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

# A clinic with no opening for this long has no hours on which a promise could stand.
FURTHEST_OPENING = timedelta(days=400)


class NoWorkingTime(Exception):
    """The calendar has no opening within `FURTHEST_OPENING` of the instant to count from."""


@dataclass(frozen=True)
class WorkingHours:
    """When the clinic is open.

    `periods` maps a weekday (0 is Monday) to its periods, each (opens, closes) on the clinic's clock, in any
    order. A weekday that is absent is closed. A period cannot pass midnight. Periods may touch, and then are
    one opening. `closed_dates` are whole days off, such as holidays. `zone` is the clinic's own.

    Raises `ValueError` for a weekday outside 0 to 6, for times with a zone of their own, for a period that
    does not open before it closes, and for periods of one day that overlap.
    """

    periods: Mapping[int, Sequence[tuple[time, time]]] = field(hash=False)
    closed_dates: frozenset[date]
    zone: ZoneInfo

    def __post_init__(self) -> None:
        in_order = {weekday: tuple(sorted(periods)) for weekday, periods in self.periods.items()}
        for weekday, periods in in_order.items():
            _refuse_impossible(weekday, periods)
        object.__setattr__(self, "periods", in_order)

    def add_working_time(self, start: datetime, amount: timedelta) -> datetime:
        """Return the earliest instant by which `amount` of working time has passed since `start`.

        So an amount that is used up exactly at closing time ends at that closing time, not at the next
        opening, and an amount of zero ends at `start`, open or not. `start` may be in any zone; the answer is
        in the clinic's. Two datetimes in that one zone compare and subtract as its clock reads: where clocks
        may have changed between them, turn both into UTC first.

        Raises `ValueError` when `start` has no zone or `amount` is negative, and `NoWorkingTime` when there
        is still working time to count and no opening within `FURTHEST_OPENING`.
        """
        if amount < timedelta(0):
            raise ValueError(f"The working time to add cannot be negative: {amount}.")
        instant, left = _in_utc(start), amount
        while left:
            opens, closes = self._next_stretch(instant)
            counted = min(left, closes - opens)
            instant, left = opens + counted, left - counted
        return instant.astimezone(self.zone)

    def working_time_between(self, a: datetime, b: datetime) -> timedelta:
        """Return the working time that passes from `a` to `b`, negative when `b` comes first.

        Each may be in any zone. Raises `ValueError` when one has none.
        """
        start, end = _in_utc(a), _in_utc(b)
        if end < start:
            return -self.working_time_between(b, a)
        return sum((closes - opens for opens, closes in self._stretches(start, end)), timedelta(0))

    def open_until(self, instant: datetime) -> datetime | None:
        """Return the closing time, in the clinic's zone, of the opening in progress at `instant`.

        `None` when the clinic is closed then, as it is at closing time itself. Raises `ValueError` when
        `instant` has no zone.
        """
        start = closes = _in_utc(instant)
        for stretch_opens, stretch_closes in self._stretches(start, start + FURTHEST_OPENING):
            if stretch_opens > closes:
                break
            closes = stretch_closes
        return closes.astimezone(self.zone) if closes > start else None

    def _next_stretch(self, instant: datetime) -> tuple[datetime, datetime]:
        """Return the first open stretch at or after `instant`, or raise `NoWorkingTime`."""
        for stretch in self._stretches(instant, instant + FURTHEST_OPENING):
            return stretch
        raise NoWorkingTime(f"The clinic has no opening in the {FURTHEST_OPENING.days} days after {instant}.")

    def _stretches(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open stretches from `start` to `end`, all in UTC, in order and without overlap.

        A stretch is at most one period of one day. Lazy, so a caller pays only for the days that it looks at.
        """
        while start < end:
            # Clock changes of one zone lie days apart, so a step of a day meets one at most.
            step_end = self._end_of_offset(start, min(start + timedelta(days=1), end))
            yield from self._stretches_at(self._offset(start), start, step_end)
            start = step_end

    def _stretches_at(
        self, offset: timedelta, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open stretches from `start` to `end`, while the clock stays at `offset` from UTC."""
        day, last_day = (start + offset).date(), (end + offset).date()
        while day <= last_day:
            if day not in self.closed_dates:
                for opens, closes in self.periods.get(day.weekday(), ()):
                    stretch_opens = max(datetime.combine(day, opens, UTC) - offset, start)
                    stretch_closes = min(datetime.combine(day, closes, UTC) - offset, end)
                    if stretch_opens < stretch_closes:
                        yield stretch_opens, stretch_closes
            day += timedelta(days=1)

    def _end_of_offset(self, start: datetime, end: datetime) -> datetime:
        """Return when the clock's offset changes after `start`, or `end` if it does not before."""
        offset = self._offset(start)
        if self._offset(end) == offset:
            return end
        # zoneinfo does not say when its zones change, so halve the time in which the change lies.
        while end - start > timedelta.resolution:
            middle = start + (end - start) // 2
            if self._offset(middle) == offset:
                start = middle
            else:
                end = middle
        return end

    def _offset(self, instant: datetime) -> timedelta:
        """Return by how much the clinic's clock is ahead of UTC at `instant`, which is in UTC."""
        return instant.astimezone(self.zone).replace(tzinfo=UTC) - instant


def _in_utc(moment: datetime) -> datetime:
    """Return `moment` in UTC, where adding and comparing follow the time that really passes."""
    if moment.utcoffset() is None:
        raise ValueError(f"Working time needs a datetime with a time zone, not {moment!r}.")
    return moment.astimezone(UTC)


def _refuse_impossible(weekday: int, periods: Sequence[tuple[time, time]]) -> None:
    """Raise `ValueError` unless `periods`, sorted, can be the opening hours of one `weekday`."""
    if weekday not in range(7):
        raise ValueError(f"A weekday is 0 (Monday) to 6 (Sunday), not {weekday}.")
    for opens, closes in periods:
        if opens.tzinfo or closes.tzinfo:
            raise ValueError(f"Opening times must carry no zone: {opens!r}, {closes!r}.")
        if opens >= closes:
            raise ValueError(f"A period must open before it closes (weekday {weekday}): {opens} to {closes}.")
    for (_, closes), (opens, _) in pairwise(periods):
        if opens < closes:
            raise ValueError(f"Two periods overlap (weekday {weekday}): closing {closes}, opening {opens}.")
