"""Running the project's own commands as an operator does: in a process and an environment of their own."""

import os
import subprocess
import sys

from tests.environment import PROJECT

SECRET = "a-secret-of-nobody-that-is-long-enough-for-production-0123456789"
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"  # nothing listens on port 1
PRODUCTION = {"SECRET_KEY": SECRET, "ALLOWED_HOSTS": "127.0.0.1", "HTTPS": "false", "DATABASE_URL": NOWHERE}


def environment(**values: str) -> dict[str, str]:
    """What a process gets when nobody has set anything, and these values."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **values}


def run(*command: str, **values: str) -> subprocess.CompletedProcess[str]:
    """Run a program in the project's folder, with these values in its environment, and wait for it."""
    return subprocess.run(
        command,
        cwd=PROJECT,
        env=environment(**values),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def manage(*arguments: str, **values: str) -> subprocess.CompletedProcess[str]:
    """Run a management command."""
    return run(sys.executable, "manage.py", *arguments, **values)


def assert_one_line(result: subprocess.CompletedProcess[str], words: str) -> None:
    """That it failed, and said why in one line which holds `words`."""
    assert result.returncode == 1, result
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("clinic: ")
    assert words in lines[0]
