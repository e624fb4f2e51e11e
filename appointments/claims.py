"""Claims: one staff member has a request, for a while, visibly. Nobody is locked out: a claim ends by itself, and
whoever says why may take it over.

A claim lasts CLAIM_LENGTH of working time from its holder's last act, and is given back at log-out.
"""

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from appointments.lifecycle import MoveRefused, Role, triage_role
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from appointments.models.acting import NOBODY, claim_ends
from clinic.models import clinic_today

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def take_next(*, by: "User", roles: frozenset[Role]) -> AppointmentRequest | None:
    """Give the first request of the queue that nobody has to this person alone; None when there is none.

    Those put off to a later day are passed over. Several may ask at once: rows that another is taking just now are
    skipped. Commits the claim with its entry in the record. Raises MoveRefused with code `not_your_role`.
    """
    role = triage_role(roles, "take requests")
    now = timezone.now()
    waiting = AppointmentRequest.objects.in_queue().unclaimed(now).not_put_off(clinic_today()).in_queue_order()
    first = waiting.select_for_update(skip_locked=True).first()
    if first is not None:
        first.change(EventKind.CLAIMED, by=by, role=role, **_claim(by))
    return first


def take(appointment_request: AppointmentRequest, *, by: "User", roles: frozenset[Role]) -> RequestEvent:
    """Take this one, from the version that this object was read with; of one's own, the time begins anew.

    Commits the claim with its entry in the record. Raises MoveRefused with code `not_your_role`, `not_in_queue`,
    `claimed` when somebody else has it, or `stale`.
    """
    role = triage_role(roles, "take requests")
    _refuse_outside_queue(appointment_request)
    return appointment_request.change(EventKind.CLAIMED, by=by, role=role, **_claim(by))


def take_over(
    appointment_request: AppointmentRequest, *, by: "User", roles: frozenset[Role], reason: str
) -> RequestEvent:
    """Take a request from whoever has it. The record says from whom, and why.

    Commits the claim with its entry in the record. Raises MoveRefused with code `not_your_role`, `not_in_queue`,
    `note_missing`, or `stale`.
    """
    role = triage_role(roles, "take requests")
    _refuse_outside_queue(appointment_request)
    if not reason.strip():
        raise MoveRefused("note_missing", "Taking over needs a reason.")
    return appointment_request.change(
        EventKind.TAKEN_OVER, by=by, role=role, note=reason, claims=False, **_claim(by)
    )


def give_back(appointment_request: AppointmentRequest, *, by: "User", roles: frozenset[Role]) -> RequestEvent:
    """Let others have it. Commits it with its entry in the record. Raises MoveRefused with code `not_your_role`,
    `not_claimed` when this person does not have it, or `stale`."""
    role = triage_role(roles, "take requests")
    holder = appointment_request.holder(timezone.now())
    if holder is None or holder.pk != by.pk:
        raise MoveRefused("not_claimed", "You do not have this request.")
    return appointment_request.change(EventKind.RELEASED, by=by, role=role, claims=False, **NOBODY)


def give_back_all(by: "User", roles: frozenset[Role]) -> int:
    """Give back what this person has, as at log-out; how many. Commits each by itself. What somebody takes over
    meanwhile is theirs."""
    given_back = 0
    for appointment_request in AppointmentRequest.objects.claimed_by(by, timezone.now()):
        try:
            give_back(appointment_request, by=by, roles=roles)
        except MoveRefused:
            continue
        given_back += 1
    return given_back


def _claim(by: "User") -> dict[str, Any]:
    return {"claimed_by": by, "claimed_until": claim_ends(timezone.now())}


def _refuse_outside_queue(appointment_request: AppointmentRequest) -> None:
    if not appointment_request.is_in_queue:
        raise MoveRefused("not_in_queue", "This request waits for nobody any more.")
