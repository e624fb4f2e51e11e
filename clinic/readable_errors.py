"""What the operator can put right, said in one line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_line_instead_of_a_traceback() -> Iterator[None]:
    """Turn a bad setting or an unreachable database into one line on stderr and exit code 1.

    Everything else keeps its traceback: that is a defect of ours, not of the environment.
    """
    from clinic.env import ConfigurationError

    try:
        yield
    except ConfigurationError as error:
        sys.exit(f"clinic: {error}")
    except Exception as error:
        if not is_database_unreachable(error):
            raise
        sys.exit(f"clinic: the database cannot be reached: {first_line(error)}")


def is_database_unreachable(error: Exception) -> bool:
    """True when the database is away or went away, false for what is wrong with a statement or a row of ours.

    Mostly Django's OperationalError or InterfaceError, or the embedded server's own error. A server that ends in
    the middle of a statement may also be a bare DatabaseError: that is how psycopg2 then tells.
    """
    from django.db.utils import DatabaseError, InterfaceError, OperationalError

    from clinic.embedded_postgres.server import EmbeddedPostgresError

    away = OperationalError | InterfaceError | EmbeddedPostgresError
    return isinstance(error, away) or type(error) is DatabaseError


def first_line(error: Exception) -> str:
    """The first line of an error's text, which for PostgreSQL holds the reason."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
