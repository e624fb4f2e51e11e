"""The ledger of attempts to reach a patient, in words: what was tried, what it adds up to, and when to try next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from appointments.contact import next_part
from appointments.lifecycle import RequestStatus, find_move
from appointments.models import AppointmentRequest, ContactAttempt
from appointments.models.contact import Tries


@dataclass(frozen=True)
class Row:
    """One attempt. Whoever undid its entry of the record has struck it out."""

    attempt: ContactAttempt
    is_undone: bool


@dataclass(frozen=True)
class Ledger:
    """All attempts, the latest first, and what those that count add up to."""

    rows: list[Row]
    tries: Tries
    needed: int
    next_part: str

    @property
    def missing(self) -> str:
        """How many more times it must be tried before the patient counts as unreachable, and how; "" when it was
        tried enough."""
        more, lacks = self.needed - self.tries.times, self.tries.lacks
        if more <= 0 and not lacks:
            return ""
        return " ".join([f"{max(more, 1)} more", *([f"({', '.join(lacks)})"] if lacks else [])])


def ledger_of(
    appointment_request: AppointmentRequest, attempts: Sequence[ContactAttempt], undone: Collection[int]
) -> Ledger:
    """The ledger of a request. `attempts` are all of its own, as `ContactAttempt.objects.of_request` gives them;
    `undone` holds the versions of entries that were undone. No query."""
    tries = Tries([one for one in attempts if one.counts], has_phone=bool(appointment_request.phone))
    move = find_move(RequestStatus.IN_REVIEW, RequestStatus.UNREACHABLE)
    parts = {(one.tried_on, one.part_of_day) for one in tries.attempts}
    part = next_part([part for _, part in parts], appointment_request.contact_times)
    return Ledger(
        rows=[Row(attempt, attempt.event.version in undone) for attempt in reversed(attempts)],
        tries=tries,
        needed=move.needs_attempts if move else 0,
        next_part=part.label.lower() if tries.attempts and appointment_request.is_in_queue else "",
    )
