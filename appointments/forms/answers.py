"""An answer in the words that the patient saw, to be read once more before sending."""

import datetime
from typing import Any

from django import forms
from django.utils import formats
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from appointments.models.answers import PartOfDay, window
from clinic.models import Weekday

YES, NO = _("Yes"), _("No")
DATE = pgettext_lazy("format of a date", "F j, Y")


def answer_text(field: forms.Field, value: Any) -> str:
    """The cleaned `value` of this field as text, in the language of the page; "" where nothing was given."""
    if isinstance(field, forms.BooleanField):
        return str(YES if value else NO)
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, datetime.date):
        return formats.date_format(value, str(DATE))
    choices = dict(getattr(field, "choices", ()))
    if isinstance(value, list):
        return _days(value) or ", ".join(str(choices[item]) for item in value)
    return str(choices.get(value, value))


def _days(windows: list[str]) -> str:
    """Parts of weekdays as one line for each day; "" where these are none."""
    lines = []
    for day, label in Weekday.choices:
        parts = [str(part.label) for part in PartOfDay if window(day, part) in windows]
        if parts:
            lines.append(f"{label}: {', '.join(parts)}")
    return "\n".join(lines)
