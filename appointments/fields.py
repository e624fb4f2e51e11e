"""A date of birth in three boxes: no calendar to scroll through, and a month may be a number or a name."""

import datetime
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

FIRST_YEAR = 1900
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
# ASCII digits only: str.isdigit() and int() disagree about others, such as a superscript two.
DAY = re.compile(r"[0-9]{1,2}")
YEAR = re.compile(r"[0-9]{4}")
MONTH_NAME = re.compile(r"([a-z]{3,9})\.?")


class _DateBoxes(forms.MultiWidget):
    """Three values posted as <name>_month, <name>_day and <name>_year, in that order."""

    def decompress(self, value: datetime.date | None) -> list[int | None]:
        """The parts of a stored date, for the boxes; three times None when there is none."""
        return [value.month, value.day, value.year] if value else [None, None, None]


class HiddenBirthDateWidget(_DateBoxes):
    """The same three values carried on unseen, as the page to check one's answers does."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(dict.fromkeys(("month", "day", "year"), forms.HiddenInput), attrs)


class BirthDateWidget(_DateBoxes):
    """Boxes for month, day and year (the US order), each with its own label. What was typed is shown again."""

    template_name = "clinic/widgets/birth_date.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        boxes: dict[str, forms.Widget | type[forms.Widget]] = {
            part: forms.TextInput({"autocomplete": f"bday-{part}", "inputmode": "numeric"})
            for part in ("month", "day", "year")
        }
        super().__init__(boxes, attrs)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The usual context, with a label for each box."""
        context = super().get_context(name, value, attrs)
        for box, label in zip(context["widget"]["subwidgets"], ("Month", "Day", "Year"), strict=True):
            box["label"] = label
        return context


class BirthDateField(forms.Field):
    """Gives a `datetime.date` from FIRST_YEAR to yesterday, or None when empty and not required.

    "Yesterday" is that of Django's current time zone. Raises ValidationError with one of these codes:
    required, incomplete, year_digits, invalid, too_early, not_past.
    """

    widget = BirthDateWidget
    hidden_widget = HiddenBirthDateWidget
    default_error_messages: ClassVar[dict[str, Any]] = {
        "required": "Enter your date of birth",
        "incomplete": "Date of birth must include %(missing)s",
        "year_digits": "Year of birth must have 4 numbers, such as 1962",
        "invalid": "Date of birth must be a real date",
        "too_early": f"Year of birth must be {FIRST_YEAR} or later",
        "not_past": "Date of birth must be in the past",
    }

    def to_python(self, value: datetime.date | Sequence[str | None] | None) -> datetime.date | None:
        """The date in `value`: the text of the three boxes, month first, or a date that is one already."""
        if isinstance(value, datetime.date):
            return value
        month, day, year = ((part or "").strip() for part in value or ("", "", ""))
        missing = [f"a {name}" for name, part in (("month", month), ("day", day), ("year", year)) if not part]
        if len(missing) == 3:
            return None
        if missing:
            raise self._error("incomplete", missing=" and ".join(missing))
        if re.fullmatch(r"[0-9]{1,3}", year):
            raise self._error("year_digits")
        return self._date(_month_number(month), _number(DAY, day), _number(YEAR, year))

    def _date(self, month: int | None, day: int | None, year: int | None) -> datetime.date:
        if month is None or day is None or year is None:
            raise self._error("invalid")
        try:
            date = datetime.date(year, month, day)
        except ValueError as error:
            raise self._error("invalid") from error
        if year < FIRST_YEAR:
            raise self._error("too_early")
        if date >= timezone.localdate():
            raise self._error("not_past")
        return date

    def _error(self, code: str, **params: str) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params=params or None)


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    """The number in `text` when all of it fits `pattern`, else None."""
    return int(text) if pattern.fullmatch(text) else None


def _month_number(text: str) -> int | None:
    """1 to 12 for a number or an English name, whole or shortened to three letters or more; else None."""
    name = MONTH_NAME.fullmatch(text.lower())
    if name is None:
        return _number(DAY, text)
    # "sept" is how many people write it. Three letters already tell every month from every other.
    found = [number for number, month in enumerate(MONTHS, start=1) if month.startswith(name[1])]
    return found[0] if found else None
