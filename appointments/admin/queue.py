"""The list of requests: who is next, and why."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from appointments.admin.export import may_export
from appointments.admin.filters import UrgencyFilter, WorkFilter
from appointments.admin.marks import badge, badges, known_elsewhere, marks_of, status_badge, urgency_badge
from appointments.models import AppointmentRequest
from appointments.models.sending import QUEUE_ORDER
from clinic.admin import StaffAdmin


class QueueChangeList(ChangeList):
    """One page of the queue, with what other tables know of its rows."""

    def get_results(self, request: HttpRequest) -> None:
        """The stock rows, and two queries more, however many rows there are."""
        super().get_results(request)
        rows = list(self.result_list)
        elsewhere = known_elsewhere(rows)
        for row in rows:
            row.elsewhere = elsewhere[row.pk]
        self.result_list = rows


class QueueAdmin(StaffAdmin):
    """The part of the admin that is the queue."""

    list_display = ("patient", "how_urgent", "marks", "state", "waiting", "promise", "reference")
    list_display_links = ("patient",)
    list_filter = (WorkFilter, UrgencyFilter)
    list_select_related = ("same_person_as",)
    list_per_page = 50
    ordering = QUEUE_ORDER
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()  # one order for everybody: see in_queue_order
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """In the order of the queue."""
        return AppointmentRequest.objects.in_queue_order()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that looks up the marks of its rows."""
        return QueueChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """The queue."""
        context = {"title": "Appointment requests", "may_export": may_export(request.user)}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.display(description="Patient")
    def patient(self, appointment_request: AppointmentRequest) -> SafeString:
        """The name, its direction kept to itself, and the mark of an invented one."""
        demo = badge("note", "demo", "Demo") if appointment_request.is_demo else ""
        return format_html("<bdi>{}</bdi> {}", appointment_request.full_name, demo)

    @admin.display(description="Urgency")
    def how_urgent(self, appointment_request: AppointmentRequest) -> SafeString:
        """The urgency in words."""
        return urgency_badge(appointment_request)

    @admin.display(description="Marks", empty_value="None")
    def marks(self, appointment_request: AppointmentRequest) -> SafeString | None:
        """What must be seen at a glance; None where there is nothing."""
        elsewhere = appointment_request.elsewhere  # type: ignore[attr-defined]  # set by QueueChangeList
        return badges(list(marks_of(appointment_request, elsewhere, timezone.now()))) or None

    @admin.display(description="Status")
    def state(self, appointment_request: AppointmentRequest) -> SafeString:
        """The status in words."""
        return status_badge(appointment_request)

    @admin.display(description="Waiting")
    def waiting(self, appointment_request: AppointmentRequest) -> SafeString | str:
        """For how long the patient has waited: this clock never pauses. Closed requests do not wait."""
        if not (appointment_request.is_open or appointment_request.is_owed_an_answer):
            return "Closed"
        return badge("note", "waiting", timesince(appointment_request.received_at, depth=1))

    @admin.display(description="Answer by")
    def promise(self, appointment_request: AppointmentRequest) -> SafeString | str:
        """The time that the patient was told, whether it has passed, and whether somebody has answered."""
        if appointment_request.reply_by is None:
            told = "Not promised"
        else:
            told = timezone.localtime(appointment_request.reply_by).strftime("%b %-d, %-I:%M %p")
        if appointment_request.is_late(timezone.now()):
            return format_html("{} {}", told, badge("note", "late", "Late"))
        if appointment_request.answered_at and not appointment_request.is_owed_an_answer:
            return format_html("{} {}", told, badge("note", "answered", "Answered"))
        return told
