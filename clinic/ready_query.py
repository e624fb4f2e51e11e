"""Queries whose text never changes, composed once in each process: that takes longer than to run them."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet


class ReadyQuery:
    """What `make` asks for, with the same text and values each time; times come from the database's clock.

    Nothing that was found is kept: every call of `rows` asks the database.
    """

    def __init__(self, make: Callable[[], QuerySet[Any, Any]]) -> None:
        self.make = make

    def rows(self) -> list[tuple[Any, ...]]:
        """The rows as the database driver gives them: JSON is text. One query."""
        with connection.cursor() as cursor:
            cursor.execute(*self._text_and_values)
            return list(cursor.fetchall())

    @cached_property
    def _text_and_values(self) -> tuple[str, tuple[Any, ...]]:
        text, values = self.make().query.sql_with_params()
        return text, tuple(values)
