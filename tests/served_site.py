"""The site as in production, in processes that a test may kill: gunicorn with two workers."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psutil
import pytest
from django.db import connection

from tests.environment import PROJECT

PATIENCE = 30.0  # seconds


class ServedSite:
    """A gunicorn of the test's own, serving the test database on a free port of this machine."""

    def __init__(self, folder: Path, static_root: Path) -> None:
        self.log = folder / "gunicorn.log"
        self.environment = production_environment(static_root)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, workers: int = 2) -> None:
        """Start it, and wait until every page of it can be had."""
        command = ["-m", "gunicorn", "clinic.wsgi", "--bind", f"127.0.0.1:{self.port}", "--no-control-socket"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command, "--workers", str(workers)],
                cwd=PROJECT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not self.is_ready():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def is_ready(self) -> bool:
        """Whether it answers, and has its database."""
        try:
            with urlopen(f"{self.url}/readyz", timeout=PATIENCE) as response:
                return bool(response.status == 200)
        except HTTPError as error:
            raise AssertionError(f"/readyz: {error.code} {error.read()!r}") from error
        except (URLError, ConnectionError, TimeoutError):
            return False

    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests."""
        children: list[psutil.Process] = psutil.Process(self.process.pid).children()
        return children

    def kill(self) -> None:
        """kill -9 of all its processes at once, as a power cut would. Returns when none of them runs."""
        processes = self.workers()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        while any(is_alive(process) for process in processes):
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop it as the service manager does. Nothing happens when it was killed."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)


@pytest.fixture(scope="session")
def static_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files as collected for production: hashed names, compressed."""
    static_root = tmp_path_factory.mktemp("static")
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"],
        cwd=PROJECT,
        env=production_environment(static_root),
        check=True,
    )
    return static_root


@pytest.fixture
def served_site(transactional_db: None, static_root: Path, tmp_path: Path) -> Iterator[ServedSite]:
    """The site as in production, served over the database that the test sees."""
    site = ServedSite(tmp_path, static_root)
    site.start()
    yield site
    site.stop()


def production_environment(static_root: Path, smtp_url: str = "") -> dict[str, str]:
    """The environment of a production server, but for HTTPS: a test speaks to it without a proxy.

    `smtp_url` is where it delivers mail, such as that of an SmtpSink; nowhere by default.
    """
    database = {name: os.environ[name] for name in ("EMBEDDED_POSTGRES_DIR", "DATABASE_URL") if name in os.environ}
    return {
        **database,
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "DEBUG": "false",
        "HTTPS": "false",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "127.0.0.1",
        "DJANGO_SETTINGS_MODULE": "tests.served_settings",
        "SERVED_DATABASE": connection.settings_dict["NAME"],
        "SERVED_STATIC_ROOT": str(static_root),
        **({"SMTP_URL": smtp_url, "MAIL_FROM": "The Clinic <clinic@clinic.example>"} if smtp_url else {}),
    }


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs. Where nobody buries them, dead processes stay in the list for ever."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
