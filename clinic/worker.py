"""What every worker does that runs beside the site: work, pause, outlive the database, leave when it is told to."""

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType

from django.db import connection

from clinic.readable_errors import is_database_unreachable

logger = logging.getLogger(__name__)


def work_until(stop: threading.Event, step: Callable[[], bool], *, pause: float) -> None:
    """Do one step after the other until `stop` is set; `pause` seconds after each that says it found no work.

    A database that goes away is waited for. Raises any other error: whoever runs the worker starts it again. Leaves
    this thread's database connection closed.
    """
    try:
        while not stop.is_set():
            try:
                if not step():
                    stop.wait(pause)
            except Exception as error:
                if not is_database_unreachable(error):
                    raise
                logger.warning("The database is away (%s): trying again", type(error).__name__)
                connection.close()
                stop.wait(min(pause, 1.0))
    finally:
        connection.close()


def set_by_signals() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set: what is in hand is finished first. Call it in the main thread."""
    stop = threading.Event()

    def leave(signal_number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    return stop
