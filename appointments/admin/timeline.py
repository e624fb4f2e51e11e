"""Everything that happened to a request, moves and all else, as one list in words."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from appointments.admin.words import label_of, person, words
from appointments.models import EventKind, RedFlagAnswer, RequestEvent, StatusChange

# What the program keeps for itself: the reader sees its consequences.
UNTOLD = {"worse_at", "windows_end_at", "dates_asked_at"}


@dataclass(frozen=True)
class Change:
    """What a field said before and after."""

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


def timeline(
    status_changes: Iterable[StatusChange], events: Iterable[RequestEvent], answers: Iterable[RedFlagAnswer]
) -> list[Entry]:
    """The entries in the order in which things happened. No query when each `changed_by` was fetched with it."""
    ticked: dict[int | None, list[RedFlagAnswer]] = defaultdict(list)
    for answer in answers:
        ticked[answer.event_id].append(answer)
    entries = [_of_move(change, ticked[None] if change.version == 1 else []) for change in status_changes]
    entries += [_of_event(event, ticked[event.pk]) for event in events]
    return sorted(entries, key=lambda entry: entry.version)


def _of_move(change: StatusChange, red_flags: list[RedFlagAnswer]) -> Entry:
    before, after = change.get_from_status_display(), change.get_to_status_display()
    return Entry(
        version=change.version,
        heading=after,
        happened_at=change.changed_at,
        who=person(change.changed_by, change.get_role_display()),
        changes=[Change("Status", before, after)] if change.from_status else [],
        message=change.message,
        note=change.note,
        red_flags=red_flags,
    )


def _of_event(event: RequestEvent, red_flags: list[RedFlagAnswer]) -> Entry:
    told = [name for name in event.after if name not in UNTOLD]
    return Entry(
        version=event.version,
        heading=_heading_of(event),
        happened_at=event.changed_at,
        who=person(event.changed_by, event.get_role_display()),
        changes=[
            Change(label_of(name), words(name, event.before.get(name)), words(name, event.after[name]))
            for name in told
            if event.before.get(name) != event.after[name]
        ],
        note=event.note,
        red_flags=red_flags,
    )


def _heading_of(event: RequestEvent) -> str:
    if event.kind != EventKind.URGENCY_SET:
        return event.get_kind_display()
    if event.before["urgency"] == event.after["urgency"]:
        return "Report that it is worse was looked at"
    return "Urgency lowered" if event.lowered_urgency else "Urgency raised"
