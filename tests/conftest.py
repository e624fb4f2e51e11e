"""What all tests share: the database's two states, people of the staff, and a folder that others can reach."""

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections, transaction
from playwright.sync_api import Browser
from pytest_django import DjangoDbBlocker

from tests.kept_rows import Rows, copy_rows, is_flushed, put_back
from tests.staff import make_staff

pytest_plugins = ("pytester", "tests.browser", "tests.served_site")

AFTER_MIGRATIONS = pytest.StashKey[tuple[DjangoDbBlocker, Rows]]()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The packaged PostgreSQL need not survive a crash of the machine here."""
    settings.DATABASES["default"]["EMBEDDED_THROWAWAY"] = True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker, pytestconfig: pytest.Config) -> None:
    """The test database, and a copy of what migrations put into it."""
    with django_db_blocker.unblock():
        pytestconfig.stash[AFTER_MIGRATIONS] = django_db_blocker, copy_rows()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """A test with real transactions ends with all tables emptied: put back what migrations had made."""
    try:
        return (yield)
    finally:
        if nextitem is not None and AFTER_MIGRATIONS in item.config.stash:
            blocker, rows = item.config.stash[AFTER_MIGRATIONS]
            with blocker.unblock():
                if is_flushed(rows):
                    put_back(rows, in_place_of_others=True)


@pytest.fixture(scope="session")
def shipped_rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Rows:
    """The rows that the project ships: profile, opening hours, red flags, articles. Loaded, copied, undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        before = copy_rows()
        call_command("load_clinic", stdout=io.StringIO())
        call_command("load_articles", stdout=io.StringIO())
        rows = {table: copy for table, copy in copy_rows().items() if before.get(table) != copy}
        transaction.set_rollback(True)
    assert not rows.keys() & before.keys(), "loading has changed what migrations had made"
    return rows


@pytest.fixture
def clinic_data(db: None, shipped_rows: Rows) -> None:
    """The database as after the first `make run`, without the demo. Without this it is as after `migrate`."""
    put_back(shipped_rows)


@pytest.fixture(scope="session")
def browser(browser: Browser) -> Iterator[Browser]:
    """The running Chromium. While it runs, Django keeps other connections than before: for its event loop."""
    yield browser
    connections.close_all()


@pytest.fixture
def staff(db: None) -> Callable[..., User]:
    """Makes people of the staff: `staff("reception")`. See `make_staff`."""
    return make_staff


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that `nobody` can reach, who runs the database server for root. tmp_path is closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="clinic-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
