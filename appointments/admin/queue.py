"""The list of requests: who is next, and why."""

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, IGNORED_PARAMS, PAGE_VAR, ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.views.decorators.http import require_safe

from appointments.admin.claims import Claim, claim_of
from appointments.admin.export import may_export
from appointments.admin.marks import (
    badge,
    badges,
    known_elsewhere,
    marks_of,
    promise_kept,
    status_badge,
    urgency_badge,
    waits,
)
from appointments.admin.saved_views import may_drop_any
from appointments.lifecycle import TRIAGE, RequestStatus, Urgency
from appointments.listing import EVERY_STATUS, BadKey, Listing, page_after
from appointments.models import AppointmentRequest, SavedView
from appointments.models.sending import QUEUE_ORDER
from appointments.queue import Reason, known_of, reasons
from appointments.roles import name_of, roles_of, who_triages
from appointments.tabs import TABS, Look, counts
from clinic.admin import StaffAdmin
from clinic.models import working_hours

if TYPE_CHECKING:
    from django.contrib.auth.models import User

AFTER = "after"  # the key that a page begins after
PARAMETERS = {"tab", "status", "urgency", AFTER}
# What the stock admin puts into addresses, and this list has no use for.
UNUSED = {*IGNORED_PARAMS, PAGE_VAR, ERROR_FLAG}


@dataclass(frozen=True)
class Row:
    """One request as the list shows it."""

    appointment_request: AppointmentRequest
    url: str
    reasons: list[Reason]
    marks: SafeString
    claim: Claim | None
    now: datetime.datetime

    @property
    def urgency(self) -> SafeString:
        """The urgency in words."""
        return urgency_badge(self.appointment_request)

    @property
    def status(self) -> SafeString:
        """The status in words."""
        return status_badge(self.appointment_request)

    @property
    def waiting(self) -> SafeString | str:
        """For how long the patient has waited: this clock never pauses. Closed requests do not wait."""
        if not waits(self.appointment_request):
            return "Closed"
        return badge("note", "waiting", timesince(self.appointment_request.received_at, self.now, depth=1))

    @property
    def promise(self) -> SafeString | str:
        """The time that the patient was told, whether it has passed, and whether somebody has answered."""
        reply_by = self.appointment_request.reply_by
        told = timezone.localtime(reply_by).strftime("%b %-d, %-I:%M %p %Z") if reply_by else "Not promised"
        kept = promise_kept(self.appointment_request, self.now)
        return format_html("{} {}", told, badge("note", kept.name, kept.label)) if kept else told

    @property
    def owner(self) -> str:
        """Who will do the next step: "" where there is none."""
        by = self.appointment_request.next_step_by
        return name_of(by) if by else ""


class QueueChangeList(ChangeList):
    """One page of a list, with what other tables know of its rows."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        """What the address asks for. Anything but its own parameters is answered with 400: stock Django takes any
        lookup, such as ?title__regex=[ which PostgreSQL cannot run."""
        for name in request.GET.keys() - PARAMETERS - UNUSED:
            raise DisallowedModelAdminLookup(f"Filtering by {name} not allowed")
        self.filter_specs, self.has_filters, self.has_active_filters = [], False, False
        self.clear_all_filters_qs = "?"
        self.listing = Listing.named_by(request.GET.dict())
        self.look = Look(cast("User", request.user), timezone.now(), working_hours())
        return self.listing.of(AppointmentRequest.objects.all(), self.look)

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page that begins after the key: five queries, however many rows there are."""
        try:
            page = page_after(
                request.GET.get(AFTER, ""),
                self.queryset,
                size=self.list_per_page,
                beside=("claimed_by", "next_step_by"),
            )
        except BadKey as error:
            raise IncorrectLookupParameters from error
        self.result_list, self.next_key = self._rows(request, page.rows), page.next_key
        self.result_count = len(self.result_list)
        self.full_result_count, self.show_full_result_count = None, False
        self.show_admin_actions = self.can_show_all = self.multi_page = False

    def _rows(self, request: HttpRequest, requests: list[AppointmentRequest]) -> list[Row]:
        elsewhere, known = known_elsewhere(requests), known_of(requests)
        now = self.look.now
        here = now.astimezone(self.look.hours.zone)
        return [
            Row(
                one,
                url=reverse("admin:appointments_appointmentrequest_change", args=[one.pk]),
                reasons=reasons(one, here, known[one.pk]),
                marks=badges(list(marks_of(one, elsewhere[one.pk], now))),
                claim=claim_of(request, one, now),
                now=now,
            )
            for one in requests
        ]


class QueueAdmin(StaffAdmin):
    """The part of the admin that is the queue."""

    list_per_page = 50
    ordering = QUEUE_ORDER
    actions = None

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and the page of the keyboard."""
        view = self.admin_site.admin_view(self.keys_view)
        return [path("keys/", view, name="appointments_appointmentrequest_keys"), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that is paged by key."""
        return QueueChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """The list, with its tabs."""
        context = {"title": "Appointment requests", "may_export": may_export(request.user)}
        response = super().changelist_view(request, {**context, **(extra_context or {})})
        if isinstance(response, TemplateResponse) and response.context_data:
            response.context_data.update(self._around(request, response.context_data["cl"]))
        return response

    def _around(self, request: HttpRequest, changes: QueueChangeList) -> dict[str, Any]:
        """What stands around the rows. Four queries."""
        listing, may_act = changes.listing, bool(roles_of(request.user) & TRIAGE)
        number = counts(changes.look)
        tabs = [(tab.label, number[tab.key], Listing(tab=tab.key), tab == listing.the_tab) for tab in TABS]
        statuses = [(EVERY_STATUS, "All requests"), *RequestStatus.choices]
        urgencies = [("", "Any urgency"), *((str(value), label) for value, label in Urgency.choices)]
        return {
            "listing": listing,
            "tabs": tabs,
            "statuses": [(label, Listing(status=key), key == listing.status) for key, label in statuses],
            "urgencies": [(label, listing.but(urgency=key), key == listing.urgency) for key, label in urgencies],
            "first_page": AFTER not in request.GET,
            "may_act": may_act,
            "owners": who_triages() if may_act else [],
            "may_drop_any": may_drop_any(request.user),
            "saved_views": SavedView.objects.select_related("kept_by"),
        }

    @method_decorator(require_safe)
    def keys_view(self, request: HttpRequest) -> HttpResponse:
        """What the keys do."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Keyboard shortcuts"}
        return TemplateResponse(request, "admin/appointments/appointmentrequest/keys.html", context)
