"""All parts of the queue together."""

from django.contrib import admin

from appointments.admin.bulk import BulkAdmin
from appointments.admin.calendar import CalendarAdmin
from appointments.admin.caller import CallerAdmin
from appointments.admin.claims import ClaimsAdmin
from appointments.admin.duplicates import DuplicatesAdmin
from appointments.admin.export import ExportAdmin
from appointments.admin.left_behind import LeftBehindAdmin
from appointments.admin.numbers import NumbersAdmin
from appointments.admin.queue import QueueAdmin
from appointments.admin.saved_views import SavedViewsAdmin
from appointments.admin.search import SearchAdmin
from appointments.admin.second_look import SecondLookAdmin
from appointments.admin.unreached import UnreachedAdmin
from appointments.admin.verbs import VerbsAdmin
from appointments.models import AppointmentRequest


@admin.register(AppointmentRequest)
class AppointmentRequestAdmin(
    CallerAdmin,
    ExportAdmin,
    BulkAdmin,
    SavedViewsAdmin,
    SearchAdmin,
    CalendarAdmin,
    NumbersAdmin,
    LeftBehindAdmin,
    SecondLookAdmin,
    UnreachedAdmin,
    DuplicatesAdmin,
    ClaimsAdmin,
    VerbsAdmin,
    QueueAdmin,
):
    """The queue, the record of each request, what staff may do with it, and new requests for callers."""
