"""The only reader of the environment. Refuses a bad or missing value with one readable line."""

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url
import psycopg2.extensions

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}


class ConfigurationError(Exception):
    """A value in the environment is missing or cannot be used. Its text is for the operator."""


def text(name: str, default: str = "") -> str:
    """The value of NAME without surrounding blanks, or `default` when it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def boolean(name: str, default: bool) -> bool:
    """The value of NAME as a truth value. Raises ConfigurationError for any other word."""
    word = text(name, str(default)).lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ConfigurationError(f"{name} must be true or false, not {word!r}")


def whole_number(name: str, default: int, lowest: int, highest: int) -> int:
    """The value of NAME as a whole number from `lowest` to `highest`. Raises ConfigurationError otherwise."""
    word = text(name, str(default))
    if not word.isascii() or not word.isdigit() or not lowest <= int(word) <= highest:
        raise ConfigurationError(f"{name} must be a whole number from {lowest} to {highest}, not {word!r}")
    return int(word)


def words(name: str, default: str = "") -> list[str]:
    """The value of NAME split at commas, without blanks and empty parts."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def secret_key(debug: bool, kept_in: Path) -> str:
    """SECRET_KEY; on a developer's machine (`debug`) a random one, made once and kept in the file `kept_in`.

    Raises ConfigurationError when it is missing or short in production.
    """
    value = text("SECRET_KEY")
    if value:
        if not debug and (len(value) < 50 or value.startswith("django-insecure")):
            raise ConfigurationError("SECRET_KEY must be at least 50 random characters in production")
        return value
    if not debug:
        raise ConfigurationError("SECRET_KEY is missing: set it to at least 50 random characters")
    return _kept_secret(kept_in)


def _kept_secret(kept_in: Path) -> str:
    """Read the secret in `kept_in`, or make it; two processes that start together end with the same one."""
    kept_in.parent.mkdir(parents=True, exist_ok=True)
    draft = kept_in.with_name(f"{kept_in.name}.{os.getpid()}")
    try:
        return kept_in.read_text()
    except FileNotFoundError:
        pass
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64))
    try:
        os.link(draft, kept_in)
    except FileExistsError:
        pass  # another process was first: its secret counts
    finally:
        draft.unlink()
    return kept_in.read_text()


def database(embedded_data_dir: Path) -> dict[str, Any]:
    """Django's DATABASES["default"]: that of DATABASE_URL, or the embedded PostgreSQL when it is unset.

    Connections stay open between requests and are checked before each, so that a restarted database costs no
    patient an error. Raises ConfigurationError for an address that is not PostgreSQL's.
    """
    url = text("DATABASE_URL")
    lasting: dict[str, Any] = {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    if not url:
        folder = Path(text("EMBEDDED_POSTGRES_DIR", str(embedded_data_dir))).absolute()
        return {
            "ENGINE": "clinic.embedded_postgres",
            "NAME": "clinic",
            "EMBEDDED_DATA_DIR": folder,
            **lasting,
        }
    try:
        parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    except Exception as error:  # the library raises several kinds
        raise ConfigurationError(f"DATABASE_URL cannot be read: {_without_password(error, url)}") from None
    if parsed.get("ENGINE") != "django.db.backends.postgresql" or not parsed.get("NAME"):
        raise ConfigurationError("DATABASE_URL must look like postgresql://user:password@host:5432/name")
    try:
        psycopg2.extensions.parse_dsn(url)
    except psycopg2.Error:  # its text may hold the password
        raise ConfigurationError(
            "DATABASE_URL has an option or a character that PostgreSQL does not take"
        ) from None
    options = parsed.setdefault("OPTIONS", {})
    options.setdefault("connect_timeout", 5)
    return {**parsed, **lasting}


def _without_password(error: Exception, url: str) -> str:
    """The reason that a database address was refused, never showing the address, which may hold a password."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return reason.replace(url, "the address given")
