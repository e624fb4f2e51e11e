"""The unguessable address of a request's status page.

The token is made from the request's one-time key with the site's secret, so that the same form sent twice leads to
the same page; the database keeps only its digest, so that a copy of the database opens no status page.
"""

import base64
import hashlib
from uuid import UUID

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

SALT = "appointments.status_link"
TOKEN_BYTES = 20  # 160 bits


def token_digest(token: str) -> str:
    """What the database keeps of a token: 64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token(key: UUID, secret: str | None = None) -> str:
    """The token for a one-time key: 27 characters that need no quoting in an address."""
    digest = salted_hmac(SALT, key.hex, secret=secret, algorithm="sha256").digest()[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def token_of(key: UUID, digest: str) -> str:
    """The token that was given out for this key, also when the site's secret has changed since.

    Raises LookupError when none of SECRET_KEY and SECRET_KEY_FALLBACKS made it.
    """
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        token = new_token(key, secret)
        if constant_time_compare(token_digest(token), digest):
            return token
    raise LookupError("the secret that made this status link is no longer among the site's secrets")
