"""What the moves of a request need before they can be made."""

import datetime
import secrets
import uuid
from typing import Any

from django.contrib.auth.models import User

from appointments.contact import log_attempt
from appointments.lifecycle import RequestStatus, Role
from appointments.models import AppointmentRequest, Channel, Outcome
from appointments.models.acting import NO_STEP, NOBODY

RECEPTION = frozenset({Role.RECEPTION})


def try_in_vain(appointment_request: AppointmentRequest, by: User, times: int = 3) -> None:
    """That many attempts to reach the patient, each on another day."""
    for days in range(times, 0, -1):
        attempt = log_attempt(appointment_request, Channel.PHONE, Outcome.NO_ANSWER, by=by, roles=RECEPTION)
        attempt.tried_on -= datetime.timedelta(days=days)
        attempt.save()


def another(appointment_request: AppointmentRequest, **changes: Any) -> AppointmentRequest:
    """A request with the same answers that nobody has looked at yet."""
    other = AppointmentRequest.objects.get(pk=appointment_request.pk)
    other.pk, other.key, other.version = None, uuid.uuid4(), 1
    other.token_digest = secrets.token_hex(32)
    other.reference = secrets.token_hex(4)
    fresh = {"status": RequestStatus.RECEIVED, "answered_at": None, "answered_by": None, "answered_after": None}
    for name, value in {**fresh, **NOBODY, **NO_STEP, **changes}.items():
        setattr(other, name, value)
    other._state.adding = True
    other.save()
    return other


def prepare(appointment_request: AppointmentRequest, status: str, by: User) -> dict[str, Any]:
    """Make what a move to this status needs of other tables; what `move_to` takes for it."""
    if status == RequestStatus.UNREACHABLE:
        try_in_vain(appointment_request, by)
    if status == RequestStatus.DUPLICATE:
        return {"duplicate_of": another(appointment_request, email="another@example.com")}
    return {}


def let_go(appointment_request: AppointmentRequest) -> None:
    """As if the time of whoever has it had run out."""
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(**NOBODY)
    appointment_request.claimed_by = appointment_request.claimed_until = None
