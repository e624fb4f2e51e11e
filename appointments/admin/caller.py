"""A new request for a caller: the same safety check and the same form as on the web, so that the queue is whole."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods

from appointments.choices import FormChoices, form_choices
from appointments.forms import SafetyCheckForm
from appointments.forms.caller import CallerForm
from appointments.lifecycle import TRIAGE, acting_role
from appointments.models import AlreadySent, AppointmentRequest
from appointments.roles import roles_of
from appointments.safety import SafetyCheck
from appointments.typed_answers import typed_answers, typed_digest

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
        button = request.POST.get("button")
        if safety is None or button == "asked":
            return self._safety_check(request, safety)
        if button == "told":
            is_checked = "is_checked_by_clinician" in request.POST
            safety = safety.checked_by_clinician() if is_checked else safety
        form = self._typed_form(request, safety, form_choices())
        if button != "keep":
            return self._form_page(request, safety, form)
        was_asked = safety.has_asked(form.choices.red_flags)
        if was_asked and form.is_valid():
            return self._keep(request, safety, form)
        return self._answer_if_kept_before(request, safety, form) or (
            self._form_page(request, safety, form)
            if form.errors
            else self._ask_again(request, safety, form.choices)
        )

    def _safety_check(self, request: HttpRequest, safety: SafetyCheck | None) -> HttpResponse:
        """`safety` is that of a form that is asked again."""
        choices = form_choices()
        form = SafetyCheckForm(choices.red_flags, request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._safety_page(request, safety, form)
        safety = (safety or SafetyCheck.begin()).answered(form.ticked(), choices.red_flags)
        if safety.needs_help_first:
            typed = typed_answers(request)
            return self._page(request, "caller_help", safety=safety, red_flags=form.ticked(), typed=typed)
        return self._form_page(request, safety, self._typed_form(request, safety, choices))

    def _ask_again(self, request: HttpRequest, safety: SafetyCheck, choices: FormChoices) -> HttpResponse:
        """The warning symptoms have changed since the caller was asked: those of today, and what was typed."""
        return self._safety_page(request, safety, SafetyCheckForm(choices.red_flags))

    def _answer_if_kept_before(
        self, request: HttpRequest, safety: SafetyCheck, form: CallerForm
    ) -> HttpResponse | None:
        try:
            kept = AppointmentRequest.objects.sent_before(safety.key, typed_digest(request, safety.red_flag_keys))
        except AlreadySent as already_sent:
            return self._form_page(request, safety, form, status=409, kept=already_sent.appointment_request)
        return self._to_its_record(request, kept) if kept else None

    def _keep(self, request: HttpRequest, safety: SafetyCheck, form: CallerForm) -> HttpResponse:
        """Keep the request under the name of whoever keyed it in. No limits: one desk has many callers."""
        try:
            appointment_request = AppointmentRequest.objects.submit(
                form.answers(),
                key=safety.key,
                red_flags=[flag for flag in form.choices.red_flags if flag.key in safety.red_flag_keys],
                is_checked_by_clinician=safety.is_checked_by_clinician,
                keyed_in_by=cast("User", request.user),
                role=acting_role(roles_of(request.user) & TRIAGE),
                source=form.cleaned_data["source"],
                language=form.cleaned_data["language"],
                digest=typed_digest(request, safety.red_flag_keys),
            )
        except AlreadySent as already_sent:
            return self._form_page(request, safety, form, status=409, kept=already_sent.appointment_request)
        if appointment_request.version == 1:
            self.log_addition(
                request, appointment_request, f"Keyed in: {appointment_request.get_source_display()}."
            )
        return self._to_its_record(request, appointment_request)

    def _to_its_record(self, request: HttpRequest, appointment_request: AppointmentRequest) -> HttpResponse:
        self.message_user(request, f"{appointment_request} is in the queue. Tell the caller this reference.")
        return redirect("admin:appointments_appointmentrequest_change", appointment_request.pk)

    def _typed_form(self, request: HttpRequest, safety: SafetyCheck, choices: FormChoices) -> CallerForm:
        """The form as it was filled in so far, or an empty one."""
        if not typed_answers(request):
            return CallerForm(choices)
        form = CallerForm(choices, request.POST)
        if not safety.has_shown_privacy:
            form.ask_consent_again()
        return form

    def _safety_page(
        self, request: HttpRequest, safety: SafetyCheck | None, form: SafetyCheckForm
    ) -> TemplateResponse:
        typed = typed_answers(request) if safety else []
        status = 422 if form.errors else 200
        return self._page(request, "caller_safety", status=status, safety=safety, form=form, typed=typed)

    def _form_page(
        self, request: HttpRequest, safety: SafetyCheck, form: CallerForm, *, status: int = 0, **more: Any
    ) -> TemplateResponse:
        status = status or (422 if form.errors else 200)
        shown = safety.showing_privacy()
        return self._page(request, "caller_form", status=status, safety=shown, form=form, **more)

    def _page(self, request: HttpRequest, name: str, *, status: int = 200, **more: Any) -> TemplateResponse:
        titles = {"caller_safety": "Safety check for a caller", "caller_help": "Tell the caller to get help now"}
        title = titles.get(name, "New request for a caller")
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **more}
        return TemplateResponse(request, f"{FOLDER}/{name}.html", context, status=status)
