"""Production settings of a site with one address more, whose view is broken on purpose."""

from tests.served_settings import *  # noqa: F403

ROOT_URLCONF = "tests.journeys.broken_urls"
