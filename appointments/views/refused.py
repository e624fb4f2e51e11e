"""A form that came without its cookie: phones drop cookies, and still bring back the tab with all that was typed.

What was refused is not done. The patient sees it once more, on a page with a token of its own, and says so again.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, render

from appointments.choices import form_choices
from appointments.forms import ContactForm, NoteForm, TimesForm, WithdrawForm, WorseForm
from appointments.models import AppointmentRequest
from appointments.views import asking
from appointments.views.following import at_secret_address
from clinic import views
from conditions.models import RedFlag

# The ways on from a page that only shows: all but these is read as Check, whatever buttons there will be.
SHOWING_BUTTONS = frozenset({"begin", "check", "change"})

BEFORE_SEND: Mapping[str, Callable[[HttpRequest], HttpResponseBase]] = MappingProxyType(
    {
        "safety_check": asking.safety_check,
        "get_help_now": asking.get_help_now,
        "request_appointment": asking.request_appointment,
    }
)
FORMS: Mapping[str, Callable[[AppointmentRequest, QueryDict], forms.Form]] = MappingProxyType(
    {
        "report_worse": lambda _, posted: WorseForm(RedFlag.objects.in_use(), posted),
        "change_contact": ContactForm,
        "change_times": lambda _, posted: TimesForm(form_choices(), posted),
        "add_note": lambda _, posted: NoteForm(posted),
        "withdraw_request": lambda _, posted: WithdrawForm(posted),
    }
)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Django's CSRF_FAILURE_VIEW. For any form but a patient's, and wherever the browser does not say that our own
    page sent it, that is the whole answer: a page of another site gets nothing filled in here."""
    match = request.resolver_match
    if match is None or match.app_name != "appointments" or not _came_from_our_page(request):
        return views.csrf_failure(request, reason)
    name = match.url_name or ""
    if name in BEFORE_SEND:
        response = _once_more_before_send(request, BEFORE_SEND[name])
    elif name in FORMS:
        response = _once_more(request, name, **match.kwargs)
    else:
        return views.csrf_failure(request, reason)
    if response.status_code in {200, 422}:
        response.status_code = 403
    return response


def _came_from_our_page(request: HttpRequest) -> bool:
    """True only when the browser says so: no page can make it say that of another site's form."""
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def _once_more_before_send(
    request: HttpRequest, view: Callable[[HttpRequest], HttpResponseBase]
) -> HttpResponseBase:
    """Nothing before Send does anything, so the way goes on. In the place of Send comes the page to check, which
    shows all that would be sent."""
    button = request.POST.get("button")
    if button is not None and button not in SHOWING_BUTTONS:
        posted = request.POST.copy()
        posted["button"] = "check"
        request.POST = posted  # type: ignore[assignment]
        _say_so(request)
    return view(request)


@at_secret_address
def _once_more(request: HttpRequest, name: str, token: str) -> HttpResponse:
    """The form of this verb as it was filled in. Nothing here can act."""
    appointment_request = get_object_or_404(AppointmentRequest.objects.with_token(token))
    _say_so(request)
    context: dict[str, Any] = {"form": FORMS[name](appointment_request, request.POST), "token": token}
    return render(request, f"appointments/{name}.html", context)


def _say_so(request: HttpRequest) -> None:
    """Let the page say on top that nothing was sent, and why."""
    request.is_refused = True  # type: ignore[attr-defined]
