"""Copies of a database's rows, to put back before or after a test. Far cheaper than to load them again."""

import io
from collections.abc import Mapping

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

Rows = Mapping[str, bytes]  # by table, as PostgreSQL's COPY writes them


def copy_rows() -> Rows:
    """The rows of every table that has any. Reads the database once for each table."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    copies = {}
    with connection.cursor() as cursor:
        for table in sorted(tables):
            buffer = io.BytesIO()
            cursor.copy_expert(f"COPY {quoted(table)} TO STDOUT", buffer)
            copies[table] = buffer.getvalue()
    return {table: copy for table, copy in copies.items() if copy}


def put_back(rows: Rows, *, in_place_of_others: bool = False) -> None:
    """Add these rows, or let each table have them alone. In one transaction, so their order does not matter."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '20s'")  # somebody's forgotten transaction: say so, don't hang
        if in_place_of_others:
            cursor.execute(f"TRUNCATE {', '.join(map(quoted, rows))} CASCADE")
        for table, copy in rows.items():
            cursor.copy_expert(f"COPY {quoted(table)} FROM STDIN", io.BytesIO(copy))
    ContentType.objects.clear_cache()


def is_flushed(rows: Rows) -> bool:
    """Whether the groups, which only a migration makes, are gone: then so is all else that migrations made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM auth_group)")
        return "auth_group" in rows and bool(cursor.fetchone()[0])


def quoted(table: str) -> str:
    """The table's name, for SQL."""
    return connection.ops.quote_name(table)
