"""Deliver the mails of the outbox."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from clinic.delivery import deliver_until
from clinic.env import ConfigurationError
from clinic.outbox import deliver_next
from clinic.worker import set_by_signals


class Command(BaseCommand):
    """`manage.py deliver_outbox`. Any number of them may run at once: each mail is in one pair of hands."""

    help = "Deliver mails as they come, until SIGTERM; with --once those that are due now."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """--once."""
        parser.add_argument("--once", action="store_true", help="Try what is due now, once, and return.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Until SIGTERM or Ctrl-C, which let the mail in hand go out first; then exit code 0.

        Raises ConfigurationError when there is no mail server, and with --once what the database raises.
        """
        if not settings.EMAIL_HOST:
            raise ConfigurationError("SMTP_URL is missing: name the mail server, or mail waits in the outbox")
        stop = set_by_signals()
        if not options["once"]:
            deliver_until(stop)
            return
        while not stop.is_set() and deliver_next():
            pass
