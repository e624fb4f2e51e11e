"""Other requests that may be of the same person, and why. Staff decide whether they are: no link makes itself.

One hint is enough where it names a person's own device or mailbox: the phone number or the email address. A name
counts with the date of birth, or with one that differs by one slip.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQueryField
from django.db import connection
from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateField,
    DateTimeField,
    F,
    Func,
    Q,
    QuerySet,
    TextField,
)
from django.db.models.functions import Cast, Lower
from django.utils import timezone
from django.utils.text import capfirst

from appointments.models import AppointmentRequest
from appointments.models.name_keys import keys_of, words_of
from appointments.models.phone_digits import LAST_DIGITS, last_digits
from appointments.models.sending import IN_QUEUE
from clinic.ready_query import ReadyQuery, blank

RECENT = datetime.timedelta(days=180)
MOST_READ = 60  # of the latest, when a number is shared by many
MOST_SHOWN = 10
# What is compared and shown of them: a request has five times as many columns. In the model's order, for `from_db`.
SHOWN = {"id", "reference", "status", "received_at", "full_name", "birth_date", "phone", "email"}
READ = tuple(field.name for field in AppointmentRequest._meta.concrete_fields if field.name in SHOWN)
OLDEST_BIRTH_YEAR = 1900


@dataclass(frozen=True)
class LookAlike:
    """Another request, and why it may be of the same person."""

    appointment_request: AppointmentRequest
    why: str
    hints: int  # how many of name, date of birth, phone and mail agree

    @property
    def can_be_original(self) -> bool:
        """True when the request that it looks like may be linked to it."""
        return self.appointment_request.is_open


def look_alikes(appointment_request: AppointmentRequest) -> list[LookAlike]:
    """At most MOST_SHOWN requests that wait, or came in within RECENT, and may be of the same person: those that
    wait first, then those with the most in common. Without those that are linked to it. One query, by the indexes
    of phone, mail, date of birth and name."""
    rows = _LATEST.rows(**_given(appointment_request))
    alike = [
        LookAlike(other, capfirst(", ".join(why)) + ".", sum(hint.startswith("same") for hint in why))
        for other in (AppointmentRequest.from_db(connection.alias, READ, row) for row in rows)
        if (why := list(_why(appointment_request, other)))
    ]
    alike.sort(key=lambda one: (not one.appointment_request.is_open, -one.hints))  # and the latest first, as read
    return alike[:MOST_SHOWN]


def _given(one: AppointmentRequest) -> dict[str, Any]:
    """What fills the blanks of `_latest`."""
    return {
        "own": one.pk or 0,
        "original": one.duplicate_of_id or 0,
        "since": timezone.now() - RECENT,
        "names": _names_asked(one.full_name),
        "births": list(_near(one.birth_date)),
        "phone_end": one.phone.as_e164.removeprefix("+")[-LAST_DIGITS:] if one.phone else "",
        "address": one.email,
    }


def _latest() -> QuerySet[AppointmentRequest, Any]:
    """The latest requests, MOST_READ of them, that share something with one and are not linked to it."""
    own: Any = blank("own", BigIntegerField())
    original: Any = blank("original", BigIntegerField())
    since: Any = blank("since", DateTimeField())
    first, *rest = _sharing_something()
    others = AppointmentRequest.objects.exclude(pk=own).exclude(duplicate_of=own).exclude(pk=original)
    others = others.filter(IN_QUEUE | Q(received_at__gte=since), pk__in=first.union(*rest))
    return others.order_by("-received_at", "-id").values_list(*READ)[:MOST_READ]


_LATEST = ReadyQuery(_latest)


def _sharing_something() -> list[QuerySet[AppointmentRequest, Any]]:
    """The ids of those that share a name and birth, a number, an address: apart, so that each is found by its own
    index, and in the words of that index."""
    requests = AppointmentRequest.objects.order_by()
    end, address = blank("phone_end", TextField()), Lower(blank("address", TextField()))
    found = [
        requests.filter(
            Q(_is("birth_date", " = ANY(", blank("births", ArrayField(DateField())), ")"))
            & Q(_is("name_keys", " @@ ", blank("names", SearchQueryField())))
        ),
        requests.alias(phone_end=last_digits("phone")).filter(phone_end=end).exclude(phone=""),
        requests.alias(address=Lower("email")).filter(address=address).exclude(email=""),
    ]
    return [ids.values("pk") for ids in found]


def _is(column: str, operator: str, value: Cast, end: str = "") -> Func:
    """A condition of an operator for which there is no lookup that takes a blank."""
    return Func(
        F(column), value, template=f"(%(expressions)s{end})", arg_joiner=operator, output_field=BooleanField()
    )


def _names_asked(name: str) -> str:
    """Two words of the name, or the only one, each with one slip at most: as text search asks for them."""
    either = [" | ".join(f"'{key}'" for key in sorted(keys_of(word))) for word in set(words_of(name))]
    pairs: list[tuple[str, ...]] = [*combinations(either, 2)] or [(word,) for word in either]
    return " | ".join("(" + " & ".join(f"({word})" for word in pair) + ")" for pair in pairs)


def _near(day: datetime.date) -> set[datetime.date]:
    """This day, and those that differ from it in one of year, month and day, or with month and day swapped."""
    this_year = timezone.now().year
    parts = [(day.year, day.day, day.month)]
    parts += [(year, day.month, day.day) for year in range(OLDEST_BIRTH_YEAR, this_year + 1)]
    parts += [(day.year, month, day.day) for month in range(1, 13)]
    parts += [(day.year, day.month, other) for other in range(1, 32)]
    return set(filter(None, (_date(*part) for part in parts)))


def _date(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _why(one: AppointmentRequest, other: AppointmentRequest) -> Iterator[str]:
    """What the two have in common, in words; nothing when that is too little."""
    name, birth = (
        _names_compared(one.full_name, other.full_name),
        _births_compared(one.birth_date, other.birth_date),
    )
    phone = bool(one.phone) and one.phone == other.phone
    email = bool(one.email) and one.email.lower() == other.email.lower()
    if not (phone or email or (name and birth)):
        return
    if phone:
        yield "same phone number"
    if email:
        yield "same email address"
    yield name or "another name"
    if birth:
        yield birth
    if one.phone and other.phone and not phone:
        yield "another phone number"
    if one.email and other.email and not email:
        yield "another email address"


def _births_compared(one: datetime.date, other: datetime.date) -> str:
    if one == other:
        return "same date of birth"
    if (one.year, one.month, one.day) == (other.year, other.day, other.month):
        return "day and month of birth swapped"
    differ = [part for part in ("year", "month", "day") if getattr(one, part) != getattr(other, part)]
    return f"date of birth differs by the {differ[0]}" if len(differ) == 1 else ""


def _names_compared(one: str, other: str) -> str:
    """How alike two names are, in words; "" when they are not: each word of the shorter is one of the longer."""
    shorter, longer = sorted((words_of(one), words_of(other)), key=len)
    if shorter == longer:
        return "same name" if shorter else ""
    left, slips = list(longer), []
    for word in sorted(shorter, key=lambda word: word not in longer):
        match = word if word in left else next((like for like in left if keys_of(word) & keys_of(like)), None)
        if match is None:
            return ""
        left.remove(match)
        if match != word:
            slips.append((word, match))
    if not slips:
        return "same name with more words" if left else "same name in another order"
    if len(slips) == 1 and not left:
        return f"name differs by {_slip(*slips[0])}"
    return "almost the same name"


def _slip(one: str, other: str) -> str:
    if len(one) == len(other):
        differ = [at for at in range(len(one)) if one[at] != other[at]]
        if len(differ) == 2 and (one[differ[0]], one[differ[1]]) == (other[differ[1]], other[differ[0]]):
            return "two letters swapped"
        return "one letter" if len(differ) == 1 else "a letter or two"
    return "one letter"
