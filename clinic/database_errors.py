"""The database cannot be reached, told apart from a mistake in what was asked of it."""

from django.db import DatabaseError, InterfaceError, OperationalError


def is_connection_lost(error: Exception) -> bool:
    """True when the server was not there, or went away before it had answered.

    psycopg2 raises a plain DatabaseError, and none of its kinds, when the server dies in the middle of a statement.
    """
    return isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError
