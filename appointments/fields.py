"""Dates in three boxes: no calendar to scroll through, and a month may be a number or a name."""

import datetime
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FIRST_YEAR = 1900
FURTHEST = datetime.timedelta(days=2 * 365)  # a date still to come that is further away is a slip
# English and Spanish, whichever language the page is in: three letters already tell every month from every other.
MONTHS = (
    *(("january", "enero"), ("february", "febrero"), ("march", "marzo"), ("april", "abril"), ("may", "mayo")),
    *(("june", "junio"), ("july", "julio"), ("august", "agosto"), ("september", "septiembre", "setiembre")),
    *(("october", "octubre"), ("november", "noviembre"), ("december", "diciembre")),
)
# ASCII digits only: str.isdigit() and int() disagree about others, such as a superscript two.
DAY = re.compile(r"[0-9]{1,2}")
YEAR = re.compile(r"[0-9]{4}")
MONTH_NAME = re.compile(r"([a-z]{3,10})\.?")
PARTS = {"month": _("Month"), "day": _("Day"), "year": _("Year")}
MISSING = {"month": _("a month"), "day": _("a day"), "year": _("a year")}


class _DateBoxes(forms.MultiWidget):
    """Three values posted as <name>_month, <name>_day and <name>_year, in that order."""

    def decompress(self, value: datetime.date | None) -> list[int | None]:
        """The parts of a stored date, for the boxes; three times None when there is none."""
        return [value.month, value.day, value.year] if value else [None, None, None]


class HiddenDateWidget(_DateBoxes):
    """The same three values carried on unseen, as the page to check one's answers does."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(dict.fromkeys(PARTS, forms.HiddenInput), attrs)


class DateWidget(_DateBoxes):
    """Boxes for month, day and year (the US order), each with its own label. What was typed is shown again.

    `autofill` is what the browser knows this date as: "bday" for the date of birth, else nothing.
    """

    template_name = "clinic/widgets/date_boxes.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, autofill: str = "") -> None:
        boxes: dict[str, forms.Widget | type[forms.Widget]] = {
            part: forms.TextInput(
                {"autocomplete": f"{autofill}-{part}" if autofill else "off", "inputmode": "numeric"}
            )
            for part in PARTS
        }
        super().__init__(boxes, attrs)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The usual context, with a label for each box and the name of its part."""
        context = super().get_context(name, value, attrs)
        for box, (part, label) in zip(context["widget"]["subwidgets"], PARTS.items(), strict=True):
            box["part"], box["label"] = part, label
        return context


class DateBoxesField(forms.Field):
    """Gives a `datetime.date` from `first` to `last`, or None when empty and not required.

    Either end may be None: then there is none. Raises ValidationError with one of these codes: required,
    incomplete, year_digits, invalid, too_early, too_late.
    """

    widget = DateWidget
    hidden_widget = HiddenDateWidget
    first: datetime.date | None = None
    last: datetime.date | None = None
    default_error_messages: ClassVar[dict[str, Any]] = {
        "incomplete": _("This date must include %(missing)s"),
        "year_digits": _("The year must have 4 numbers"),
        "invalid": _("This must be a real date"),
        "too_early": _("This date is too early"),
        "too_late": _("This date is too late"),
    }

    def to_python(self, value: datetime.date | Sequence[str | None] | None) -> datetime.date | None:
        """The date in `value`: the text of the three boxes, month first, or a date that is one already."""
        if isinstance(value, datetime.date):
            return value
        typed = dict(zip(PARTS, ((part or "").strip() for part in value or ("", "", "")), strict=True))
        missing = [MISSING[part] for part, text in typed.items() if not text]
        if len(missing) == len(PARTS):
            return None
        if missing:
            raise self._error("incomplete", missing=_listed(missing))
        if re.fullmatch(r"[0-9]{1,3}", typed["year"]):
            raise self._error("year_digits")
        return self._date(_month_number(typed["month"]), _number(DAY, typed["day"]), _number(YEAR, typed["year"]))

    def _date(self, month: int | None, day: int | None, year: int | None) -> datetime.date:
        if month is None or day is None or year is None:
            raise self._error("invalid")
        try:
            date = datetime.date(year, month, day)
        except ValueError as error:
            raise self._error("invalid") from error
        if self.first is not None and date < self.first:
            raise self._error("too_early")
        if self.last is not None and date > self.last:
            raise self._error("too_late")
        return date

    def _error(self, code: str, **params: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=params or None)


class BirthDateField(DateBoxesField):
    """A date from FIRST_YEAR to yesterday. "Yesterday" is that of Django's current time zone."""

    first = datetime.date(FIRST_YEAR, 1, 1)
    default_error_messages: ClassVar[dict[str, Any]] = {
        "required": _("Enter your date of birth"),
        "incomplete": _("Date of birth must include %(missing)s"),
        "year_digits": _("Year of birth must have 4 numbers, such as 1962"),
        "invalid": _("Date of birth must be a real date"),
        "too_early": _("Year of birth must be 1900 or later"),
        "too_late": _("Date of birth must be in the past"),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"widget": DateWidget(autofill="bday"), **options})

    def to_python(self, value: datetime.date | Sequence[str | None] | None) -> datetime.date | None:
        """The date in `value`, as of today."""
        self.last = timezone.localdate() - datetime.timedelta(days=1)
        return super().to_python(value)


class ComingDateField(DateBoxesField):
    """A date from today to FURTHEST ahead, once `starting` has told which day it is at the clinic."""

    def starting(self, today: datetime.date) -> None:
        """Let the field begin at `today`, a day of the clinic's calendar."""
        self.first, self.last = today, today + FURTHEST


def _listed(words: Sequence[str | Promise]) -> str:
    """One thing, or two with "and" between them, in the language of the page."""
    if len(words) == 1:
        return str(words[0])
    return _("%(first)s and %(second)s") % {"first": words[0], "second": words[1]}


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    """The number in `text` when all of it fits `pattern`, else None."""
    return int(text) if pattern.fullmatch(text) else None


def _month_number(text: str) -> int | None:
    """1 to 12 for a number or a name, whole or shortened to three letters or more; else None."""
    name = MONTH_NAME.fullmatch(text.lower())
    if name is None:
        return _number(DAY, text)
    # "sept" is how many people write it.
    for number, names in enumerate(MONTHS, start=1):
        if any(month.startswith(name[1]) for month in names):
            return number
    return None
