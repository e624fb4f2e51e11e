"""By what the queue is narrowed."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from appointments.lifecycle import RequestStatus, Urgency
from appointments.models.sending import AppointmentRequestQuerySet


class WorkFilter(admin.SimpleListFilter):
    """The list opens on the work to be done."""

    title = "status"
    parameter_name = "status"
    template = "admin/appointments/appointmentrequest/filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every status, and all of them together."""
        return [("all", "All"), *RequestStatus.choices]

    def choices(self, changelist: Any) -> Any:
        """The stock choices, whose first one, without a value, is the work to be done."""
        for choice in super().choices(changelist):
            yield (
                {**choice, "display": "Open"}
                if choice["query_string"] == changelist.get_query_string(remove=[self.parameter_name])
                else choice
            )

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """What waits for the staff, a booked patient who got worse included, unless another choice was made."""
        if self.value() == "all":
            return queryset
        if self.value():
            return queryset.filter(status=self.value())
        return cast(AppointmentRequestQuerySet, queryset).in_queue()


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
