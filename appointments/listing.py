"""One list of requests: a tab with its filters, as the address names it, and its pages.

A page begins after a key, the place of the row before it in the order: so no page skips or repeats a row that stays
where it is, and the last page costs what the first one does.
"""

import datetime
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from django.db.models import F, Q
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.utils.http import urlencode

from appointments.lifecycle import OPEN_STATUSES, RequestStatus, Urgency
from appointments.models import AppointmentRequest
from appointments.models.sending import QUEUE_ORDER, AppointmentRequestQuerySet
from appointments.tabs import TAB_BY_KEY, TABS, Look, Tab

LATEST_FIRST = ("-received_at", "-id")
EVERY_STATUS = "all"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECOND = datetime.timedelta(microseconds=1)
NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class BadKey(ValueError):
    """This is no key of a page."""


@dataclass(frozen=True)
class Listing:
    """Which requests a list shows. Its parameters are the only ones that its address may have."""

    tab: str = ""
    status: str = ""
    urgency: str = ""

    @classmethod
    def named_by(cls, parameters: Mapping[str, Any]) -> Self:
        """The list that these parameters ask for; what they do not know is as if it was not said."""
        known: tuple[tuple[str, Collection[str]], ...] = (
            ("tab", TAB_BY_KEY),
            ("status", {EVERY_STATUS, *RequestStatus.values}),
            ("urgency", {str(urgency.value) for urgency in Urgency}),
        )
        return cls(**{name: value for name, values in known if (value := str(parameters.get(name, ""))) in values})

    @property
    def the_tab(self) -> Tab | None:
        """Its tab; the first where nothing is asked for, none where only a status is."""
        return TAB_BY_KEY.get(self.tab, None if self.status else TABS[0])

    @property
    def query(self) -> str:
        """The part of its address after the question mark: "" where nothing is asked for."""
        return urlencode({name: value for name, value in vars(self).items() if value})

    def but(self, **changes: str) -> Self:
        """The list with other values of some parameters."""
        return replace(self, **changes)

    @property
    def order(self) -> tuple[str, ...]:
        """Of a tab its own; of an open status that of the queue; else the latest first."""
        if self.the_tab:
            return self.the_tab.order
        return QUEUE_ORDER if self.status in OPEN_STATUSES else LATEST_FIRST

    def of(self, requests: AppointmentRequestQuerySet, look: Look) -> AppointmentRequestQuerySet:
        """These requests narrowed to the list, in its order."""
        if self.the_tab:
            requests = self.the_tab.of(requests, look)
        elif self.status in OPEN_STATUSES:
            requests = requests.in_queue()  # says nothing new, but names the index
        which = Q()
        if self.status and self.status != EVERY_STATUS:
            which &= Q(status=self.status)
        if self.urgency:
            which &= Q(urgency=int(self.urgency))
        return requests.filter(which).order_by(*self.order)


@dataclass(frozen=True)
class Page:
    """The rows of one page, and the key that the next one begins after: "" on the last."""

    rows: list[AppointmentRequest]
    next_key: str


def page_after(key: str, requests: AppointmentRequestQuerySet, *, size: int, beside: Sequence[str] = ()) -> Page:
    """The `size` rows that come after the key in the order of `requests`; the first ones for "". With what is
    `beside` them: names for select_related.

    One query: the page is found in the index alone, and only its rows are read. Raises BadKey.
    """
    order = requests.query.order_by
    found = requests.filter(_comes_after(key, order)) if key else requests
    pks = found.values("pk")[: size + 1]
    rows = list(AppointmentRequest.objects.filter(pk__in=pks).select_related(*beside).order_by(*order))
    more = len(rows) > size
    return Page(rows[:size], _key_of(rows[size - 1], order) if more else "")


def _names(order: Sequence[Any]) -> list[str]:
    return [name.removeprefix("-") for name in order]


def _key_of(row: AppointmentRequest, order: Sequence[Any]) -> str:
    """Its place in the order, as numbers: a time counts the microseconds since 1970."""
    values = [getattr(row, name) for name in _names(order)]
    return "_".join(
        str((value - EPOCH) // MICROSECOND if isinstance(value, datetime.datetime) else value) for value in values
    )


def _comes_after(key: str, order: Sequence[Any]) -> TupleGreaterThan | TupleLessThan:
    """One comparison of rows, which the index of the order answers."""
    numbers = key.split("_")
    if len(numbers) != len(order) or not all(NUMBER.fullmatch(number) for number in numbers):
        raise BadKey(key)
    names = _names(order)
    try:
        values = tuple(_value(name, int(number)) for name, number in zip(names, numbers, strict=True))
    except OverflowError as error:
        raise BadKey(key) from error
    compare = TupleLessThan if str(order[0]).startswith("-") else TupleGreaterThan
    return compare(tuple(F(name) for name in names), values)


def _value(name: str, number: int) -> int | datetime.datetime:
    return EPOCH + number * MICROSECOND if name.endswith("_at") else number
