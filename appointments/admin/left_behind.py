"""The page that proves at the end of a day that nobody was left behind, with the sign-offs of all days."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from appointments.admin.record import FOLDER
from appointments.left_behind import Moment, lacks, left_behind, sign_off, standing
from appointments.lifecycle import TRIAGE, MoveRefused
from appointments.models import AppointmentRequest, DaySignOff
from appointments.models.record import NOTE_MAX_LENGTH
from appointments.roles import roles_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NAME = "appointments_appointmentrequest"
ROWS_OF_A_PAGE = 50
ABOUT_THE_NOTE = {"form", "note_missing"}
HTTP_STATUS_OF_REFUSAL = {"not_your_role": 403, "signed_already": 409, "stale": 409}


@dataclass(frozen=True)
class LeftBehind:
    """A request that waits, and what it lacks."""

    appointment_request: AppointmentRequest
    lacks: list[str]


class SignOffForm(forms.Form):
    """Which requests were listed on the page that is signed, and what happens with them."""

    listed = forms.CharField(max_length=64, widget=forms.HiddenInput)
    note = forms.CharField(
        label="What happens with those that are listed",
        required=False,
        max_length=NOTE_MAX_LENGTH,
        widget=forms.Textarea({"rows": 3}),
    )


class LeftBehindAdmin(admin.ModelAdmin):
    """The part of the admin that lets nobody be forgotten."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses, the page, and its verb."""
        views: dict[str, Callable[..., HttpResponse]] = {
            "left-behind/": self.left_behind_view,
            "left-behind/sign-off/": self.sign_off_view,
        }
        own = [
            path(address, self.admin_site.admin_view(view), name=f"{NAME}_{address.split('/')[-2]}")
            for address, view in views.items()
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def left_behind_view(self, request: HttpRequest) -> HttpResponse:
        """Who lacks an owner, a next step, a day that is to come or a promise that is kept; and the sign-offs."""
        return self._left_behind_page(request)

    @method_decorator(require_POST)
    def sign_off_view(self, request: HttpRequest) -> HttpResponse:
        """Sign off today. Refused, it shows the page again with what was typed."""
        form, by = SignOffForm(request.POST), cast("User", request.user)
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            if not form.is_valid():
                raise MoveRefused("form", "The note is too long, or the page was not ours. Try again.")
            answers = form.cleaned_data
            sign_off(by=by, roles=roles_of(by), note=answers["note"], seen=answers["listed"])
        except MoveRefused as refusal:
            return self._left_behind_page(request, refusal, form)
        self.message_user(request, "You have signed off today. Thank you.")
        return redirect(f"admin:{NAME}_left-behind")

    def _left_behind_page(
        self, request: HttpRequest, refusal: MoveRefused | None = None, form: SignOffForm | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        moment = Moment()
        day = moment.day
        counts = standing(day, moment)
        listed = Paginator(left_behind(day, moment), ROWS_OF_A_PAGE)
        listed.count = counts.listed_count  # counted already
        page = listed.get_page(request.GET.get("page"))
        sign_offs = Paginator(DaySignOff.objects.select_related("signed_by"), ROWS_OF_A_PAGE)
        note = form["note"].value() if form else ""
        fresh = SignOffForm(initial={"listed": counts.listed_digest, "note": note})
        if refusal is not None and refusal.code in ABOUT_THE_NOTE:
            fresh = SignOffForm({"listed": counts.listed_digest, "note": note})
            fresh.errors["note"] = fresh.error_class([str(refusal)])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Nobody left behind",
            "day": day,
            "counts": counts,
            "page": page,
            "listed": [LeftBehind(one, list(lacks(one, day, moment))) for one in page.object_list],
            "signed_today": DaySignOff.objects.select_related("signed_by").filter(date=day).first(),
            "sign_offs": sign_offs.get_page(request.GET.get("signed")),
            "form": fresh,
            "may_sign": bool(roles_of(request.user) & TRIAGE),
            "refusal": refusal,
        }
        status = HTTP_STATUS_OF_REFUSAL.get(refusal.code, 422) if refusal else 200
        return TemplateResponse(request, f"{FOLDER}/left_behind.html", context, status=status)
