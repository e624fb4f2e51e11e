"""The next step of a request: what somebody will do about it, on which day, and whose work it is until then."""

import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from appointments.lifecycle import TRIAGE, MoveRefused, NextStep, Role, Urgency, triage_role
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from appointments.models.acting import NOBODY, PATIENT_ANSWERS_WITHIN, working_day_after
from appointments.roles import name_of, roles_of
from appointments.second_look import next_open_day
from clinic.hours import WorkingHours
from clinic.models import clinic_today, working_hours

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# A season: long enough for whoever waits for a scan, or is away. The clinic's own choice of service.
FURTHEST_STEP = datetime.timedelta(days=90)


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
    `not_your_role`, `not_in_queue`, `day_passed`, `day_too_far` (see `_refuse_too_late`), `owner_unfit`, `claimed`
    or `stale`.
    """
    role = _planning_role(appointment_request, owner, roles)
    now, hours = timezone.now(), working_hours()
    if on < now.astimezone(hours.zone).date():
        raise MoveRefused("day_passed", "The day of the next step has passed. Choose today or a later day.")
    _refuse_too_late(appointment_request, on, now, hours)
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


def _refuse_too_late(
    appointment_request: AppointmentRequest, on: datetime.date, now: datetime.datetime, hours: WorkingHours
) -> None:
    """Raises MoveRefused with code `day_too_far` for a day that is too late for this patient. At most one query.

    What is late may wait for the next day on which the clinic opens; what is urgent or got worse, for the day of
    its promise. Where that was answered and no promise stands, for three working days: as long as the clinic waits
    for a patient before it asks again. Everything else has FURTHEST_STEP. Each is the clinic's own choice of
    service, for it to confirm.
    """
    presses = appointment_request.urgency <= Urgency.URGENT or appointment_request.worse_at is not None
    promise = appointment_request.standing_promise
    if appointment_request.is_late(now):
        latest, why = next_open_day(now, hours), "The patient still waits for the answer that we promised"
    elif presses and promise is not None:
        latest, why = promise.astimezone(hours.zone).date(), "That is when we promised the patient an answer"
    elif presses:
        latest, why = working_day_after(now, PATIENT_ANSWERS_WITHIN), "This request is urgent, or got worse"
    else:
        latest = now.astimezone(hours.zone).date() + FURTHEST_STEP
        why = "No patient should be out of sight for longer"
    if on > latest:
        raise MoveRefused("day_too_far", f"Please choose {latest:%A, %B %-d}, or an earlier day. {why}.")


def _claim_after(by: "User", owner: "User") -> dict[str, Any]:
    """What is somebody else's to do is not kept from them."""
    return {} if owner.pk == by.pk else NOBODY
