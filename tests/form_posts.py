"""Posting a form as a browser does: Django's test client would send multipart, which the site refuses."""

import html
import re
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


def carried(response: Any) -> dict[str, list[str]]:
    """The hidden fields of the one form on a page: what its button posts, where nothing is filled in any more."""
    fields: dict[str, list[str]] = {}
    (form,) = re.findall(r"<form.*?</form>", page(response), re.DOTALL)
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
        fields.setdefault(name, []).append(html.unescape(value))
    return fields
