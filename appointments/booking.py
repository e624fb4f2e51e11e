"""Booking an appointment and moving it: when, where, and with whom, and what speaks against it."""

import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from appointments import emails
from appointments.clashes import clashes_in_words, closed_in_words
from appointments.lifecycle import MoveRefused, RequestStatus, Role, triage_role
from appointments.models import AppointmentRequest, EventKind, RequestEvent, StatusChange
from clinic import outbox

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def book(
    appointment_request: AppointmentRequest,
    starts_at: datetime.datetime,
    *,
    by: "User",
    roles: frozenset[Role],
    clinician: "User | None" = None,
    place: str = "",
    despite_clash: bool = False,
    note: str = "",
) -> StatusChange:
    """Book an appointment, from the version that this object was read with.

    `starts_at` is aware; `place` is where, "" for the clinic's own address. In one transaction: the look for what
    speaks against it, and all that `move_to` commits. Two bookings come one after the other. Raises MoveRefused and
    changes nothing, with code `clash` unless `despite_clash`, or as `move_to` does.
    """
    if not despite_clash:
        _refuse_doubtful(appointment_request, clinician, starts_at)
    return appointment_request.move_to(
        RequestStatus.BOOKED,
        by=by,
        roles=roles,
        note=note,
        appointment_starts_at=starts_at,
        appointment_with=clinician,
        appointment_place=place,
    )


@transaction.atomic
def move_appointment(
    appointment_request: AppointmentRequest,
    starts_at: datetime.datetime,
    *,
    by: "User",
    roles: frozenset[Role],
    despite_clash: bool = False,
    note: str = "",
    **elsewhere: Any,
) -> RequestEvent:
    """Give a booked appointment another time, place or clinician, from the version that this object was read with.

    `starts_at` is aware; `elsewhere` holds `appointment_with` and `appointment_place`, each as it was when left
    out. In one transaction: the change, the row of the record, which is returned, and the mail to the patient. A
    new time is agreed with the patient, and so is a contact; another place or clinician is none. Raises MoveRefused
    and changes nothing, with code `not_your_role`, `no_such_move` when nothing is booked, `time_unchanged` when all
    is as it was, `clash` unless `despite_clash`, `claimed`, or `stale`.
    """
    role = triage_role(roles, "move an appointment")
    if appointment_request.status != RequestStatus.BOOKED:
        raise MoveRefused("no_such_move", "No appointment is booked that could be moved.")
    wanted = {"appointment_starts_at": starts_at, **elsewhere}
    changed = {name: value for name, value in wanted.items() if getattr(appointment_request, name) != value}
    if not changed:
        raise MoveRefused("time_unchanged", "The appointment is at that time already, and nothing else is new.")
    clinician = elsewhere.get("appointment_with", appointment_request.appointment_with)
    if not despite_clash and changed.keys() != {"appointment_place"}:
        is_new_time = "appointment_starts_at" in changed
        _refuse_doubtful(appointment_request, clinician, starts_at, is_new_time=is_new_time)
    if starts_at != appointment_request.appointment_starts_at:
        changed |= appointment_request.contact_made(timezone.now(), by)
    event = appointment_request.change(EventKind.APPOINTMENT_MOVED, by=by, role=role, note=note, **changed)
    if appointment_request.email:
        outbox.queue(emails.after_moving(appointment_request, event))
    return event


def _refuse_doubtful(
    appointment_request: AppointmentRequest,
    clinician: "User | None",
    starts_at: datetime.datetime,
    *,
    is_new_time: bool = True,
) -> None:
    """Says at once all that speaks against it, so that whoever books anyway knows it all."""
    against = clashes_in_words(appointment_request, clinician, starts_at)
    if is_new_time:
        against += closed_in_words(starts_at)
    if against:
        raise MoveRefused("clash", f"{' '.join(against)} Choose another time, or tick “Book anyway”.")
