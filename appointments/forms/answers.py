"""An answer in the words that the patient saw, to be read once more before sending."""

import datetime
from typing import Any

from django import forms
from django.utils import formats
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from appointments.models.answers import by_day

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
        days = "\n".join(f"{day}: {', '.join(parts)}" for day, parts in by_day(value))
        return days or ", ".join(str(choices[item]) for item in value)
    return str(choices.get(value, value))
