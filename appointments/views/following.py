"""Following a request that was sent: what the patient sees of it, and may still say and do.

The address is a secret, so no page here tells the next one where the reader came from, and none shows who asked.
"""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from functools import wraps
from typing import Any

from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from appointments import changes, worse
from appointments.calendar_file import calendar_file
from appointments.choices import form_choices
from appointments.contact import tried_in_vain
from appointments.duplicates import locked_with_original
from appointments.forms import ContactForm, NoteForm, TimesForm, WithdrawForm, WorseForm
from appointments.lifecycle import MoveRefused, RequestStatus, Role, Urgency, find_move, urgency_of
from appointments.mail_trouble import mail_does_not_arrive
from appointments.meanwhile import care_meanwhile
from appointments.models import AppointmentRequest, EventKind
from appointments.patient_word import SAID_IN, heard_by, may_say
from appointments.typed_answers import typed_words
from appointments.views.private import about_a_person
from clinic.limits import LimitReached
from clinic.models import ClinicProfile
from clinic.readable_errors import is_database_unreachable
from conditions.models import RedFlag

Verb = Callable[[HttpRequest, AppointmentRequest], HttpResponseBase]
PATIENT = frozenset({Role.PATIENT})


def at_secret_address(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Nobody is told the address of the page. With its form a browser sends our host alone: under no-referrer it
    would call its origin null, and the form would be refused as another site's."""

    @about_a_person
    @wraps(view)
    def secretive(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Referrer-Policy", "strict-origin")
        return response

    return secretive


def verb(view: Verb) -> Callable[..., HttpResponseBase]:
    """A page on which the patient says or does something: GET shows it, POST acts.

    The view gets the request of the address: on POST under a lock until the answer is made, with the original of a
    duplicate, in one transaction that is rolled back when the request is closed or the patient has said enough for
    now. What was said while the database went away is carried by the page that answers, to be sent again.
    """

    @require_http_methods(["GET", "HEAD", "POST"])
    @at_secret_address
    @wraps(view)
    def page(request: HttpRequest, token: str) -> HttpResponseBase:
        acts = request.method == "POST"
        answer = None
        try:
            found = get_object_or_404(AppointmentRequest.objects.with_token(token))
            with transaction.atomic() if acts else nullcontext():
                answer = view(request, locked_with_original(found) if acts else found)
            return answer
        except MoveRefused:
            found.refresh_from_db()
            context = {"appointment_request": found, "token": token}
            return render(request, "appointments/not_possible.html", context, status=409 if acts else 200)
        except LimitReached:
            context = {"token": token, "typed": typed_words(request)}
            return render(request, "appointments/too_often.html", context, status=429)
        except Error as error:
            if not acts or not is_database_unreachable(error):
                raise
            # Once there was an answer, it was the commit that failed: then nobody knows what came of it.
            context = {"token": token, "typed": typed_words(request), "may_have_arrived": answer is not None}
            return render(request, "appointments/not_received.html", context, status=503)

    return page


@require_safe
@at_secret_address
def request_status(request: HttpRequest, token: str) -> HttpResponse:
    """Where a request stands, what happens next and by when, and what the patient may still say and do."""
    found = AppointmentRequest.objects.with_token(token).noting_attempts().select_related("appointment_with")
    appointment_request = get_object_or_404(found)
    now, heard = timezone.now(), heard_by(appointment_request, EventKind.WORSE)
    context = {
        "appointment_request": appointment_request,
        "token": token,
        "is_late": heard.is_late(now),
        "promise": heard.standing_promise,
        "worse_at": heard.worse_at,
        "meanwhile": care_meanwhile(heard),
        "last_word_at": _last_word_at(heard),
        "tried": tried_in_vain(appointment_request) if getattr(appointment_request, "was_tried", False) else None,
        "needs_new_dates": appointment_request.needs_new_dates(now),
        "mail_does_not_arrive": mail_does_not_arrive(appointment_request),
        "may": {kind.value: may_say(heard_by(appointment_request, kind), kind) for kind in SAID_IN},
        "may_withdraw": find_move(appointment_request.status, RequestStatus.WITHDRAWN) is not None,
    }
    response = render(request, "appointments/request_status.html", context)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@verb
def report_worse(request: HttpRequest, appointment_request: AppointmentRequest) -> HttpResponse:
    """It has got worse: the warning symptoms once more. Whoever has an emergency sign reads where to get help."""
    _refuse_unless_it_may_be_said(appointment_request, EventKind.WORSE)
    form = WorseForm(RedFlag.objects.in_use(), _posted(request))
    if not form.is_valid():
        return _form_page(request, "report_worse", form)
    flags = form.ticked()
    worse.report_worse(appointment_request, flags, form.cleaned_data["words"])
    if urgency_of(flag.tier for flag in flags) == Urgency.EMERGENCY:
        context = {"red_flags": flags, "token": _token(request)}
        return render(request, "appointments/worse_emergency.html", context)
    return _back(request)


@verb
def change_contact(request: HttpRequest, appointment_request: AppointmentRequest) -> HttpResponse:
    """Other ways to reach the patient. What is on file is not shown: others may have the link."""
    _refuse_unless_it_may_be_said(appointment_request, EventKind.CONTACT_CHANGED)
    form = ContactForm(appointment_request, _posted(request))
    if not form.is_valid():
        return _form_page(request, "change_contact", form)
    changes.change_contact(appointment_request, form.changes())
    return _back(request)


@verb
def change_times(request: HttpRequest, appointment_request: AppointmentRequest) -> HttpResponse:
    """Other times that suit. What is on file is not shown: others may have the link."""
    _refuse_unless_it_may_be_said(appointment_request, EventKind.TIMES_CHANGED)
    form = TimesForm(form_choices(), _posted(request))
    if not form.is_valid():
        return _form_page(request, "change_times", form)
    changes.change_times(appointment_request, form.changes())
    return _back(request)


@verb
def add_note(request: HttpRequest, appointment_request: AppointmentRequest) -> HttpResponse:
    """Something more that the patient wants us to know."""
    _refuse_unless_it_may_be_said(appointment_request, EventKind.ADDED)
    form = NoteForm(_posted(request))
    if not form.is_valid():
        return _form_page(request, "add_note", form)
    changes.add_words(appointment_request, form.cleaned_data["words"])
    return _back(request)


@verb
def withdraw_request(request: HttpRequest, appointment_request: AppointmentRequest) -> HttpResponse:
    """The patient takes the request back. Done twice, the second time finds it done."""
    if appointment_request.status == RequestStatus.WITHDRAWN:
        return _back(request)
    if find_move(appointment_request.status, RequestStatus.WITHDRAWN) is None:
        raise MoveRefused("no_such_move", "This request cannot be withdrawn from where it stands.")
    form = WithdrawForm(_posted(request))
    if not form.is_valid():
        return _form_page(request, "withdraw_request", form)
    appointment_request.move_to(RequestStatus.WITHDRAWN, by=None, roles=PATIENT)
    return _back(request)


@require_safe
@at_secret_address
def appointment_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The booked appointment as a file for the patient's calendar; what is not booked leads to the status page."""
    appointment_request = get_object_or_404(AppointmentRequest.objects.with_token(token))
    clinic = ClinicProfile.objects.current()
    if appointment_request.appointment_starts_at is None or clinic is None:
        return _back(request)
    content = calendar_file(appointment_request, clinic, timezone.now())
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"'}
    return HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=headers)


def _refuse_unless_it_may_be_said(appointment_request: AppointmentRequest, kind: EventKind) -> None:
    """Before a form is shown or read: nobody fills one in for nothing."""
    if not may_say(heard_by(appointment_request, kind), kind):
        raise MoveRefused("closed", "This cannot be said of the request any more.")


def _last_word_at(appointment_request: AppointmentRequest) -> datetime | None:
    """When we got what the page does not tell of elsewhere: that it got worse, or that it is off."""
    if appointment_request.status == RequestStatus.WITHDRAWN:
        return None
    of_the_patient = appointment_request.events.filter(changed_by=None)
    last = of_the_patient.last() if appointment_request.worse_at else None
    if last is not None and last.kind == EventKind.WORSE:
        return None
    return appointment_request.patient_wrote_at


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _token(request: HttpRequest) -> str:
    return str(request.resolver_match.kwargs["token"]) if request.resolver_match else ""


def _form_page(request: HttpRequest, name: str, form: Any) -> HttpResponse:
    context = {"form": form, "token": _token(request)}
    return render(request, f"appointments/{name}.html", context, status=422 if form.is_bound else 200)


def _back(request: HttpRequest) -> HttpResponse:
    return redirect("appointments:request_status", _token(request))
