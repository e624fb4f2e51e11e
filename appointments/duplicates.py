"""Duplicates: two requests of one person are linked, never merged. Each keeps its own record, and the original
takes over the oldest clock, so that nobody waits longer for having sent twice. One click undoes it.
"""

import copy
import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from appointments import claims
from appointments.history import AT_FIRST, entries_of
from appointments.lifecycle import MoveRefused, NextStep, RequestStatus, Role, Urgency, triage_role
from appointments.models import AppointmentRequest, EventKind, RequestEvent, StatusChange
from appointments.models.acting import NO_STEP, STALE
from appointments.models.record import NOTE_MAX_LENGTH

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# What the original takes over from those that repeat it, and gives back: the oldest clock, and who does what next.
CLOCKS = ("received_at", "reply_by", "urgency", "worse_at", "second_look_on")
TAKEN_OVER = (*CLOCKS, "patient_wrote_at", *NO_STEP)
# The record of the original names the duplicate before the note.
REFERENCE_LENGTH = len("XXXX-XXXX")
LINK_NOTE_MAX_LENGTH = NOTE_MAX_LENGTH - len("XXXX-XXXX: ")


def link(
    duplicate: AppointmentRequest,
    original: AppointmentRequest,
    *,
    by: "User",
    roles: frozenset[Role],
    note: str,
    take_over: str = "",
) -> StatusChange:
    """Say that one request repeats another, from the versions that both objects were read with.

    In one transaction, with both rows locked in the order of their ids: the duplicate is closed (its review is
    begun first where it was not), and the original keeps the earliest receipt, standing promise, report that it is
    worse and second look, the graver urgency, and an owner from either. Both records say so. Returns the move of
    the duplicate. `note` has at most LINK_NOTE_MAX_LENGTH characters; `take_over` says why this person takes over
    whichever of the two another one has. Raises MoveRefused and changes nothing, with
    code `not_your_role`, `note_missing`, `original_itself`, `original_repeats` when the original is a duplicate
    itself, `original_closed`, `has_duplicates`, `no_such_move` for a duplicate that is closed, `claimed`, or
    `stale`.
    """
    role = triage_role(roles, "link or unlink requests")
    if not note.strip():
        raise MoveRefused("note_missing", "To link a duplicate, say how you know that it is the same person.")
    with transaction.atomic():
        now_kept = _lock(duplicate.pk, original.pk)
        if any(now_kept[one.pk].version != one.version for one in (duplicate, original)):
            raise MoveRefused("stale", STALE)
        _refuse_what_cannot_be_linked(duplicate, original)
        for one in (duplicate, original):
            _have(one, duplicate, by=by, roles=roles, take_over=take_over)
        values = _what_original_takes_over(original, duplicate)
        if duplicate.status != RequestStatus.IN_REVIEW:
            duplicate.move_to(RequestStatus.IN_REVIEW, by=by, roles=roles)
        move = duplicate.move_to(RequestStatus.DUPLICATE, by=by, roles=roles, note=note, duplicate_of=original)
        words = _names(duplicate) + note.strip()
        original.change(EventKind.DUPLICATE_LINKED, by=by, role=role, note=words, **values)
    return move


def unlink(
    duplicate: AppointmentRequest, *, by: "User", roles: frozenset[Role], note: str = "", take_over: str = ""
) -> StatusChange:
    """Say that a request is no duplicate after all, from the version that this object was read with.

    In one transaction, with both rows locked in the order of their ids: the duplicate is in review again with the
    next step that it had, and the original gets back each value that nobody has changed since the link, unless
    another of its duplicates stands for it. Returns the move of the duplicate. `note` and `take_over` are as in
    `link`. Raises MoveRefused and changes nothing, with code `not_your_role`, `no_such_move`, `claimed`, or
    `stale`.
    """
    role = triage_role(roles, "link or unlink requests")
    with transaction.atomic():
        now_kept = _lock(duplicate.pk, duplicate.duplicate_of_id)
        if now_kept[duplicate.pk].version != duplicate.version:
            raise MoveRefused("stale", STALE)
        if duplicate.status != RequestStatus.DUPLICATE:
            raise MoveRefused("no_such_move", "This request is not marked as a duplicate.")
        original = now_kept.get(duplicate.duplicate_of_id or 0)  # marked before there were links: none
        if original is not None:
            _have(original, duplicate, by=by, roles=roles, take_over=take_over)
            _give_back(original, duplicate, by=by, role=role, note=note)
        plan = _plan_before_the_link(duplicate)
        move = duplicate.move_to(RequestStatus.IN_REVIEW, by=by, roles=roles, note=note)
        if plan:
            duplicate.change(EventKind.PLANNED, by=by, role=role, **plan)
    return move


def locked_with_original(appointment_request: AppointmentRequest) -> AppointmentRequest:
    """This request as it is now, locked, and its original with it, if it has one: what the patient says of the one
    is heard by the other. One query. Raises KeyError when the row is gone."""
    now_kept = _lock(appointment_request.pk, appointment_request.duplicate_of_id)
    row = now_kept[appointment_request.pk]
    if row.duplicate_of_id in now_kept:
        row.duplicate_of = now_kept[row.duplicate_of_id]
    return row


def _lock(*pks: int | None) -> dict[int, AppointmentRequest]:
    """These rows as they are now, by primary key, locked in the order of their ids: whoever links the same two the
    other way round waits, and nobody waits for each other.

    Without their keys: a row that is written twice in one transaction has its links to other rows checked again,
    and the check of a link to a third request would wait out of order for whoever has its key.
    """
    rows = AppointmentRequest.objects.filter(pk__in=[pk for pk in pks if pk]).order_by("pk")
    return {row.pk: row for row in rows.select_for_update(no_key=True)}


def _have(
    one: AppointmentRequest,
    duplicate: AppointmentRequest,
    *,
    by: "User",
    roles: frozenset[Role],
    take_over: str,
) -> None:
    """Whoever acts on two requests has both: what another has is taken over, or it is said which of the two."""
    now = timezone.now()
    holder = one.holder(now)
    if take_over and holder is not None and holder.pk != by.pk:
        claims.take_over(one, by=by, roles=roles, reason=take_over)
    one.refuse_if_claimed(by, now, called="this request" if one == duplicate else f"{one}, the other request,")


def _refuse_what_cannot_be_linked(duplicate: AppointmentRequest, original: AppointmentRequest) -> None:
    """Links have one step: no chain, and so no circle."""
    if duplicate.pk == original.pk:
        raise MoveRefused("original_itself", "A request cannot be a duplicate of itself.")
    if not duplicate.is_open:
        raise MoveRefused("no_such_move", "This request is closed. Reopen it before you link it.")
    if original.duplicate_of is not None:
        raise MoveRefused(
            "original_repeats",
            f"{original} is itself a duplicate of {original.duplicate_of}. Link to {original.duplicate_of}.",
        )
    if not original.is_open:
        raise MoveRefused("original_closed", f"{original} is closed. Link to an open request, or reopen it first.")
    if first := duplicate.duplicates.first():
        raise MoveRefused(
            "has_duplicates", f"{first} is linked to this request. Unlink it first, or link {original} to this one."
        )


def _names(duplicate: AppointmentRequest) -> str:
    """How the record of the original begins its note on this duplicate."""
    return f"{duplicate.reference}: "


def _what_original_takes_over(original: AppointmentRequest, duplicate: AppointmentRequest) -> dict[str, Any]:
    """The values of the original that differ once both are one, from an open duplicate."""
    kept = copy.copy(original)
    words = [duplicate.patient_wrote_at]
    if original.answered_at is not None and duplicate.is_owed_an_answer:
        words.append(duplicate.received_at)  # the answer that it waits for is not the one that the original had
    kept.patient_wrote_at = _earliest([original.patient_wrote_at, *words])
    for name, value in _oldest_clock(kept, original.standing_promise, duplicate).items():
        setattr(kept, name, value)
    if not original.next_step and duplicate.next_step:
        waited = duplicate.next_step == NextStep.WAIT  # for an answer to the duplicate, which is closed now
        kept.next_step = NextStep.LOOK if waited else duplicate.next_step
        kept.next_step_on, kept.next_step_by = duplicate.next_step_on, duplicate.next_step_by
    return _changed(original, kept)


def _changed(original: AppointmentRequest, other: AppointmentRequest) -> dict[str, Any]:
    """Of TAKEN_OVER the values of the other that the original does not have."""
    return {name: getattr(other, name) for name in TAKEN_OVER if getattr(other, name) != getattr(original, name)}


def _oldest_clock(
    kept: AppointmentRequest, promise: datetime.datetime | None, duplicate: AppointmentRequest
) -> dict[str, Any]:
    """Of the CLOCKS of both the earlier, and the graver urgency. `promise`: that of the original, if it stands."""
    clock: dict[str, Any] = {name: getattr(kept, name) for name in CLOCKS}
    clock["urgency"] = min(kept.urgency, duplicate.urgency)
    if duplicate.answered_at is None or duplicate.patient_wrote_at is not None:
        clock["reply_by"] = _earliest([promise, duplicate.reply_by]) or kept.reply_by
    clock["received_at"] = min(kept.received_at, duplicate.received_at)
    clock["worse_at"] = _earliest([kept.worse_at, duplicate.worse_at])
    if clock["urgency"] == Urgency.ROUTINE:
        clock["second_look_on"] = _earliest([kept.second_look_on, duplicate.second_look_on])
    return clock


def _earliest(times: Iterable[Any]) -> Any:
    return min(filter(None, times), default=None)


def _give_back(
    original: AppointmentRequest, duplicate: AppointmentRequest, *, by: "User", role: Role, note: str
) -> None:
    """Put back what the original took over from this duplicate, with an entry that names the one of the link."""
    entries = entries_of(original)
    links = [entry for entry in entries if _linked_by(entry) == duplicate.reference]
    former = _without(original, duplicate, own_values(entries))
    original.change(
        EventKind.DUPLICATE_UNLINKED,
        by=by,
        role=role,
        note=(_names(duplicate) + note.strip()).removesuffix(": "),
        undoes=links[-1].version if links else None,
        **_changed(original, former),
    )


def _without(
    original: AppointmentRequest, duplicate: AppointmentRequest, own: "Mapping[str, Own]"
) -> AppointmentRequest:
    """A copy of the original, not to be saved, as if this duplicate had never been linked, and the others had."""
    former = copy.copy(original)
    lent = {name: kept.value for name, kept in own.items() if duplicate.reference in kept.lent_by}
    for name, value in original.from_record(lent).items():
        setattr(former, name, value)
    for other in original.duplicates.exclude(pk=duplicate.pk):
        for name, value in _oldest_clock(former, former.standing_promise, other).items():
            if name in lent and other.reference in own[name].lent_by:
                setattr(former, name, value)
    return former


@dataclass(frozen=True)
class Own:
    """A value that a request has without its duplicates, as the record keeps it, and the references of those that
    may have lent it another since somebody last set it."""

    value: Any
    lent_by: frozenset[str] = frozenset()


def own_values(entries: Iterable[StatusChange | RequestEvent]) -> dict[str, Own]:
    """What the whole record of an original, in its order, says of TAKEN_OVER when its links are left out."""
    own = {name: Own(AT_FIRST[name]) for name in TAKEN_OVER if name in AT_FIRST}
    now = dict(AT_FIRST)
    before = {0: own}
    for entry in entries:
        before[entry.version] = own
        if entry.undoes is not None and getattr(entry, "kind", "") == EventKind.UNDONE:
            own, now = before[entry.undoes], now | entry.after
            continue
        own = dict(own)
        now |= entry.after
        set_here = {name for name in TAKEN_OVER if name in entry.after and _is_changed(entry, name)}
        if linked := _linked_by(entry):
            for name in own:
                if name in CLOCKS or name in set_here:
                    own[name] = Own(own[name].value, own[name].lent_by | {linked})
        elif getattr(entry, "kind", "") != EventKind.DUPLICATE_UNLINKED:
            if set_here & NO_STEP.keys():  # a next step is one thing
                set_here |= NO_STEP.keys()
            own |= {name: Own(now[name]) for name in set_here}
    return own


def _is_changed(entry: StatusChange | RequestEvent, name: str) -> bool:
    return name not in entry.before or entry.before[name] != entry.after[name]


def _linked_by(entry: StatusChange | RequestEvent) -> str:
    """The reference of the duplicate that this entry links; "" for every other entry."""
    is_link = isinstance(entry, RequestEvent) and entry.kind == EventKind.DUPLICATE_LINKED
    return entry.note[:REFERENCE_LENGTH] if is_link else ""


def _plan_before_the_link(duplicate: AppointmentRequest) -> dict[str, Any]:
    """The next step that the link took from the duplicate; empty when there was none."""
    made = duplicate.status_changes.filter(to_status=RequestStatus.DUPLICATE).last()
    before = made.before if made is not None else {}
    plan = {name: before[name] for name in NO_STEP if before.get(name)}
    return duplicate.from_record(plan) if len(plan) == len(NO_STEP) else {}
