"""The list of second looks: routine requests with an answer that gives pause, once, on the next open day."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from appointments.admin.acts import answers_of
from appointments.admin.record import FOLDER
from appointments.admin.verbs import VerbsAdmin
from appointments.lifecycle import TRIAGE, Urgency
from appointments.models import AppointmentRequest, RedFlagAnswer
from appointments.roles import roles_of
from appointments.second_look import amber, look_again
from appointments.staff_forms import SeenForm
from clinic.models import clinic_today

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NAME = "appointments_appointmentrequest"
ROWS_OF_A_PAGE = 50


@dataclass(frozen=True)
class SecondLook:
    """A request that is to be looked at again, and the answers that ask for it."""

    appointment_request: AppointmentRequest
    why: list[str]


class SecondLookAdmin(VerbsAdmin):
    """The part of the admin that brings requests back once."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses, the list, and the verb."""
        views: dict[str, Callable[..., HttpResponse]] = {
            "second-look/": self.second_looks_view,
            "<int:object_id>/second-look/": self.second_look_view,
        }
        names = (f"{NAME}_second-looks", f"{NAME}_second-look")
        own = [
            path(address, self.admin_site.admin_view(view), name=name)
            for (address, view), name in zip(views.items(), names, strict=True)
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def second_looks_view(self, request: HttpRequest) -> HttpResponse:
        """Those that are due today or before, the longest due first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        due = AppointmentRequest.objects.to_look_at_again(clinic_today()).select_related("next_step_by")
        page = Paginator(due.prefetch_related("red_flag_answers"), ROWS_OF_A_PAGE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Second look",
            "page": page,
            "second_looks": [_second_look(one) for one in page.object_list],
            "may_act": bool(roles_of(request.user) & TRIAGE),
            "routine": Urgency.ROUTINE,
            "soon": Urgency.SOON,
        }
        return TemplateResponse(request, f"{FOLDER}/second_looks.html", context)

    @method_decorator(require_POST)
    def second_look_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Keep that somebody has looked again. From the list one comes back to the list."""

        def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
            note = answers_of(SeenForm(appointment_request, request.POST))["note"]
            look_again(appointment_request, by=by, roles=roles_of(by), note=note)
            return "looked at again", "Looked at a second time."

        response = self._do(request, object_id, act, tried="second-look")
        is_done = response.status_code == 302
        return redirect(f"admin:{NAME}_second-looks") if is_done and "from_list" in request.POST else response

    def record_page(
        self, request: HttpRequest, appointment_request: AppointmentRequest, **how: Any
    ) -> TemplateResponse:
        """The record, with its second look when that is due."""
        response = super().record_page(request, appointment_request, **how)
        second_look, context = None, response.context_data or {}
        if appointment_request.second_look_on is not None and appointment_request.is_in_queue:
            second_look = {
                "why": why_again(appointment_request, context["known"].red_flags),
                "is_due": appointment_request.second_look_on <= timezone.localdate(),  # on staff pages the clinic's
                "may_act": bool(roles_of(request.user) & TRIAGE),
            }
        response.context_data = {**context, "second_look": second_look}
        return response


def _second_look(appointment_request: AppointmentRequest) -> SecondLook:
    """One query unless `red_flag_answers` were fetched."""
    return SecondLook(
        appointment_request, why_again(appointment_request, appointment_request.red_flag_answers.all())
    )


def why_again(appointment_request: AppointmentRequest, red_flags: Iterable[RedFlagAnswer]) -> list[str]:
    """The answers that ask for a second look, in words: these red flags of the request, and what is amber."""
    return [*(answer.wording for answer in red_flags), *amber(appointment_request)]
