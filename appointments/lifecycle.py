"""The life of an appointment request: its statuses, its urgencies, and the one table of moves.

No ORM and no HTTP here. `python manage.py draw_lifecycle` draws the picture in the README from this table.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import IntegerChoices, TextChoices


class RequestStatus(TextChoices):
    """Where a request stands, in the words of the staff. What the patient reads stands in the stages' templates."""

    RECEIVED = "received", "Received"
    IN_REVIEW = "in_review", "In review"
    AWAITING_PATIENT = "awaiting_patient", "Waiting for patient"
    BOOKED = "booked", "Booked"
    DECLINED = "declined", "Declined"
    UNREACHABLE = "unreachable", "Unreachable"
    DUPLICATE = "duplicate", "Duplicate"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Urgency(IntegerChoices):
    """How soon a request needs a person, most urgent first. Set by the red-flag answers."""

    EMERGENCY = 1, "Emergency"
    URGENT = 2, "Urgent"
    SOON = 3, "Soon"
    ROUTINE = 4, "Routine"


class NextStep(TextChoices):
    """What somebody of the staff will do about an open request on a day that they name."""

    LOOK = "look", "Look at it"
    CALL = "call", "Call the patient"
    WAIT = "wait", "Wait for the patient"
    ASK_CLINICIAN = "ask_clinician", "A clinician decides"
    GET_RECORDS = "get_records", "Get scans or letters"
    BOOK = "book", "Find an appointment"


URGENCY_BY_TIER = {"emergency": Urgency.EMERGENCY, "urgent": Urgency.URGENT, "mention": Urgency.SOON}


def urgency_of(tiers: Iterable[str]) -> Urgency:
    """The urgency that red flags of these tiers ask for: that of the gravest; ROUTINE when there is none."""
    return min((URGENCY_BY_TIER[tier] for tier in tiers), default=Urgency.ROUTINE)


class Role(TextChoices):
    """Who makes a move. Staff roles are the names of groups."""

    PATIENT = "patient", "Patient"
    RECEPTION = "reception", "Reception"
    CLINICIAN = "clinician", "Clinician"
    EDITOR = "editor", "Editor"
    MANAGER = "manager", "Manager"


def acting_role(roles: Iterable[Role]) -> Role:
    """The one of these roles under which something goes on record: the first in the order of Role."""
    return next(role for role in Role if role in set(roles))


STAFF_ROLES = frozenset({Role.RECEPTION, Role.CLINICIAN, Role.EDITOR, Role.MANAGER})
TRIAGE = frozenset({Role.RECEPTION, Role.CLINICIAN, Role.MANAGER})
DECIDERS = frozenset({Role.CLINICIAN, Role.MANAGER})

FHIR_APPOINTMENT_STATUS = {
    # FHIR R4, Appointment.status: https://hl7.org/fhir/R4/valueset-appointmentstatus.html
    RequestStatus.RECEIVED: "proposed",
    RequestStatus.IN_REVIEW: "pending",
    RequestStatus.AWAITING_PATIENT: "pending",
    RequestStatus.BOOKED: "booked",
    RequestStatus.DECLINED: "cancelled",
    RequestStatus.UNREACHABLE: "cancelled",
    RequestStatus.DUPLICATE: "entered-in-error",
    RequestStatus.WITHDRAWN: "cancelled",
}


@dataclass(frozen=True)
class Move:
    """One row of the table: from where to where, under which verb, by whom, with what."""

    from_status: RequestStatus
    to_status: RequestStatus
    verb: str
    roles: frozenset[Role]
    needs_note: bool = False
    needs_appointment_time: bool = False
    needs_message: bool = False  # to the patient
    needs_original: bool = False  # the request that this one repeats
    needs_attempts: int = 0  # to reach the patient, each at another time
    is_contact: bool = False  # the clinic has answered: the promise is met
    reopens: bool = False

    @property
    def is_about_a_link(self) -> bool:
        """True for what makes or ends the link of a duplicate with its original: two requests change at once, and
        `appointments.duplicates` alone makes these moves."""
        return RequestStatus.DUPLICATE in (self.from_status, self.to_status)


def _withdraw(from_status: RequestStatus) -> Move:
    """The patient may take back an open request, and staff may on the patient's word."""
    return Move(from_status, RequestStatus.WITHDRAWN, "Withdraw", TRIAGE | {Role.PATIENT})


TRANSITIONS: tuple[Move, ...] = (
    Move(RequestStatus.RECEIVED, RequestStatus.IN_REVIEW, "Start review", TRIAGE),
    Move(
        RequestStatus.IN_REVIEW, RequestStatus.BOOKED, "Book", TRIAGE, needs_appointment_time=True, is_contact=True
    ),
    Move(
        RequestStatus.IN_REVIEW,
        RequestStatus.AWAITING_PATIENT,
        "Need something from patient",
        TRIAGE,
        needs_message=True,
        is_contact=True,
    ),
    # The patient makes it by answering: by adding something, new times, a new number, or that it is worse.
    Move(RequestStatus.AWAITING_PATIENT, RequestStatus.IN_REVIEW, "Continue review", TRIAGE | {Role.PATIENT}),
    Move(RequestStatus.IN_REVIEW, RequestStatus.UNREACHABLE, "Could not reach patient", TRIAGE, needs_attempts=3),
    Move(RequestStatus.UNREACHABLE, RequestStatus.IN_REVIEW, "Reopen", TRIAGE | {Role.PATIENT}, reopens=True),
    Move(
        RequestStatus.IN_REVIEW,
        RequestStatus.DECLINED,
        "Decline",
        DECIDERS,
        needs_note=True,
        needs_message=True,
        is_contact=True,
    ),
    Move(
        RequestStatus.IN_REVIEW,
        RequestStatus.DUPLICATE,
        "Mark as duplicate",
        TRIAGE,
        needs_note=True,
        needs_original=True,
    ),
    Move(RequestStatus.DUPLICATE, RequestStatus.IN_REVIEW, "Not a duplicate", TRIAGE, reopens=True),
    _withdraw(RequestStatus.RECEIVED),
    _withdraw(RequestStatus.IN_REVIEW),
    _withdraw(RequestStatus.AWAITING_PATIENT),
)

# A status is open when work is left to do: it has an exit other than reopening.
OPEN_STATUSES = tuple(
    status
    for status in RequestStatus
    if any(move.from_status == status and not move.reopens for move in TRANSITIONS)
)


class MoveRefused(Exception):
    """A move was not made, and nothing changed. `code` says which rule refused; the text is for the person."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def triage_role(roles: frozenset[Role], doing: str) -> Role:
    """The role under which something goes on record that whoever triages may do. Raises MoveRefused with code
    `not_your_role` for others; `doing` says what they may not: "log calls"."""
    if not roles & TRIAGE:
        raise MoveRefused("not_your_role", f"Your role may not {doing}.")
    return acting_role(roles & TRIAGE)


def find_move(from_status: str, to_status: str) -> Move | None:
    """The row that leads from one status to the other, or None: the table has no such move."""
    for move in TRANSITIONS:
        if (move.from_status, move.to_status) == (from_status, to_status):
            return move
    return None


def moves_open_to(roles: frozenset[Role], from_status: str) -> Iterator[Move]:
    """The moves that a person of these roles may make from this status, in the table's order."""
    for move in TRANSITIONS:
        if move.from_status == from_status and move.roles & roles:
            yield move


def check_move(
    from_status: str,
    to_status: str,
    roles: frozenset[Role],
    *,
    note: str = "",
    message: str = "",
    has_appointment_time: bool = False,
    has_original: bool = False,
    attempts: int = 0,
    attempts_lack: Sequence[str] = (),
) -> Move:
    """The row for this move. `attempts` counts those to reach the patient, each at another time, that failed;
    `attempts_lack` says in words what was not tried yet.

    Raises MoveRefused with code `no_such_move`, `not_your_role`, `note_missing`, `message_missing`,
    `message_unexpected`, `appointment_time_missing`, `appointment_time_unexpected`, `original_missing`,
    `original_unexpected` or `attempts_missing`."""
    move = find_move(from_status, to_status)
    if move is None:
        labels = RequestStatus(from_status).label, RequestStatus(to_status).label
        raise MoveRefused("no_such_move", "A request that is “{}” cannot become “{}”.".format(*labels))
    if not move.roles & roles:
        raise MoveRefused("not_your_role", f"Your role may not use “{move.verb}”.")
    if move.needs_note and not note.strip():
        raise MoveRefused("note_missing", f"“{move.verb}” needs a note that says why.")
    if move.needs_message and not message.strip():
        raise MoveRefused("message_missing", f"“{move.verb}” needs a message that tells the patient what to do.")
    if message.strip() and not move.needs_message:
        raise MoveRefused("message_unexpected", f"“{move.verb}” takes no message to the patient.")
    if move.needs_appointment_time and not has_appointment_time:
        raise MoveRefused("appointment_time_missing", f"“{move.verb}” needs the date and time.")
    if has_appointment_time and not move.needs_appointment_time:
        raise MoveRefused("appointment_time_unexpected", f"“{move.verb}” takes no date and time.")
    if move.needs_original and not has_original:
        raise MoveRefused("original_missing", f"“{move.verb}” needs the request that this one repeats.")
    if has_original and not move.needs_original:
        raise MoveRefused("original_unexpected", f"“{move.verb}” takes no other request.")
    if attempts < move.needs_attempts:
        raise MoveRefused(
            "attempts_missing",
            f"“{move.verb}” needs {move.needs_attempts} attempts at different times. On record: {attempts}.",
        )
    if move.needs_attempts and attempts_lack:
        raise MoveRefused(
            "attempts_missing",
            f"“{move.verb}” needs more than {attempts} attempts like these: {' and '.join(attempts_lack)}.",
        )
    return move
