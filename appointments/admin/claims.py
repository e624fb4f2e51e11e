"""Who has a request: at the top of its page, live, with the verbs to take it, take it over and give it back."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.views.decorators.http import require_POST, require_safe

from appointments import claims
from appointments.admin.acts import answers_of
from appointments.admin.verbs import VerbsAdmin
from appointments.admin.words import moment
from appointments.lifecycle import TRIAGE, MoveRefused
from appointments.models import AppointmentRequest
from appointments.queue import reasons
from appointments.roles import name_of, roles_of
from appointments.staff_forms import SeenForm
from clinic.templatetags.clinic_clock import zone_name

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

NAME = "appointments_appointmentrequest"
MINUTE = datetime.timedelta(minutes=1)
SAID_IN_MINUTES = 60  # further away a time of the clock says more


@dataclass(frozen=True)
class Claim:
    """Who has a request in the queue at one moment, as one person sees it."""

    holder: "User | None"
    until: datetime.datetime | None
    is_mine: bool
    may_act: bool
    now: datetime.datetime

    @property
    def name(self) -> str:
        """The holder's name: "" when nobody has it."""
        return name_of(self.holder) if self.holder else ""

    @property
    def sentence(self) -> str:
        """Who has it, in a sentence."""
        if self.is_mine:
            return "You have this request."
        return f"{self.name} has this request now." if self.holder else "Nobody has this request."

    @property
    def left(self) -> str:
        """For how long still: "18 minutes left", or until when; "" when nobody has it."""
        if self.until is None:
            return ""
        minutes = -((self.now - self.until) // MINUTE)  # rounded up: a claim that holds has at least one
        if minutes < SAID_IN_MINUTES:
            return f"{minutes} minute{'' if minutes == 1 else 's'} left"
        until = timezone.localtime(self.until)
        return f"until {date_format(until, 'D, M j, g:i A')} {zone_name(until)}"


def claim_of(request: HttpRequest, appointment_request: AppointmentRequest, now: datetime.datetime) -> Claim | None:
    """Who has it at `now`, for the person of this HTTP request; None when it waits for nobody. No query but that
    for the holder, unless `claimed_by` was fetched, and for the person's roles."""
    if not appointment_request.is_in_queue:
        return None
    user: User | AnonymousUser = request.user
    holder = appointment_request.holder(now)
    return Claim(
        holder=holder,
        until=appointment_request.claimed_until if holder else None,
        is_mine=holder is not None and holder.pk == user.pk,
        may_act=bool(roles_of(user) & TRIAGE),
        now=now,
    )


class ClaimsAdmin(VerbsAdmin):
    """The part of the admin that gives requests to people."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses, one for each verb, and who has it."""
        views: dict[str, Callable[..., HttpResponse]] = {
            "take-next/": self.take_next_view,
            "<int:object_id>/take/": self.take_view,
            "<int:object_id>/take-over/": self.take_over_view,
            "<int:object_id>/give-back/": self.give_back_view,
            "<int:object_id>/who/": self.who_view,
        }
        own = [
            path(address, self.admin_site.admin_view(view), name=f"{NAME}_{address.split('/')[-2]}")
            for address, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def record_page(
        self, request: HttpRequest, appointment_request: AppointmentRequest, **how: Any
    ) -> TemplateResponse:
        """The record, with who has it and why it stands where it stands."""
        response = super().record_page(request, appointment_request, **how)
        now, context = timezone.now(), response.context_data or {}
        response.context_data = {
            **context,
            "claim": claim_of(request, appointment_request, now),
            "reasons": reasons(appointment_request, timezone.localtime(now), context["known"]),
        }
        return response

    @method_decorator(require_POST)
    def take_next_view(self, request: HttpRequest) -> HttpResponse:
        """Give the first request that nobody has to this person, and show it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user = cast("User", request.user)
        try:
            button = request.POST.get("button", "")
            appointment_request = claims.take_next(by=user, roles=roles_of(user), button=button)
        except MoveRefused as refusal:  # not of a role that takes requests
            raise PermissionDenied from refusal
        if appointment_request is None:
            self.message_user(request, "Nothing waits that nobody has, or it is put off to a later day.")
            return redirect(f"admin:{NAME}_changelist")
        self.message_user(request, f"You have {appointment_request} {_until(appointment_request)}.")
        return redirect(f"admin:{NAME}_change", appointment_request.pk)

    @method_decorator(require_POST)
    def take_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take a request that nobody has, or begin the time of one's own anew."""

        def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
            claims.take(appointment_request, by=by, roles=roles_of(by))
            return f"yours {_until(appointment_request)}", "Taken."

        return self._do(request, object_id, act, tried="take")

    @method_decorator(require_POST)
    def take_over_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take a request from whoever has it, and say why."""

        def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
            reason = answers_of(SeenForm(appointment_request, request.POST))["note"]
            claims.take_over(appointment_request, by=by, roles=roles_of(by), reason=reason)
            return f"yours {_until(appointment_request)}", "Taken over."

        return self._do(request, object_id, act, tried="take-over")

    @method_decorator(require_POST)
    def give_back_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Let others have it."""

        def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
            claims.give_back(appointment_request, by=by, roles=roles_of(by))
            return "nobody's, for whoever takes it next", "Given back."

        return self._do(request, object_id, act, tried="give-back")

    @method_decorator(require_safe)
    def who_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Who has it and which version it is now, for the page that somebody keeps open. Nothing of the patient."""
        appointment_request = self.find(request, str(object_id), to_be_shown=False)
        claim = claim_of(request, appointment_request, timezone.now())
        return JsonResponse(
            {
                "version": appointment_request.version,
                "sentence": claim.sentence if claim else "This request waits for nobody any more.",
                "left": claim.left if claim else "",
            }
        )


def _until(appointment_request: AppointmentRequest) -> str:
    until = appointment_request.claimed_until
    return f"until {moment(until)}" if until else ""
