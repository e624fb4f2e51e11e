"""Django's database backend for the packaged PostgreSQL: Django's own one, which also starts the server.

    DATABASES = {"default": {
        "ENGINE": "clinic.embedded_postgres",
        "NAME": "clinic",
        "EMBEDDED_DATA_DIR": BASE_DIR / ".local" / "postgres",  # required; made when missing
        "EMBEDDED_THROWAWAY": False,  # optional; True for tests only: no syncing to disk
    }}

Both keys stand beside OPTIONS, not in it, because psycopg2 is handed all of OPTIONS.
The server starts with the first connection, so commands that need none (`check`, `collectstatic`) start none.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base, client

from .server import Server, bindir


def server_of(settings: dict[str, Any]) -> Server:
    """The server of one entry of DATABASES. Raises ImproperlyConfigured when it names no data directory."""
    if not settings.get("EMBEDDED_DATA_DIR"):
        raise ImproperlyConfigured('DATABASES: the engine "clinic.embedded_postgres" needs EMBEDDED_DATA_DIR')
    return Server(settings["EMBEDDED_DATA_DIR"], throwaway=settings.get("EMBEDDED_THROWAWAY", False))


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell` with the packaged psql, on a server that is started when it does not run."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """Django's arguments for psql, for the running server. Raises EmbeddedPostgresError."""
        server = server_of(settings_dict)
        server.start(settings_dict["NAME"])
        address = {key.upper(): value for key, value in server.address().items()}
        args, env = super().settings_to_cmd_args_env({**settings_dict, **address}, parameters)
        return [str(bindir() / args[0]), *args[1:]], env


class DatabaseWrapper(base.DatabaseWrapper):
    """Connections that start their server, and start it again when it is gone."""

    client_class = DatabaseClient

    @property
    def server(self) -> Server:
        """The server of this connection, for whoever starts it and has to stop it in the end."""
        return server_of(self.settings_dict)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; when that fails, see to the server and the database, and connect once more.

        Raises psycopg2's OperationalError, which Django turns into its own, when both fail.
        """
        server = server_of(self.settings_dict)
        try:
            return super().get_new_connection({**conn_params, **server.address()})
        except self.Database.OperationalError:
            server.start(conn_params.get("dbname", "postgres"))
            return super().get_new_connection({**conn_params, **server.address()})

    def is_usable(self) -> bool:
        """Django's health check, asking first for the server: after kill -9 its orphans may still answer."""
        return server_of(self.settings_dict).is_alive() and super().is_usable()
