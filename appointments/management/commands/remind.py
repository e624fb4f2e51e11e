"""Remind patients and staff of what the clock brings about."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from appointments.reminders import remind, remind_until
from clinic.worker import set_by_signals


class Command(BaseCommand):
    """`manage.py remind`. Any number of them may run at once: each thing is done once."""

    help = "Once a minute until SIGTERM: ask for new dates, warn of promises, send the day's summary. --once: now."
    requires_system_checks = ()
    stealth_options = ("stop",)  # a threading.Event, from a process that runs this in a thread of its own

    def add_arguments(self, parser: CommandParser) -> None:
        """--once."""
        parser.add_argument("--once", action="store_true", help="Do what is due now, and return.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Until SIGTERM or Ctrl-C, or until `stop` is set; then exit code 0. Raises with --once what the database
        raises."""
        if options["once"]:
            remind(timezone.now())
            return
        remind_until(options.get("stop") or set_by_signals())
