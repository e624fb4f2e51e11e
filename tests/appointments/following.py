"""Requests that were sent already, in any status, and the addresses of their pages."""

import datetime
import uuid
from typing import Any

from django.utils import timezone

from appointments.lifecycle import RequestStatus, Role, find_move
from appointments.models import AppointmentRequest, RequestSource
from conditions.models import RedFlag
from tests.appointments.moves import let_go, prepare
from tests.staff import make_staff

VERBS = ("worse", "contact", "times", "add", "withdraw")
WAYS: dict[str, tuple[str, ...]] = {
    "received": (),
    "in_review": ("in_review",),
    "awaiting_patient": ("in_review", "awaiting_patient"),
    "booked": ("in_review", "booked"),
    "declined": ("in_review", "declined"),
    "unreachable": ("in_review", "unreachable"),
    "duplicate": ("in_review", "duplicate"),
    "withdrawn": ("withdrawn",),
}
PRIVATE = (
    "Testa",
    "1962",
    "555-0134",
    "555 0134",
    "5550134",
    "testa@",
    "downhill",
    "temperature",
    "Thanksgiving Day",
    "Only for staff",
    "Please send",
)


def kept(*red_flag_keys: str, status: str = "received", **answers: Any) -> AppointmentRequest:
    """A request as sent from the web, moved on by a clinician to this status."""
    appointment_request = AppointmentRequest.objects.submit(
        {
            "full_name": "Testa Patient",
            "birth_date": datetime.date(1962, 3, 27),
            "phone": "+14245550134",
            "email": "testa@example.com",
            "preferred_contact": "phone",
            "problem": "My back hurts\nwhen I walk downhill.",
            "duration": "under_6_weeks",
            "windows": ["0-morning", "3-morning"],
            "unsuitable_dates": "Not on Thanksgiving Day",
            "privacy_version": "2026-11",
            **answers,
        },
        key=uuid.uuid4(),
        red_flags=RedFlag.objects.filter(key__in=red_flag_keys),
        is_checked_by_clinician=False,
        source=RequestSource.WEB,
    )
    for step in WAYS[status]:
        move_on(appointment_request, step)
    return appointment_request


def move_on(appointment_request: AppointmentRequest, status: str) -> None:
    """One move by a clinician, with all that it needs."""
    move, clinician = find_move(appointment_request.status, RequestStatus(status)), make_staff("clinician")
    assert move is not None
    more = prepare(appointment_request, status, clinician)
    appointment_request.move_to(
        status,
        by=clinician,
        roles=frozenset({Role.CLINICIAN}),
        note="Only for staff.",
        message="Please send us your letter." if move.needs_message else "",
        appointment_starts_at=timezone.now() + datetime.timedelta(days=8) if move.needs_appointment_time else None,
        **more,
    )
    let_go(appointment_request)


def address(appointment_request: AppointmentRequest, verb: str = "") -> str:
    """The status page, or the page of one of VERBS."""
    return appointment_request.status_path() + (f"{verb}/" if verb else "")


def make_late(appointment_request: AppointmentRequest) -> None:
    """As if it had been sent ten days ago and promised for the day after."""
    sent_at = timezone.now() - datetime.timedelta(days=10)
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(
        received_at=sent_at, reply_by=sent_at + datetime.timedelta(days=1)
    )
    appointment_request.refresh_from_db()
