"""Moves of a request: one winner, one row of the record, and nothing changed by what is refused."""

import datetime
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DataError, IntegrityError, connection
from django.test import Client
from django.utils import timezone

from appointments.lifecycle import MoveRefused, RequestStatus, Role
from appointments.models import AppointmentRequest, StatusChange
from tests.appointments.moves import let_go, prepare
from tests.appointments.patients import sent

ROUNDS = 50
RECEPTION = frozenset({Role.RECEPTION})
PATIENT = frozenset({Role.PATIENT})


@pytest.mark.django_db(transaction=True)
def test_move_to_by_two_at_once_has_one_winner_each_time(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    people = [staff("reception"), staff("clinician")]
    requests = [sent(client) for _ in range(ROUNDS)]
    together = threading.Barrier(2)

    def move_all(person: User, role: Role) -> list[str]:
        outcomes = []
        try:
            for pk in [request.pk for request in requests]:
                appointment_request = AppointmentRequest.objects.get(pk=pk)
                together.wait(timeout=30)
                try:
                    appointment_request.move_to(RequestStatus.IN_REVIEW, by=person, roles=frozenset({role}))
                    outcomes.append("won")
                except MoveRefused as refusal:
                    outcomes.append(refusal.code)
        finally:
            connection.close()
        return outcomes

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(move_all, people, (Role.RECEPTION, Role.CLINICIAN)))

    assert [sorted(pair) for pair in zip(*both, strict=True)] == [["stale", "won"]] * ROUNDS
    winners = [people[0] if first == "won" else people[1] for first in both[0]]
    for appointment_request, winner in zip(requests, winners, strict=True):
        appointment_request.refresh_from_db()
        assert (appointment_request.status, appointment_request.version) == ("in_review", 2)
        moves = appointment_request.status_changes.exclude(from_status="")
        assert [(move.version, move.changed_by) for move in moves] == [(2, winner)]


@pytest.mark.django_db(transaction=True)
def test_move_to_different_places_at_once_loses_no_update(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    """A withdrawal by the patient against the start of the review: the loser is told, the record has no gap."""
    reception = staff("reception")
    requests = [sent(client) for _ in range(20)]
    together = threading.Barrier(2)

    def move_all(status: str, by: User | None, roles: frozenset[Role]) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        try:
            for pk in [request.pk for request in requests]:
                appointment_request = AppointmentRequest.objects.get(pk=pk)
                together.wait(timeout=30)
                try:
                    appointment_request.move_to(status, by=by, roles=roles)
                    outcomes["won"] += 1
                except MoveRefused as refusal:
                    outcomes[refusal.code] += 1
        finally:
            connection.close()
        return outcomes

    with ThreadPoolExecutor(2) as pool:
        review = pool.submit(move_all, "in_review", reception, RECEPTION)
        withdrawal = pool.submit(move_all, "withdrawn", None, PATIENT)
        outcomes = review.result() + withdrawal.result()

    assert outcomes == {"won": 20, "stale": 20}
    for appointment_request in requests:
        appointment_request.refresh_from_db()
        versions = [change.version for change in appointment_request.status_changes.all()]
        last = appointment_request.status_changes.last()
        assert versions == [1, 2]
        assert last is not None
        assert last.to_status == appointment_request.status


@pytest.mark.django_db
def test_move_to_writes_the_record_with_person_role_and_note(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    appointment_request, clinician = sent(client), staff("clinician")
    starts_at = timezone.now() + datetime.timedelta(days=3)
    before = timezone.now()

    appointment_request.move_to("in_review", by=clinician, roles=frozenset({Role.CLINICIAN}))
    change = appointment_request.move_to(
        "booked",
        by=clinician,
        roles=frozenset({Role.CLINICIAN}),
        note="  Bring the scan.\n",
        appointment_starts_at=starts_at,
    )

    assert (change.from_status, change.to_status, change.version) == ("in_review", "booked", 3)
    assert (change.changed_by, change.role, change.note) == (clinician, "clinician", "Bring the scan.")
    assert before <= change.changed_at <= timezone.now()
    assert (appointment_request.status, appointment_request.version) == ("booked", 3)
    appointment_request.refresh_from_db()
    assert (appointment_request.status, appointment_request.version) == ("booked", 3)
    assert appointment_request.appointment_starts_at == starts_at
    record = [
        (row.version, row.from_status, row.to_status, row.role) for row in appointment_request.status_changes.all()
    ]
    assert record == [
        (1, "", "received", "patient"),
        (2, "received", "in_review", "clinician"),
        (3, "in_review", "booked", "clinician"),
    ]


@pytest.mark.django_db
def test_move_to_by_the_patient_names_no_account(clinic_data: None, client: Client) -> None:
    change = sent(client).move_to("withdrawn", by=None, roles=PATIENT)
    assert (change.changed_by, change.role) == (None, "patient")


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["awaiting_patient", "unreachable"])
def test_move_to_by_a_patient_who_answers_goes_on_with_the_review(
    clinic_data: None, staff: Callable[[str], User], client: Client, status: str
) -> None:
    appointment_request, reception = sent(client), staff("reception")
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    message = "Send us the scan." if status == "awaiting_patient" else ""
    more = prepare(appointment_request, status, reception)
    appointment_request.move_to(status, by=reception, roles=RECEPTION, message=message, **more)
    change = appointment_request.move_to("in_review", by=None, roles=PATIENT)
    assert (change.from_status, change.changed_by, change.role) == (status, None, "patient")
    assert appointment_request.is_open


@pytest.mark.django_db
def test_move_to_keeps_what_the_patient_was_told_and_meets_the_promise_once(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    """Opening a request answers nobody. The first contact does, and a later one does not answer again."""
    appointment_request, reception, clinician = sent(client), staff("reception"), staff("clinician")
    past = timezone.now() - datetime.timedelta(days=5)
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(received_at=past, reply_by=past)
    appointment_request.refresh_from_db()
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    assert appointment_request.is_late(timezone.now())
    change = appointment_request.move_to("awaiting_patient", by=reception, roles=RECEPTION, message=" Call us.\n")
    assert change.message == "Call us."
    first = (change.changed_at, reception)
    assert (appointment_request.answered_at, appointment_request.answered_by) == first
    assert appointment_request.answered_after is not None
    assert not appointment_request.is_late(timezone.now())
    appointment_request.move_to("in_review", by=None, roles=PATIENT)
    let_go(appointment_request)
    appointment_request.move_to("declined", by=clinician, roles=frozenset({Role.CLINICIAN}), note="x", message="y")
    appointment_request.refresh_from_db()
    assert (appointment_request.answered_at, appointment_request.answered_by) == first


@pytest.mark.django_db
def test_move_to_records_a_role_that_may_make_the_move(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    """Whoever is both reception and clinician declines as a clinician."""
    appointment_request, clinician = sent(client), staff("clinician")
    roles = frozenset({Role.RECEPTION, Role.CLINICIAN, Role.EDITOR})
    appointment_request.move_to("in_review", by=clinician, roles=roles)
    change = appointment_request.move_to("declined", by=clinician, roles=roles, note="x", message="Ask elsewhere.")
    assert change.role == "clinician"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "status", "roles", "extra"),
    [
        ("no_such_move", "booked", RECEPTION, {}),
        ("no_such_move", "received", RECEPTION, {}),
        ("not_your_role", "in_review", PATIENT, {}),
        ("not_your_role", "in_review", frozenset({Role.EDITOR}), {}),
        ("not_your_role", "in_review", frozenset(), {}),
        ("appointment_time_unexpected", "in_review", RECEPTION, {"appointment_starts_at": timezone.now()}),
    ],
)
def test_move_to_refused_changes_nothing(
    clinic_data: None,
    staff: Callable[[str], User],
    client: Client,
    code: str,
    status: str,
    roles: frozenset[Role],
    extra: dict[str, Any],
) -> None:
    appointment_request = sent(client)
    with pytest.raises(MoveRefused) as refusal:
        appointment_request.move_to(status, by=staff("reception"), roles=roles, **extra)
    assert refusal.value.code == code
    assert_untouched(appointment_request)


@pytest.mark.django_db
def test_move_to_with_a_stale_object_is_refused(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    """Also where the status has come back to what it was: the version tells."""
    appointment_request, reception = sent(client), staff("reception")
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    seen_earlier = AppointmentRequest.objects.get(pk=appointment_request.pk)
    appointment_request.move_to("awaiting_patient", by=reception, roles=RECEPTION, message="Send us the scan.")
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)

    with pytest.raises(MoveRefused) as refusal:
        seen_earlier.move_to("booked", by=reception, roles=RECEPTION, appointment_starts_at=timezone.now())

    assert refusal.value.code == "stale"
    appointment_request.refresh_from_db()
    assert (appointment_request.status, appointment_request.version) == ("in_review", 4)
    assert appointment_request.status_changes.count() == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("note", ["x" * 1_001, "a\0b"])
def test_move_to_with_a_record_that_cannot_be_written_changes_nothing(
    clinic_data: None, staff: Callable[[str], User], client: Client, note: str
) -> None:
    """Status and record change together or not at all, whoever calls."""
    appointment_request = sent(client)
    with pytest.raises((DataError, IntegrityError, ValueError)):
        appointment_request.move_to("in_review", by=staff("reception"), roles=RECEPTION, note=note)
    assert_untouched(appointment_request)


@pytest.mark.django_db
def test_move_to_a_status_that_does_not_exist_is_refused(clinic_data: None, client: Client) -> None:
    appointment_request = sent(client)
    with pytest.raises((MoveRefused, ValueError)):
        appointment_request.move_to("done", by=None, roles=PATIENT)
    assert_untouched(appointment_request)


def assert_untouched(appointment_request: AppointmentRequest) -> None:
    """As it was received, in memory and in the database, with the one row of its record."""
    assert (appointment_request.status, appointment_request.version) == ("received", 1)
    appointment_request.refresh_from_db()
    assert (appointment_request.status, appointment_request.version) == ("received", 1)
    assert appointment_request.appointment_starts_at is None
    assert [change.version for change in StatusChange.objects.filter(appointment_request=appointment_request)] == [
        1
    ]
