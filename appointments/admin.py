"""The queue of appointment requests, inside the stock admin: who is next, the record, and the moves."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.views.decorators.http import require_POST, require_safe

from appointments.lifecycle import OPEN_STATUSES, MoveRefused, RequestStatus, Urgency, find_move, moves_open_to
from appointments.models import AppointmentRequest
from appointments.models.answers import WINDOWS
from appointments.models.sending import QUEUE_ORDER
from appointments.roles import roles_of
from appointments.staff_forms import MoveForm
from clinic.admin import StaffAdmin

if TYPE_CHECKING:
    from django.contrib.auth.models import User

HTTP_STATUS_OF_REFUSAL = {"not_your_role": 403, "no_such_move": 409, "stale": 409}


class WorkFilter(admin.SimpleListFilter):
    """The list opens on the work to be done."""

    title = "status"
    parameter_name = "status"
    template = "admin/appointments/appointmentrequest/filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every status, and all of them together."""
        return [("all", "All"), *RequestStatus.choices]

    def choices(self, changelist: Any) -> Any:
        """The stock choices, whose first one, without a value, is the open requests."""
        for choice in super().choices(changelist):
            yield (
                {**choice, "display": "Open"}
                if choice["query_string"] == changelist.get_query_string(remove=[self.parameter_name])
                else choice
            )

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AppointmentRequest]
    ) -> QuerySet[AppointmentRequest]:
        """Open requests unless another choice was made."""
        if self.value() == "all":
            return queryset
        return queryset.filter(status__in=[self.value()] if self.value() else OPEN_STATUSES)


class UrgencyFilter(admin.SimpleListFilter):
    """One urgency at a time."""

    title = "urgency"
    parameter_name = "urgency"
    template = "admin/appointments/appointmentrequest/filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The four urgencies."""
        return [(str(value), label) for value, label in Urgency.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Those of the chosen urgency."""
        return queryset.filter(urgency=self.value()) if self.value() in dict(self.lookup_choices) else queryset


def badge(kind: str, value: str, label: str) -> SafeString:
    """A word on a coloured ground; the word carries the meaning."""
    return format_html('<span class="badge {}-{}">{}</span>', kind, value, label)


def typed_in(request: HttpRequest) -> list[str]:
    """What this person wrote into a form that is no longer offered: it is shown, for them to copy."""
    return [text for name in ("note", "message") if (text := request.POST.get(name, "").strip())]


@admin.register(AppointmentRequest)
class AppointmentRequestAdmin(StaffAdmin):
    """The queue. A request's page is its record and the moves that this person may make; nothing is edited."""

    list_display = ("patient", "urgency_badge", "status_badge", "waiting", "promise", "reference")
    list_display_links = ("patient",)
    list_filter = (WorkFilter, UrgencyFilter)
    list_per_page = 50
    ordering = QUEUE_ORDER
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()  # one order for everybody: see in_queue_order
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """In the order of the queue."""
        return AppointmentRequest.objects.in_queue_order()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Requests come from patients."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AppointmentRequest | None = None) -> bool:
        """No field is edited: moves change a request, each by its own rule."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AppointmentRequest | None = None) -> bool:
        """Nobody deletes a patient's request from the web."""
        return False

    @admin.display(description="Patient")
    def patient(self, appointment_request: AppointmentRequest) -> SafeString:
        """The name, its direction kept to itself, and the mark of an invented one."""
        demo = badge("note", "demo", "Demo") if appointment_request.is_demo else ""
        return format_html("<bdi>{}</bdi> {}", appointment_request.full_name, demo)

    @admin.display(description="Urgency")
    def urgency_badge(self, appointment_request: AppointmentRequest) -> SafeString:
        """The urgency in words."""
        urgency = Urgency(appointment_request.urgency)
        return badge("urgency", urgency.name.lower(), urgency.label)

    @admin.display(description="Status")
    def status_badge(self, appointment_request: AppointmentRequest) -> SafeString:
        """The status in words."""
        return badge("status", appointment_request.status, appointment_request.get_status_display())

    @admin.display(description="Waiting")
    def waiting(self, appointment_request: AppointmentRequest) -> SafeString | str:
        """For how long the patient has waited: this clock never pauses. Closed requests do not wait."""
        if not appointment_request.is_open:
            return "Closed"
        return badge("note", "waiting", timesince(appointment_request.received_at))

    @admin.display(description="Answer by")
    def promise(self, appointment_request: AppointmentRequest) -> SafeString | str:
        """The time that the patient was told, and whether it has passed."""
        if appointment_request.reply_by is None:
            return "Not promised"
        told = timezone.localtime(appointment_request.reply_by).strftime("%b %-d, %-I:%M %p")
        if appointment_request.is_late(timezone.now()):
            return format_html("{} {}", told, badge("note", "late", "Late"))
        return told

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and one for each move."""
        move = path(
            "<int:object_id>/move/<slug:status>/",
            self.admin_site.admin_view(self.move_view),
            name="appointments_appointmentrequest_move",
        )
        return [move, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """The queue."""
        return super().changelist_view(request, {"title": "Appointment requests", **(extra_context or {})})

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """The record of one request, and the moves that this person may make from here."""
        return self._record_page(request, self._find(request, object_id))

    @method_decorator(require_POST)
    def move_view(self, request: HttpRequest, object_id: int, status: str) -> HttpResponse:
        """Make one move. Refusals change nothing and show the record again, with the reason on top."""
        appointment_request = self._find(request, str(object_id))
        try:
            change = self._move(request, appointment_request, status)
        except MoveRefused as refusal:
            appointment_request.refresh_from_db()
            return self._record_page(request, appointment_request, tried=status, refusal=refusal)
        self.log_change(request, appointment_request, f"Moved to {change.to_status}.")
        self.message_user(request, f"{appointment_request} is now “{change.get_to_status_display()}”.")
        return redirect("admin:appointments_appointmentrequest_change", object_id)

    def _find(self, request: HttpRequest, object_id: str) -> AppointmentRequest:
        appointment_request: AppointmentRequest | None = self.get_object(request, object_id)
        if not self.has_view_permission(request, appointment_request):
            raise PermissionDenied
        if appointment_request is None:
            raise Http404
        return appointment_request

    def _move(self, request: HttpRequest, appointment_request: AppointmentRequest, status: str) -> Any:
        if request.POST.get("version") != str(appointment_request.version):
            raise MoveRefused(
                "stale", "This request has changed since you opened it. Read it again before you go on."
            )
        move = find_move(appointment_request.status, status)
        if move is None:
            raise MoveRefused("no_such_move", "This request cannot make that move from where it stands.")
        form = MoveForm(move, request.POST)
        if not form.is_valid():
            raise MoveRefused("form", " ".join(str(error) for errors in form.errors.values() for error in errors))
        return appointment_request.move_to(
            status,
            by=cast("User", request.user),
            roles=roles_of(request.user),
            note=form.cleaned_data["note"],
            message=form.cleaned_data.get("message", ""),
            appointment_starts_at=form.cleaned_data.get("appointment_starts_at"),
        )

    def _record_page(
        self,
        request: HttpRequest,
        appointment_request: AppointmentRequest,
        *,
        tried: str = "",
        refusal: MoveRefused | None = None,
    ) -> TemplateResponse:
        """The record. After a refusal what was typed is kept: in the form of the move that was `tried`, or as
        plain text where that move is no longer offered."""
        version = appointment_request.version
        move_forms = [
            MoveForm(move, version=version, data={**request.POST.dict(), "version": version})
            if move.to_status == tried
            else MoveForm(move, version=version)
            for move in moves_open_to(roles_of(request.user), appointment_request.status)
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Request {appointment_request}",
            "appointment_request": appointment_request,
            "urgency_badge": self.urgency_badge(appointment_request),
            "status_badge": self.status_badge(appointment_request),
            "is_late": appointment_request.is_late(timezone.now()),
            "red_flag_answers": appointment_request.red_flag_answers.all(),
            "status_changes": appointment_request.status_changes.select_related("changed_by"),
            "windows": [str(dict(WINDOWS)[name]) for name in appointment_request.windows],
            "move_forms": move_forms,
            "refusal": refusal,
            "unsaved": [] if any(form.is_bound for form in move_forms) else typed_in(request),
        }
        template = "admin/appointments/appointmentrequest/change_form.html"
        status = HTTP_STATUS_OF_REFUSAL.get(refusal.code, 422) if refusal else 200
        return TemplateResponse(request, template, context, status=status)
