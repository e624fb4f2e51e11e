"""The next step: who plans it, for whom, and what becomes of the claim."""

import datetime
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments import claims
from appointments.lifecycle import MoveRefused, NextStep, RequestStatus, Role
from appointments.models import AppointmentRequest, EventKind
from appointments.plan import hand_over, plan
from clinic.models import ClinicProfile
from tests.appointments.patients import sent

pytestmark = pytest.mark.usefixtures("clinic_data")
RECEPTION = frozenset({Role.RECEPTION})
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
