"""The loop of a worker that delivers mail, in a process of its own or in a thread of another one."""

import logging
import threading
import time

from django.db import connection

from clinic import limits
from clinic.outbox import deliver_next
from clinic.readable_errors import is_database_unreachable

PAUSE = 1.0  # seconds, when nothing is due
PURGE_EVERY = 3600.0  # seconds

logger = logging.getLogger(__name__)


def deliver_until(stop: threading.Event) -> None:
    """Deliver what is due, and once an hour purge the counts of limits, until `stop` is set.

    A database that goes away is waited for. Raises any other error that is not a mail's own: whoever runs the
    worker starts it again. Leaves this thread's database connection closed.
    """
    purge_at = time.monotonic()
    try:
        while not stop.is_set():
            try:
                if time.monotonic() >= purge_at:
                    limits.purge()
                    purge_at = time.monotonic() + PURGE_EVERY
                if not deliver_next():
                    stop.wait(PAUSE)
            except Exception as error:
                if not is_database_unreachable(error):
                    raise
                logger.warning("The database is away (%s): trying again", type(error).__name__)
                connection.close()
                stop.wait(PAUSE)
    finally:
        connection.close()
