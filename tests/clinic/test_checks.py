"""What `check --deploy` says of the mail server."""

import pytest
from django.core import checks
from pytest_django import Settings

from clinic.checks import check_mail_server


@pytest.mark.parametrize(
    ("host", "is_starttls", "is_tls", "warned"),
    [
        ("", False, False, "clinic.W001"),
        ("mail.example", False, False, "clinic.W002"),
        ("192.0.2.7", False, False, "clinic.W002"),
        ("mail.example", True, False, ""),
        ("mail.example", False, True, ""),
        ("127.0.0.1", False, False, ""),
        ("::1", False, False, ""),
        ("localhost", False, False, ""),
    ],
)
def test_check_mail_server(settings: Settings, host: str, is_starttls: bool, is_tls: bool, warned: str) -> None:
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = host, is_starttls, is_tls
    assert [warning.id for warning in check_mail_server()] == ([warned] if warned else [])


def test_check_mail_server_is_asked_before_deployment_only(settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    asked = {warning.id for warning in checks.run_checks(include_deployment_checks=True)}
    assert "clinic.W001" in asked
    assert "clinic.W001" not in {warning.id for warning in checks.run_checks()}
