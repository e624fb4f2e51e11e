"""The way to the same page in the other language."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.conf import settings
from django.http import QueryDict
from django.urls import translate_url
from django.utils.translation import get_language

register = template.Library()


@dataclass(frozen=True)
class OtherLanguage:
    """A language other than that of the page: its code, its own name, and the page's path and query in it."""

    code: str
    name: str
    path: str
    query: str

    @property
    def address(self) -> str:
        """The path, with what follows the question mark."""
        return f"{self.path}?{self.query}" if self.query else self.path


@register.simple_tag(takes_context=True)
def other_language(context: dict[str, Any]) -> OtherLanguage:
    """The other one of the two languages, and this page in it.

    The address of the safety check in English says that English was chosen: without that, a browser that asks for
    Spanish would be led back to it.
    """
    request = context["request"]
    code, name = next((code, name) for code, name in settings.LANGUAGES if code != get_language())
    query: QueryDict = request.GET.copy()
    query.pop("language", None)
    if code == settings.LANGUAGE_CODE and request.resolver_match.url_name == "safety_check":
        query["language"] = code
    return OtherLanguage(code, name, translate_url(request.path, code), query.urlencode())
