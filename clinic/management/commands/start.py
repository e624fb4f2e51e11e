"""Serve the site on this machine, with everything that it needs to be worth looking at."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler, get_internal_wsgi_application
from django.db import connection, connections
from django.urls import reverse

from clinic.delivery import deliver_until
from clinic.env import ConfigurationError

MAIL_IN_HAND = 5.0  # seconds
HOST = "127.0.0.1"  # never the network: this is a server for one person at this machine


class SiteServer(ThreadedWSGIServer):
    """One thread for each connection. The socket is taken when it is made, and answers once it serves."""

    request_queue_size = 128


class UnloggedRequest(WSGIRequestHandler):
    """A request that leaves no line in the log: its query string may name a patient.

    What goes wrong is logged by Django itself, by path.
    """

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Command(BaseCommand):
    """`manage.py start`, the second half of `make run`. Keeps all data that is there already."""

    help = "Prepare the database, load the shipped content and, with DEBUG, the demo; then serve on 127.0.0.1:PORT."
    requires_system_checks = ()  # `migrate` runs those that matter here

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until Ctrl-C or SIGTERM, then stop the database server if it was started here.

        Raises ConfigurationError when the port cannot be had, OperationalError when the database cannot.
        """
        signal.signal(signal.SIGTERM, leave)
        try:
            with site_server(settings.PORT) as server, stopped_database_server_in_the_end():
                self._prepare()
                self._serve(server)
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")

    def _prepare(self) -> None:
        """Bring the database up to date, and load what is not there. Each step commits."""
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
        call_command("load_clinic", stdout=self.stdout)
        call_command("load_articles", stdout=self.stdout)
        if settings.DEBUG:
            call_command("load_demo", stdout=self.stdout)
        else:
            call_command("collectstatic", interactive=False, verbosity=0, stdout=self.stdout)
        connections.close_all()  # each request has a connection of its own

    def _serve(self, server: SiteServer) -> None:
        """Say where the site is, and answer requests for ever."""
        server.set_app(get_internal_wsgi_application())
        address = f"http://{HOST}:{server.server_port}"
        self.stdout.write(f"The site:     {address}/")
        self.stdout.write(f"Staff admin:  {address}{reverse('admin:index')}")
        if settings.DEBUG:
            self.stdout.write(f"Mail viewer:  {address}{reverse('outbox')}")
        self.stdout.write("Stop it with Ctrl-C.")
        self.stdout.flush()  # or a pipe would show it at the end only
        with workers_meanwhile():
            server.serve_forever()


def site_server(port: int) -> SiteServer:
    """The server on that port of this machine. Raises ConfigurationError when the port cannot be had."""
    try:
        return SiteServer((HOST, port), UnloggedRequest)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigurationError(f"port {port} cannot be had ({reason}): set PORT to another one") from error


@contextmanager
def workers_meanwhile() -> Iterator[None]:
    """Remind in a thread, and in another one deliver the outbox if there is a mail server. In the end the mail in
    hand gets a little time: one that is cut off is delivered after the next start."""
    stop = threading.Event()
    workers = [threading.Thread(target=call_command, args=["remind"], kwargs={"stop": stop}, daemon=True)]
    if settings.EMAIL_HOST:
        workers.append(threading.Thread(target=deliver_until, args=[stop], name="deliver_outbox", daemon=True))
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        stop.set()
        for worker in workers:
            worker.join(MAIL_IN_HAND)


@contextmanager
def stopped_database_server_in_the_end() -> Iterator[None]:
    """Stop the database server in the end, if it comes with the connection and does not run yet."""
    server = getattr(connection, "server", None)  # that of DATABASE_URL is not ours to stop
    is_ours = server is not None and not server.is_alive()
    try:
        yield
    finally:
        if server is not None and is_ours and server.is_alive():
            connections.close_all()
            server.start()  # waits for one that was interrupted while it starts: it could not be stopped yet
            server.stop()


def leave(signal_number: int, frame: FrameType | None) -> NoReturn:
    """Answer to SIGTERM: go through every `finally` on the way out."""
    sys.exit(0)
