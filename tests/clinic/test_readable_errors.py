"""What an operator can put right is one readable line. What we got wrong keeps its traceback."""

import sys

import pytest
from django.db.utils import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)

from clinic.embedded_postgres.server import EmbeddedPostgresError
from clinic.env import ConfigurationError
from clinic.readable_errors import first_line, is_database_unreachable, one_line_instead_of_a_traceback
from tests.commands import NOWHERE, PRODUCTION, SECRET, assert_one_line, manage, run


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"DEBUG": "maybe"}, "DEBUG must be true or false, not 'maybe'"),
        ({"DEBUG": "true", "HTTPS": "2"}, "HTTPS must be true or false"),
        ({"DEBUG": "true", "PORT": "eighty"}, "PORT must be a whole number from 1 to 65535"),
        ({}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be at least 50 random characters"),
        ({"SECRET_KEY": "django-insecure-" + SECRET}, "SECRET_KEY must be at least 50 random characters"),
        ({"SECRET_KEY": SECRET}, "ALLOWED_HOSTS is missing"),
        ({**PRODUCTION, "DATABASE_URL": "not an address"}, "DATABASE_URL cannot be read"),
        ({**PRODUCTION, "DATABASE_URL": "postgresql://u:p@host:port/db"}, "DATABASE_URL cannot be read"),
        ({**PRODUCTION, "DATABASE_URL": "mysql://u:p@host/db"}, "DATABASE_URL must look like postgresql://"),
        ({**PRODUCTION, "DATABASE_URL": "postgresql://u:p@host"}, "DATABASE_URL must look like postgresql://"),
    ],
)
def test_bad_setting_is_one_line(values: dict[str, str], words: str) -> None:
    assert_one_line(manage("check", **values), words)


def test_good_settings_are_no_error() -> None:
    result = manage("check", **PRODUCTION)
    assert result.returncode == 0, result.stderr


def test_bad_setting_is_one_line_for_a_wsgi_server_too() -> None:
    assert_one_line(run(sys.executable, "-c", "import clinic.wsgi"), "SECRET_KEY is missing")


def test_unreachable_database_is_one_line() -> None:
    result = manage("migrate", **PRODUCTION)
    assert_one_line(result, "the database cannot be reached")
    assert "port 1 failed: Connection refused" in result.stderr


def test_unreachable_embedded_database_is_one_line() -> None:
    result = manage("migrate", DEBUG="true", SECRET_KEY=SECRET, EMBEDDED_POSTGRES_DIR="/dev/null/postgres")
    assert_one_line(result, "the database cannot be reached")


def test_password_of_the_database_is_never_shown() -> None:
    for url in ("postgresql://u:hunter2@host:port/db", "postgresql://u:hunter2@h", "hunter2://u:hunter2@[h/db"):
        assert "hunter2" not in manage("check", **{**PRODUCTION, "DATABASE_URL": url}).stderr
    refused = NOWHERE.replace("nobody@", "nobody:hunter2@")
    assert "hunter2" not in manage("migrate", **{**PRODUCTION, "DATABASE_URL": refused}).stderr


def test_unsupported_python_is_one_line() -> None:
    old = "import sys, runpy; sys.version_info = (3, 10, 9); runpy.run_path('manage.py', run_name='__main__')"
    assert_one_line(run(sys.executable, "-c", old), "Python 3.11 or newer is needed")


def test_defect_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), one_line_instead_of_a_traceback():
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ConfigurationError("A is missing"), "clinic: A is missing"),
        (OperationalError("no route\nto host"), "clinic: the database cannot be reached: no route"),
        (EmbeddedPostgresError("disk full"), "clinic: the database cannot be reached: disk full"),
    ],
)
def test_error_of_the_environment_ends_the_process_with_a_line(error: Exception, line: str) -> None:
    with pytest.raises(SystemExit) as caught, one_line_instead_of_a_traceback():
        raise error
    assert caught.value.code == line


def test_first_line_of_an_error_without_text_is_its_name() -> None:
    assert first_line(ValueError(" \n ")) == "ValueError"


@pytest.mark.parametrize(
    ("kind", "is_away"),
    [
        (OperationalError, True),
        (InterfaceError, True),
        (DatabaseError, True),  # psycopg2's word for a server that ends in the middle of a statement
        (IntegrityError, False),
        (DataError, False),
        (ProgrammingError, False),
        (ValueError, False),
    ],
)
def test_database_that_is_away_is_told_from_a_statement_that_is_wrong(kind: type[Exception], is_away: bool) -> None:
    assert is_database_unreachable(kind("reason")) == is_away
