"""A range of days on the clinic's calendar, and the form that asks for one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

USUAL = 30  # days, today among them
LONGEST = 3_660  # days: ten years
MOST_DAYS, MOST_WEEKS = 45, 400  # days of a range up to which each bar is a day, and a week


class Step(StrEnum):
    """What each bar of a range stands for. Weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both among them, as the clock in `zone` counts days."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def starts_at(self) -> datetime:
        """The midnight with which the first day begins."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def ends_at(self) -> datetime:
        """The midnight with which the last day ends: the first moment that is not in it."""
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)

    @property
    def step(self) -> Step:
        """Days, weeks or months: as fine as bars can be told apart."""
        days = (self.last - self.first).days + 1
        return Step.DAY if days <= MOST_DAYS else Step.WEEK if days <= MOST_WEEKS else Step.MONTH

    def steps(self) -> Iterator[date]:
        """The first day of each step. The first one may begin before the range: what it counts does not."""
        day = self.first
        if self.step == Step.WEEK:
            day -= timedelta(days=day.weekday())
        elif self.step == Step.MONTH:
            day = day.replace(day=1)
        while day <= self.last:
            yield day
            days = {Step.DAY: 1, Step.WEEK: 7, Step.MONTH: 31}[self.step]
            day += timedelta(days=days)
            day = day.replace(day=1) if self.step == Step.MONTH else day


def last_days(days: int, today: date, zone: ZoneInfo) -> Period:
    """The range of so many days that ends today."""
    return Period(today - timedelta(days=days - 1), today, zone)


def presets(today: date, zone: ZoneInfo) -> list[tuple[str, Period]]:
    """Ranges that are often asked for, each with its name."""
    month_before = today.replace(day=1) - timedelta(days=1)
    return [
        ("Last 7 days", last_days(7, today, zone)),
        ("Last 30 days", last_days(USUAL, today, zone)),
        ("Last 90 days", last_days(90, today, zone)),
        ("Last month", Period(month_before.replace(day=1), month_before, zone)),
        ("Last 12 months", last_days(365, today, zone)),
    ]


class PeriodForm(forms.Form):
    """Two days. The fields are called `from` and `to`, as they stand in the address of the page."""

    def __init__(self, data: Any, *, today: date, zone: ZoneInfo) -> None:
        """`today` is the clinic's. Without `data` for either field the form stands for the last 30 days."""
        self.today, self.zone = today, zone
        usual = last_days(USUAL, today, zone)
        given = {name: data.get(name, "") for name in ("from", "to")}
        if not any(given.values()):
            given = {"from": usual.first.isoformat(), "to": usual.last.isoformat()}
        super().__init__(given, label_suffix="")
        for name, label in (("from", "From"), ("to", "To, this day too")):
            widget = forms.DateInput({"type": "date", "max": today.isoformat()}, format="%Y-%m-%d")
            messages = {
                "required": "Enter both days.",
                "invalid": f"Enter a day of the calendar, such as {usual.first:%Y-%m-%d}.",
            }
            self.fields[name] = forms.DateField(
                label=label, input_formats=["%Y-%m-%d"], widget=widget, error_messages=messages
            )

    def clean(self) -> dict[str, Any]:
        """The days in order, none in the future, and not more than ten years of them."""
        answers = super().clean() or {}
        first, last = answers.get("from"), answers.get("to")
        for name, day in (("from", first), ("to", last)):
            if day and day > self.today:
                self.add_error(name, forms.ValidationError("Choose a day up to today.", code="in_future"))
        if first and last and first > last:
            self.add_error("to", forms.ValidationError("Choose a day after the first one.", code="not_in_order"))
        if first and last and (last - first).days >= LONGEST:
            self.add_error("from", forms.ValidationError("Choose ten years at most.", code="too_long"))
        return answers

    def period(self) -> Period:
        """The range that was asked for. Only of a form that is valid."""
        return Period(self.cleaned_data["from"], self.cleaned_data["to"], self.zone)
