"""A table of figures: as people read it, and as a spreadsheet reckons with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from appointments.numbers.waits import NO_ANSWER

NOT_YET = "not yet"  # answered
HOUR = timedelta(hours=1)

Cell = str | int | timedelta | None


@dataclass(frozen=True)
class Table:
    """Its columns, of which the first names the row, and its rows. `times` are the columns that hold times."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    times: frozenset[int] = frozenset()

    def in_words(self) -> list[tuple[str, ...]]:
        """The rows, for people."""
        return [tuple(words(cell) for cell in row) for row in self.rows]

    def for_spreadsheets(self) -> list[tuple[str, ...]]:
        """The columns and the rows, with times as hours, so that a program can go on reckoning."""
        head = [f"{label} (hours)" if place in self.times else label for place, label in enumerate(self.columns)]
        return [tuple(head), *(tuple(_plain(cell) for cell in row) for row in self.rows)]


def words(cell: Cell) -> str:
    """What a person reads: a time in its two largest units, rounded up to minutes: never better than it was."""
    if cell is None:
        return "none"
    return time_words(cell) if isinstance(cell, timedelta) else str(cell)


def time_words(time: timedelta) -> str:
    """A time in its two largest units, such as 2 d 4 h, 3 h 20 min; 45 min."""
    if time >= NO_ANSWER:
        return NOT_YET
    minutes = -(-time // timedelta(minutes=1))
    if minutes >= 48 * 60:
        hours = -(-minutes // 60)
        return " ".join(f"{n} {unit}" for n, unit in ((hours // 24, "d"), (hours % 24, "h")) if n)
    parts = [f"{n} {unit}" for n, unit in ((minutes // 60, "h"), (minutes % 60, "min")) if n]
    return " ".join(parts) or "0 min"


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, timedelta):
        return NOT_YET if cell >= NO_ANSWER else f"{cell / HOUR:.2f}"
    return str(cell)


def percent(part: int, whole: int) -> str:
    """How many of a hundred, rounded down: only all is 100 %."""
    return f"{part * 100 // whole} %" if whole else "none"
