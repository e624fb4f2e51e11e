"""The next step: who plans it, for whom, and what becomes of the claim."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments import claims
from appointments.lifecycle import MoveRefused, NextStep, RequestStatus, Role, Urgency
from appointments.models import AppointmentRequest, EventKind
from appointments.plan import hand_over, plan
from appointments.second_look import next_open_day
from clinic.models import ClinicProfile, working_hours
from tests.appointments.patients import sent

pytestmark = pytest.mark.usefixtures("clinic_data")
RECEPTION = frozenset({Role.RECEPTION})
NOW = timezone.now()
A_DAY = datetime.timedelta(days=1)
ANSWERED: dict[str, Any] = {"answered_at": NOW, "answered_after": datetime.timedelta(0)}

Staff = Callable[..., User]


def today() -> datetime.date:
    return timezone.localdate(timezone.now(), ClinicProfile.objects.get().zone)


def kept(appointment_request: AppointmentRequest) -> AppointmentRequest:
    return AppointmentRequest.objects.get(pk=appointment_request.pk)


@pytest.fixture
def waiting(client: Client) -> AppointmentRequest:
    return sent(client)


def test_plan_keeps_step_day_and_owner(staff: Staff, waiting: AppointmentRequest) -> None:
    me, on = staff("reception"), today() + datetime.timedelta(days=2)
    event = plan(waiting, NextStep.CALL, on, me, by=me, roles=RECEPTION, note="After the scan.")
    now_kept = kept(waiting)
    assert (now_kept.next_step, now_kept.next_step_on, now_kept.next_step_by) == (NextStep.CALL, on, me)
    assert now_kept.holder(timezone.now()) == me
    assert (event.kind, event.version, event.note) == (EventKind.PLANNED, 2, "After the scan.")
    assert event.before["next_step_on"] is None
    assert event.after["next_step_on"] == on.isoformat()


def test_plan_for_somebody_else_gives_the_request_free(staff: Staff, waiting: AppointmentRequest) -> None:
    me, other = staff("reception"), staff("clinician")
    claims.take(waiting, by=me, roles=RECEPTION)
    plan(waiting, NextStep.ASK_CLINICIAN, today(), other, by=me, roles=RECEPTION)
    assert kept(waiting).holder(timezone.now()) is None
    assert claims.take_next(by=other, roles=frozenset({Role.CLINICIAN})) == waiting


def test_plan_is_refused_with_its_reason(staff: Staff, waiting: AppointmentRequest) -> None:
    me, editor = staff("reception"), staff("editor")
    a_day = datetime.timedelta(days=1)
    cases = [
        ("not_your_role", today(), me, frozenset({Role.EDITOR})),
        ("day_passed", today() - a_day, me, RECEPTION),
        ("day_too_far", today() + 366 * a_day, me, RECEPTION),
        ("owner_unfit", today(), editor, RECEPTION),
    ]
    for code, on, owner, roles in cases:
        with pytest.raises(MoveRefused) as refused:
            plan(waiting, NextStep.LOOK, on, owner, by=me, roles=roles)
        assert refused.value.code == code
    assert kept(waiting).version == 1


@pytest.mark.parametrize(
    ("values", "latest"),
    [
        ({"urgency": Urgency.EMERGENCY}, "promise"),
        ({"urgency": Urgency.URGENT}, "promise"),
        ({"worse_at": NOW}, "promise"),
        ({"received_at": NOW - 5 * A_DAY, "reply_by": NOW - A_DAY}, "next open day"),
        ({"received_at": NOW - 5 * A_DAY, "reply_by": NOW - A_DAY, "urgency": Urgency.EMERGENCY}, "next open day"),
        ({"urgency": Urgency.URGENT, **ANSWERED}, "three working days"),
        ({"urgency": Urgency.SOON}, "a season"),
        ({}, "a season"),
    ],
)
def test_plan_is_refused_for_a_day_that_is_too_late_for_the_patient(
    staff: Staff, waiting: AppointmentRequest, values: dict[str, Any], latest: str
) -> None:
    me, hours = staff("reception"), working_hours()
    answered_by = me if "answered_at" in values else None
    AppointmentRequest.objects.filter(pk=waiting.pk).update(**values, answered_by=answered_by)
    row = kept(waiting)
    assert row.reply_by is not None
    last_day = {
        "promise": row.reply_by.astimezone(hours.zone).date(),
        "next open day": next_open_day(timezone.now(), hours),
        "three working days": hours.add_working_time(timezone.now(), datetime.timedelta(hours=24)).date(),
        "a season": today() + 90 * A_DAY,
    }[latest]
    with pytest.raises(MoveRefused, match=f"Please choose {last_day:%A, %B %-d}, or an earlier day") as refused:
        plan(row, NextStep.LOOK, last_day + A_DAY, me, by=me, roles=RECEPTION)
    assert (refused.value.code, kept(waiting).version) == ("day_too_far", 1)
    plan(row, NextStep.LOOK, last_day, me, by=me, roles=RECEPTION)


def test_plan_is_refused_when_closed_or_held_or_stale(staff: Staff, waiting: AppointmentRequest) -> None:
    me, other = staff("reception"), staff("clinician")
    old = kept(waiting)
    claims.take(waiting, by=other, roles=frozenset({Role.CLINICIAN}))
    with pytest.raises(MoveRefused, match="has this request now") as refused:
        plan(kept(waiting), NextStep.LOOK, today(), me, by=me, roles=RECEPTION)
    assert refused.value.code == "claimed"
    with pytest.raises(MoveRefused) as refused:
        plan(old, NextStep.LOOK, today(), other, by=other, roles=RECEPTION)
    assert refused.value.code == "stale"
    waiting.move_to(RequestStatus.WITHDRAWN, by=other, roles=frozenset({Role.CLINICIAN}))
    with pytest.raises(MoveRefused) as refused:
        plan(waiting, NextStep.LOOK, today(), other, by=other, roles=RECEPTION)
    assert refused.value.code == "not_in_queue"


def test_hand_over_keeps_the_step_and_the_patients_word(staff: Staff, waiting: AppointmentRequest) -> None:
    me, other = staff("reception"), staff("clinician")
    on = today() + datetime.timedelta(days=1)
    plan(waiting, NextStep.CALL, on, me, by=me, roles=RECEPTION)
    waiting.change(EventKind.ADDED, by=None, role=Role.PATIENT, note="I forgot something.")
    hand_over(waiting, other, by=me, roles=RECEPTION)
    now_kept = kept(waiting)
    assert (now_kept.next_step, now_kept.next_step_on, now_kept.next_step_by) == (NextStep.CALL, on, other)
    assert now_kept.patient_wrote_at is not None


def test_hand_over_without_a_step_means_look_today(staff: Staff, waiting: AppointmentRequest) -> None:
    me, other = staff("reception"), staff("clinician")
    hand_over(waiting, other, by=me, roles=RECEPTION)
    assert (kept(waiting).next_step, kept(waiting).next_step_on) == (NextStep.LOOK, today())
    with pytest.raises(MoveRefused) as refused:
        hand_over(waiting, other, by=me, roles=RECEPTION)
    assert refused.value.code == "owner_unchanged"
