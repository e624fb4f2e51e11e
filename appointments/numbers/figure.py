"""A figure: what it says in a sentence, its picture, and the table under it."""

from dataclasses import dataclass
from datetime import datetime

from appointments.numbers import counts, waits
from appointments.numbers.period import Period
from appointments.numbers.picture import Picture
from appointments.numbers.table import Table


@dataclass(frozen=True)
class Facts:
    """What was counted for a period, at `now`."""

    period: Period
    now: datetime
    groups: waits.Groups
    days: counts.Days
    arrivals: dict[tuple[int, int], int]
    articles: list[tuple[str, int, int]]
    backlog: dict[tuple[str, str], int]

    @property
    def everybody(self) -> waits.Group:
        """All requests received in the period."""
        return self.groups[waits.By.ALL, ""]

    def group(self, by: waits.By, key: str) -> waits.Group:
        """One group, empty when no request belongs to it."""
        return self.groups.get((by, key), waits.Group())


def facts(period: Period, now: datetime) -> Facts:
    """Everything that the page shows, in six queries, however many requests there are."""
    return Facts(
        period=period,
        now=now,
        groups=waits.groups(period, now),
        days=counts.by_day(period),
        arrivals=counts.by_weekday_and_hour(period),
        articles=counts.by_article(period),
        backlog=counts.backlog(now),
    )


@dataclass(frozen=True)
class Figure:
    """One figure. `key` names it in the page; `rule` says what is counted and how; `says` is its sentence, which a
    screen reader says of the picture too."""

    key: str
    title: str
    says: str
    rule: str
    table: Table
    picture: Picture | None

    @property
    def is_long(self) -> bool:
        """True when its table is folded away at first."""
        return len(self.table.rows) > 7
