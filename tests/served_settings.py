"""The production settings, for the server processes that tests start: with the test database."""

import os
from pathlib import Path

from clinic.settings import *  # noqa: F403
from clinic.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["SERVED_DATABASE"]
DATABASES["default"]["EMBEDDED_THROWAWAY"] = True
STATIC_ROOT = Path(os.environ["SERVED_STATIC_ROOT"])
EMAIL_TIMEOUT = int(os.environ.get("SERVED_EMAIL_TIMEOUT", "20"))  # seconds: a test cannot wait so long
# Tests send at once and without end from one address. Those of the limits ask for what production has.
if not os.environ.get("SERVED_WITH_LIMITS"):
    FORM_MINIMUM_SECONDS = 0
    SENDING_IS_LIMITED = False
