"""What every answer carries, and which requests are not worth reading."""

from collections.abc import Callable
from typing import Any

import pghistory
from csp.constants import SELF
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation

from clinic.models import ClinicProfile

GetResponse = Callable[[HttpRequest], HttpResponseBase]
METHODS = ("GET", "HEAD", "POST")


def is_staff_page(request: HttpRequest) -> bool:
    """True for addresses of the admin."""
    return request.path_info.startswith(reverse("admin:index"))


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """One strict policy. Public pages run no script at all; the admin runs the scripts of our own host."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """The policy for this answer."""
        parts = super().get_policy_parts(request=request, response=response, report_only=report_only)
        if is_staff_page(request):
            scripts: dict[str, Any] = {"script-src": [SELF]}
            parts.update = {**(parts.update or {}), **scripts}
        return parts


def cross_origin_headers(get_response: GetResponse) -> GetResponse:
    """No other site may embed or read what we answer."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
        return response

    return middleware


def language_of_the_address(get_response: GetResponse) -> GetResponse:
    """The language of an answer is that of its address, so that a link, a bookmark and a mail keep it.

    Not Django's LocaleMiddleware: that one lets every answer vary by Accept-Language, which caches would obey.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        language = translation.get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response

    return middleware


def refuse_unusable_requests(get_response: GetResponse) -> GetResponse:
    """Answer kindly, before any view or query, what no form of ours can have sent.

    405 for a method other than METHODS, which the stock admin does not ask for; 400 for a NUL byte in the
    address (PostgreSQL cannot hold one); 413 for a body over PUBLIC_BODY_MAX_SIZE, on staff pages
    DATA_UPLOAD_MAX_MEMORY_SIZE; 415 for a multipart body (there are no uploads here).
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        query = request.META.get("QUERY_STRING", "")
        if any("\0" in part or "%00" in part for part in (request.path_info, query)):
            return render(request, "400.html", status=400)
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE if is_staff_page(request) else settings.PUBLIC_BODY_MAX_SIZE
        if _content_length(request) > (most or 0):
            return _refuse_body(request, "413.html", 413)
        if request.content_type == "multipart/form-data":
            return _refuse_body(request, "415.html", 415)
        return get_response(request)

    return middleware


def _content_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _refuse_body(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """Answer without parsing the body. A reasonable body is read and dropped, so that the browser, which is
    still sending, gets to see the answer instead of a broken connection."""
    unread = min(_content_length(request), 20_000_000)
    while unread > 0:
        chunk = request.read(min(unread, 65_536))
        if not chunk:
            break
        unread -= len(chunk)
    return render(request, template, status=status)


def staff_pages(get_response: GetResponse) -> GetResponse:
    """Staff read and enter times in the clinic's zone, no browser or proxy keeps what they see, and what they
    change carries their number into the history. Their number alone: addresses may name a patient's request."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not is_staff_page(request):
            return get_response(request)
        profile = ClinicProfile.objects.current()
        with timezone.override(profile.zone if profile else None):
            if request.method == "POST":
                with pghistory.context(user=request.user.pk):
                    response = get_response(request)
            else:
                response = get_response(request)
        response.headers["Cache-Control"] = "no-store, private"
        return response

    return middleware
