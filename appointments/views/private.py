"""What answers about a person carry."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]


def about_a_person(view: View) -> View:
    """The page is kept by no browser, proxy or search engine."""
    return _answered_with("no-store, private", view)


def before_sending(view: View) -> View:
    """The page may be kept by the browser that asked for it, for its own Back and Forward, and by nobody else.

    So whoever goes back finds the form as they left it. An answer of the view that says otherwise keeps its word.
    """
    return _answered_with("no-cache, private", view)


def _answered_with(cache_control: str, view: View) -> View:
    @wraps(view)
    def private(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", cache_control)
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return private
