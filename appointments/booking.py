"""Giving a booked appointment another time."""

import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from appointments import emails
from appointments.lifecycle import TRIAGE, MoveRefused, RequestStatus, Role, acting_role
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from clinic import outbox

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def move_appointment(
    appointment_request: AppointmentRequest,
    starts_at: datetime.datetime,
    *,
    by: "User",
    roles: frozenset[Role],
    note: str = "",
) -> RequestEvent:
    """Give a booked appointment a new time, from the version that this object was read with.

    `starts_at` is aware. In one transaction: the time, the row of the record, which is returned, and the mail to
    the patient. Raises MoveRefused and changes nothing, with code `not_your_role`, `no_such_move` when nothing is
    booked, `time_unchanged`, or `stale`.
    """
    if not roles & TRIAGE:
        raise MoveRefused("not_your_role", "Your role may not move an appointment.")
    if appointment_request.status != RequestStatus.BOOKED:
        raise MoveRefused("no_such_move", "No appointment is booked that could be moved.")
    if starts_at == appointment_request.appointment_starts_at:
        raise MoveRefused("time_unchanged", "The appointment is at that time already.")
    role = acting_role(roles & TRIAGE)
    with transaction.atomic():
        event = appointment_request.change(
            EventKind.APPOINTMENT_MOVED, by=by, role=role, note=note, appointment_starts_at=starts_at
        )
        if appointment_request.email:
            when = starts_at.isoformat()
            outbox.queue(emails.about(appointment_request, emails.moved, appointment_starts_at=when))
    return event
