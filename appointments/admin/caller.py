"""A new request for a caller: the same safety check and the same form as on the web, so that the queue is whole."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods

from appointments.choices import form_choices
from appointments.forms import SafetyCheckForm
from appointments.forms.caller import CallerForm
from appointments.lifecycle import TRIAGE, acting_role
from appointments.models import AlreadySent, AppointmentRequest
from appointments.roles import roles_of
from appointments.safety import SafetyCheck
from appointments.typed_answers import typed_digest
from conditions.models import RedFlag

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FOLDER = "admin/appointments/appointmentrequest"


class CallerAdmin(admin.ModelAdmin):
    """The part of the admin that adds a request. Nothing is kept before its last step; the answers to the first
    travel in the page, signed, with the key that makes a double click one request."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever triages may key in a request, with the permission to add one."""
        return super().has_add_permission(request) and bool(roles_of(request.user) & TRIAGE)

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict | None = None) -> HttpResponse:
        """First the warning symptoms, then what to tell whoever has an emergency sign, then the form."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        safety = SafetyCheck.carried_by(request.POST)
        if safety is None:
            return self._safety_check(request)
        button = request.POST.get("button")
        if button == "told":
            is_checked = "is_checked_by_clinician" in request.POST
            safety = safety.checked_by_clinician() if is_checked else safety
        if button != "keep":
            return self._form_page(request, safety, CallerForm(form_choices()))
        form = CallerForm(form_choices(), request.POST)
        if not safety.has_shown_privacy:
            form.ask_consent_again()
        if not form.is_valid():
            return self._form_page(request, safety, form, status=422)
        return self._keep(request, safety, form)

    def _safety_check(self, request: HttpRequest) -> HttpResponse:
        red_flags = list(RedFlag.objects.in_use())
        form = SafetyCheckForm(red_flags, request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._page(request, "caller_safety", status=422 if form.is_bound else 200, form=form)
        safety = SafetyCheck.begin().answered(form.ticked(), red_flags)
        if safety.needs_help_first:
            return self._page(request, "caller_help", safety=safety, red_flags=form.ticked())
        return self._form_page(request, safety, CallerForm(form_choices()))

    def _keep(self, request: HttpRequest, safety: SafetyCheck, form: CallerForm) -> HttpResponse:
        """Keep the request under the name of whoever keyed it in. No limits: one desk has many callers."""
        try:
            appointment_request = AppointmentRequest.objects.submit(
                form.answers(),
                key=safety.key,
                red_flags=safety.red_flags(),
                is_checked_by_clinician=safety.is_checked_by_clinician,
                keyed_in_by=cast("User", request.user),
                role=acting_role(roles_of(request.user) & TRIAGE),
                source=form.cleaned_data["source"],
                language=form.cleaned_data["language"],
                digest=typed_digest(request, safety.red_flag_keys),
            )
        except AlreadySent as already_sent:
            kept = already_sent.appointment_request
            return self._form_page(request, safety, form, status=409, kept=kept)
        if appointment_request.version == 1:
            self.log_addition(
                request, appointment_request, f"Keyed in: {appointment_request.get_source_display()}."
            )
        self.message_user(request, f"{appointment_request} is in the queue. Tell the caller this reference.")
        return redirect("admin:appointments_appointmentrequest_change", appointment_request.pk)

    def _form_page(
        self, request: HttpRequest, safety: SafetyCheck, form: CallerForm, **more: Any
    ) -> TemplateResponse:
        return self._page(request, "caller_form", safety=safety.showing_privacy(), form=form, **more)

    def _page(self, request: HttpRequest, name: str, *, status: int = 200, **more: Any) -> TemplateResponse:
        titles = {"caller_safety": "Safety check for a caller", "caller_help": "Tell the caller to get help now"}
        title = titles.get(name, "New request for a caller")
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **more}
        return TemplateResponse(request, f"{FOLDER}/{name}.html", context, status=status)
