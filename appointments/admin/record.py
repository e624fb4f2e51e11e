"""The record of one request: all that the patient answered, what has happened, and what this person may do."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from appointments.admin.ledger import ledger_of
from appointments.admin.marks import (
    badges,
    known_elsewhere,
    language_to_answer_in,
    marks_of,
    status_badge,
    urgency_badge,
)
from appointments.admin.newer import both_versions
from appointments.admin.offered import offered
from appointments.admin.timeline import timeline
from appointments.admin.words import labels, phone_words, times
from appointments.lifecycle import TRIAGE, MoveRefused
from appointments.models import AppointmentRequest, ContactAttempt, RequestEvent, StatusChange
from appointments.queue import Known
from appointments.roles import roles_of
from appointments.staff_forms import SeenForm
from appointments.walking import walking_line_of
from conditions.models import Article

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FOLDER = "admin/appointments/appointmentrequest"
NOBODY_MAY = dict.fromkeys(("not_your_role", "not_yours"), 403)
NOT_NOW = dict.fromkeys(
    (
        *("no_such_move", "stale", "claimed", "not_claimed", "not_in_queue", "clash"),
        *("attempts_missing", "original_missing", "cannot_undo", "too_late"),
        *("original_closed", "original_repeats", "has_duplicates", "no_second_look", "not_due"),
    ),
    409,
)
# By the code of a refusal; any other is about what was filled in.
HTTP_STATUS_OF_REFUSAL = {**NOBODY_MAY, **NOT_NOW}
# What the record page reads of other tables with the request itself. An original is read by itself: few have one,
# and it is as wide as this one.
BESIDE_IT = ("payment_option", "keyed_in_by", "answered_by", "claimed_by", "next_step_by", "appointment_with")
# Of the article its name and address; the text is long.
NAME_OF_ARTICLE = Prefetch("article", Article.objects.only("kind", "slug", "title", "short_title"))


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

    def find(self, request: HttpRequest, object_id: str, *, to_be_shown: bool = True) -> AppointmentRequest:
        """The request, for whoever may see it; `to_be_shown` with what its record tells of other rows. Raises
        PermissionDenied and Http404."""
        requests = self.get_queryset(request)
        if to_be_shown:
            requests = requests.select_related(*BESIDE_IT).prefetch_related(NAME_OF_ARTICLE)
        try:
            appointment_request: AppointmentRequest | None = requests.filter(pk=object_id).order_by().first()
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
        refusal: MoveRefused | None = None,
        shown: SeenForm | None = None,
    ) -> TemplateResponse:
        """The record. `shown` is a form that somebody has filled in: it stands in the place of the empty one where
        that is still offered. After a refusal for the sake of somebody else, what is kept and what was tried stand
        side by side."""
        facts = _facts(appointment_request)
        forms = offered(
            appointment_request, cast("User", request.user), facts["last_entry"], facts["attempts"], shown
        )
        newer = both_versions(request, appointment_request, refusal, facts["all_entries"], shown)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Request {appointment_request}",
            **facts,
            **forms.as_context(),
            "may_act": bool(roles_of(request.user) & TRIAGE),
            "refusal": refusal,
            "newer": newer,
            "mistakes": list(shown.mistakes()) if shown and refusal and not newer and forms.shows(shown) else [],
            "take_over_beside": take_over_beside(refusal, shown) if forms.shows(shown) else "",
            "unsaved": list(shown.typed()) if refusal and not newer and shown and not forms.shows(shown) else [],
        }
        status = HTTP_STATUS_OF_REFUSAL.get(refusal.code, 422) if refusal else 200
        return TemplateResponse(request, f"{FOLDER}/change_form.html", context, status=status)


def take_over_beside(refusal: MoveRefused | None, form: SeenForm | None) -> str:
    """The id of the field that says why one takes the request over, in the form that was refused because somebody
    else has it; "" where none is. Beside it, a second way would lose what was typed."""
    return form.id_of_take_over if form is not None and refusal is not None and refusal.code == "claimed" else ""


def _facts(appointment_request: AppointmentRequest) -> dict[str, Any]:
    """What the record shows of the request, whoever looks. At most ten queries when BESIDE_IT was fetched."""
    now = timezone.now()
    elsewhere = known_elsewhere([appointment_request])[appointment_request.pk]
    answers = list(appointment_request.red_flag_answers.all())
    events = list(appointment_request.events.select_related("changed_by"))
    moves = list(appointment_request.status_changes.select_related("changed_by"))
    attempts = ContactAttempt.objects.of_request(appointment_request)
    entries = timeline(moves, events, answers, attempts)
    rows: list[StatusChange | RequestEvent] = [*moves, *events]
    undone = {row.undoes for row in rows if row.undoes is not None}
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
        "all_entries": [part for entry in entries for part in (entry.folded or [entry])],
        "last_entry": next(row for row in rows if row.version == appointment_request.version),
        "attempts": attempts,
        "known": Known(answers, [attempt for attempt in attempts if attempt.counts]),
        "ledger": ledger_of(appointment_request, attempts, undone),
        "later_red_flags": [entry for entry in entries[1:] if entry.red_flags],
        "later_words": [event for event in events if event.note and event.changed_by is None],
    }
