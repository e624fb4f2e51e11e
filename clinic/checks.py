"""What `manage.py check --deploy` says of our own settings."""

import ipaddress
from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def check_mail_server(**kwargs: Any) -> list[checks.CheckMessage]:
    """That mail can go out, and that nobody can read it on its way to the server."""
    if not settings.EMAIL_HOST:
        return [
            checks.Warning(
                "SMTP_URL is not set: mail to patients waits in the outbox.",
                hint="Name the mail server in SMTP_URL and run `manage.py deliver_outbox` beside the site.",
                id="clinic.W001",
            )
        ]
    if not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or _is_this_machine(settings.EMAIL_HOST)):
        return [
            checks.Warning(
                "SMTP_URL begins with smtp://: mail goes over the network in the clear.",
                hint="Begin it with smtp+starttls:// or smtps://.",
                id="clinic.W002",
            )
        ]
    return []


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
