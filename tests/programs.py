"""The programs that some tests drive, and which no package of Python's brings: a browser and a text browser.

`python -m tests.programs` gets those that are missing, as far as this machine lets it: Playwright's own
browser, else Debian's packages where we are root.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.environment import IS_CI

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TEXT_BROWSERS = ("lynx", "w3m")
DOWNLOAD_PATIENCE = 90  # seconds
PACKAGES_PATIENCE = 300  # seconds


def find_browser() -> str | None:
    """The path of a Chromium that can be driven: one that is installed, else the one that Playwright has got."""
    if not driver_runs():
        return None
    return find(BROWSERS) or playwrights_own()


def find_text_browser() -> str | None:
    """The path of a browser that shows text only."""
    return find(TEXT_BROWSERS)


def find(names: Sequence[str]) -> str | None:
    """The path of the first of these programs that there is."""
    return next((path for name in names if (path := shutil.which(name))), None)


def playwrights_own() -> str | None:
    """The path of the browser that Playwright has downloaded for itself, if it has."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def driver_runs() -> bool:
    """Whether Playwright itself runs: what it brings needs a library that a bare Debian has not got."""
    return runs(sys.executable, "-m", "playwright", "--version", patience=DOWNLOAD_PATIENCE)


def missing() -> list[str]:
    """What is missing, by the names of Debian's packages."""
    is_driven = driver_runs()
    browser = find(BROWSERS) or (is_driven and playwrights_own())
    is_there = {"libatomic1": is_driven, "chromium": browser, **{name: find([name]) for name in TEXT_BROWSERS}}
    return [package for package, found in is_there.items() if not found]


def get_missing() -> None:
    """Get what is missing, as far as this machine lets us. To fail is no error: ask `missing` again."""
    if missing()[:1] == ["chromium"]:
        print("Getting a browser for the tests.")  # noqa: T201
        runs(sys.executable, "-m", "playwright", "install", "chromium", patience=DOWNLOAD_PATIENCE)
    packages = missing()
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing for the tests: {', '.join(packages)}.")  # noqa: T201
        install = ("apt-get", "install", "--yes", "--no-install-recommends", *packages)
        runs("apt-get", "update", patience=PACKAGES_PATIENCE)
        runs(*install, patience=PACKAGES_PATIENCE)


def runs(*command: str, patience: int) -> bool:
    """Whether the command succeeds within `patience` seconds. What it prints is not shown."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        result = subprocess.run(command, env=environment, capture_output=True, timeout=patience, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def main() -> None:
    """Get what is missing. What cannot be had is named in one line. Exit code 1 with CI=true and no browser.

    One text browser of the two is enough.
    """
    get_missing()
    packages = missing()
    if packages:
        print(  # noqa: T201
            f"clinic: not on this machine, so tests that need it are skipped: {', '.join(packages)}",
            file=sys.stderr,
        )
    if IS_CI and ({"libatomic1", "chromium"} & set(packages) or set(TEXT_BROWSERS) <= set(packages)):
        sys.exit("clinic: CI needs a browser and a text browser")


if __name__ == "__main__":
    main()
