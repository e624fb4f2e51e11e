"""Secret addresses stay out of the log: whoever reads one there could open what it opens."""

import logging
import re

# The rooms whose next part of the address is a secret: a patient's status page, a clinician's calendar.
SECRET = re.compile(r"(/appointments/(?:r|feed)/)[^/\s'\"?]+")


class SecretAddresses(logging.Filter):
    """Puts three dots in the place of each secret in what is logged. Nothing is held back."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True. A message that cannot be put together stays as it is: logging itself says what is wrong."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            return True
        if SECRET.search(message):
            record.msg, record.args = SECRET.sub(r"\1…", message), ()
        return True
