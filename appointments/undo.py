"""Undo: whoever made the last step on a request takes it back, within ten minutes. That is a step of its own."""

import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from appointments import emails
from appointments.clashes import clashes_in_words
from appointments.lifecycle import MoveRefused, Role, triage_role
from appointments.models import AppointmentRequest, EventKind, RequestEvent, StatusChange
from clinic import outbox

if TYPE_CHECKING:
    from django.contrib.auth.models import User

UNDO_WITHIN = datetime.timedelta(minutes=10)

WHEN_AND_WITH_WHOM = frozenset({"appointment_starts_at", "appointment_with"})

# Steps with a way back of their own, or with nothing to take back.
NOT_UNDONE = frozenset(
    {
        *(EventKind.CLAIMED, EventKind.TAKEN_OVER, EventKind.RELEASED, EventKind.UNDONE),
        *(EventKind.DUPLICATE_LINKED, EventKind.DUPLICATE_UNLINKED),
    }
)


def last_entry(appointment_request: AppointmentRequest) -> StatusChange | RequestEvent:
    """The last entry of the record, move or not. At most two queries."""
    version = appointment_request.version
    event = appointment_request.events.filter(version=version).select_related("changed_by").first()
    return event or appointment_request.status_changes.select_related("changed_by").get(version=version)


def why_not(entry: StatusChange | RequestEvent, user: "User", now: datetime.datetime) -> MoveRefused | None:
    """Why this person cannot take back this last entry of a record at `now`; None when they can. No query."""
    if entry.undoes is not None:
        return MoveRefused("cannot_undo", "The last step was undone already. Take the next step instead.")
    if isinstance(entry, RequestEvent):
        has_way_back = entry.kind not in NOT_UNDONE
    else:
        has_way_back = entry.from_status != "" and not _is_link(entry)
    if not has_way_back:
        return MoveRefused("cannot_undo", "The last step cannot be undone.")
    if entry.changed_by_id != user.pk:
        return MoveRefused("not_yours", "Only whoever took the last step can undo it.")
    if now - entry.changed_at > UNDO_WITHIN:
        return MoveRefused("too_late", "A step can be undone for ten minutes. Take the next step instead.")
    return None


def _is_link(change: StatusChange) -> bool:
    """Whether it made or ended a link to another request, which is changed as well: see appointments.duplicates."""
    return any(values.get("duplicate_of") is not None for values in (change.before, change.after))


def undo_last(
    appointment_request: AppointmentRequest, *, by: "User", roles: frozenset[Role], note: str = ""
) -> StatusChange | RequestEvent:
    """Take back the last step, from the version that this object was read with.

    In one transaction: every value from before, the row of the record that names the entry it undoes, which is
    returned, and a mail to the patient where the undone step had one that went out. Raises MoveRefused and changes
    nothing, with code `not_your_role`, `cannot_undo`, `not_yours`, `too_late`, `clash` when the appointment would
    go back to where another one stands by now, `claimed` or `stale`.
    """
    role = triage_role(roles, "undo steps")
    with transaction.atomic():
        entry = last_entry(appointment_request)
        refusal = why_not(entry, by, timezone.now())
        if refusal is not None:
            raise refusal
        _refuse_taken_time(appointment_request, entry)
        undoing = _take_back(appointment_request, entry, by, role, note)
        outbox.queue(*emails.after_undoing(appointment_request, entry, undoing))
        return undoing


def _refuse_taken_time(appointment_request: AppointmentRequest, entry: StatusChange | RequestEvent) -> None:
    """Back to a time or a clinician that somebody else has by now goes only who moves the appointment there."""
    kept = {name: value for name, value in entry.before.items() if name in WHEN_AND_WITH_WHOM}
    back = appointment_request.from_record(kept)
    starts_at = back.get("appointment_starts_at", appointment_request.appointment_starts_at)
    if not back or starts_at is None:
        return
    clinician = back.get("appointment_with", appointment_request.appointment_with)
    if against := clashes_in_words(appointment_request, clinician, starts_at):
        way_out = "This step cannot be undone any more. Use “Move the appointment” to choose another time."
        raise MoveRefused("clash", f"{' '.join(against)} {way_out}")


def _take_back(
    appointment_request: AppointmentRequest, entry: StatusChange | RequestEvent, by: "User", role: Role, note: str
) -> StatusChange | RequestEvent:
    if isinstance(entry, StatusChange):
        return appointment_request.undo_move(entry, by=by, role=role, note=note)
    values = appointment_request.from_record(entry.before)
    return appointment_request.change(EventKind.UNDONE, by=by, role=role, note=note, undoes=entry.version, **values)
