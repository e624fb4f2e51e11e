"""What staff do with a request: each verb by POST, with the version that was seen."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from appointments.admin.record import RecordAdmin
from appointments.admin.words import moment
from appointments.booking import move_appointment
from appointments.lifecycle import MoveRefused, Urgency, find_move
from appointments.models import AppointmentRequest
from appointments.roles import roles_of
from appointments.staff_forms import MoveAppointmentForm, MoveForm, SeenForm, UrgencyForm
from appointments.urgency import set_urgency

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Does it, and says what the request is now: for the person, and for the log.
Act = Callable[[AppointmentRequest, "User"], tuple[str, str]]


class VerbsAdmin(RecordAdmin):
    """The part of the admin that acts. Refusals change nothing and show the record again, the reason on top."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and one for each verb."""
        views: dict[str, Callable[..., HttpResponse]] = {
            "move/<slug:status>": self.move_view,
            "urgency": self.urgency_view,
            "appointment": self.appointment_view,
        }
        own = [
            path(
                f"<int:object_id>/{address}/",
                self.admin_site.admin_view(view),
                name=f"appointments_appointmentrequest_{address.partition('/')[0]}",
            )
            for address, view in views.items()
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_POST)
    def move_view(self, request: HttpRequest, object_id: int, status: str) -> HttpResponse:
        """Make one move of the table."""

        def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
            move = find_move(appointment_request.status, status)
            if move is None or move.is_about_a_link:
                raise MoveRefused("no_such_move", "This request cannot make that move from where it stands.")
            answers = _answers(MoveForm(move, request.POST))
            change = appointment_request.move_to(status, by=by, roles=roles_of(by), **answers)
            return f"“{change.get_to_status_display()}”", f"Moved to {change.to_status}."

        return self._do(request, object_id, act, tried=status)

    @method_decorator(require_POST)
    def urgency_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Raise the urgency, lower it, or clear the report that it is worse."""

        def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
            answers = _answers(UrgencyForm(request.POST))
            urgency = Urgency(answers["urgency"])
            may_lower = by.has_perm("appointments.lower_urgency")
            set_urgency(
                appointment_request,
                urgency,
                by=by,
                roles=roles_of(by),
                may_lower=may_lower,
                reason=answers["note"],
            )
            return f"“{urgency.label}”", f"Urgency set to {urgency.label.lower()}."

        return self._do(request, object_id, act, tried="urgency")

    @method_decorator(require_POST)
    def appointment_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Give the booked appointment another time."""

        def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
            answers = _answers(MoveAppointmentForm(request.POST))
            starts_at = answers["appointment_starts_at"]
            move_appointment(appointment_request, starts_at, by=by, roles=roles_of(by), note=answers["note"])
            return f"booked for {moment(starts_at)}", "Moved the appointment."

        return self._do(request, object_id, act, tried="appointment")

    def _do(self, request: HttpRequest, object_id: int, act: Act, *, tried: str) -> HttpResponse:
        appointment_request = self.find(request, str(object_id))
        try:
            if request.POST.get("version") != str(appointment_request.version):
                raise MoveRefused(
                    "stale", "This request has changed since you opened it. Read it again before you go on."
                )
            became, entry = act(appointment_request, cast("User", request.user))
        except MoveRefused as refusal:
            appointment_request.refresh_from_db()
            return self.record_page(request, appointment_request, tried=tried, refusal=refusal)
        self.log_change(request, appointment_request, entry)
        self.message_user(request, f"{appointment_request} is now {became}.")
        return redirect("admin:appointments_appointmentrequest_change", object_id)


def _answers(form: SeenForm) -> dict:
    """What was filled in, without the version. Raises MoveRefused with every mistake in its text."""
    if not form.is_valid():
        raise MoveRefused("form", " ".join(str(error) for errors in form.errors.values() for error in errors))
    return {name: value for name, value in form.cleaned_data.items() if name != "version"}
