"""Raising and lowering how urgent a request is. The red-flag answers set it; the staff correct it here."""

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from appointments.lifecycle import (
    DECIDERS,
    TRIAGE,
    MoveRefused,
    RequestStatus,
    Role,
    Urgency,
    acting_role,
    triage_role,
)
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from appointments.models.acting import WORD_ANSWERED
from appointments.second_look import second_look_after_lowering

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def set_urgency(
    appointment_request: AppointmentRequest,
    urgency: Urgency,
    *,
    by: "User",
    roles: frozenset[Role],
    may_lower: bool,
    reason: str = "",
) -> RequestEvent:
    """Set the urgency of a request that waits for the staff, from the version that this object was read with.

    Whoever triages may raise it, and need not say why. To lower it, or to clear the patient's report that it has
    got worse (the same urgency once more), takes `may_lower`, the permission lower_urgency, and a reason. In one
    transaction: the new urgency and the row of its record, which is returned. A report that ends was looked at, and
    so was the patient's last word; else the promise stays as it was told. Raises MoveRefused and changes nothing,
    with code `not_your_role`, `no_such_move` for a request that is closed, `urgency_unchanged`, `note_missing`, or
    `stale`.
    """
    triage_role(roles, "set the urgency")
    if not (appointment_request.is_open or appointment_request.status == RequestStatus.BOOKED):
        raise MoveRefused("no_such_move", "This request is closed. Reopen it before you set its urgency.")
    if urgency < appointment_request.urgency:
        return _set(appointment_request, by=by, roles=roles & TRIAGE, reason=reason, urgency=urgency)
    if not may_lower:
        raise MoveRefused("not_your_role", "Your role may raise the urgency, but not lower it or clear a report.")
    if urgency == appointment_request.urgency and appointment_request.worse_at is None:
        raise MoveRefused("urgency_unchanged", f"The urgency is already “{Urgency(urgency).label}”.")
    if not reason.strip():
        raise MoveRefused("note_missing", "Lowering the urgency or clearing a report needs a reason.")
    roles = roles & DECIDERS or roles & TRIAGE
    more = {} if appointment_request.worse_at is None else {**WORD_ANSWERED}
    if urgency == Urgency.ROUTINE != appointment_request.urgency:
        more |= second_look_after_lowering(appointment_request, timezone.now())
    return _set(appointment_request, by=by, roles=roles, reason=reason, urgency=urgency, worse_at=None, **more)


def _set(
    appointment_request: AppointmentRequest, *, by: "User", roles: frozenset[Role], reason: str, **values: Any
) -> RequestEvent:
    """Raising is never held up by somebody else's claim, and leaves it as it is."""
    holder = appointment_request.holder(timezone.now())
    is_raised = values["urgency"] < appointment_request.urgency
    claims = not is_raised or holder is None or holder.pk == by.pk
    return appointment_request.change(
        EventKind.URGENCY_SET, by=by, role=acting_role(roles), note=reason, claims=claims, **values
    )
