"""What each verb does: from the form that was sent to the act of the domain, and what the request is afterwards."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from appointments.admin.words import moment, words
from appointments.booking import book, move_appointment
from appointments.contact import log_attempt
from appointments.emails import mail_of
from appointments.lifecycle import TRANSITIONS, Move, MoveRefused, RequestStatus, Urgency, find_move
from appointments.models import AppointmentRequest
from appointments.plan import plan
from appointments.roles import name_of, roles_of
from appointments.staff_forms import (
    LogCallForm,
    LowerUrgencyForm,
    MoveAppointmentForm,
    PlanForm,
    SeenForm,
    UndoForm,
    UrgencyForm,
    form_of_move,
)
from appointments.told import told_after, told_by_mail, told_of_undoing
from appointments.undo import last_entry, undo_last
from appointments.urgency import set_urgency
from clinic.models import OutgoingMail

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Does it, and says what the request is now: for the person, and for the log.
Act = Callable[[AppointmentRequest, "User"], tuple[str, str]]
# The form of a verb, filled in with what was sent; None where there is none.
FormOf = Callable[[AppointmentRequest, Mapping[str, Any]], SeenForm | None]


def move_form(status: str) -> FormOf:
    """The form of the move to this status, from where the request stands or, where that is no longer possible, from
    where it could be made."""

    def form_of(appointment_request: AppointmentRequest, sent: Mapping[str, Any]) -> SeenForm | None:
        move = find_move(appointment_request.status, status) or _some_move_to(status)
        return form_of_move(move)(move, appointment_request, sent) if move else None

    return form_of


def booking_or_move(sent: Mapping[str, Any], status: str) -> Act:
    """The move to this status."""

    def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
        move, roles = find_move(appointment_request.status, status), roles_of(by)
        if move is None or move.is_about_a_link:
            raise MoveRefused("no_such_move", "This request cannot make that move from where it stands.")
        if not move.roles & roles:
            raise MoveRefused("not_your_role", f"Your role may not use “{move.verb}”.")
        answers = answers_of(form_of_move(move)(move, appointment_request, sent))
        if move.needs_appointment_time:
            change = book(appointment_request, by=by, roles=roles, **_booking(answers))
        else:
            change = appointment_request.move_to(status, by=by, roles=roles, **answers)
        became = f"“{change.get_to_status_display()}”"
        if move.needs_appointment_time:
            became += f": {_appointment_of(appointment_request)}"
        return _and_told(became, told_after(appointment_request, status)), f"Moved to {change.to_status}."

    return act


def urgency_form(appointment_request: AppointmentRequest, sent: Mapping[str, Any]) -> SeenForm:
    """The form that lowers."""
    return LowerUrgencyForm(appointment_request, sent)


def set_urgency_to(sent: Mapping[str, Any]) -> Act:
    """Another urgency."""

    def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
        answers = answers_of(UrgencyForm(appointment_request, sent))
        urgency = Urgency(answers["urgency"])
        may_lower = by.has_perm("appointments.lower_urgency")
        reason, roles = answers["note"], roles_of(by)
        set_urgency(appointment_request, urgency, by=by, roles=roles, may_lower=may_lower, reason=reason)
        return f"“{urgency.label}”", f"Urgency set to {urgency.label.lower()}."

    return act


def move_appointment_to(sent: Mapping[str, Any]) -> Act:
    """Another time, place or clinician."""

    def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
        if appointment_request.status != RequestStatus.BOOKED:
            raise MoveRefused("no_such_move", "No appointment is booked that could be moved.")
        booking = _booking(answers_of(MoveAppointmentForm(appointment_request, sent)))
        # A form of before, or a program, that knows of neither leaves both as they are.
        if "clinician" in sent:
            booking["appointment_with"] = booking["clinician"]
        if "place" in sent:
            booking["appointment_place"] = booking["place"]
        del booking["clinician"], booking["place"]
        move_appointment(appointment_request, by=by, roles=roles_of(by), **booking)
        became = f"booked for {_appointment_of(appointment_request)}"
        return _and_told(became, told_by_mail(appointment_request)), "Moved the appointment."

    return act


def log_call(sent: Mapping[str, Any]) -> Act:
    """An attempt to reach the patient."""

    def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
        answers = answers_of(LogCallForm(appointment_request, sent))
        attempt = log_attempt(appointment_request, by=by, roles=roles_of(by), **answers)
        return f"on record as “{attempt.get_outcome_display()}”", "Logged an attempt to reach the patient."

    return act


def plan_form(by: "User") -> FormOf:
    """The form of the next step, as this person sees it."""
    return lambda appointment_request, sent: PlanForm(appointment_request, sent, by=by)


def plan_next(sent: Mapping[str, Any]) -> Act:
    """The next step."""

    def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
        answers = answers_of(PlanForm(appointment_request, sent, by=by))
        plan(appointment_request, by=by, roles=roles_of(by), **answers)
        step = words("next_step", answers["step"]).lower()
        return f"the work of {name_of(answers['owner'])}: {step}, {answers['on']:%B %-d}", "Planned the next step."

    return act


def undo(sent: Mapping[str, Any]) -> Act:
    """Taking back the last step."""

    def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
        answers = answers_of(UndoForm(appointment_request, sent))
        mails = OutgoingMail.objects.about(appointment_request.topic)
        count, undone = mails.count(), last_entry(appointment_request)
        undo_last(appointment_request, by=by, roles=roles_of(by), note=answers["note"])
        told = told_of_undoing(
            appointment_request, was_told=mail_of(undone) is not None, is_corrected=mails.count() > count
        )
        became = f"as it was before, “{appointment_request.get_status_display()}”"
        return _and_told(became, told), "Took back the last step."

    return act


def answers_of(form: SeenForm) -> dict[str, Any]:
    """What was filled in, without the version. Raises MoveRefused with every mistake in its text."""
    if not form.is_valid():
        mistakes = [str(error).rstrip(".") for errors in form.errors.values() for error in errors]
        raise MoveRefused("form", "".join(f"{mistake}. " for mistake in mistakes).strip())
    return {name: value for name, value in form.cleaned_data.items() if name != "version"}


def _appointment_of(appointment_request: AppointmentRequest) -> str:
    """When it is, and with whom."""
    starts_at, who = appointment_request.appointment_starts_at, appointment_request.appointment_with
    when = moment(starts_at) if starts_at else ""
    return f"{when}, with {name_of(who)}" if who else when


def _and_told(became: str, told: str) -> str:
    """Both in one text, as sentences without the last full stop: that one is set by whoever shows it."""
    return f"{became}. {told}".rstrip(". ")


def _booking(answers: dict[str, Any]) -> dict[str, Any]:
    return {("starts_at" if name == "appointment_starts_at" else name): value for name, value in answers.items()}


def _some_move_to(status: str) -> Move | None:
    return next((move for move in TRANSITIONS if move.to_status == status), None)
