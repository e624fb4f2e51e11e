"""Send, and how it may end: sent, sent before, too many, or nobody knows. The answers outlive each of them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language

from appointments.forms import AppointmentRequestForm
from appointments.models import AlreadySent, AppointmentRequest, RequestSource
from appointments.safety import SafetyCheck
from appointments.sending_limits import sending_limits
from appointments.typed_answers import typed_answers, typed_digest
from clinic.limits import LimitReached
from clinic.readable_errors import is_database_unreachable
from conditions.models import RedFlag

View = Callable[..., HttpResponseBase]


def send(
    request: HttpRequest, safety: SafetyCheck, form: AppointmentRequestForm, red_flags: list[RedFlag]
) -> HttpResponse:
    """Keep the request and lead to its page. Pressed again, it makes no second. Raises what the database raises."""
    answers = form.answers()
    try:
        appointment_request = AppointmentRequest.objects.submit(
            answers,
            key=safety.key,
            source=RequestSource.WEB,
            red_flags=red_flags,
            is_checked_by_clinician=safety.is_checked_by_clinician,
            language=get_language(),
            limited_by=sending_limits(request, answers),
            digest=typed_digest(request, safety.red_flag_keys),
        )
    except AlreadySent as already_sent:
        return _already_sent_page(request, safety, already_sent.appointment_request)
    except LimitReached:
        return _carried_on(request, "appointments/too_many.html", safety.token, 429)
    return _to_its_page(appointment_request)


def answer_if_sent_before(request: HttpRequest, safety: SafetyCheck) -> HttpResponse | None:
    """Of a form that we would not take today: the way to the request that it made when we did, if it made one."""
    try:
        kept = AppointmentRequest.objects.sent_before(safety.key, typed_digest(request, safety.red_flag_keys))
    except AlreadySent as already_sent:
        return _already_sent_page(request, safety, already_sent.appointment_request)
    return _to_its_page(kept) if kept else None


def _to_its_page(appointment_request: AppointmentRequest) -> HttpResponse:
    response = redirect(appointment_request.status_path())
    response.headers["Cache-Control"] = "no-store, private"  # it names the address of the status page
    return response


def _already_sent_page(
    request: HttpRequest, safety: SafetyCheck, appointment_request: AppointmentRequest
) -> HttpResponse:
    """This form was sent before, with other answers: the request that we have, and the way to send another."""
    template, token = "appointments/already_sent.html", safety.for_another_request().token
    return _carried_on(request, template, token, 409, appointment_request=appointment_request)


def keeps_answers(view: View) -> View:
    """While the database is away, a page that holds what was typed so far, to press the same button once more.

    Where nothing was typed yet, the error goes on.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Error as error:
            if not is_database_unreachable(error) or not typed_answers(request):
                raise
        return _carried_on(request, "appointments/not_sent.html", request.POST.get("safety", ""), 503)

    return answer


def _carried_on(request: HttpRequest, template: str, token: str, status: int, **context: Any) -> HttpResponse:
    context |= {"token": token, "typed": typed_answers(request), "button": request.POST.get("button", "check")}
    return render(request, template, context, status=status)
