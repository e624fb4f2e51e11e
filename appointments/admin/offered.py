"""What this person may do with a request as it stands: a form for each verb, and what can be taken back."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from appointments.admin.timeline import heading_of_last
from appointments.canned_replies import FilledReply, replies_for
from appointments.lifecycle import TRIAGE, RequestStatus, Urgency, moves_open_to
from appointments.models import AppointmentRequest, ContactAttempt, RequestEvent, StatusChange
from appointments.roles import roles_of
from appointments.staff_forms import (
    LogCallForm,
    LowerUrgencyForm,
    MoveAppointmentForm,
    MoveForm,
    PlanForm,
    SeenForm,
    UndoForm,
    form_of_move,
)
from appointments.undo import UNDO_WITHIN, why_not

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Undoable:
    """The last step, while it can be taken back."""

    form: UndoForm
    what: str
    seconds: int

    @property
    def for_how_long(self) -> str:
        """The time that is left, in words."""
        minutes, seconds = divmod(self.seconds, 60)
        parts = ((minutes, "minute"), (seconds, "second"))
        return " ".join(f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in parts if count)


@dataclass(frozen=True)
class Offered:
    """The forms of the record, None for each that is not offered."""

    move_forms: list[MoveForm] = field(default_factory=list)
    higher: list[Urgency] = field(default_factory=list)
    lower: LowerUrgencyForm | None = None
    appointment: MoveAppointmentForm | None = None
    call: LogCallForm | None = None
    plan: PlanForm | None = None
    undo: Undoable | None = None
    replies: list[FilledReply] = field(default_factory=list)

    def forms(self) -> Iterator[SeenForm]:
        """All of them."""
        yield from self.move_forms
        yield from filter(None, (self.lower, self.appointment, self.call, self.plan))

    def shows(self, form: SeenForm | None) -> bool:
        """Whether this very form is among them."""
        return any(form is one for one in self.forms())

    def as_context(self) -> dict[str, Any]:
        """For the template."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def offered(
    appointment_request: AppointmentRequest,
    by: "User",
    last_entry: StatusChange | RequestEvent,
    attempts: Sequence[ContactAttempt],
    shown: SeenForm | None = None,
) -> Offered:
    """What `by` may do. `last_entry` is the last of the record, `attempts` are all of the ledger; `shown` stands in
    the place of the form of its kind. At most five queries."""
    roles = roles_of(by)
    if not roles & TRIAGE:
        return Offered()
    is_booked = appointment_request.status == RequestStatus.BOOKED
    is_in_queue, may_set = appointment_request.is_in_queue, is_booked or appointment_request.is_open
    move_forms = [
        form_of_move(move)(move, appointment_request)
        for move in moves_open_to(roles, appointment_request.status)
        if not move.is_about_a_link  # the page has a part for these
    ]
    lower = None
    if may_set and by.has_perm("appointments.lower_urgency"):
        lower = LowerUrgencyForm(appointment_request)
    urgencies = [urgency for urgency in reversed(Urgency) if urgency < appointment_request.urgency]
    fresh = Offered(
        move_forms=move_forms,
        higher=urgencies if may_set else [],
        lower=lower if lower and lower.choices else None,
        appointment=MoveAppointmentForm(appointment_request) if is_booked else None,
        call=LogCallForm(appointment_request) if is_in_queue else None,
        plan=PlanForm(appointment_request, by=by) if is_in_queue else None,
        undo=_undoable(appointment_request, by, last_entry, attempts),
        replies=replies_for(appointment_request) if any(form.move.needs_message for form in move_forms) else [],
    )
    return _with(fresh, shown) if shown is not None else fresh


def _with(fresh: Offered, shown: SeenForm) -> Offered:
    """The same, with `shown` in the place of the form of its name and kind."""
    places: dict[str, Any] = {
        name: shown
        for name in ("lower", "appointment", "call", "plan")
        if type(getattr(fresh, name)) is type(shown)
    }
    moves = [
        shown if isinstance(shown, MoveForm) and shown.name == form.name else form for form in fresh.move_forms
    ]
    return replace(fresh, move_forms=moves, **places)


def _undoable(
    appointment_request: AppointmentRequest,
    by: "User",
    entry: StatusChange | RequestEvent,
    attempts: Sequence[ContactAttempt],
) -> Undoable | None:
    now = timezone.now()
    if why_not(entry, by, now) is not None:
        return None
    left = UNDO_WITHIN - (now - entry.changed_at)
    what = heading_of_last(entry, attempts)
    return Undoable(UndoForm(appointment_request), what, math.ceil(left.total_seconds()))
