"""Everything that happened to a request, moves and all else, as one list in words."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from appointments.admin.words import Names, label_of, names_in, person, words
from appointments.models import (
    ContactAttempt,
    EventKind,
    RedFlagAnswer,
    RequestEvent,
    StatusChange,
)
from appointments.models.acting import NOBODY

# What the program keeps for itself: the reader sees its consequences.
UNTOLD = {
    *NOBODY,
    *("worse_at", "patient_wrote_at", "windows_end_at", "dates_asked_at", "warned_reply_by"),
    *("answered_at", "answered_by", "answered_after", "received_at", "second_look_on", "status"),
}
NOTHING: tuple[Any, ...] = ("", None, [])
CLAIMS = {EventKind.CLAIMED, EventKind.RELEASED}


@dataclass(frozen=True)
class Change:
    """What a field said before and after: "" for nothing."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One thing that happened: what, when, by whom, and what it changed."""

    version: int
    heading: str
    happened_at: datetime
    who: str
    changes: list[Change] = field(default_factory=list)
    message: str = ""  # what the patient was told
    note: str = ""
    red_flags: list[RedFlagAnswer] = field(default_factory=list)
    is_undone: bool = False
    folded: list["Entry"] = field(default_factory=list)  # what came and went in between, for whoever asks

    @property
    def is_quiet(self) -> bool:
        """True for a row that only holds folded ones."""
        return bool(self.folded)


def timeline(
    status_changes: Iterable[StatusChange],
    events: Iterable[RequestEvent],
    answers: Iterable[RedFlagAnswer],
    attempts: Iterable[ContactAttempt] = (),
    names: Names | None = None,
) -> list[Entry]:
    """The entries in the order in which things happened; who took the request and gave it back is folded away.

    At most two queries, for the names of people and requests, when each `changed_by` was fetched with it; none when
    the `names` are given (see `names_of`).
    """
    moves, others = list(status_changes), list(events)
    ticked: dict[int | None, list[RedFlagAnswer]] = defaultdict(list)
    for answer in answers:
        ticked[answer.event_id].append(answer)
    rows: list[StatusChange | RequestEvent] = [*moves, *others]
    names = names_of(rows) if names is None else names
    tried = {attempt.event_id: attempt for attempt in attempts}
    headings = {change.version: change.get_to_status_display() for change in moves}
    headings |= {event.version: _heading_of(event, tried.get(event.pk)) for event in others}
    entries = [_of_move(change, ticked[None] if change.version == 1 else [], names, headings) for change in moves]
    entries += [_of_event(event, ticked[event.pk], names, headings) for event in others]
    undone = {row.undoes for row in rows}
    quiet = {event.version for event in others if event.kind in CLAIMS and not event.note}
    in_order = sorted(entries, key=lambda entry: entry.version)
    return list(_folded([replace(entry, is_undone=entry.version in undone) for entry in in_order], quiet))


def names_of(rows: Iterable[StatusChange | RequestEvent]) -> Names:
    """The people and requests that these entries name. At most two queries."""
    return names_in(_told(part) for row in rows for part in (row.before, row.after))


def _folded(entries: list[Entry], quiet: set[int]) -> Iterable[Entry]:
    """The entries, with those of `quiet` that follow each other in one row."""
    row: list[Entry] = []
    for entry in [*entries, None]:
        if entry is not None and entry.version in quiet:
            row.append(entry)
            continue
        if row:
            heading = ", ".join(f"{part.heading.lower()} by {part.who}" for part in row[-2:])
            last = row[-1]
            yield Entry(last.version, heading[0].upper() + heading[1:], last.happened_at, "", folded=row)
            row = []
        if entry is not None:
            yield entry


def _of_move(change: StatusChange, red_flags: list[RedFlagAnswer], names: Names, headings: dict[int, str]) -> Entry:
    before, after = change.get_from_status_display(), change.get_to_status_display()
    is_first = change.from_status == ""
    status = [] if is_first else [Change("Status", before, after)]
    return Entry(
        version=change.version,
        heading=_of_undoing(change, headings) or after,
        happened_at=change.changed_at,
        who=person(change.changed_by, change.get_role_display()),
        changes=status if is_first else [*status, *_changes(change, names)],
        message=change.message,
        note=change.note,
        red_flags=red_flags,
    )


def _of_event(event: RequestEvent, red_flags: list[RedFlagAnswer], names: Names, headings: dict[int, str]) -> Entry:
    return Entry(
        version=event.version,
        heading=_of_undoing(event, headings) or headings[event.version],
        happened_at=event.changed_at,
        who=person(event.changed_by, event.get_role_display()),
        changes=_changes(event, names),
        note=event.note,
        red_flags=red_flags,
    )


def _changes(row: StatusChange | RequestEvent, names: Names) -> list[Change]:
    return [
        Change(label_of(name), *(words(name, value, names) if value not in NOTHING else "" for value in both))
        for name in _told(row.after)
        for both in [(row.before.get(name), row.after[name])]
        if (row.before.get(name) or None) != (row.after[name] or None)
    ]


def _told(kept: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kept.items() if name not in UNTOLD}


def _of_undoing(row: StatusChange | RequestEvent, headings: dict[int, str]) -> str:
    return f"Undone: {headings.get(row.undoes, 'an earlier step')}" if row.undoes is not None else ""


def heading_of_last(entry: StatusChange | RequestEvent, attempts: Iterable[ContactAttempt] = ()) -> str:
    """What an entry of the record is called, as in the timeline."""
    if isinstance(entry, StatusChange):
        return entry.get_to_status_display()
    return _heading_of(entry, next((one for one in attempts if one.event_id == entry.pk), None))


def _heading_of(event: RequestEvent, attempt: ContactAttempt | None) -> str:
    if attempt is not None:
        return f"{attempt.get_channel_display()}: {attempt.get_outcome_display().lower()}"
    if event.kind != EventKind.URGENCY_SET:
        return str(event.get_kind_display())
    if event.before["urgency"] == event.after["urgency"]:
        return "Report that it is worse was looked at"
    return "Urgency lowered" if event.lowered_urgency else "Urgency raised"
