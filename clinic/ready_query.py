"""Queries whose text never changes, composed once in each process: that takes longer than to run them."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import CharField, Field, QuerySet, Value
from django.db.models.functions import Cast


class _Blank(str):
    """The name of a value that is given each time. It goes through the composing as text does."""

    __slots__ = ()


def blank(name: str, field: Field) -> Cast:
    """A place in a ReadyQuery that `rows(name=...)` fills in: with what the database reads as such a field."""
    return Cast(Value(_Blank(name), output_field=CharField()), field)


class ReadyQuery:
    """What `make` asks for, with the same text each time; it may have blanks. Times come from the database's clock.

    Nothing that was found is kept: every call of `rows` asks the database.
    """

    def __init__(self, make: Callable[[], QuerySet[Any, Any]]) -> None:
        self.make = make

    def rows(self, **given: Any) -> list[tuple[Any, ...]]:
        """The rows as the database driver gives them: JSON is text. One query. Raises KeyError for a blank that no
        value is given for."""
        text, values = self._text_and_values
        with connection.cursor() as cursor:
            cursor.execute(text, [given[value] if isinstance(value, _Blank) else value for value in values])
            return list(cursor.fetchall())

    @cached_property
    def _text_and_values(self) -> tuple[str, tuple[Any, ...]]:
        text, values = self.make().query.sql_with_params()
        return text, tuple(values)
