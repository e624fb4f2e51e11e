"""All parts of the queue together."""

from django.contrib import admin

from appointments.admin.calendar import CalendarAdmin
from appointments.admin.caller import CallerAdmin
from appointments.admin.export import ExportAdmin
from appointments.admin.queue import QueueAdmin
from appointments.admin.verbs import VerbsAdmin
from appointments.models import AppointmentRequest


@admin.register(AppointmentRequest)
class AppointmentRequestAdmin(CalendarAdmin, CallerAdmin, ExportAdmin, VerbsAdmin, QueueAdmin):
    """The queue, the record of each request, what staff may do with it, and new requests for callers."""
