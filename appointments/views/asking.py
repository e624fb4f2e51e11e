"""Asking for an appointment. Nothing is stored before Send; no session, no cookie but that of the form's token. The
answers travel in the page."""

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from appointments.blank_form import blank_form
from appointments.choices import FormChoices, form_choices
from appointments.forms import AppointmentRequestForm, CheckedByClinicianForm, SafetyCheckForm
from appointments.promise import promise
from appointments.safety import SafetyCheck
from appointments.track_record import answered_lately
from appointments.typed_answers import typed_answers
from appointments.views.language import in_the_language_of_the_browser
from appointments.views.private import before_sending
from appointments.views.sending import answer_if_sent_before, keeps_answers, send
from conditions import walking_line
from conditions.models import RedFlag, red_flags_in_use

ARTICLE_KEY_MAX_LENGTH = 100  # characters
TRAP = "website"  # a box that people do not see, and programs fill in


@require_http_methods(["GET", "HEAD", "POST"])
@before_sending
@in_the_language_of_the_browser
@keeps_answers
def safety_check(request: HttpRequest) -> HttpResponse:
    """First the warning symptoms. Whoever has an emergency sign sees where to get help before anything else."""
    safety = SafetyCheck.carried_by(request.POST) or _beginning(request)
    if request.method != "POST" or request.POST.get("button") == "begin":
        return _safety_page(request, safety, SafetyCheckForm(red_flags_in_use()))
    choices = form_choices()
    form = SafetyCheckForm(choices.red_flags, request.POST)
    if not form.is_valid():
        return _safety_page(request, safety, form)
    safety = safety.answered(form.ticked(), choices.red_flags)
    if safety.needs_help_first:
        return _help_page(request, safety, CheckedByClinicianForm(), form.ticked())
    return _after_safety_check(request, safety, choices)


@require_http_methods(["GET", "HEAD", "POST"])
@before_sending
@keeps_answers
def get_help_now(request: HttpRequest) -> HttpResponse:
    """From the help page onward, on the patient's word that a clinician has already looked at it."""
    safety = SafetyCheck.carried_by(request.POST)
    if safety is None or not safety.is_answered:
        return redirect("appointments:safety_check")
    form = CheckedByClinicianForm(request.POST)
    if not form.is_valid():
        return _help_page(request, safety, form, safety.red_flags())
    return _after_safety_check(request, safety.checked_by_clinician(), form_choices())


@require_http_methods(["GET", "HEAD", "POST"])
@before_sending
@keeps_answers
def request_appointment(request: HttpRequest) -> HttpResponse:
    """The form, then the page to check it, then Send: which of them, the pressed button says."""
    safety = SafetyCheck.carried_by(request.POST)
    if safety is None or not safety.is_answered:
        if not typed_answers(request):
            return redirect("appointments:safety_check")
        return _ask_again(request, safety or SafetyCheck.begin(), red_flags_in_use())
    if safety.needs_help_first:
        return _help_page(request, safety, CheckedByClinicianForm(), safety.red_flags())
    if "button" not in request.POST and not typed_answers(request):
        return _first_details_page(request, safety, form_choices())
    form = _typed_form(request, safety, form_choices())
    if request.POST.get("button") == "send":
        return _send(request, safety, form)
    if not form.is_valid() or request.POST.get("button") == "change":
        return _details_page(request, safety, form)
    if not safety.has_asked(form.choices.red_flags):
        return _ask_again(request, safety, form.choices.red_flags)
    return _check_page(request, safety, form)


def _send(request: HttpRequest, safety: SafetyCheck, form: AppointmentRequestForm) -> HttpResponse:
    """Whatever has changed since the page was opened, a form that was sent before leads to its request."""
    if not form.is_valid():
        return answer_if_sent_before(request, safety) or _details_page(request, safety, form)
    red_flags = form.choices.red_flags
    if not safety.has_asked(red_flags):
        return answer_if_sent_before(request, safety) or _ask_again(request, safety, red_flags)
    if request.POST.get(TRAP) or safety.seconds_since_it_began() < settings.FORM_MINIMUM_SECONDS:
        return _check_page(request, safety, form)
    return send(request, safety, form, [flag for flag in red_flags if flag.key in safety.red_flag_keys])


def _beginning(request: HttpRequest) -> SafetyCheck:
    """A new safety check, about the article that the patient comes from, with the answers that they take along."""
    article_key = request.GET.get("article", "")[:ARTICLE_KEY_MAX_LENGTH]
    return SafetyCheck.begin(article_key, walking_line.read(request.POST.get("walking_line", "")))


def _safety_page(request: HttpRequest, safety: SafetyCheck, form: SafetyCheckForm) -> HttpResponse:
    context = {"safety": safety, "form": form, "typed": typed_answers(request)}
    return render(request, "appointments/safety_check.html", context, status=422 if form.is_bound else 200)


def _ask_again(request: HttpRequest, safety: SafetyCheck, red_flags: Iterable[RedFlag]) -> HttpResponse:
    """The questions of today, with what was typed and the same one-time key; from there on to the check page."""
    return _safety_page(request, safety, SafetyCheckForm(red_flags))


def _after_safety_check(request: HttpRequest, safety: SafetyCheck, choices: FormChoices) -> HttpResponse:
    """The form; or what comes after it, where the patient has filled it in before being asked again."""
    if not typed_answers(request):
        return _first_details_page(request, safety, choices)
    form = _typed_form(request, safety, choices)
    return _check_page(request, safety, form) if form.is_valid() else _details_page(request, safety, form)


def _help_page(
    request: HttpRequest, safety: SafetyCheck, form: CheckedByClinicianForm, red_flags: list[RedFlag]
) -> HttpResponse:
    context = {"safety": safety, "form": form, "red_flags": red_flags, "typed": typed_answers(request)}
    return render(request, "appointments/get_help_now.html", context, status=422 if form.is_bound else 200)


def _first_details_page(request: HttpRequest, safety: SafetyCheck, choices: FormChoices) -> HttpResponse:
    """The form before anything is typed: empty, but for the answers about walking that the patient took along."""
    if not safety.walking_line:
        context = {"safety": safety.showing_privacy(), "blank_form": blank_form(choices, safety.article_key)}
        return render(request, "appointments/request_appointment.html", context)
    initial = {"article": safety.article_key, "problem": f"{safety.walking_line}\n"}
    return _details_page(request, safety.without_walking_line(), AppointmentRequestForm(choices, initial=initial))


def _typed_form(request: HttpRequest, safety: SafetyCheck, choices: FormChoices) -> AppointmentRequestForm:
    """The form as it was filled in. Consent counts for the privacy page that stood beside it, and no other."""
    form = AppointmentRequestForm(choices, request.POST)
    if not safety.has_shown_privacy:
        form.ask_consent_again()
    return form


def _details_page(request: HttpRequest, safety: SafetyCheck, form: AppointmentRequestForm) -> HttpResponse:
    """The form with what was typed. Whoever has pressed Send reads that nothing was sent, and what to mend."""
    context = {
        "safety": safety.showing_privacy(),
        "form": form,
        "trapped": request.POST.get(TRAP, ""),
        "is_unsent": request.POST.get("button") == "send",
    }
    return render(request, "appointments/request_appointment.html", context, status=422 if form.errors else 200)


def _check_page(request: HttpRequest, safety: SafetyCheck, form: AppointmentRequestForm) -> HttpResponse:
    """Every answer once more. It is also what comes instead of Send where a program seems to have pressed it: with
    the box that was filled in, or the request to press once more. Nobody is dropped in silence."""
    now, trapped = timezone.now(), request.POST.get(TRAP, "")
    is_too_quick = request.POST.get("button") == "send" and not trapped
    context = {
        "safety": safety,
        "form": form,
        "typed": typed_answers(request),
        "trapped": trapped,
        "is_too_quick": is_too_quick,
        "reply_by": promise(now, safety.urgency),
        "track_record": answered_lately(now),
    }
    status = 422 if trapped or is_too_quick else 200
    return render(request, "appointments/check_answers.html", context, status=status)
