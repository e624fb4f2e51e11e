"""The production settings over a database of the bench's own, with the two plain views beside ours."""

from pathlib import Path

from tests.served_settings import *  # noqa: F403
from tests.served_settings import TEMPLATES

ROOT_URLCONF = "bench.urls"
TEMPLATES[0]["DIRS"].append(Path(__file__).parent / "templates")  # type: ignore[attr-defined]
FORM_MINIMUM_SECONDS, SENDING_IS_LIMITED = 3, True  # as in production, whatever other tests have
