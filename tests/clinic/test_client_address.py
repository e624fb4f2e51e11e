"""Which sender a limit counts."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from clinic.client_address import client_address


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("192.0.2.7:5000", "unknown"),
        ("192.0.2.007", "unknown"),
        ("192.0.2", "unknown"),
        ("somebody", "unknown"),
        ("", "unknown"),
        ("\0", "unknown"),
    ],
)
@pytest.mark.parametrize("behind_proxy", [False, True])
def test_client_address_of_a_sender(settings: Settings, given: str, counted: str, behind_proxy: bool) -> None:
    settings.BEHIND_TLS_PROXY = behind_proxy
    with_proxy = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": given}
    without = {"REMOTE_ADDR": given, "HTTP_X_FORWARDED_FOR": "203.0.113.1"}
    request = RequestFactory().get("/")
    request.META.update(with_proxy if behind_proxy else without)
    assert client_address(request) == counted


def test_client_address_behind_a_proxy_is_what_the_proxy_wrote(settings: Settings) -> None:
    settings.BEHIND_TLS_PROXY = True
    forged = "203.0.113.1, 198.51.100.2,192.0.2.7"
    request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=forged)
    assert client_address(request) == "192.0.2.7"


def test_client_address_behind_a_proxy_that_says_nothing_is_unknown(settings: Settings) -> None:
    settings.BEHIND_TLS_PROXY = True
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="127.0.0.1")) == "unknown"
