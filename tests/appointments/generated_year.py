"""A year of invented requests with their whole record, as the staff's and patients' acts would have left it.

The clinic of this year has lunch breaks, holidays, and an hour of work on the nights in which clocks change. Every
time is a whole minute, so that a recount can go through the year minute by minute.
"""

import contextlib
import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import User

from appointments.lifecycle import OPEN_STATUSES, NextStep, Urgency
from appointments.models import (
    AppointmentRequest,
    ContactAttempt,
    EventKind,
    RequestEvent,
    StatusChange,
)
from appointments.models.record import as_recorded
from appointments.promise import promised_by
from clinic.hours import WorkingHours
from clinic.models import ClosedDate, OpeningHours, working_hours
from conditions.models import Article
from tests.staff import make_staff

YEAR = 2024  # in Los Angeles clocks went forward on March 10 and back on November 3
HOLIDAYS = [date(YEAR, *day) for day in ((1, 1), (2, 19), (5, 27), (7, 4), (9, 2), (11, 28), (12, 25))]
SUNDAY = 6
NIGHT_DESK = (time(0, 30), time(4, 0))  # open while clocks change
MINUTE = timedelta(minutes=1)
FIRST, LAST = date(YEAR, 1, 1), date(YEAR, 12, 31)


class LaterThanTheYear(Exception):
    """The story goes on after the moment at which we look."""


@dataclass
class Story:
    """A request, and what happened to it until `now`: each act changes the row and leaves its entry."""

    row: AppointmentRequest
    now: datetime
    at: datetime
    moves: list[StatusChange] = field(default_factory=list)
    events: list[RequestEvent] = field(default_factory=list)
    attempts: list[ContactAttempt] = field(default_factory=list)

    def goes_on(self, after: timedelta) -> datetime:
        """The next thing happens so much later."""
        self.at += after
        if self.at > self.now:
            raise LaterThanTheYear
        return self.at

    def begin(self, by: User | None) -> None:
        """The first entry: what was received."""
        first = {name: getattr(self.row, name) for name in ("urgency", "received_at", "reply_by")}
        self.moves.append(self._entry(StatusChange, by, to_status="received", after=as_recorded(first)))

    def move(self, status: str, by: User | None, **values: Any) -> None:
        """A move of the table, with what follows from it."""
        before = self._change(values)
        entry = {"from_status": self.row.status, "to_status": status, "before": before}
        self.row.status = status
        self.row.version += 1
        self.moves.append(self._entry(StatusChange, by, **entry, after=as_recorded(values)))

    def event(self, kind: EventKind, by: User | None, undoes: int | None = None, **values: Any) -> RequestEvent:
        """Something that is no move."""
        before = self._change(values)
        self.row.version += 1
        entry: RequestEvent = self._entry(
            RequestEvent, by, kind=kind, before=before, after=as_recorded(values), undoes=undoes
        )
        self.events.append(entry)
        return entry

    def _change(self, values: dict[str, Any]) -> dict[str, Any]:
        before = as_recorded({name: getattr(self.row, name) for name in values})
        for name, value in values.items():
            setattr(self.row, name, value)
        return before

    def _entry(self, model: Any, by: User | None, **values: Any) -> Any:
        return model(
            appointment_request=self.row,
            version=self.row.version,
            changed_at=self.at,
            changed_by=by,
            role="patient" if by is None else "reception",
            **values,
        )


class GeneratedYear:
    """Makes `count` requests of the year, received until `now`, the same ones each time."""

    def __init__(self, count: int, now: datetime, seed: int = 6) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # nothing is kept secret with it
        self.count, self.now = count, now
        self.hours: WorkingHours = _open_the_clinic()
        self.staff = [make_staff("reception", f"desk-{number}") for number in range(3)]
        self.articles = [*Article.objects.published().order_by("pk")[:5], None, None]

    def keep(self) -> list[Story]:
        """Their rows, all in the database."""
        stories = [self._story(number) for number in range(self.count)]
        AppointmentRequest.objects.bulk_create(story.row for story in stories)
        StatusChange.objects.bulk_create(entry for story in stories for entry in story.moves)
        RequestEvent.objects.bulk_create(entry for story in stories for entry in story.events)
        ContactAttempt.objects.bulk_create(attempt for story in stories for attempt in story.attempts)
        return stories

    def _story(self, number: int) -> Story:
        chance, received_at = self.chance, self._when(number)
        source = chance.choices(("web", "phone", "walk_in"), (70, 28, 2))[0]
        urgency = chance.choices(list(Urgency), (2, 8, 20, 70))[0]
        # Whoever walks in is one of four people: many requests, few people.
        person = number % 4 if source == "walk_in" else chance.randrange(10, 600)
        by = self._somebody() if source != "web" else None
        row = AppointmentRequest(
            key=uuid.UUID(int=number),
            token_digest=f"{number:064}",
            answers_digest=f"{number:064}",
            reference=f"{number:09}",
            source=source,
            keyed_in_by=by,
            urgency=urgency,
            received_at=received_at,
            reply_by=promised_by(received_at, urgency, self.hours),
            article=chance.choice(self.articles),
            spoken_language=chance.choices(("en", "es", "other"), (80, 18, 2))[0],
            **_somebody_else(person) if chance.random() < 0.15 else {},
            full_name=f"Invented Person {person}",
            birth_date=date(1940 + person % 40, 1 + person % 12, 1 + person % 28),
            phone="+14245550134",
            problem="It hurts when I walk.",
            duration="under_6_weeks",
            preferred_contact="phone",
            privacy_version="1",
        )
        story = Story(row, self.now, received_at)
        story.begin(by)
        with contextlib.suppress(LaterThanTheYear):
            self._live(story)
        return story

    def _when(self, number: int) -> datetime:
        """Some minute of the year; one in ten in a night in which clocks change, or beside a holiday."""
        day = datetime(YEAR, 1, 1, tzinfo=self.hours.zone).astimezone(UTC)
        if number % 10 == 0:
            special = self.chance.choice([date(YEAR, 3, 10), date(YEAR, 11, 3), *HOLIDAYS])
            day = datetime.combine(special, time(), self.hours.zone).astimezone(UTC)
            return min(day + self.chance.randrange(-600, 1500) * MINUTE, self.now) if number else day
        return min(day + self.chance.randrange(366 * 24 * 60) * MINUTE, self.now)

    def _soon(self, hours: float) -> timedelta:
        """Some minutes, on average so many hours, now and then far more."""
        return timedelta(minutes=round(self.chance.expovariate(1 / (hours * 60))))

    def _somebody(self) -> User:
        return self.chance.choice(self.staff)

    def _live(self, story: Story) -> None:
        """What staff and patient do, step by step."""
        chance, by = self.chance, self._somebody()
        end = chance.choices(
            ("booked", "awaiting_patient", "declined", "unreachable", "duplicate", "withdrawn", "forgotten"),
            (50, 12, 6, 7, 6, 8, 6),
        )[0]
        if end == "forgotten":
            return
        if chance.random() < 0.1:
            story.goes_on(self._soon(3))
            self._worse(story)
        if end == "withdrawn":
            story.goes_on(self._soon(40))
            story.move("withdrawn", None, patient_wrote_at=story.at)
            return
        story.goes_on(self._soon(chance.choice((1, 2, 8, 40))))
        if chance.random() < 0.8:
            story.event(EventKind.CLAIMED, by, claimed_by=by, claimed_until=story.at + 20 * MINUTE)
        if chance.random() < 0.1:
            raised = Urgency(max(story.row.urgency - 1, 1))
            story.event(EventKind.URGENCY_SET, by, urgency=raised)
        story.move("in_review", by)
        for _ in range(3 if end == "unreachable" else chance.choice((0, 0, 0, 1, 2))):
            story.goes_on(self._soon(6))
            self._try(story, by, "no_answer")
        if end in {"unreachable", "duplicate"}:
            story.goes_on(self._soon(10))
            story.move(end, by, claimed_by=None, claimed_until=None)
            if end == "duplicate" or chance.random() < 0.5:
                return
            story.goes_on(self._soon(30))
            self._back_again(story)
        self._answer(story, by, end)

    def _answer(self, story: Story, by: User, end: str) -> None:
        """The first contact, by a call or by a move, and what may come after it."""
        story.goes_on(self._soon(self.chance.choice((1, 4, 12))))
        answered = {
            "answered_at": story.at,
            "answered_by": by,
            "answered_after": self.hours.working_time_between(story.row.received_at, story.at),
        }
        if end in {"unreachable", "booked"} and self.chance.random() < 0.5:
            self._try(story, by, "reached", **answered)
            answered = {}
            story.goes_on(self._soon(5))
        end = "booked" if end == "unreachable" else end
        appointment: dict[str, Any] = (
            {"appointment_starts_at": story.at + timedelta(days=9)} if end == "booked" else {}
        )
        if end not in OPEN_STATUSES:
            appointment |= {"claimed_by": None, "claimed_until": None}
        story.move(end, by, **answered, **appointment)
        if end != "declined" and self.chance.random() < 0.15:
            story.goes_on(self._soon(60))
            self._worse(story)

    def _worse(self, story: Story) -> None:
        """A new promise, and never a later one while one stands."""
        row = story.row
        urgency = Urgency(min(row.urgency, Urgency.URGENT))
        standing = row.reply_by if row.answered_at is None else None
        told = [standing, promised_by(story.at, urgency, self.hours)]
        story.event(
            EventKind.WORSE,
            None,
            urgency=urgency,
            worse_at=row.worse_at or story.at,
            reply_by=min(filter(None, told)),
            patient_wrote_at=story.at,
        )

    def _try(self, story: Story, by: User, outcome: str, **values: Any) -> None:
        """An attempt to reach the patient; one in vain in five is undone."""
        planned = (
            {} if values else {"next_step": NextStep.CALL, "next_step_on": story.at.date(), "next_step_by": by}
        )
        values |= planned
        entry = story.event(EventKind.CONTACT_TRIED, by, **values)
        if outcome == "no_answer" and self.chance.random() < 0.2:
            story.at += MINUTE
            story.event(EventKind.UNDONE, by, undoes=entry.version)
        story.attempts.append(
            ContactAttempt(
                appointment_request=story.row,
                event=entry,
                channel="phone",
                outcome=outcome,
                tried_on=story.at.date(),
                part_of_day="morning",
            )
        )

    def _back_again(self, story: Story) -> None:
        """The patient writes after all: a later promise, which does not make good the first."""
        later = promised_by(story.at, Urgency(story.row.urgency), self.hours)
        story.event(EventKind.TIMES_CHANGED, None, reply_by=later, patient_wrote_at=story.at)
        story.move("in_review", None)


def _somebody_else(person: int) -> dict[str, Any]:
    return {"proxy_name": f"Invented Helper {person}", "proxy_relation": "Daughter", "has_proxy_consent": True}


def _open_the_clinic() -> WorkingHours:
    """Its hours of that year, in the database."""
    ClosedDate.objects.bulk_create(ClosedDate(date=day, reason="Holiday") for day in HOLIDAYS)
    OpeningHours.objects.create(weekday=SUNDAY, opens=NIGHT_DESK[0], closes=NIGHT_DESK[1])
    return working_hours()
