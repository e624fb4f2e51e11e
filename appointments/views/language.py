"""Which language the way to a request begins in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, get_language_from_request, override

View = Callable[..., HttpResponseBase]


def in_the_language_of_the_browser(view: View) -> View:
    """For the page where the way begins. A browser that prefers another of our languages is led to the page in that
    one, and what follows the question mark goes along.

    Only from the address of the default language, and only when reading. `?language=` says that somebody chose,
    and so does an address of another language. From there on the address keeps the language.
    """

    @wraps(view)
    def negotiated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        chosen = "language" in request.GET or get_language() != settings.LANGUAGE_CODE
        if chosen or request.method == "POST":
            return view(request, *args, **kwargs)
        preferred = get_language_from_request(request)
        response = (
            view(request, *args, **kwargs)
            if preferred == settings.LANGUAGE_CODE
            else redirect(_address_in(preferred, request))
        )
        patch_vary_headers(response, ["Accept-Language"])
        return response

    return negotiated


def _address_in(language: str, request: HttpRequest) -> str:
    with override(language):
        path = reverse("appointments:safety_check")
    query = request.META.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path
