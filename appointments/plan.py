"""The next step of a request: what somebody will do about it, on which day, and whose work it is until then."""

import datetime
from typing import TYPE_CHECKING, Any

from appointments.lifecycle import TRIAGE, MoveRefused, NextStep, Role, triage_role
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from appointments.models.acting import NOBODY
from appointments.roles import name_of, roles_of
from clinic.models import clinic_today

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Further away is a slip of the keyboard.
FURTHEST_STEP = datetime.timedelta(days=365)


def plan(
    appointment_request: AppointmentRequest,
    step: str,
    on: datetime.date,
    owner: "User",
    *,
    by: "User",
    roles: frozenset[Role],
    note: str = "",
) -> RequestEvent:
    """Say what comes next, from the version that this object was read with.

    `step` is a NextStep, `on` a day on the clinic's calendar, `owner` whoever will do it. In one transaction: the
    step and its row of the record, which is returned. One's own request one has from then on; what is somebody
    else's to do nobody has, so that its owner can take it. Raises MoveRefused and changes nothing, with code
    `not_your_role`, `not_in_queue`, `day_passed`, `day_too_far`, `owner_unfit`, `claimed` or `stale`.
    """
    role = _planning_role(appointment_request, owner, roles)
    today = clinic_today()
    if on < today:
        raise MoveRefused("day_passed", "The day of the next step has passed. Choose today or a later day.")
    if on > today + FURTHEST_STEP:
        raise MoveRefused("day_too_far", "The next step must be within a year.")
    values: dict[str, Any] = {"next_step": NextStep(step), "next_step_on": on, "next_step_by": owner}
    return appointment_request.change(
        EventKind.PLANNED, by=by, role=role, note=note, **values, **_claim_after(by, owner)
    )


def hand_over(
    appointment_request: AppointmentRequest,
    owner: "User",
    *,
    by: "User",
    roles: frozenset[Role],
    note: str = "",
) -> RequestEvent:
    """Give the next step to another owner, from the version that this object was read with; where there is none,
    to look at the request today.

    Commits the same as `plan`. A day that was set before the patient wrote does not put the request off for the new
    owner either. Raises MoveRefused and changes nothing, with code `not_your_role`, `not_in_queue`,
    `owner_unchanged`, `owner_unfit`, `claimed` or `stale`.
    """
    role = _planning_role(appointment_request, owner, roles)
    if appointment_request.next_step_by_id == owner.pk:
        raise MoveRefused("owner_unchanged", f"It is already the work of {name_of(owner)}.")
    values: dict[str, Any] = {"next_step_by": owner}
    if not appointment_request.next_step:
        values.update(next_step=NextStep.LOOK, next_step_on=clinic_today())
    return appointment_request.change(
        EventKind.PLANNED, by=by, role=role, note=note, **values, **_claim_after(by, owner)
    )


def _planning_role(appointment_request: AppointmentRequest, owner: "User", roles: frozenset[Role]) -> Role:
    role = triage_role(roles, "plan the next step")
    if not appointment_request.is_in_queue:
        raise MoveRefused("not_in_queue", "This request waits for nobody any more.")
    if not roles_of(owner) & TRIAGE:
        raise MoveRefused("owner_unfit", f"{name_of(owner)} does not look after requests.")
    return role


def _claim_after(by: "User", owner: "User") -> dict[str, Any]:
    """What is somebody else's to do is not kept from them."""
    return {} if owner.pk == by.pk else NOBODY
