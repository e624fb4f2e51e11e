"""The only reader of the environment. Refuses a bad or missing value with one readable line."""

import os
import re
import secrets
from dataclasses import dataclass, field
from email.utils import getaddresses
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
import psycopg2.extensions
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

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


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over. `host` is empty when there is none."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = field(default="", repr=False)
    is_starttls: bool = False  # encrypted after a plain greeting
    is_tls: bool = False  # encrypted from the first byte


MAIL_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def mail_server(name: str) -> MailServer:
    """The mail server of a URL such as smtp+starttls://user:password@mail.example:587; none when it is unset.

    Raises ConfigurationError for what cannot be one, in words that do not show the value: it holds a password.
    """
    url = text(name)
    if not url:
        return MailServer()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigurationError(f"{name} {MAIL_SERVER_LOOKS}") from None
    has_both_or_neither = bool(parts.username) == bool(parts.password)
    has_more = parts.path not in {"", "/"} or parts.query or parts.fragment or not url.isprintable()
    if parts.scheme not in MAIL_PORTS or not host or port == 0 or not has_both_or_neither or has_more:
        raise ConfigurationError(f"{name} {MAIL_SERVER_LOOKS}")
    return MailServer(
        host=host,
        port=port or MAIL_PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_starttls=parts.scheme == "smtp+starttls",
        is_tls=parts.scheme == "smtps",
    )


MAIL_SERVER_LOOKS = (
    "must look like smtp+starttls://user:password@mail.example:587, or begin with smtps:// or smtp://;"
    " write special characters of the password as %XX"
)


def mail_from(name: str, is_needed: bool) -> str:
    """The address that mails come from, with or without a name before it; one of nobody when none `is_needed`.

    Raises ConfigurationError when it is needed and missing, or is no address.
    """
    value = text(name, "" if is_needed else "clinic@clinic.invalid")
    if not value:
        raise ConfigurationError(f"{name} is missing: with SMTP_URL, name the address that mails come from")
    addresses = [address for _, address in getaddresses([value])]
    try:
        validate_email(addresses[0] if len(addresses) == 1 else "")
    except ValidationError:
        raise ConfigurationError(
            f"{name} must look like clinic@mail.example or Clinic <clinic@mail.example>"
        ) from None
    return value


def site_address(name: str, default: str) -> str:
    """The address at which readers of mails reach the site, such as https://clinic.example, without a slash at the
    end; `default` when it is unset. Raises ConfigurationError when either cannot be one, as with a wildcard."""
    value = text(name, default).rstrip("/")
    if not re.fullmatch(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:[0-9]{1,5})?", value, re.IGNORECASE):
        raise ConfigurationError(f"{name} must look like https://clinic.example, not {value!r}")
    return value


def _without_password(error: Exception, url: str) -> str:
    """The reason that a database address was refused, never showing the address, which may hold a password."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return reason.replace(url, "the address given")
