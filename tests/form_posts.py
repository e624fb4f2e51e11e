"""Posting a form as a browser does: Django's test client would send multipart, which the site refuses."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.test import Client

FORM = "application/x-www-form-urlencoded"


def post_form(client: Client, path: str, fields: Mapping[str, Any], **extra: Any) -> Any:
    """Post `fields`, a list standing for several values. Lone surrogates go out as the bytes they would be."""
    body = urlencode(fields, doseq=True, errors="surrogatepass")
    return client.post(path, body, content_type=FORM, **extra)


def page(response: Any) -> str:
    """The text of an answer."""
    return str(response.content.decode())
