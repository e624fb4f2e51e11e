"""The record of one request: all that the patient answered, what has happened, and what this person may do."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from appointments.admin.marks import (
    badges,
    known_elsewhere,
    language_to_answer_in,
    marks_of,
    status_badge,
    urgency_badge,
)
from appointments.admin.timeline import timeline
from appointments.admin.words import labels, phone_words, times
from appointments.lifecycle import TRIAGE, MoveRefused, RequestStatus, Urgency, moves_open_to
from appointments.models import AppointmentRequest
from appointments.roles import roles_of
from appointments.staff_forms import LowerUrgencyForm, MoveAppointmentForm, MoveForm
from appointments.walking import walking_line_of

HTTP_STATUS_OF_REFUSAL = {"not_your_role": 403, "no_such_move": 409, "stale": 409}
TEMPLATE = "admin/appointments/appointmentrequest/change_form.html"
# What the record page reads of other tables with the request itself.
BESIDE_IT = ("article", "payment_option", "same_person_as", "keyed_in_by", "answered_by")


class RecordAdmin(admin.ModelAdmin):
    """The part of the admin that shows a request. Nothing of it is edited: each verb has an address of its own."""

    def has_change_permission(self, request: HttpRequest, obj: AppointmentRequest | None = None) -> bool:
        """No field is edited: verbs change a request, each by its own rule."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AppointmentRequest | None = None) -> bool:
        """Nobody deletes a patient's request from the web."""
        return False

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """The record of one request, and what this person may do from here."""
        return self.record_page(request, self.find(request, object_id))

    def find(self, request: HttpRequest, object_id: str) -> AppointmentRequest:
        """The request, for whoever may see it. Raises PermissionDenied and Http404."""
        requests = self.get_queryset(request).select_related(*BESIDE_IT)
        try:
            appointment_request: AppointmentRequest | None = requests.filter(pk=object_id).first()
        except ValueError:
            appointment_request = None
        if not self.has_view_permission(request, appointment_request):
            raise PermissionDenied
        if appointment_request is None:
            raise Http404
        return appointment_request

    def record_page(
        self,
        request: HttpRequest,
        appointment_request: AppointmentRequest,
        *,
        tried: str = "",
        refusal: MoveRefused | None = None,
    ) -> TemplateResponse:
        """The record. After a refusal what was typed is kept: in the form that was `tried`, by its name, or as
        plain text where that form is no longer offered."""
        forms = self._forms(request, appointment_request, tried)
        is_kept = any(
            form.is_bound for form in (*forms["move_forms"], forms["appointment"], forms["lower"]) if form
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Request {appointment_request}",
            **_facts(appointment_request),
            **forms,
            "refusal": refusal,
            "unsaved": [] if is_kept else _typed_in(request),
        }
        status = HTTP_STATUS_OF_REFUSAL.get(refusal.code, 422) if refusal else 200
        return TemplateResponse(request, TEMPLATE, context, status=status)

    def _forms(self, request: HttpRequest, appointment_request: AppointmentRequest, tried: str) -> dict[str, Any]:
        """What this person may do with the request as it stands."""
        version, current, roles = appointment_request.version, appointment_request.urgency, roles_of(request.user)
        typed = {**request.POST.dict(), "version": version}
        is_booked = appointment_request.status == RequestStatus.BOOKED
        may_set = bool(roles & TRIAGE) and (is_booked or appointment_request.is_open)
        lower: LowerUrgencyForm | None = None
        if may_set and request.user.has_perm("appointments.lower_urgency"):
            lower = LowerUrgencyForm(appointment_request, typed if tried == "urgency" else None)
        appointment: MoveAppointmentForm | None = None
        if may_set and is_booked:
            appointment = MoveAppointmentForm(typed if tried == "appointment" else None, version=version)
        return {
            "move_forms": [
                MoveForm(move, typed if tried == move.to_status else None, version=version)
                for move in moves_open_to(roles, appointment_request.status)
                if not move.is_about_a_link
            ],
            "higher": [urgency for urgency in reversed(Urgency) if urgency < current] if may_set else [],
            "lower": lower if lower and lower.choices else None,
            "appointment": appointment,
        }


def _facts(appointment_request: AppointmentRequest) -> dict[str, Any]:
    """What the record shows of the request, whoever looks. Five queries when BESIDE_IT was fetched."""
    now = timezone.now()
    elsewhere = known_elsewhere([appointment_request])[appointment_request.pk]
    answers = list(appointment_request.red_flag_answers.all())
    events = list(appointment_request.events.select_related("changed_by"))
    entries = timeline(appointment_request.status_changes.select_related("changed_by"), events, answers)
    return {
        "appointment_request": appointment_request,
        "urgency_badge": urgency_badge(appointment_request),
        "status_badge": status_badge(appointment_request),
        "marks": badges(list(marks_of(appointment_request, elsewhere, now))),
        "is_late": appointment_request.is_late(now),
        "language": language_to_answer_in(appointment_request),
        "undelivered": elsewhere.undelivered,
        "phone": phone_words(appointment_request.phone),
        "contact_times": labels("contact_times", appointment_request.contact_times),
        "access_needs": labels("access_needs", appointment_request.access_needs),
        "records_held": labels("records_held", appointment_request.records_held),
        "walking_line": walking_line_of(appointment_request),
        "windows": times(appointment_request.windows),
        "red_flags_at_sending": [answer for answer in answers if answer.event_id is None],
        "timeline": entries,
        "later_red_flags": [entry for entry in entries[1:] if entry.red_flags],
        "later_words": [event for event in events if event.note and event.changed_by is None],
    }


def _typed_in(request: HttpRequest) -> list[str]:
    """What this person wrote into a form that is no longer offered: it is shown, for them to copy."""
    return [text for name in ("note", "message") if (text := request.POST.get(name, "").strip())]
