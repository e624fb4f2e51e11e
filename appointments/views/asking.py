"""Asking for an appointment. Nothing is stored before Send; no session, no cookie but that of the form's token. The
answers travel in the page."""

from django.core import signing
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from appointments.choices import form_choices
from appointments.forms import AppointmentRequestForm, CheckedByClinicianForm, SafetyCheckForm
from appointments.models import AlreadySent, AppointmentRequest, RequestSource
from appointments.promise import promise
from appointments.safety import SafetyCheck
from appointments.views.private import about_a_person
from clinic.readable_errors import is_database_unreachable
from conditions import walking_line
from conditions.models import RedFlag

ARTICLE_KEY_MAX_LENGTH = 100  # characters


@require_http_methods(["GET", "HEAD", "POST"])
@about_a_person
def safety_check(request: HttpRequest) -> HttpResponse:
    """First the warning symptoms. Whoever has an emergency sign sees where to get help before anything else."""
    article_key = request.GET.get("article", "")[:ARTICLE_KEY_MAX_LENGTH]
    line = walking_line.read(request.POST.get("walking_line", ""))
    is_answered = request.method == "POST" and request.POST.get("button") != "begin"
    form = SafetyCheckForm(RedFlag.objects.in_use(), request.POST if is_answered else None)
    if not form.is_valid():
        context = {"form": form, "signed_line": walking_line.sign(line) if line else ""}
        return render(request, "appointments/safety_check.html", context, status=422 if form.is_bound else 200)
    safety = SafetyCheck.of(form.ticked(), article_key, line)
    if safety.needs_help_first:
        return _help_page(request, safety, CheckedByClinicianForm())
    return _first_details_page(request, safety)


@require_http_methods(["GET", "HEAD", "POST"])
@about_a_person
def get_help_now(request: HttpRequest) -> HttpResponse:
    """From the help page onward, on the patient's word that a clinician has already looked at it."""
    safety = _safety_of(request)
    if safety is None:
        return redirect("appointments:safety_check")
    form = CheckedByClinicianForm(request.POST)
    if not form.is_valid():
        return _help_page(request, safety, form)
    return _first_details_page(request, safety.checked_by_clinician())


@require_http_methods(["GET", "HEAD", "POST"])
@about_a_person
def request_appointment(request: HttpRequest) -> HttpResponse:
    """The form, then the page to check it, then Send: which of them, the pressed button says."""
    safety = _safety_of(request)
    if safety is None:
        return redirect("appointments:safety_check")
    if safety.needs_help_first:
        return _help_page(request, safety, CheckedByClinicianForm())
    form = AppointmentRequestForm(form_choices(), request.POST)
    button = request.POST.get("button")
    if not form.is_valid() or button == "change":
        return _details_page(request, safety, form)
    if button == "send":
        return _send(request, safety, form)
    return _check_page(request, safety, form)


def _safety_of(request: HttpRequest) -> SafetyCheck | None:
    """The safety check that the page carried, or None: then the way begins there."""
    try:
        return SafetyCheck.from_token(request.POST.get("safety", ""))
    except signing.BadSignature:
        return None


def _help_page(request: HttpRequest, safety: SafetyCheck, form: CheckedByClinicianForm) -> HttpResponse:
    context = {"safety": safety, "form": form, "red_flags": safety.red_flags()}
    return render(request, "appointments/get_help_now.html", context, status=422 if form.is_bound else 200)


def _first_details_page(request: HttpRequest, safety: SafetyCheck) -> HttpResponse:
    """The form before anything is typed: empty, but for the page that the patient came from and the answers about
    walking that they took along."""
    initial = {"article": safety.article_key}
    if safety.walking_line:
        initial["problem"] = f"{safety.walking_line}\n"
    form = AppointmentRequestForm(form_choices(), initial=initial)
    return _details_page(request, safety.without_walking_line(), form)


def _details_page(request: HttpRequest, safety: SafetyCheck, form: AppointmentRequestForm) -> HttpResponse:
    context = {"safety": safety, "form": form}
    return render(request, "appointments/request_appointment.html", context, status=422 if form.errors else 200)


def _check_page(request: HttpRequest, safety: SafetyCheck, form: AppointmentRequestForm) -> HttpResponse:
    context = {
        "safety": safety,
        "form": form,
        "reply_by": promise(timezone.now(), safety.urgency),
    }
    return render(request, "appointments/check_answers.html", context)


def _send(request: HttpRequest, safety: SafetyCheck, form: AppointmentRequestForm) -> HttpResponse:
    """Keep the request, or say plainly that it may not have been sent. Pressing Send again never makes two."""
    context = {"safety": safety, "form": form}
    try:
        appointment_request = AppointmentRequest.objects.submit(
            form.answers(),
            key=safety.key,
            source=RequestSource.WEB,
            red_flags=safety.red_flags(),
            is_checked_by_clinician=safety.is_checked_by_clinician,
            language=get_language(),
        )
    except AlreadySent as already_sent:
        context["appointment_request"] = already_sent.appointment_request
        return render(request, "appointments/already_sent.html", context, status=409)
    except Error as error:
        if not is_database_unreachable(error):
            raise
        return render(request, "appointments/not_sent.html", context, status=503)
    return redirect(appointment_request)
