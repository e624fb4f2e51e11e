"""What staff do with a request: each verb by POST, with the version that was seen."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from appointments import claims
from appointments.admin.acts import (
    Act,
    FormOf,
    answers_of,
    booking_or_move,
    log_call,
    move_appointment_to,
    move_form,
    plan_form,
    plan_next,
    set_urgency_to,
    undo,
    urgency_form,
)
from appointments.admin.newer import NOT_TYPED
from appointments.admin.record import FOLDER, RecordAdmin
from appointments.admin.shown_mail import mail_of
from appointments.canned_replies import replies_for, with_reply
from appointments.lifecycle import MoveRefused
from appointments.models import AppointmentRequest
from appointments.roles import roles_of
from appointments.staff_forms import LogCallForm, MoveAppointmentForm, MoveForm, SeenForm, UndoForm

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["Act", "VerbsAdmin", "reason_to_take_over"]


class VerbsAdmin(RecordAdmin):
    """The part of the admin that acts. Refusals change nothing and show the record again, the reason on top."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and one for each verb."""
        views: dict[str, Callable[..., HttpResponse]] = {
            "move/<slug:status>": self.move_view,
            "urgency": self.urgency_view,
            "appointment": self.appointment_view,
            "log-call": self.log_call_view,
            "plan": self.plan_view,
            "undo": self.undo_view,
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
        """Make one move of the table; or show its mail first, or put a reply that was written once into it."""
        form_of = move_form(status)
        return self._do(request, object_id, booking_or_move(request.POST, status), tried=status, form_of=form_of)

    @method_decorator(require_POST)
    def urgency_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Raise the urgency, lower it, or clear the report that it is worse."""
        return self._do(request, object_id, set_urgency_to(request.POST), tried="urgency", form_of=urgency_form)

    @method_decorator(require_POST)
    def appointment_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Give the booked appointment another time, place or clinician; or show its mail first."""
        act = move_appointment_to(request.POST)
        return self._do(request, object_id, act, tried="appointment", form_of=MoveAppointmentForm)

    @method_decorator(require_POST)
    def log_call_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Keep an attempt to reach the patient."""
        return self._do(request, object_id, log_call(request.POST), tried="log-call", form_of=LogCallForm)

    @method_decorator(require_POST)
    def plan_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say what comes next, on which day, and whose work it is."""
        form_of = plan_form(cast("User", request.user))
        return self._do(request, object_id, plan_next(request.POST), tried="plan", form_of=form_of)

    @method_decorator(require_POST)
    def undo_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take back the last step."""
        return self._do(request, object_id, undo(request.POST), tried="undo", form_of=UndoForm)

    def _do(
        self,
        request: HttpRequest,
        object_id: int,
        act: Act,
        *,
        tried: str,
        form_of: FormOf | None = None,
        takes_over: bool = True,
    ) -> HttpResponse:
        """Do it, and lead back to the record. `tried` names the form that was sent, and `form_of` makes it, so that
        what was typed is kept where the act is refused. Unless `takes_over` is False, because the act itself does
        so, what another has is taken over first by whoever said why."""
        by, button = cast("User", request.user), request.POST.get("button", "")
        form_again = form_of if button in {"insert", "change"} else None
        appointment_request = self.find(request, str(object_id), to_be_shown=form_again is not None)

        def take_over_and_act() -> tuple[str, str]:
            if takes_over:
                _take_over_first(request, appointment_request)
            return act(appointment_request, by)

        try:
            if request.POST.get("version") != str(appointment_request.version):
                raise MoveRefused(
                    "stale", "This request has changed since you opened it. Read it again before you go on."
                )
            if form_again is not None:
                return self._filled_again(request, appointment_request, form_again)
            if button == "show":
                message = mail_of(appointment_request, take_over_and_act)
                as_kept = self.find(request, str(object_id), to_be_shown=False)
                return self._shown(request, as_kept, tried, message)
            with transaction.atomic():
                became, entry = take_over_and_act()
        except MoveRefused as refusal:
            return self._refused(request, self.find(request, str(object_id)), refusal, form_of)
        self.log_change(request, appointment_request, entry)
        self.message_user(request, f"{appointment_request} is now {became}.")
        return redirect("admin:appointments_appointmentrequest_change", object_id)

    def _refused(
        self,
        request: HttpRequest,
        appointment_request: AppointmentRequest,
        refusal: MoveRefused,
        form_of: FormOf | None,
    ) -> TemplateResponse:
        """The record as it is now, with what was typed: sent once more, it is meant for this version."""
        typed = {**request.POST.dict(), "version": str(appointment_request.version)}
        shown = form_of(appointment_request, typed) if form_of is not None else None
        return self.record_page(request, appointment_request, refusal=refusal, shown=shown)

    def _filled_again(
        self, request: HttpRequest, appointment_request: AppointmentRequest, form_of: FormOf
    ) -> TemplateResponse:
        """The record with the form as it was filled in, and the chosen reply in its message. Nothing is saved."""
        typed = request.POST.dict()
        form: SeenForm | None = form_of(appointment_request, typed)
        if isinstance(form, MoveForm) and "message" in form.fields:
            replies = replies_for(appointment_request)
            chosen = typed.get("reply", "") if typed["button"] == "insert" else ""
            typed["message"] = with_reply(typed.get("message", ""), replies, chosen)
            form = MoveForm(form.move, appointment_request, initial=typed)  # no error yet of what is still empty
            form.is_kept = True
        return self.record_page(request, appointment_request, shown=form)

    def _shown(
        self, request: HttpRequest, appointment_request: AppointmentRequest, tried: str, message: Any
    ) -> TemplateResponse:
        """The mail, with the form in it: to send it as it is, or to go back to the form."""
        typed = [(name, value) for name, value in request.POST.items() if name not in NOT_TYPED - {"version"}]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"The mail for {appointment_request}",
            "appointment_request": appointment_request,
            "mail": message,
            "typed": typed,
            "tried": tried,
        }
        return TemplateResponse(request, f"{FOLDER}/shown_mail.html", context)


def reason_to_take_over(request: HttpRequest, appointment_request: AppointmentRequest) -> str:
    """Why somebody takes over what another has, beside what they do with it: whoever was told so need not type all
    again. "" where nothing was said. Raises MoveRefused with code `form` for what cannot be kept."""
    said = {"version": appointment_request.version, "note": request.POST.get("take_over", "")}
    return str(answers_of(SeenForm(appointment_request, said))["note"])


def _take_over_first(request: HttpRequest, appointment_request: AppointmentRequest) -> None:
    if reason := reason_to_take_over(request, appointment_request):
        by = cast("User", request.user)
        claims.take_over(appointment_request, by=by, roles=roles_of(by), reason=reason)
