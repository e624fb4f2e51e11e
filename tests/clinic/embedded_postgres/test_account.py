"""Root and others: who runs the server, where its data goes, and that nobody's directory is opened for it."""

import os
import pwd
import shutil
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from clinic.embedded_postgres import server as server_module
from clinic.embedded_postgres.account import Account
from clinic.embedded_postgres.launch import bindir
from clinic.embedded_postgres.server import EmbeddedPostgresError, Server

from .processes import as_user, kill_all, needs_root, query, server_processes


def users_of(server: Server) -> set[str]:
    names = set()
    for process in server_processes(server.data):
        with suppress(psutil.NoSuchProcess):  # a worker of the server may be done by now
            names.add(process.username())
    return names


def permissions_above(path: Path) -> dict[Path, tuple[int, int]]:
    """Owner and permission bits of every directory above `path`."""
    return {parent: (os.stat(parent).st_uid, os.stat(parent).st_mode) for parent in path.parents}


@pytest.fixture
def private_folder(folder: Path, refuge: Path) -> Path:
    """A folder like root's home, and a refuge for what others have to reach."""
    private = folder / "home" / "project"
    private.mkdir(parents=True)
    private.parent.chmod(0o700)
    return private


@needs_root
def test_root_runs_it_as_nobody_where_nobody_can_reach(folder: Path) -> None:
    server = Server(folder / "postgres", throwaway=True)
    before = permissions_above(server.path)
    server.start("clinic")
    assert not server.path.is_symlink()
    assert users_of(server) == {"nobody"}
    assert permissions_above(server.path) == before


@needs_root
def test_root_in_a_private_directory_keeps_data_in_the_refuge(private_folder: Path, refuge: Path) -> None:
    server = Server(private_folder / "postgres", throwaway=True)
    before = permissions_above(server.path)
    server.start("clinic")
    query(server, "CREATE TABLE visit AS SELECT 1 AS number")
    assert server.path.is_symlink()
    assert server.data.parent == refuge
    assert server.data.stat().st_mode & 0o077 == 0
    assert users_of(server) == {"nobody"}
    kill_all(server.data)
    server.start("clinic")
    assert query(server, "SELECT number FROM visit") == [1]
    assert server.stop()
    assert permissions_above(server.path) == before


@needs_root
def test_root_finds_no_old_data_once_the_link_is_gone(private_folder: Path) -> None:
    server = Server(private_folder / "postgres", throwaway=True)
    server.start("clinic")
    server.stop()
    old = server.data
    server.path.unlink()
    server.start("clinic")
    assert server.data != old


@needs_root
def test_root_may_name_an_empty_private_directory(private_folder: Path) -> None:
    (private_folder / "postgres").mkdir()
    server = Server(private_folder / "postgres", throwaway=True)
    server.start("clinic")
    assert query(server, "SELECT 1") == [1]


@needs_root
def test_root_leaves_a_private_directory_of_other_things_alone(private_folder: Path) -> None:
    (private_folder / "postgres").mkdir()
    (private_folder / "postgres" / "letter.txt").write_text("Dear clinic")
    with pytest.raises(EmbeddedPostgresError, match="not empty"):
        Server(private_folder / "postgres").start()
    assert (private_folder / "postgres" / "letter.txt").exists()


@pytest.fixture
def private_programs(private_folder: Path) -> Path:
    """The programs as in a virtual environment that only root can reach, even file by file."""
    install, package = bindir().parent, bindir().parent.parent
    site_packages = private_folder / "site-packages"
    for part in (install, package.with_name(f"{package.name}.libs"), package / ".dylibs"):
        if part.exists():
            shutil.copytree(part, site_packages / part.relative_to(package.parent))
    for path in [site_packages, *site_packages.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o700)
    return site_packages / install.relative_to(package.parent) / "bin"


@needs_root
def test_root_with_private_programs_runs_a_copy(
    private_folder: Path, private_programs: Path, refuge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "bindir", lambda: private_programs)
    umask = os.umask(0o077)
    try:
        server = Server(private_folder / "postgres", throwaway=True)
        before = permissions_above(private_programs)
        server.start("clinic")
        assert query(server, "SELECT to_tsvector('english', 'walking')::text") == ["'walk':1"]
        assert server.stop()
        server.start("clinic")
    finally:
        os.umask(umask)
    assert permissions_above(private_programs) == before
    assert len(list(refuge.glob("programs-*"))) == 1
    assert len(list(refuge.iterdir())) == 2  # and the data


@needs_root
def test_normal_user_on_a_long_path_with_a_space_under_a_foreign_locale(folder: Path, refuge: Path) -> None:
    owned = folder / "of daemon"
    owned.mkdir()
    shutil.chown(owned, "daemon")
    path = Path(f"{owned}/".ljust(141, "x")) / "postgres"
    programs = Account.for_data(path).programs(bindir())  # those that others can run

    def start() -> str:
        os.environ.update({"LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8", "HOME": "/nowhere"})
        server_module.bindir = lambda: programs
        server = Server(path, throwaway=True)
        server.start("clinic")
        return f"{len(str(path))} {query(server, 'SELECT 1')} {users_of(server)}"

    assert as_user("daemon", start) == "150 [1] {'daemon'}"
    # Root may come later: the server stays that of the one who made the data.
    server = Server(path)
    assert server.stop()
    server.start("clinic")
    assert users_of(server) == {"daemon"}
    assert path.stat().st_uid == pwd.getpwnam("daemon").pw_uid


def start_quietly(folder: Path) -> str:
    Server(folder / "postgres").start()
    return "started"


@needs_root
def test_normal_user_in_a_directory_of_root_is_told_so_in_one_line(folder: Path) -> None:
    answer = as_user("daemon", lambda: start_quietly(folder))
    assert answer.startswith("EmbeddedPostgresError: ")
    assert "Permission denied" in answer
    assert "\n" not in answer


@needs_root
def test_normal_user_after_root_is_told_so_in_one_line(folder: Path) -> None:
    shutil.chown(folder, "daemon")
    Server(folder / "postgres", throwaway=True).start()
    answer = as_user("daemon", lambda: start_quietly(folder))
    assert answer.startswith("EmbeddedPostgresError: ")
    assert "Permission denied" in answer


@pytest.mark.skipif(os.geteuid() == 0, reason="about those who are not root")
def test_account_of_others_is_their_own(data: Path) -> None:
    assert Account.for_data(data) == Account(os.geteuid(), os.getegid(), is_switch=False)
    with suppress(EmbeddedPostgresError):
        Account.for_data(data).shelter(data)
    assert not data.is_symlink()
