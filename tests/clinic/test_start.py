"""`manage.py start`: the site on this machine, with all that it needs, and nothing left behind."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psycopg2
import pytest

from clinic.embedded_postgres.server import Server
from tests.commands import PRODUCTION, SECRET, assert_one_line, environment, manage
from tests.environment import PROJECT
from tests.served_site import free_port
from tests.smtp_sink import Mode, SmtpSink

ARTICLE = "conditions/lower-back-pain-when-walking/"
PATIENCE = 60.0  # seconds
OURS = "Number 1"  # the subject of `tests.clinic.mails.hello`


class Started:
    """A running `manage.py start`."""

    def __init__(self, folder: Path, **values: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.database = Server(folder / "postgres")
        self.log = folder / "start.log"
        defaults = {"DEBUG": "true", "SECRET_KEY": SECRET, "EMBEDDED_POSTGRES_DIR": str(self.database.path)}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "start"],
                cwd=PROJECT,
                env=environment(**{**defaults, "PORT": str(self.port), **values}),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def get(self, path: str = "") -> str:
        """The page at `path`, once there is one."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urlopen(self.url + path, timeout=PATIENCE) as response:
                    return str(response.read().decode())
            except URLError as error:
                if not isinstance(error.reason, ConnectionError):
                    raise
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def status(self, path: str) -> int:
        """What a request for `path` is answered with."""
        try:
            with urlopen(self.url + path, timeout=PATIENCE) as response:
                return int(response.status)
        except URLError as error:
            return int(getattr(error, "code", 0))

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Send the signal, and wait for the process to end; its exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(PATIENCE)

    def said(self) -> str:
        """What it has printed."""
        return self.log.read_text()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Fail with what it has printed when `condition` does not come about."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """Run SQL in its database. Commits."""
        with (
            psycopg2.connect(dbname="clinic", **self.database.address()) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            rows: list[tuple[object, ...]] = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows


def subjects(sink: SmtpSink) -> list[str]:
    """Of the mails that it took, in their order."""
    return [str(message["Subject"]) for message in sink.messages]


@pytest.fixture
def start(public_folder: Path) -> Iterator[Callable[..., Started]]:
    """Starts the site, each time on the same data; everything is stopped in the end."""
    started = []

    def start(**values: str) -> Started:
        started.append(Started(public_folder, **values))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
    Server(public_folder / "postgres").stop()


@pytest.mark.slow
def test_start_twice_keeps_the_data_and_what_staff_edited(start: Callable[..., Started]) -> None:
    first = start()
    assert "Back pain" in first.get()
    assert (
        first.status(ARTICLE) == first.status("admin/login/") == first.status("static/clinic/css/base.css") == 200
    )
    assert f"http://127.0.0.1:{first.port}/\n" in first.said()
    assert f"http://127.0.0.1:{first.port}/admin/\n" in first.said()
    assert f"http://127.0.0.1:{first.port}/mail/\n" in first.said()
    assert first.status("mail/") == 200
    assert re.search(r"reception, clinician, editor, manager\. Password of each: \S{12,}\n", first.said())
    first.query("UPDATE clinic_clinicprofile SET name = 'Renamed by Staff'")
    first.query("UPDATE conditions_article SET title = 'Retitled by staff' WHERE slug LIKE 'lower-back%'")
    count = "SELECT (SELECT count(*) FROM auth_user), (SELECT count(*) FROM appointments_appointmentrequest)"
    before = first.query(count)
    assert first.stop() == 0
    assert not first.database.is_alive()

    second = start()
    page = second.get(ARTICLE)
    assert "Renamed by Staff" in page
    assert "Retitled by staff" in page
    assert second.query(count) == before
    assert before[0][0] == 4
    assert "Password" not in second.said()
    assert second.stop(signal.SIGINT) == 0
    assert not second.database.is_alive()
    assert "Traceback" not in first.said() + second.said()


@pytest.mark.slow
def test_start_interrupted_before_it_serves_leaves_nothing_behind(start: Callable[..., Started]) -> None:
    site = start()
    deadline = time.monotonic() + PATIENCE
    while not site.database.is_alive():  # then it migrates, which takes longer than to send a signal
        assert time.monotonic() < deadline, site.said()
        time.sleep(0.01)
    assert site.stop(signal.SIGINT) == 0, site.said()
    assert "The site:" not in site.said()
    assert "Traceback" not in site.said()
    assert not site.database.is_alive()


@pytest.mark.slow
def test_start_logs_no_query_string(start: Callable[..., Started]) -> None:
    site = start()
    site.get("?name=Someone")
    assert site.status("nothing?name=Someone") == 404
    assert site.status("%00?name=Someone") == 400
    site.stop()
    assert "/nothing" in site.said()
    assert "Someone" not in site.said()


@pytest.mark.slow
def test_start_takes_the_demo_password_that_is_given(start: Callable[..., Started]) -> None:
    site = start(DEMO_PASSWORD="a password that is known")
    site.get()
    assert "Password of each: a password that is known" in site.said()


@pytest.mark.slow
def test_start_leaves_a_database_server_running_that_it_did_not_start(start: Callable[..., Started]) -> None:
    site = start()
    site.get()
    beside = start()
    beside.get()
    assert beside.stop() == 0
    assert site.database.is_alive()
    assert site.status("") == 200
    assert site.stop() == 0
    assert not site.database.is_alive()


@pytest.mark.slow
@pytest.mark.parametrize("mode", [Mode.ACCEPT, Mode.SLOW_DATA])
def test_start_delivers_mail_meanwhile_and_ends_when_told(start: Callable[..., Started], mode: Mode) -> None:
    sink = SmtpSink(mode, slowness=60).start()
    try:
        site = start(SMTP_URL=sink.url, MAIL_FROM="clinic@clinic.example")
        site.get()
        site.query(
            "INSERT INTO clinic_outgoingmail (message_id, function, arguments, topic, attempts, failure)"
            " VALUES (gen_random_uuid(), 'tests.clinic.mails.hello', '{}', '', 0, '')"
        )
        # By the hour, the demo's requests may have mails of their own that are due.
        site.wait_until(lambda: OURS in subjects(sink) if mode is Mode.ACCEPT else sink.has_message.is_set())
        assert site.stop() == 0
        assert not site.database.is_alive()  # nor does the worker start it again
        assert "Traceback" not in site.said()
        assert subjects(sink).count(OURS) == (1 if mode is Mode.ACCEPT else 0)
    finally:
        sink.stop()


@pytest.mark.slow
def test_start_in_production_loads_no_demo(start: Callable[..., Started], tmp_path: Path) -> None:
    values = {**PRODUCTION, "DEBUG": "false", "DATABASE_URL": ""}
    values |= {"DJANGO_SETTINGS_MODULE": "tests.served_settings", "SERVED_DATABASE": "clinic"}
    site = start(**values, SERVED_STATIC_ROOT=str(tmp_path))
    page = site.get(ARTICLE)
    stylesheet = re.search(r"/(static/clinic/css/\w+\.[0-9a-f]{12}\.css)", page)
    assert stylesheet is not None
    assert site.status(stylesheet[1]) == 200
    assert site.query("SELECT FROM auth_user") == []
    assert site.query("SELECT FROM appointments_appointmentrequest") == []
    assert "Demo" not in site.said()
    assert site.status("mail/") == 404
    assert "Mail viewer" not in site.said()


def test_load_demo_is_refused_in_production() -> None:
    result = manage("load_demo", **PRODUCTION)
    assert result.returncode == 1
    assert result.stderr.strip() == (
        "CommandError: Demo accounts and requests are for a developer's machine: DEBUG is off."
    )


def test_start_on_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        data = tmp_path / "postgres"
        result = manage("start", DEBUG="true", SECRET_KEY=SECRET, PORT=port, EMBEDDED_POSTGRES_DIR=str(data))
    assert_one_line(result, f"port {port} cannot be had")
    assert not data.exists()


def test_start_with_an_unreachable_database_is_one_line() -> None:
    assert_one_line(manage("start", PORT=str(free_port()), **PRODUCTION), "the database cannot be reached")
