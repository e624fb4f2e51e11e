"""What patients wrote stays out of the database server's log: the check, and the log of a real server."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.db import IntegrityError, OperationalError, connection

from clinic.checks import QUIET, check_database_log
from clinic.embedded_postgres.launch import log_file

SAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "postgresql.conf"
# Each on its own lets values into the log.
LOUD = {
    "log_min_error_statement": ("error", "log", "fatal"),
    "log_error_verbosity": ("default", "verbose"),
    "log_parameter_max_length_on_error": ("-1", "100"),
    "log_statement": ("mod", "all"),
    "log_min_duration_statement": ("0", "1000"),
    "log_min_duration_sample": ("0",),
    "log_transaction_sample_rate": ("0.5",),
    "debug_print_parse": ("on",),
    "debug_print_rewritten": ("on",),
    "debug_print_plan": ("on",),
}
OUT_OF_THE_BOX = {
    "log_min_messages": "warning",
    "log_min_error_statement": "error",
    "log_error_verbosity": "default",
}


def sample() -> dict[str, str]:
    """The settings of the file that we give to whoever runs a server."""
    return dict(re.findall(r"(?m)^(\w+) = (\S+)", SAMPLE.read_text()))


def warnings() -> list[Any]:
    return check_database_log(databases=["default"])


@pytest.fixture
def quiet(db: None) -> None:
    """This session as after the sample file, with the rest as PostgreSQL has it out of the box."""
    set_all({**OUT_OF_THE_BOX, **sample()})


def set_all(settings: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"SET {name} = '{value}'")


def test_sample_file_says_all_that_the_check_asks_for() -> None:
    assert LOUD.keys() == QUIET.keys()
    assert sample().keys() == QUIET.keys()
    assert all(value in QUIET[name] for name, value in sample().items())


def test_check_says_nothing_of_a_quiet_server(quiet: None) -> None:
    assert warnings() == []


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in LOUD.items() for value in values])
def test_check_warns_of_each_setting(quiet: None, name: str, value: str) -> None:
    set_all({name: value})
    (warning,) = warnings()
    assert warning.id == "clinic.W003"
    assert f"{name} = {value}." in warning.msg


def test_check_of_the_database_is_asked_for_by_name(quiet: None) -> None:
    set_all({"log_statement": "all"})
    assert "clinic.W003" in {found.id for found in checks.run_checks(databases=["default"])}
    assert "clinic.W003" not in {found.id for found in checks.run_checks(include_deployment_checks=True)}


@pytest.mark.django_db(transaction=True)
def test_check_says_nothing_of_a_server_that_went_away() -> None:
    set_all({"log_statement": "all"})
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert warnings() == []
    connection.close()


# The log itself


def session(settings: dict[str, str]) -> Any:
    """A session of its own with these settings, each statement a transaction."""
    opened = connection.copy()
    opened.set_autocommit(True)
    with opened.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"SET {name} = '{value}'")
        cursor.execute("SET deadlock_timeout = '20ms'")
    return opened


def fail_in_every_way(settings: dict[str, str]) -> None:
    """A doubled key, a refused value, a deadlock and a lost session, each with values in its statement."""
    first, second = session(settings), session(settings)
    try:
        with first.cursor() as cursor, second.cursor() as other:
            cursor.execute("CREATE TEMPORARY TABLE kept (name text PRIMARY KEY CHECK (name <> 'Testa refused'))")
            cursor.execute("INSERT INTO kept VALUES (%s)", ["Testa doubled"])
            for name in ("Testa doubled", "Testa refused"):
                with pytest.raises(IntegrityError):
                    cursor.execute("INSERT INTO kept VALUES (%s)", [name])
            cursor.execute("BEGIN; SELECT pg_advisory_xact_lock(1)")
            other.execute("BEGIN; SELECT pg_advisory_xact_lock(2)")
            with ThreadPoolExecutor(2) as threads:
                asked = [
                    threads.submit(one.execute, "SELECT pg_advisory_xact_lock(%s), %s", [lock, "Testa locked"])
                    for one, lock in ((cursor, 2), (other, 1))
                ]
            assert [type(one.exception()) for one in asked].count(OperationalError) == 1
            cursor.execute("ROLLBACK")
            with pytest.raises(OperationalError):
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid()), %s", ["Testa lost"])
    finally:
        first.close()
        second.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("settings", "kept_out"), [(OUT_OF_THE_BOX, False), ({**OUT_OF_THE_BOX, **sample()}, True)]
)
def test_log_of_a_server_with_the_sample_file_holds_no_value(settings: dict[str, str], kept_out: bool) -> None:
    log = log_file(Path(connection.settings_dict["EMBEDDED_DATA_DIR"]))
    begun = log.stat().st_size
    fail_in_every_way(settings)
    written = log.read_bytes()[begun:].decode()
    found = {name for name in ("doubled", "refused", "locked", "lost") if f"Testa {name}" in written}
    assert "duplicate key" in written and "deadlock" in written
    assert found == (set() if kept_out else {"doubled", "refused", "locked", "lost"})
