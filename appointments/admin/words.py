"""The values of a request in words, as the staff read them."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst
from phonenumber_field.phonenumber import PhoneNumber

from appointments.models import AppointmentRequest
from appointments.models.answers import by_day
from appointments.roles import name_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

US_COUNTRY_CODE = 1
# What a row is called, by its model and key.
Names = Mapping[tuple[type[models.Model], int], str]
TIME_FORMAT = "D, M j, Y, g:i A T"  # in the current zone: on staff pages the clinic's


def moment(value: datetime.datetime) -> str:
    """An aware time, in the current zone, by its name."""
    return date_format(timezone.localtime(value), TIME_FORMAT)


def phone_words(phone: PhoneNumber | str | None) -> str:
    """A number as one dials it here: with the country in front when it is of another one; "" for none."""
    if not isinstance(phone, PhoneNumber):
        return phone or ""
    return str(phone.as_national if phone.country_code == US_COUNTRY_CODE else phone.as_international)


def person(user: "User | None", role: str) -> str:
    """Who did something: the name of the staff member and the role, or the patient."""
    return f"{name_of(user)} ({role})" if user else role


def times(windows: Collection[str]) -> list[str]:
    """The parts of the week that suit, one line for each day."""
    return [f"{day}: {', '.join(parts).lower()}" for day, parts in by_day(windows)]


def labels(name: str, values: Collection[str]) -> list[str]:
    """The words of each choice of a field that takes several."""
    choices = dict(_field(name).base_field.flatchoices)
    return [str(choices.get(value, value)) for value in values]


def label_of(name: str) -> str:
    """What a field of a request is called."""
    field = _field(name)
    return capfirst(str(field.verbose_name) if field else name.replace("_", " "))


def names_in(kept: Iterable[Mapping[str, Any]]) -> Names:
    """What the people and other requests are called that these parts of the record point to. At most two queries,
    however many there are."""
    wanted: dict[type[models.Model], set[int]] = defaultdict(set)
    for values in kept:
        for name, value in values.items():
            field = _field(name)
            if isinstance(field, models.ForeignKey) and value is not None:
                wanted[field.related_model].add(value)
    rows: list[Any] = [row for model, pks in wanted.items() for row in model._default_manager.filter(pk__in=pks)]
    return {
        (type(row), row.pk): row.reference if isinstance(row, AppointmentRequest) else name_of(row) for row in rows
    }


def words(name: str, value: Any, names: Names | None = None) -> str:
    """The value of a field as the record keeps it (JSON: times and dates as text, rows as their key), in words."""
    field = _field(name)
    choices = dict(getattr(getattr(field, "base_field", field), "flatchoices", ()))
    if value in ("", None, []):
        return "nothing"
    if isinstance(field, models.ForeignKey):
        return (names or {}).get((field.related_model, value), "somebody who is gone")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "windows":
        return "; ".join(times(value))
    if isinstance(value, list):
        return ", ".join(str(choices.get(item, item)) for item in value)
    if isinstance(field, models.DateTimeField):
        parsed = parse_datetime(value)
        return moment(parsed) if parsed else str(value)
    if isinstance(field, models.DateField):
        day = parse_date(value)
        return date_format(day, "F j, Y") if day else str(value)
    return str(choices.get(value, value))


def _field(name: str) -> Any:
    """The field, or None: a record outlives the fields that it names."""
    try:
        return AppointmentRequest._meta.get_field(name)
    except FieldDoesNotExist:
        return None
