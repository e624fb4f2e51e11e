"""No secret address in the log."""

import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils.module_loading import import_string

SECRET = "aBcD-efgh_ijkl1234567890xyz"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the site's own handler writes, with its own filters."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    configuration: dict[str, Any] = settings.LOGGING
    for name in configuration["handlers"]["stderr"]["filters"]:
        handler.addFilter(import_string(configuration["filters"][name]["()"])())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/appointments/r/{}/", "/es/appointments/r/{}/worse/", "/appointments/feed/{}.ics"]
)
def test_refusal_at_a_secret_address_is_logged_without_it(
    clinic_data: None, client: Client, log: StringIO, path: str
) -> None:
    assert client.get("/appointments/" + path.format(SECRET)).status_code == 404
    assert "Not Found" in log.getvalue()
    assert SECRET not in log.getvalue()


@pytest.mark.parametrize("message", ["%s of %s", "plain", "100 % /appointments/r/x y"])
def test_other_messages_stay_as_they_are(log: StringIO, message: str) -> None:
    args = ("one", "two") if "%s" in message else ()
    logging.getLogger("clinic").warning(message, *args)
    assert log.getvalue().strip() == (message % args if args else message.replace("/x ", "/… "))
