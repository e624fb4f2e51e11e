"""Booking an appointment and moving it: when, where, and with whom, and whether that clinician is free."""

import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User as StaffMember
from django.db import transaction
from django.utils import timezone

from appointments import emails
from appointments.calendar_file import BLOCKED
from appointments.lifecycle import MoveRefused, RequestStatus, Role, triage_role
from appointments.models import AppointmentRequest, EventKind, RequestEvent, StatusChange
from appointments.roles import name_of
from clinic import outbox

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet


def clashes(
    clinician: "User", starts_at: datetime.datetime, *, besides: AppointmentRequest
) -> "QuerySet[AppointmentRequest]":
    """The booked appointments of this clinician that begin within BLOCKED of `starts_at`, an aware time, in their
    order; `besides` the one that is about to be booked or moved."""
    booked = AppointmentRequest.objects.filter(status=RequestStatus.BOOKED, appointment_with=clinician)
    near = booked.filter(
        appointment_starts_at__gt=starts_at - BLOCKED, appointment_starts_at__lt=starts_at + BLOCKED
    )
    return near.exclude(pk=besides.pk).order_by("appointment_starts_at", "id")


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

    `starts_at` is aware; `place` is where, "" for the clinic's own address. In one transaction: the look for a
    clash, and all that `move_to` commits. Two bookings with the same clinician come one after the other. Raises
    MoveRefused and changes nothing, with code `clash` unless `despite_clash`, or as `move_to` does.
    """
    if clinician is not None and not despite_clash:
        _refuse_clash(clinician, starts_at, appointment_request)
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
    if clinician is not None and not despite_clash and changed.keys() != {"appointment_place"}:
        _refuse_clash(clinician, starts_at, appointment_request)
    if starts_at != appointment_request.appointment_starts_at:
        changed |= appointment_request.contact_made(timezone.now(), by)
    event = appointment_request.change(EventKind.APPOINTMENT_MOVED, by=by, role=role, note=note, **changed)
    if appointment_request.email:
        outbox.queue(emails.after_moving(appointment_request, event))
    return event


def _refuse_clash(clinician: "User", starts_at: datetime.datetime, besides: AppointmentRequest) -> None:
    """Until the transaction ends, nobody else books with this clinician."""
    StaffMember.objects.select_for_update(no_key=True).get(pk=clinician.pk)
    other = clashes(clinician, starts_at, besides=besides).first()
    if other is not None and other.appointment_starts_at is not None:
        here = timezone.localtime(other.appointment_starts_at)
        raise MoveRefused(
            "clash",
            f"{name_of(clinician)} has an appointment at {here:%-I:%M %p} on that day: {other.reference}. "
            "Choose another time, or tick “Book anyway”.",
        )
