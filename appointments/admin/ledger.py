"""The ledger of attempts to reach a patient, in words: what was tried, what it adds up to, and when to try next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from appointments.contact import next_part
from appointments.lifecycle import RequestStatus, find_move
from appointments.models import AppointmentRequest, ContactAttempt


@dataclass(frozen=True)
class Row:
    """One attempt. Whoever undid its entry of the record has struck it out."""

    attempt: ContactAttempt
    is_undone: bool


@dataclass(frozen=True)
class Ledger:
    """All attempts, the latest first; `times` are the different ones of those that count."""

    rows: list[Row]
    times: int
    needed: int
    next_part: str

    @property
    def missing(self) -> int:
        """How many more times it must be tried before the patient counts as unreachable."""
        return max(self.needed - self.times, 0)


def ledger_of(
    appointment_request: AppointmentRequest, attempts: Sequence[ContactAttempt], undone: Collection[int]
) -> Ledger:
    """The ledger of a request. `attempts` are all of its own, in their order, each with its event and whether it
    counts (see `noting_which_count`); `undone` holds the versions of entries that were undone. No query."""
    times = {(attempt.tried_on, attempt.part_of_day) for attempt in attempts if attempt.counts}
    move = find_move(RequestStatus.IN_REVIEW, RequestStatus.UNREACHABLE)
    part = next_part([part for _, part in times], appointment_request.contact_times)
    return Ledger(
        rows=[Row(attempt, attempt.event.version in undone) for attempt in reversed(attempts)],
        times=len(times),
        needed=move.needs_attempts if move else 0,
        next_part=part.label.lower() if times and appointment_request.is_in_queue else "",
    )
