"""All parts of the queue together."""

from django.contrib import admin
from django.http import HttpRequest

from appointments.admin.export import ExportAdmin
from appointments.admin.queue import QueueAdmin
from appointments.admin.verbs import VerbsAdmin
from appointments.models import AppointmentRequest


@admin.register(AppointmentRequest)
class AppointmentRequestAdmin(ExportAdmin, VerbsAdmin, QueueAdmin):
    """The queue, the record of each request, and what staff may do with it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Requests come from patients."""
        return False
