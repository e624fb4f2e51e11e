"""What is done with a request. The only writers of what a request says of itself: its status and all that follows.

Every act writes the row and its entry in the record in one transaction, from the version that was seen.
"""

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from appointments import emails
from appointments.lifecycle import (
    OPEN_STATUSES,
    MoveRefused,
    NextStep,
    RequestStatus,
    Role,
    acting_role,
    check_move,
)
from appointments.models.contact import ContactAttempt
from appointments.models.record import EventKind, RedFlagAnswer, RequestEvent, StatusChange, as_recorded
from appointments.roles import name_of
from clinic import outbox
from clinic.hours import NoWorkingTime
from clinic.models import working_hours
from conditions.models import RedFlag

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from appointments.models.request import AppointmentRequest

STALE = "Somebody else has changed this request since you opened it. Nothing was saved."
CLAIM_LENGTH = datetime.timedelta(minutes=20)  # of the clinic's working time, see claim_ends
PATIENT_ANSWERS_WITHIN = datetime.timedelta(hours=24)  # of the clinic's working time: three days of eight hours

NOBODY: dict[str, Any] = {"claimed_by": None, "claimed_until": None}
NO_STEP: dict[str, Any] = {"next_step": "", "next_step_on": None, "next_step_by": None}
WORD_ANSWERED: dict[str, Any] = {"patient_wrote_at": None}


class Acting(models.Model):
    """The acts of an AppointmentRequest, which has the fields. `by` is the staff member, None for the patient."""

    class Meta:
        abstract = True

    def move_to(
        self: Any,
        status: str,
        *,
        by: "User | None",
        roles: frozenset[Role],
        note: str = "",
        message: str = "",
        appointment_starts_at: datetime.datetime | None = None,
        appointment_with: "User | None" = None,
        appointment_place: str = "",
        duplicate_of: "AppointmentRequest | None" = None,
    ) -> StatusChange:
        """Make one move of the table, from the status and version that this object was read with.

        `roles` are those that `by` acts under; `message` is what the patient is told; `appointment_starts_at` is an
        aware time, for booking; `duplicate_of` is the request that this one repeats. In one transaction: the new
        status, the row of its record, which is returned, and the mail to the patient. A move that is a contact
        answers the patient (see `contact_made`). Whoever of the staff moves a request has it from then on, until it
        leaves the queue. Raises MoveRefused and changes nothing when the table has no such move, the role may not,
        something that it needs is missing (see `lifecycle.check_move`), with code `claimed` when somebody else has
        it, or `stale` when somebody else was faster.
        """
        note, message = note.strip(), message.strip()
        move = check_move(
            self.status,
            status,
            roles,
            note=note,
            message=message,
            has_appointment_time=appointment_starts_at is not None,
            has_original=duplicate_of is not None,
            **(self._tries() if status == RequestStatus.UNREACHABLE else {}),
        )
        role = Role.PATIENT if by is None else acting_role(move.roles & roles)
        now = timezone.now()
        values: dict[str, Any] = {
            "appointment_starts_at": appointment_starts_at,
            "appointment_with": appointment_with,
            "appointment_place": appointment_place,
            "duplicate_of": duplicate_of,
        }
        if move.is_contact:
            values.update(self.contact_made(now, by))
        values.update(self._plan_after(status, now, by))
        values.update(self._marks(by, now, stays=status in OPEN_STATUSES))
        with transaction.atomic():
            before = self._write({"status": status, **values}, now, by)
            change = StatusChange.objects.create(
                appointment_request=self,
                version=self.version + 1,
                from_status=before.pop("status"),
                to_status=status,
                changed_at=now,
                changed_by=by,
                role=role,
                note=note,
                message=message,
                before=as_recorded(before),
                after=as_recorded(values),
            )
            outbox.queue(*emails.after_move(self, change, appointment_starts_at))
        self._take({"status": status, **values})
        return change

    def change(
        self: Any,
        kind: EventKind,
        *,
        by: "User | None",
        role: Role,
        note: str = "",
        red_flags: Iterable[RedFlag] = (),
        claims: bool = True,
        undoes: int | None = None,
        **values: Any,
    ) -> RequestEvent:
        """Change what is no status, from the version that this object was read with.

        In one transaction: the `values`, the row of the record with what they were before, the `red_flags` that
        were ticked with it. Whoever of the staff changes a request has it from then on, unless `claims` is off:
        then it goes through whoever has it, and the claim stays as it is. The mails that follow are the caller's,
        in the same transaction. Raises MoveRefused and changes nothing, with code `claimed` when somebody else has
        it, or `stale` when somebody else was faster.
        """
        now = timezone.now()
        stays = self.is_open or (
            self.status == RequestStatus.BOOKED and values.get("worse_at", self.worse_at) is not None
        )
        values = {**self._marks(by, now, stays=stays, claims=claims), **values}
        with transaction.atomic():
            before = self._write(values, now, by if claims else None)
            event = RequestEvent.objects.create(
                appointment_request=self,
                version=self.version + 1,
                kind=kind,
                changed_at=now,
                changed_by=by,
                role=role,
                note=note.strip(),
                before=as_recorded(before),
                after=as_recorded(values),
                undoes=undoes,
            )
            RedFlagAnswer.objects.bulk_create(RedFlagAnswer.of(red_flags, appointment_request=self, event=event))
        self._take(values)
        return event

    def undo_move(self: Any, change: StatusChange, *, by: "User", role: Role, note: str = "") -> StatusChange:
        """Put back what `change`, the last entry of the record, has changed. `appointments.undo` says who may.

        In one transaction: the status and every value from before, and the row of the record that says which entry
        it undoes. The claim is of whoever undoes. Raises MoveRefused with code `claimed` or `stale`.
        """
        now = timezone.now()
        stays = change.from_status in OPEN_STATUSES
        values = {**self._marks(by, now, stays=stays), **self.from_record(change.before)}
        with transaction.atomic():
            before = self._write({"status": change.from_status, **values}, now, by)
            undone = StatusChange.objects.create(
                appointment_request=self,
                version=self.version + 1,
                from_status=before.pop("status"),
                to_status=change.from_status,
                changed_at=now,
                changed_by=by,
                role=role,
                note=note.strip(),
                before=as_recorded(before),
                after=as_recorded(values),
                undoes=change.version,
            )
        self._take({"status": change.from_status, **values})
        return undone

    def contact_made(self: Any, now: datetime.datetime, by: "User | None") -> dict[str, Any]:
        """The values that say that the clinic reached the patient at `now`. The first time meets the promise, and
        costs one query. Each time answers the patient's last word, and so meets the promise that was made for it.

        Nothing else does: whoever takes a request, plans it, passes it on, raises it, or tries in vain to reach the
        patient has answered nobody. But for one: a report that it is worse ends without a contact, too, when
        somebody who may clears it and says why (`urgency.set_urgency`).
        """
        if self.answered_at is not None:
            return {**WORD_ANSWERED}
        after = working_hours().working_time_between(self.received_at, now)
        return {"answered_at": now, "answered_by": by, "answered_after": after, **WORD_ANSWERED}

    def from_record(self: Any, kept: dict[str, Any]) -> dict[str, Any]:
        """The values of a `before` of the record, but for who had the request then: the past gives no claim.

        People and other requests come as objects that are not read from the database.
        """
        values: dict[str, Any] = {}
        for name, value in kept.items():
            if name in NOBODY:
                continue
            field: Any = self._meta.get_field(name)
            if isinstance(field, models.ForeignKey):
                values[name] = None if value is None else field.related_model(pk=value)
            else:
                values[name] = field.to_python(value)
        return values

    def refuse_if_claimed(
        self: Any, by: "User | None", now: datetime.datetime, *, called: str = "this request"
    ) -> None:
        """Raises MoveRefused with code `claimed` when somebody of the staff other than `by` has it at `now`. The
        text calls it `called`."""
        holder = self.holder(now)
        if by is not None and holder is not None and holder.pk != by.pk:
            raise MoveRefused("claimed", f"{name_of(holder)} has {called} now. Take it over first, and say why.")

    def _marks(
        self: Any, by: "User | None", now: datetime.datetime, *, stays: bool, claims: bool = True
    ) -> dict[str, Any]:
        """What every act changes: when the patient last wrote, or who of the staff has the request afterwards."""
        nobody = {} if stays else {**NOBODY, **NO_STEP}
        if by is None:
            return {"patient_wrote_at": now, **nobody}
        if not claims:
            return {}
        return nobody or {"claimed_by": by, "claimed_until": claim_ends(now)}

    def _plan_after(self: Any, status: str, now: datetime.datetime, by: "User | None") -> dict[str, Any]:
        """Who waits for a patient looks on a set day whether the answer came; the patient's answer ends it."""
        if status == RequestStatus.AWAITING_PATIENT and by is not None:
            day = working_day_after(now, PATIENT_ANSWERS_WITHIN)
            return {"next_step": NextStep.WAIT, "next_step_on": day, "next_step_by": by}
        return NO_STEP if self.next_step == NextStep.WAIT else {}

    def _write(self: Any, values: dict[str, Any], now: datetime.datetime, by: "User | None") -> dict[str, Any]:
        """Write `values` to the row that has still this version; returns what they were before. Raises MoveRefused
        with code `claimed`, when somebody other than `by` has it, or `stale`."""
        self.refuse_if_claimed(by, now)
        before = {name: getattr(self, name) for name in values}
        rows = type(self)._default_manager.filter(pk=self.pk, status=self.status, version=self.version)
        if rows.update(version=F("version") + 1, **values) != 1:
            raise MoveRefused("stale", STALE)
        return before

    def _take(self: Any, values: dict[str, Any]) -> None:
        """What was written, once it is sure."""
        self.version += 1
        for name, value in values.items():
            setattr(self, name, value)

    def _tries(self: Any) -> dict[str, Any]:
        tries = ContactAttempt.objects.tries(self)
        return {"attempts": tries.times, "attempts_lack": tries.lacks}


def claim_ends(now: datetime.datetime) -> datetime.datetime:
    """When a claim that begins or is renewed at `now` ends by itself: after CLAIM_LENGTH of working time. No claim
    survives the night: one that would, and that of a clinic that has no hours, ends after CLAIM_LENGTH of any time.
    One query."""
    hours = working_hours()
    try:
        ends = hours.add_working_time(now, CLAIM_LENGTH)
    except NoWorkingTime:
        return now + CLAIM_LENGTH
    return ends if ends.date() == now.astimezone(hours.zone).date() else now + CLAIM_LENGTH


def working_day_after(now: datetime.datetime, amount: datetime.timedelta) -> datetime.date:
    """The day on the clinic's calendar on which this working time has passed; of a clinic that has no hours, as if
    it never closed. One query."""
    hours = working_hours()
    try:
        return hours.add_working_time(now, amount).date()
    except NoWorkingTime:
        return (now + amount).astimezone(hours.zone).date()
