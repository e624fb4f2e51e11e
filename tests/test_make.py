"""The commands of the Makefile: what they need, what they read, and what they do only once."""

import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.environment import IS_CI, PROJECT
from tests.served_site import free_port

NEEDED = ("sh", "make", "git", "cmp", "cp", "cat")  # of every machine that can build anything at all


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder of programs that is all there is on a machine: no Python yet."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in NEEDED:
        (folder / name).symlink_to(shutil.which(name) or "")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of a Makefile and a lock file."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(PROJECT / "Makefile", folder)
    (folder / "requirements.txt").write_text("django==5.2.19\n")
    return folder


@pytest.fixture
def make(path: Path, project: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs make in that project on that machine."""

    def make(*arguments: str, **values: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", *arguments],
            cwd=project,
            env={"PATH": str(path), **values},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return make


def install_python(path: Path, sitecustomize: str) -> None:
    """Put a python3 into that folder which is the real one, but for what these lines of Python do to it."""
    (path / "sitecustomize.py").write_text(textwrap.dedent(sitecustomize))
    python = path / "python3"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)


@pytest.fixture
def installed(project: Path) -> Path:
    """A virtual environment whose Python notes down in this file what it is asked to run, and runs nothing."""
    notes = project / "notes"
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        f'#!/bin/sh\necho "$*" >> "{notes}"\n'
        'case "$*" in *manage.py*) while read -r name; do eval "echo \\"\\$$name\\""; done < names;;\n'
        '*"pip install"*) exit "${PIP_FAILS:-0}";; esac\n'
    )
    python.chmod(0o755)
    (project / "names").write_text("DEBUG\nPORT\nDEMO_PASSWORD\n")
    return notes


Make = Callable[..., subprocess.CompletedProcess[str]]


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """The one line that says what is wrong; make adds one of its own to say that it failed."""
    assert result.returncode != 0
    line, closing = result.stderr.strip().splitlines()
    assert closing.startswith("make: ***")
    return str(line)


def test_make_without_python_is_one_line(make: Make) -> None:
    assert one_line(make("run")) == "clinic: Python 3.11 or newer is needed, and there is no python3"


def test_make_with_an_old_python_is_one_line(make: Make, path: Path) -> None:
    install_python(path, "import sys; sys.version_info = (3, 10, 9)")
    assert one_line(make("run")).startswith("clinic: Python 3.11 or newer is needed, this is Python 3.")


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_make_with_a_python_without_venv_is_one_line(make: Make, path: Path, module: str) -> None:
    install_python(path, f"import sys; sys.modules[{module!r}] = None")
    assert one_line(make("run")) == ("clinic: python3 has no venv module: install it, on Debian as python3-venv")


@pytest.mark.parametrize("goal", ["test", "check", "lock"])
def test_make_of_every_goal_needs_python(make: Make, goal: str) -> None:
    assert "there is no python3" in one_line(make(goal))


def test_make_run_installs_only_what_has_changed(make: Make, project: Path, installed: Path) -> None:
    installs = [
        *(make("run", PIP_FAILS="1"), make("run"), make("run")),
        *((project / "requirements.txt").write_text("django==5.2.20\n"), make("run")),
    ]
    assert [result.returncode for result in installs if isinstance(result, subprocess.CompletedProcess)] == [
        2,
        0,
        0,
        0,
    ]
    pip_calls = [line for line in installed.read_text().splitlines() if "pip install" in line]
    assert len(pip_calls) == 3  # the one that failed, once again, and the one for another lock file
    assert all("--require-hashes --requirement requirements.txt" in call for call in pip_calls)


def test_make_run_reads_env_as_it_stands(make: Make, project: Path, installed: Path) -> None:
    password = " two 'words' # $(touch danger) `touch danger` $HOME \\ =x"
    (project / ".env").write_text(f"# a comment\n\nPORT=8001\nDEMO_PASSWORD={password}\nDEBUG=false")
    assert make("run").stdout.splitlines()[-3:] == ["false", "8001", password]
    assert not (project / "danger").exists()


def test_make_run_lets_the_environment_count_more_than_env(make: Make, project: Path, installed: Path) -> None:
    (project / ".env").write_text("PORT=8001\nDEMO_PASSWORD=from the file\n")
    assert make("run", PORT="8002").stdout.splitlines()[-3:] == ["true", "8002", "from the file"]
    assert make("run", "PORT=8003", DEMO_PASSWORD="").stdout.splitlines()[-3:] == ["true", "8003", ""]


@pytest.mark.parametrize(
    "line", ["PORT", "=8000", "1PORT=8000", "PO RT=8000", "export PORT=8000", "P;touch danger=1"]
)
def test_make_run_refuses_another_line_in_env(make: Make, project: Path, installed: Path, line: str) -> None:
    (project / ".env").write_text(f"# first\n{line}\n")
    assert one_line(make("run")) == "clinic: .env: line 2 is not NAME=value"
    assert "manage.py" not in installed.read_text()
    assert not (project / "danger").exists()


def test_make_run_is_the_server_itself(make: Make, project: Path, installed: Path) -> None:
    """No shell stays between make and the server, which would not pass on what make is told."""
    python = project / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\ncase "$*" in *manage.py*) cat /proc/$PPID/comm;; esac\n')
    if not Path("/proc/self/comm").exists():
        pytest.skip("asks the system in Linux's way")
    assert make("run").stdout.splitlines()[-1] == "make"


@pytest.fixture
def clone(public_folder: Path) -> Path:
    """What a newcomer gets: the files that git knows, and none else."""
    folder = public_folder / "project"
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(not IS_CI, reason="downloads all packages again: set CI=true to run it")
def test_make_run_serves_the_article_in_a_fresh_clone_and_again_at_once(clone: Path, path: Path) -> None:
    (path / "python3").symlink_to(getattr(sys, "_base_executable", sys.executable))
    index = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name == "HOME"}
    for limit in (90, 5):  # seconds, as promised by the README
        began = time.monotonic()
        port = str(free_port())
        process = subprocess.Popen(
            ["make", "run"], cwd=clone, env={"PATH": str(path), "PORT": port, **index}, stdout=subprocess.DEVNULL
        )
        page = wait_for(f"http://127.0.0.1:{port}/conditions/lower-back-pain-when-walking/", process)
        took = time.monotonic() - began
        process.terminate()
        process.wait(30)
        assert "Lower back pain when walking" in page
        assert took < limit


def wait_for(url: str, process: subprocess.Popen[bytes]) -> str:
    """The page at `url`, once there is one."""
    while True:
        try:
            with urlopen(url, timeout=60) as response:
                return str(response.read().decode())
        except OSError:
            assert process.poll() is None
            time.sleep(0.1)
