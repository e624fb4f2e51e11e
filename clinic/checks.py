"""What `manage.py check --deploy` says of our own settings, and `check --database default` of the database's."""

import ipaddress
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import Error, connections

# What keeps the words of patients out of PostgreSQL's log. Statements come to it with their values in their text,
# so each that is logged, for a fault or for being slow, would take a whole record along. `terse` leaves out the
# details of a fault: the row that was refused, what others were doing. deploy/postgresql.conf is this for people.
QUIET: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "log_min_error_statement": frozenset({"panic"}),
        "log_error_verbosity": frozenset({"terse"}),
        "log_parameter_max_length_on_error": frozenset({"0"}),
        "log_statement": frozenset({"none", "ddl"}),
        "log_min_duration_statement": frozenset({"-1"}),
        "log_min_duration_sample": frozenset({"-1"}),
        "log_transaction_sample_rate": frozenset({"0"}),
        "debug_print_parse": frozenset({"off"}),
        "debug_print_rewritten": frozenset({"off"}),
        "debug_print_plan": frozenset({"off"}),
    }
)


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


@checks.register(checks.Tags.database)
def check_database_log(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """That nothing of a patient gets into the database server's log. Asked by `migrate`, too."""
    return [warning for alias in databases or () for warning in _loud_settings(alias)]


def _loud_settings(alias: str) -> list[checks.CheckMessage]:
    """What our own sessions on this database run with; nothing of a server that cannot be reached."""
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(QUIET)])
            found = sorted(cursor.fetchall())
    except Error:
        return []
    loud = [f"{name} = {setting}" for name, setting in found if setting not in QUIET[name]]
    if not loud:
        return []
    return [
        checks.Warning(
            f"PostgreSQL may write what patients wrote into its log: {', '.join(loud)}.",
            hint="Include deploy/postgresql.conf in the server's settings and reload it.",
            id="clinic.W003",
        )
    ]
