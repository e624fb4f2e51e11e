"""The loop of a worker that delivers mail, in a process of its own or in a thread of another one."""

import threading
import time

from clinic import limits
from clinic.outbox import deliver_next
from clinic.worker import work_until

PAUSE = 1.0  # seconds, when nothing is due
PURGE_EVERY = 3600.0  # seconds


def deliver_until(stop: threading.Event) -> None:
    """Deliver what is due, and once an hour purge the counts of limits, until `stop` is set. See `work_until`."""
    purge_at = time.monotonic()

    def step() -> bool:
        nonlocal purge_at
        if time.monotonic() >= purge_at:
            limits.purge()
            purge_at = time.monotonic() + PURGE_EVERY
        return deliver_next()

    work_until(stop, step, pause=PAUSE)
