"""What the tests of the embedded PostgreSQL ask of, and do to, the processes of this machine."""

import os
import pwd
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from clinic.embedded_postgres.server import Server

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to a chosen process")

PROJECT = Path(__file__).resolve().parents[3]


def python(code: str, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    """Start a Python of its own, in the project's directory, with its output to be read."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=PROJECT, text=True, **{**pipes, **options})


def as_user(name: str, function: Callable[[], str]) -> str:
    """What `function` returns when another user runs it, or the text of what it raises. Needs root.

    A fork, because that user may be unable to reach the Python that we run under.
    """
    user = pwd.getpwnam(name)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            answer = function()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writer, answer.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


def query(server: Server, statement: str, database: str = "clinic") -> list[Any]:
    """Run and commit one statement on a running server; the first column of what it returns."""
    connection = psycopg2.connect(dbname=database, **server.address())
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return [row[0] for row in cursor.fetchall()] if cursor.description else []
    finally:
        connection.close()


def postmaster_pid(data: Path) -> int:
    """The number of the server process, as PostgreSQL wrote it down."""
    return int((data / "postmaster.pid").read_text().split("\n")[0])


def server_processes(data: Path) -> list[psutil.Process]:
    """All living processes of a server: PostgreSQL makes the data directory the working directory of each."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(data.resolve()):
                found.append(process)
        except (psutil.Error, OSError):
            pass
    return found


def kill_postmaster(data: Path) -> None:
    """kill -9 the server process alone, and wait until it is gone or a zombie."""
    _kill([psutil.Process(postmaster_pid(data))])


def kill_all(data: Path) -> None:
    """kill -9 every process of the server."""
    _kill(server_processes(data))


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # the end of the first one ends others
            process.send_signal(signal.SIGKILL)
    until(lambda: not any(lives(process) for process in processes))


def lives(process: psutil.Process) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something that is about to happen; fail when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
