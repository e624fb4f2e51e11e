"""A browser without scripts, for servers in processes of their own: it keeps cookies and sends a form's token."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.form_posts import FORM

PATIENCE = 30.0  # seconds


@dataclass(frozen=True)
class Answer:
    """What came back. `location` is where a redirect leads, else ""; it is not followed."""

    status: int
    location: str
    text: str


@dataclass
class PlainBrowser:
    """One person's browser. A copy with the same cookies may be used in another thread."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)
    form_token: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # what a proxy would add

    def copy(self) -> "PlainBrowser":
        """The same person, once more."""
        return PlainBrowser(self.url, dict(self.cookies), self.form_token, self.headers)

    def get(self, path: str) -> Answer:
        """Raises OSError or HTTPException when there is no answer, as `post` does."""
        return self._answer("GET", path, None)

    def post(self, path: str, fields: Mapping[str, Any]) -> Answer:
        """Send a form, with the token of the page that was seen last."""
        return self._answer("POST", path, {"csrfmiddlewaretoken": self.form_token, **fields})

    def _answer(self, method: str, path: str, fields: Mapping[str, Any] | None) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {**self.headers, "Cookie": cookies}
        body = None
        if fields is not None:
            headers["Content-Type"] = FORM
            body = urlencode(fields, doseq=True)
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if found := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text):
            self.form_token = found[1]
        return Answer(response.status, response.headers.get("Location", ""), text)
