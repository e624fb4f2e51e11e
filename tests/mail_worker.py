"""`manage.py deliver_outbox` as a service manager runs it: in a process that a test may kill."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.environment import PROJECT
from tests.served_site import production_environment

PATIENCE = 60.0  # seconds


class MailWorker:
    """One worker that delivers the outbox of the test database, from its making on. Its log is its own."""

    def __init__(self, folder: Path, smtp_url: str, *options: str, **environment: str) -> None:
        self.log = folder / f"worker-{time.monotonic_ns()}.log"
        values = {**production_environment(folder, smtp_url), "SERVED_EMAIL_TIMEOUT": "5", **environment}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "deliver_outbox", *options],
                cwd=PROJECT,
                env=values,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Ask it to end, as a service manager does, and wait; its exit code."""
        self.process.send_signal(signal_number)
        return self.wait()

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(PATIENCE)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that it brings about while it runs."""
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
