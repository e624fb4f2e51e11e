"""Starts, finds and stops one PostgreSQL server per data directory, reached through a private socket only.

The programs come in a wheel; that package's own launcher is never used, because it opens root's home, kills
processes that are not its own, and fails on foreign locales and on paths with a space.
The server is left running when our process ends, and survives its Ctrl-C: `Server.stop` ends it.
"""

import logging
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil
import psycopg2
from psycopg2 import sql

from .account import Account
from .launch import PORT, EmbeddedPostgresError, bindir, launch, log_file, make_database, reason

if os.name == "posix":
    import fcntl

__all__ = ["EmbeddedPostgresError", "Server", "bindir"]

PATIENCE = 60.0  # seconds that a server gets to start, recover or stop

logger = logging.getLogger(__name__)


class Server:
    """The server of one data directory. Cheap to make: nothing is read or started before it is asked for.

    `throwaway` starts it without syncing to disk: fast, survives kill -9, but a crash of the machine may lose
    everything. For tests.
    """

    def __init__(self, data_dir: str | Path, *, throwaway: bool = False) -> None:
        self.path = Path(os.path.abspath(data_dir))
        self.throwaway = throwaway

    @property
    def data(self) -> Path:
        """The directory itself: `path` may be a link to it."""
        return self.path.resolve()

    def address(self) -> dict[str, str]:
        """host (the socket's directory), port and user for libpq, as the last server noted them down.

        It may be gone since. Raises EmbeddedPostgresError when there is no such note.
        """
        note = self._note()
        if len(note) < 5 or not note[4]:
            raise EmbeddedPostgresError(f"No PostgreSQL runs in {self.path}")
        return {"host": note[4], "port": str(PORT), "user": "postgres"}

    def start(self, database: str = "postgres") -> None:
        """See to it that the server runs and has that database, both made when missing.

        Waits while another process does so, and for a server that starts, recovers or stops.
        Raises EmbeddedPostgresError, or another OperationalError when the server takes no connection.
        """
        programs = bindir()
        with self._alone():
            if not self._answers():
                self._bring_up(programs)
            self._create(database)

    def stop(self) -> bool:
        """Stop the server, ending its connections. Returns whether one ran. Raises EmbeddedPostgresError."""
        if not os.path.exists(self.path):
            return False
        with self._alone():
            if not self.is_alive():  # pg_ctl would signal whatever process the note names
                return False
            account, sockets = Account.for_data(self.data), self.address()["host"]
            pg_ctl = account.programs(bindir()) / "pg_ctl"
            result = account.run(pg_ctl, "stop", "-D", self.data, "-m", "fast", "-t", str(int(PATIENCE)))
            if result.returncode != 0:
                raise EmbeddedPostgresError(f"PostgreSQL did not stop: {reason(result.stderr)}")
            with suppress(OSError):
                os.rmdir(sockets)  # empty only when it was made for the socket alone
            return True

    def is_alive(self) -> bool:
        """Whether the server process lives. A zombie, or another program with its number, is not it.

        Asks the system only (about 0.1 ms), so it says nothing of whether the server takes connections.
        """
        with suppress(ValueError, IndexError):
            program, *words = _command_line(int(self._note()[0]))
            return os.path.basename(program) == "postgres" and words[:2] == ["-D", str(self.data)]
        return False

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process or thread at a time starts or stops the server. Turns the system's errors into ours."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
            finally:
                # Closing alone would not do: another thread may have forked meanwhile, with the lock open.
                fcntl.flock(lock, fcntl.LOCK_UN)
                os.close(lock)
        except (OSError, LookupError, subprocess.SubprocessError) as error:
            raise EmbeddedPostgresError(f"PostgreSQL in {self.path} cannot be used: {error}") from error

    def _note(self) -> list[str]:
        """The lines of postmaster.pid: process, directory, start, port, socket's directory, and more."""
        with suppress(OSError):
            return os.fsdecode((self.data / "postmaster.pid").read_bytes()).split("\n")
        return []

    def _answers(self) -> bool:
        """Whether a server takes connections. To refuse ours for want of room is an answer too."""
        try:
            psycopg2.connect(dbname="postgres", connect_timeout=5, **self.address()).close()
        except psycopg2.OperationalError as error:
            # "... is starting up", "... is shutting down", "... is in recovery mode". In English: LC_ALL=C.
            return "FATAL:" in str(error) and "the database system is" not in str(error)
        return True

    def _bring_up(self, programs: Path) -> None:
        """Make the database where there is none; start its server, or wait for one that starts already."""
        account = Account.for_data(self.data)
        account.shelter(self.path)
        programs = account.programs(programs)
        if not (self.data / "PG_VERSION").exists():
            make_database(self.data, account, programs, throwaway=self.throwaway)
        deadline = time.monotonic() + PATIENCE
        child: int | None = None
        while not self._answers():
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"PostgreSQL in {self.path} is not ready: {self._last_words()}")
            if not self.is_alive() and (child is None or not _command_line(child)):
                if child is not None:
                    # After kill -9 of the server alone, a statement of its may still run: it must end first.
                    if "still in use" not in self._last_words():
                        raise EmbeddedPostgresError(f"PostgreSQL in {self.path} ended: {self._last_words()}")
                    time.sleep(0.5)
                child = launch(self.data, account, programs, throwaway=self.throwaway)
                logger.info("Started PostgreSQL in %s", self.data)
            time.sleep(0.05)

    def _create(self, database: str) -> None:
        """Make the database unless it is there. Under the lock, or first starts would race. Commits."""
        with closing(psycopg2.connect(dbname="postgres", **self.address())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

    def _last_words(self) -> str:
        """The reason that the server's log ends with."""
        return reason(log_file(self.data).read_text(errors="replace")[-4000:])


def _command_line(pid: int) -> list[str]:
    """The words that a process was started with; none when it is gone, a zombie, or hidden from us."""
    with suppress(psutil.Error):
        words: list[str] = psutil.Process(pid).cmdline()
        return words
    return []
