"""Real servers in directories of their own, far from the one that the rest of the suite uses."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from clinic.embedded_postgres import account
from clinic.embedded_postgres.server import Server

from .processes import kill_all


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory that every user of the machine can reach; servers started below it are stopped in the end.

    Not tmp_path: as root that is closed to others, which is a case of its own here.
    """
    folder = Path(tempfile.mkdtemp(prefix="clinic-test-"))
    folder.chmod(0o755)
    yield folder
    for data in data_directories(folder):
        Server(data).stop()
        kill_all(data)  # what a failed test left half alive
    shutil.rmtree(folder)


@pytest.fixture
def refuge(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another place than /var/lib for what root's servers cannot keep in the project. Not made yet."""
    monkeypatch.setattr(account, "REFUGE", folder / "refuge")
    return account.REFUGE


def data_directories(folder: Path) -> list[Path]:
    """Every directory below `folder` that a server was asked for: a lock file lies beside each."""
    found = []
    for parent, directories, files in os.walk(folder):
        if "PG_VERSION" in files:
            directories.clear()
        else:
            found += [Path(parent, name.removesuffix(".lock")) for name in files if name.endswith(".lock")]
    return found


@pytest.fixture
def data(folder: Path) -> Path:
    """Where a server of the test's own may keep its data."""
    return folder / "postgres"


@pytest.fixture
def bystander(data: Path) -> Iterator[psutil.Process]:
    """A process that is no server, though the user and the directory are the same, as a backup's are."""
    command = ["sh", "-c", "read line", "backup", str(data)]  # waits for a line that never comes
    user = "nobody" if os.geteuid() == 0 else None
    process = subprocess.Popen(command, stdin=subprocess.PIPE, user=user)
    yield psutil.Process(process.pid)
    process.kill()
    process.communicate()
