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
    """True when the connection cannot be had or was lost, and for the embedded server's own error."""
    from clinic.database_errors import is_connection_lost
    from clinic.embedded_postgres.server import EmbeddedPostgresError

    return is_connection_lost(error) or isinstance(error, EmbeddedPostgresError)


def first_line(error: Exception) -> str:
    """The first line of an error's text, which for PostgreSQL holds the reason."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
