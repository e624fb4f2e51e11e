"""The table of moves against one written out again by hand."""

import itertools
from typing import Any

import pytest

from appointments.lifecycle import (
    FHIR_APPOINTMENT_STATUS,
    OPEN_STATUSES,
    TRANSITIONS,
    MoveRefused,
    RequestStatus,
    Role,
    check_move,
    find_move,
    moves_open_to,
)

# From, to, then one letter for each role that may: p patient, r reception, c clinician, e editor, m manager.
# Then what the move needs: n a note, w words to the patient, t the appointment's time, o the original, a attempts.
BY_HAND = """
received          in_review         rcm
received          withdrawn         prcm
in_review         booked            rcm   t
in_review         awaiting_patient  rcm   w
in_review         unreachable       rcm   a
in_review         declined          cm    nw
in_review         duplicate         rcm   no
in_review         withdrawn         prcm
awaiting_patient  in_review         prcm
awaiting_patient  withdrawn         prcm
unreachable       in_review         prcm
duplicate         in_review         rcm
"""
LETTERS = {"p": "patient", "r": "reception", "c": "clinician", "e": "editor", "m": "manager"}
EXPECTED = {
    (row[0], row[1]): ({LETTERS[letter] for letter in row[2]}, row[3] if len(row) > 3 else "")
    for row in (line.split() for line in BY_HAND.strip().splitlines())
}
ALL_TRIPLES = list(itertools.product(RequestStatus.values, RequestStatus.values, Role.values))


@pytest.mark.parametrize(("from_status", "to_status", "role"), ALL_TRIPLES)
def test_check_move_every_triple(from_status: str, to_status: str, role: str) -> None:
    roles, needs = EXPECTED.get((from_status, to_status), (set(), ""))
    answers: dict[str, Any] = {
        "note": "because" if "n" in needs else "",
        "message": "please" if "w" in needs else "",
        "has_appointment_time": "t" in needs,
        "has_original": "o" in needs,
        "attempts": 3 if "a" in needs else 0,
    }
    if role in roles:
        move = check_move(from_status, to_status, frozenset({Role(role)}), **answers)
        assert (move.from_status, move.to_status) == (from_status, to_status)
    else:
        with pytest.raises(MoveRefused) as refusal:
            check_move(from_status, to_status, frozenset({Role(role)}), **answers)
        assert refusal.value.code == ("not_your_role" if roles else "no_such_move")


def test_every_move_is_expected_once() -> None:
    rows = [(move.from_status, move.to_status) for move in TRANSITIONS]
    assert len(rows) == len(set(rows))
    assert set(rows) == set(EXPECTED)


@pytest.mark.parametrize("pair", [pair for pair, (_, needs) in EXPECTED.items() if "n" in needs])
@pytest.mark.parametrize("note", ["", " ", "\n\t "])
def test_check_move_without_its_note(pair: tuple[str, str], note: str) -> None:
    with pytest.raises(MoveRefused) as refusal:
        check_move(*pair, frozenset({Role.CLINICIAN}), note=note, has_appointment_time=False)
    assert refusal.value.code == "note_missing"


def test_check_move_booking_needs_a_time() -> None:
    with pytest.raises(MoveRefused) as refusal:
        check_move("in_review", "booked", frozenset({Role.RECEPTION}), note="", has_appointment_time=False)
    assert refusal.value.code == "appointment_time_missing"


def test_check_move_only_booking_takes_a_time() -> None:
    with pytest.raises(MoveRefused) as refusal:
        check_move("received", "in_review", frozenset({Role.RECEPTION}), note="", has_appointment_time=True)
    assert refusal.value.code == "appointment_time_unexpected"


def test_open_statuses() -> None:
    assert set(OPEN_STATUSES) == {"received", "in_review", "awaiting_patient"}


def test_moves_open_to_nobody() -> None:
    assert list(moves_open_to(frozenset(), "received")) == []
    assert list(moves_open_to(frozenset({Role.EDITOR}), "received")) == []


def test_find_move_for_nonsense() -> None:
    assert find_move("received", "nonsense") is None


def test_every_status_has_a_fhir_status() -> None:
    # The codes of FHIR R4 Appointment.status.
    codes = {"proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error"}
    codes |= {"checked-in", "waitlist"}
    assert set(FHIR_APPOINTMENT_STATUS) == set(RequestStatus)
    assert set(FHIR_APPOINTMENT_STATUS.values()) <= codes
