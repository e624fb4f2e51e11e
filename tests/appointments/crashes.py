"""Pressing Send while something dies, and a PostgreSQL that a test may stop."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

from clinic.embedded_postgres.server import Server
from tests.appointments.patients import DETAILS, filled_in_form
from tests.clinic.embedded_postgres.processes import postmaster_pid, query
from tests.environment import PROJECT
from tests.plain_browser import Answer, PlainBrowser
from tests.served_site import ServedSite

TABLE = "appointments_appointmentrequest"
RED_FLAGS = "appointments_redflaganswer"
RECORD = "appointments_statuschange"
ARTICLE = "/conditions/lower-back-pain-when-walking/"
PATIENCE = 60.0  # seconds


def send(browser: PlainBrowser, form: dict[str, Any]) -> Answer | None:
    """Press Send; None when the connection breaks before there is an answer."""
    try:
        return browser.post(DETAILS, form)
    except (OSError, HTTPException):
        return None


def send_again_until_sure(browser: PlainBrowser, form: dict[str, Any]) -> Answer:
    """What a patient does who sees an error page of the browser, or ours: Send again."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = send(browser, form)
        if answer is not None and answer.status == 302:
            return answer
        assert answer is None or (answer.status == 503 and "could not confirm" in answer.text), answer
        time.sleep(0.1)
    raise AssertionError("never sure")


@contextmanager
def patients_sending(url: str, *, patients: int, each: int) -> Iterator[list[str]]:
    """Several patients send several forms each, and keep at it. Gives the growing list of where they were led.

    In the end all of them are sure, or the first of their errors is raised.
    """
    browsers = [PlainBrowser(url) for _ in range(patients)]
    forms = [[filled_in_form(browser) for _ in range(each)] for browser in browsers]
    led_to: list[str] = []

    def send_own(browser: PlainBrowser, own: list[dict[str, Any]]) -> None:
        led_to.extend(send_again_until_sure(browser, form).location for form in own)

    with ThreadPoolExecutor(patients) as pool:
        busy = [pool.submit(send_own, *pair) for pair in zip(browsers, forms, strict=True)]
        yield led_to
        for patient in busy:
            patient.result()
    assert len(led_to) == len(set(led_to)) == patients * each


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class OwnDatabase:
    """A PostgreSQL of this module's own, with the clinic's data, for tests to stop."""

    def __init__(self, *, throwaway: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="clinic-test-"))
        self.folder.chmod(0o755)  # as root, the server runs as another user
        self.server = Server(self.folder / "postgres", throwaway=throwaway)
        self.server.start("clinic")

    @property
    def url(self) -> str:
        """For DATABASE_URL: with it, nobody but this test starts the server again."""
        address = self.server.address()
        return f"postgresql://{address['user']}@{quote(address['host'], safe='')}:{address['port']}/clinic"

    def fill(self, environment: dict[str, str]) -> None:
        """Migrate and load, in a process of its own."""
        commands = ["migrate", "load_clinic", "load_articles"]
        code = f"import django; django.setup(); [django.core.management.call_command(c) for c in {commands}]"
        python = [sys.executable, "-c", f"import django.core.management; {code}"]
        subprocess.run(python, cwd=PROJECT, env=environment, check=True, capture_output=True)

    def crash(self) -> None:
        """What pg_ctl stop -m immediate does."""
        os.kill(postmaster_pid(self.server.data), signal.SIGQUIT)
        wait_until(lambda: not self.server.is_alive())

    def remove(self) -> None:
        self.server.stop()
        shutil.rmtree(self.folder)


def connect_every_worker(database: OwnDatabase, site: ServedSite) -> None:
    """Ask at the same time until each worker has its lasting connection. Every answer on the way is a good one."""
    deadline = time.monotonic() + PATIENCE
    while clients(database) < len(site.workers()):
        assert time.monotonic() < deadline
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: PlainBrowser(site.url).get(ARTICLE), range(8)))
        assert [answer.status for answer in answers] == [200] * 8


def clients(database: OwnDatabase) -> int:
    """How many connections to the clinic's database there are, beside our own."""
    statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'clinic' AND pid <> pg_backend_pid()"
    return int(query(database.server, statement)[0])
