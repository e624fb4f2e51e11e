"""Several requests at once: given to one person as their work, each by itself, with what became of each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from appointments.lifecycle import TRIAGE, MoveRefused
from appointments.models import AppointmentRequest
from appointments.models.acting import STALE
from appointments.models.record import NOTE_MAX_LENGTH
from appointments.plan import hand_over
from appointments.roles import roles_of, who_triages

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FOLDER = "admin/appointments/appointmentrequest"
AT_ONCE = 200  # rows, four pages of the list
OWN_ACT = "You have changed this request yourself since this list was shown. It was not handed over."


@dataclass(frozen=True)
class Result:
    """What became of one request: "" where it is done, else why it was refused."""

    appointment_request: AppointmentRequest
    refusal: str


class BulkAdmin(admin.ModelAdmin):
    """The part of the admin that hands over the ticked rows of the list."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and that of handing over."""
        view = self.admin_site.admin_view(self.hand_over_view)
        return [path("hand-over/", view, name="appointments_appointmentrequest_hand-over"), *super().get_urls()]

    @method_decorator(require_POST)
    def hand_over_view(self, request: HttpRequest) -> HttpResponse:
        """Make one person the owner of each ticked request, and say of each whether it was done. Without a ticked
        request or a person it shows the list with what was filled in."""
        user = cast("User", request.user)
        if not (self.has_view_permission(request) and roles_of(user) & TRIAGE):
            raise PermissionDenied
        seen = _ticked(request)
        note = request.POST.get("note", "").strip()
        if seen is None or len(seen) > AT_ONCE or len(note) > NOTE_MAX_LENGTH or "\0" in note:
            return HttpResponseBadRequest("The list did not send what was ticked on it.")
        owner = _chosen_owner(request)
        if not seen or owner is None:
            what = "Tick at least one request." if not seen else "Choose who they are for."
            self.message_user(request, f"Nothing was changed. {what}", messages.WARNING)
            typed = {"ticked": seen, "chosen_owner": owner, "typed_note": note}
            here = reverse("admin:appointments_appointmentrequest_changelist")
            response = self.changelist_view(request, {**typed, "here": here})
            response.status_code = 422
            return response
        requests = AppointmentRequest.objects.in_queue_order().select_related("claimed_by", "next_step_by")
        results = [
            Result(one, _hand_over(one, seen[one.pk], owner, user, note)) for one in requests.filter(pk__in=seen)
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Handed over",
            "owner": owner,
            "done": [result for result in results if not result.refusal],
            "refused": [result for result in results if result.refusal],
            "not_done": len(seen) - len([result for result in results if not result.refusal]),
            "gone": sorted(seen.keys() - {result.appointment_request.pk for result in results}),
        }
        return TemplateResponse(request, f"{FOLDER}/handed_over.html", context)


def _hand_over(appointment_request: AppointmentRequest, version: int, owner: "User", by: "User", note: str) -> str:
    """Why it was refused: "" when it was done."""
    if appointment_request.version != version:
        return OWN_ACT if _changed_since(appointment_request, version) == {by.pk} else STALE
    try:
        hand_over(appointment_request, owner, by=by, roles=roles_of(by), note=note)
    except MoveRefused as refusal:
        return str(refusal)
    return ""


def _changed_since(appointment_request: AppointmentRequest, version: int) -> set[int | None]:
    """Who has changed it since that version; None stands for the patient. Two queries."""
    rows = (appointment_request.events, appointment_request.status_changes)
    return {pk for row in rows for pk in row.filter(version__gt=version).values_list("changed_by", flat=True)}


def _ticked(request: HttpRequest) -> dict[int, int] | None:
    """The version of each ticked request that was seen; None for what the list cannot have sent."""
    seen = {}
    for box in request.POST.getlist("ticked"):
        pk, _, version = box.partition(":")
        if not (pk.isascii() and pk.isdecimal() and version.isascii() and version.isdecimal()) or len(box) > 30:
            return None
        seen[int(pk)] = int(version)
    return seen


def _chosen_owner(request: HttpRequest) -> "User | None":
    chosen = request.POST.get("owner", "")
    if not (chosen.isascii() and chosen.isdecimal() and len(chosen) < 10):
        return None
    return who_triages().filter(pk=int(chosen)).first()
