"""The environment that every test runs in, whatever the developer's own one says. Read before Django is.

Each run has a PostgreSQL server of its own, so that two runs at once never meet; with DATABASE_URL it is that
server, and a database beside the one that is named there.
"""

import os
import re
import shutil
from pathlib import Path

import psutil
import pytest

PROJECT = Path(__file__).resolve().parents[1]
SERVERS = PROJECT / ".local" / "test-postgres"
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ  # one of several processes of one run
IS_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def names_in_env_example() -> set[str]:
    """Every name that the project reads from the environment."""
    return set(re.findall(r"^#?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))


def prepare() -> None:
    """Set what the settings read. Once for a run: its workers inherit it."""
    for name in names_in_env_example() - {"DATABASE_URL"}:
        os.environ.pop(name, None)
    os.environ["DEBUG"] = "true"
    os.environ["SECRET_KEY"] = "for tests only"
    os.environ["EMBEDDED_POSTGRES_DIR"] = str(SERVERS / str(os.getpid()) / "postgres")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs an event loop in the tests' own thread


def pytest_configure() -> None:
    """What is different in a test run. Static files are served from where they are written: no STATIC_ROOT."""
    from django.conf import settings

    settings.WHITENOISE_AUTOREFRESH = True
    settings.WHITENOISE_USE_FINDERS = True
    # Tests send at once, and many requests from one address. Those of the limits turn them on.
    settings.FORM_MINIMUM_SECONDS = 0
    settings.SENDING_IS_LIMITED = False


def pytest_sessionstart() -> None:
    """Remove what runs have left that were killed."""
    if not IS_WORKER and SERVERS.exists():
        for folder in SERVERS.iterdir():
            if not psutil.pid_exists(int(folder.name)):
                remove_server(folder)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop the server, when all workers are done with it."""
    if not IS_WORKER:
        remove_server(SERVERS / str(os.getpid()))


def remove_server(folder: Path) -> None:
    """Stop the server of a run, if it has one, and remove its data."""
    from clinic.embedded_postgres.server import Server

    if folder.exists():
        server = Server(folder / "postgres")
        server.stop()
        shutil.rmtree(server.data, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


if not IS_WORKER:
    prepare()
