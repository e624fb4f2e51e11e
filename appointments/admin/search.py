"""To look for a request. What is typed comes by POST and stays in the page that answers it: no address, log,
session, title or history has it. What was found has an address of primary keys, so that Back and Reload work."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import get_text_list
from django.views.decorators.http import require_http_methods, require_safe

from appointments.admin.claims import claim_of
from appointments.admin.marks import badges, known_elsewhere, marks_of
from appointments.admin.queue import Row
from appointments.admin.words import phone_words
from appointments.models import AppointmentRequest
from appointments.queue import known_of, reasons
from appointments.search import EACH, LONGEST_TEXT, Found, Way, find

FOLDER = "admin/appointments/appointmentrequest"
NAME = "appointments_appointmentrequest"
BESIDE = ("claimed_by", "next_step_by")  # what the rows show of other tables
HIGHEST_KEY = 2**63 - 1
WHAT_TO_TYPE = (
    "Type a name, a date of birth such as 3/27/1962, an email address, a reference such as K7MQ-4XDP, or a phone"
    " number or at least its last 7 digits."
)


class SearchForm(forms.Form):
    """What somebody is looked for by. The browser is asked not to keep it."""

    sought = forms.CharField(
        label="Find a request",
        help_text="Name, phone, email, reference, or date of birth",
        max_length=LONGEST_TEXT,
        widget=forms.TextInput(
            {"type": "search", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}
        ),
        error_messages={
            "required": f"Nothing was typed. {WHAT_TO_TYPE}",
            "max_length": f"That is too long to look for. {WHAT_TO_TYPE}",
            "null_characters_not_allowed": f"This cannot be looked for. {WHAT_TO_TYPE}",
        },
    )

    def found(self) -> Found:
        """What it finds; nothing, with an error, for a text that holds nothing to be found by."""
        found = find(self.cleaned_data["sought"])
        if found.is_nothing_sought:
            self.add_error("sought", f"Nobody can be found by this. {WHAT_TO_TYPE}")
        return found


@dataclass(frozen=True)
class FoundRow(Row):
    """One request as the list shows it, and by what it was found."""

    ways: str

    @property
    def phone(self) -> str:
        """The number as one dials it here."""
        return phone_words(self.appointment_request.phone)


class SearchAdmin(admin.ModelAdmin):
    """The part of the admin that finds a request."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses, the one to ask at, and that of what was found."""
        views = {"search": self.search_view, "found": self.found_view}
        own = [
            path(f"{name}/", self.admin_site.admin_view(view), name=f"{NAME}_{name}")
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Look for what was typed, and lead to what was found: 303. A mistake, or that nobody was found, is said
        here, with what was typed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._search_page(request, "search", form=SearchForm())
        form = SearchForm(request.POST)
        found = form.found() if form.is_valid() else Found()
        if not found:
            return self._search_page(request, "search", form=form, status=200 if form.is_valid() else 422)
        response = HttpResponseRedirect(f"{reverse(f'admin:{NAME}_found')}?{_address(found)}")
        response.status_code = 303
        return response

    @method_decorator(require_safe)
    def found_view(self, request: HttpRequest) -> HttpResponse:
        """The requests that the address names, in its order."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        ways = _named(request.GET)
        more = [way.label for way in Way if way.value in request.GET.get("more", "").split(",")]
        rows = _rows(request, ways)
        shown = {way for row in rows for way in ways[row.appointment_request.pk]}
        by = get_text_list([way.label.lower() for way in Way if way in shown], "and")
        return self._search_page(request, "found", form=SearchForm(), rows=rows, by=by, more=more, each=EACH)

    def _search_page(self, request: HttpRequest, name: str, *, status: int = 200, **more: Any) -> TemplateResponse:
        title = {"search": "Find a request", "found": "Requests found"}[name]
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **more}
        return TemplateResponse(request, f"{FOLDER}/{name}.html", context, status=status)


def _address(found: Found) -> str:
    """By what which requests were found, such as name=12,15&phone=33&more=name."""
    parts = {way.value: ",".join(map(str, keys)) for way, keys in found.ways.items() if keys}
    if found.more:
        parts["more"] = ",".join(way.value for way in Way if way in found.more)
    return urlencode(parts, safe=",")


def _named(address: QueryDict) -> dict[int, list[Way]]:
    """The primary keys that an address names, in its order, and by what each was found. What is none counts not."""
    ways: dict[int, list[Way]] = {}
    for way in Way:
        for text in address.get(way.value, "").split(",")[:EACH]:
            if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= HIGHEST_KEY:
                ways.setdefault(int(text), []).append(way)
    return ways


def _rows(request: HttpRequest, ways: dict[int, list[Way]]) -> list[FoundRow]:
    """The requests with these primary keys, in this order. Five queries, six when some mail has failed."""
    requests = AppointmentRequest.objects.select_related(*BESIDE).in_bulk(list(ways))
    elsewhere, known, now = known_elsewhere(requests.values()), known_of(requests.values()), timezone.now()
    return [
        FoundRow(
            requests[key],
            url=reverse(f"admin:{NAME}_change", args=[key]),
            reasons=reasons(requests[key], timezone.localtime(now), known[key]),
            marks=badges(list(marks_of(requests[key], elsewhere[key], now))),
            claim=claim_of(request, requests[key], now),
            now=now,
            ways=", ".join(way.label for way in by),
        )
        for key, by in ways.items()
        if key in requests
    ]
