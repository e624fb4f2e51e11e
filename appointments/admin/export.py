"""The open queue as a file for a spreadsheet."""

import csv
import datetime
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.timesince import timesince
from django.views.decorators.http import require_POST

from appointments.admin.marks import Elsewhere, known_elsewhere, marks_of, promise_kept, waits
from appointments.admin.words import moment, phone_words
from appointments.lifecycle import Role, Urgency
from appointments.models import AppointmentRequest
from appointments.roles import roles_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

COLUMNS = ("Patient", "Urgency", "Marks", "Status", "Waiting", "Answer by", "Reference", "Phone", "Email")
# A cell that begins with one of these is a formula to a spreadsheet, which would run it. The last four are the wide
# forms of the first four, as some keyboards write them.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def may_export(user: "User | AnonymousUser") -> bool:
    """True for managers."""
    return Role.MANAGER in roles_of(user)


def as_text(cell: str) -> str:
    """The cell as every spreadsheet takes it for text."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def rows(appointment_requests: Iterable[AppointmentRequest], now: datetime.datetime) -> Iterator[tuple[str, ...]]:
    """The columns of the queue at `now`, then how to reach the patient. Two queries more than those given cost."""
    appointment_requests = list(appointment_requests)
    elsewhere = known_elsewhere(appointment_requests)
    for appointment_request in appointment_requests:
        yield tuple(as_text(cell) for cell in _cells(appointment_request, elsewhere[appointment_request.pk], now))


def _cells(
    appointment_request: AppointmentRequest, elsewhere: Elsewhere, now: datetime.datetime
) -> tuple[str, ...]:
    kept = promise_kept(appointment_request, now)
    met = f" ({kept.label.lower()})" if kept else ""
    return (
        appointment_request.full_name,
        Urgency(appointment_request.urgency).label,
        "; ".join(mark.label for mark in marks_of(appointment_request, elsewhere, now)),
        appointment_request.get_status_display(),
        timesince(appointment_request.received_at, now) if waits(appointment_request) else "Closed",
        (moment(appointment_request.reply_by) if appointment_request.reply_by else "Not promised") + met,
        appointment_request.reference,
        phone_words(appointment_request.phone),
        appointment_request.email,
    )


class ExportAdmin(admin.ModelAdmin):
    """The part of the admin that gives the queue away, to managers alone, and notes that it did."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and the one of the file."""
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="appointments_appointmentrequest_export"), *super().get_urls()]

    @method_decorator(require_POST)
    def export_view(self, request: HttpRequest) -> HttpResponse:
        """The open queue in its order, as CSV that also Excel reads as UTF-8. Who took how many is kept."""
        if not (self.has_view_permission(request) and may_export(request.user)):
            raise PermissionDenied
        now = timezone.now()
        queue = AppointmentRequest.objects.in_queue().in_queue_order()
        with transaction.atomic():
            lines = list(rows(queue, now))
            self._note(cast("User", request.user), len(lines))
        response = HttpResponse("\N{ZERO WIDTH NO-BREAK SPACE}", content_type="text/csv; charset=utf-8")
        name = f"open-requests-{timezone.localtime(now):%Y-%m-%d}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        csv.writer(response).writerows([COLUMNS, *lines])
        return response

    def _note(self, user: "User", count: int) -> None:
        LogEntry.objects.create(
            user_id=user.pk,
            content_type=ContentType.objects.get_for_model(AppointmentRequest),
            object_repr="The open queue",
            action_flag=CHANGE,
            change_message=f"Downloaded {count} open requests as a file.",
        )
