"""Articles and their admin pages, for tests of how articles are kept."""

from typing import Any

from django.test import Client

from conditions.models import Article
from tests.conditions.filled_form import fields_of
from tests.form_posts import page, post_form

CAUSE = "cause/sciatica"
CONDITION = "condition/lower-back-pain-when-walking"


def article(key: str = CAUSE) -> Article:
    """The article as it is in the database now."""
    return Article.objects.with_key(key).get()


def admin_url(key: str = CAUSE, what: str = "change") -> str:
    """The address of an article's admin page."""
    found = article(key)
    return f"/admin/conditions/{found.kind}/{found.pk}/{what}/"


def open_form(client: Client, key: str = CAUSE) -> dict[str, list[str]]:
    """The form of an article as its admin page fills it in."""
    response = client.get(admin_url(key))
    assert response.status_code == 200
    return form_in(response, key)


def form_in(response: Any, key: str = CAUSE) -> dict[str, list[str]]:
    """The form of an article as this answer fills it in, line ends as browsers send them."""
    kind = key.partition("/")[0]
    fields = fields_of(page(response), f"{kind}_form")
    return {name: [value.replace("\n", "\r\n") for value in values] for name, values in fields.items()}


def save(client: Client, form: dict[str, list[str]], key: str = CAUSE, button: str = "_save") -> Any:
    """Press a button of the form."""
    return post_form(client, admin_url(key), {**form, button: "Save"})
