"""Getting the browsers that tests drive, on a machine that has none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import run

# What stands for Debian's package manager: notes down what it is told, and makes the programs.
APT_GET = """#!/bin/sh
echo "$*" >> "{notes}"
case "$*" in install*)
    for name in "$@"; do case "$name" in chromium|lynx|w3m)
        printf '#!/bin/sh\\n' > "{folder}/$name"; /bin/chmod 755 "{folder}/$name";; esac; done;;
esac
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The only folder in which programs are looked for; empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def get_missing(path: Path, **values: str) -> subprocess.CompletedProcess[str]:
    """Run the module on a machine with these programs, where Playwright's download fails."""
    downloads = {"PLAYWRIGHT_BROWSERS_PATH": str(path / "none"), "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:1"}
    return run(sys.executable, "-m", "tests.programs", **downloads, **{"PATH": str(path), **values})


def test_programs_that_cannot_be_had_are_named_and_ci_fails(path: Path) -> None:
    named = "clinic: not on this machine, so tests that need it are skipped: chromium, lynx, w3m\n"
    result = get_missing(path)
    assert (result.returncode, result.stderr) == (0, named)
    result = get_missing(path, CI="true")
    assert (result.returncode, result.stderr) == (1, f"{named}clinic: CI needs a browser and a text browser\n")


def test_one_text_browser_is_enough_for_ci(path: Path) -> None:
    for name in ("chromium", "w3m"):
        (path / name).write_text("#!/bin/sh\n")
        (path / name).chmod(0o755)
    result = get_missing(path, CI="true")
    assert (result.returncode, result.stderr.split()[-1]) == (0, "lynx")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may install packages")
def test_programs_come_from_packages_and_are_not_asked_for_again(path: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    (path / "apt-get").write_text(APT_GET.format(notes=notes, folder=path))
    (path / "apt-get").chmod(0o755)
    result = get_missing(path, CI="true")
    assert result.returncode == 0, result.stderr
    update, install = notes.read_text().splitlines()
    assert update == "update"
    assert install.startswith("install --yes --no-install-recommends chromium lynx w3m")
    result = get_missing(path, CI="true")
    assert (result.returncode, result.stdout) == (0, "")
    assert len(notes.read_text().splitlines()) == 2
