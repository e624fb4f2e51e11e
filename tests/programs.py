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
    """The path of a Chromium: one that is installed, else the one that Playwright has downloaded."""
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


def get_missing() -> None:
    """Get a browser and a text browser where there are none. To fail is no error: see `main`."""
    if not find_browser():
        print("Getting a browser for the tests.")  # noqa: T201
        runs(sys.executable, "-m", "playwright", "install", "chromium", patience=DOWNLOAD_PATIENCE)
    packages = [] if find_browser() else ["chromium"]
    packages += [] if find_text_browser() else ["lynx"]
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {' and '.join(packages)} for the tests.")  # noqa: T201
        runs("apt-get", "update", patience=PACKAGES_PATIENCE)
        runs(
            *("apt-get", "install", "--yes", "--no-install-recommends", *packages, "fonts-dejavu-core"),
            patience=PACKAGES_PATIENCE,
        )


def runs(*command: str, patience: int) -> bool:
    """Whether the command succeeds within `patience` seconds. What it prints is not shown."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        result = subprocess.run(command, env=environment, capture_output=True, timeout=patience, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def main() -> None:
    """Get what is missing. Where a browser cannot be had, say so; with CI=true that is a failure."""
    get_missing()
    missing = [] if find_browser() else ["a browser such as chromium"]
    missing += [] if find_text_browser() else ["a text browser such as lynx"]
    if missing:
        consequence = "and CI needs it" if IS_CI else "and tests that need it are skipped"
        print(f"clinic: there is no {' and no '.join(missing)}, {consequence}", file=sys.stderr)  # noqa: T201
        sys.exit(1 if IS_CI else 0)


if __name__ == "__main__":
    main()
