"""The record tells everything: replayed from nothing, it gives the row. Shown by a long random walk.

A plain run makes 600 moves; with `--hypothesis-profile=thorough` it makes 5,000.
"""

import datetime
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from phonenumber_field.phonenumber import PhoneNumber

from appointments import claims
from appointments.booking import move_appointment
from appointments.changes import change_contact, change_times
from appointments.contact import log_attempt
from appointments.duplicates import link, unlink
from appointments.history import differences, entries_of
from appointments.lifecycle import TRANSITIONS, MoveRefused, NextStep, RequestStatus, Role, Urgency
from appointments.models import AppointmentRequest, Channel, EventKind, Outcome, PartOfDay, StatusChange
from appointments.patient_word import take_word
from appointments.plan import hand_over, plan
from appointments.reminders import ask_for_new_dates
from appointments.second_look import look_again
from appointments.undo import undo_last
from appointments.urgency import set_urgency
from appointments.worse import report_worse
from clinic.limits import LimitReached
from conditions.models import RedFlag
from tests.appointments.following import kept
from tests.staff import make_staff

PATIENT = frozenset({Role.PATIENT})
PEOPLE = (("ana", Role.RECEPTION), ("ben", Role.CLINICIAN), ("chris", Role.MANAGER))
# What a walk is made of, and is no step of it.
NO_ACTS = {"go", "any_row", "anybody", "somebody_for", "sent", "do"}
FLAGS = ("fever", "weight-loss", "calf-pain", "bladder")
PER_WALK = 8  # requests
PLAIN, THOROUGH = (6, 100), (25, 200)  # walks, and moves that each makes
MADE: Counter[str] = Counter()
REFUSED: Counter[str] = Counter()


class Walk:
    """Some requests of a few patients, several people of the staff, and a clock that goes on."""

    def __init__(self, random: Random, set_clock: Callable[[Callable[[], datetime.datetime]], None]) -> None:
        self.random = random
        self.now = timezone.now()
        set_clock(lambda: self.now)
        self.people = [make_staff(role, name) for name, role in PEOPLE]
        self.keys = [self.sent(number).pk for number in range(PER_WALK)]
        self.made = 0

    def go(self, moves: int) -> None:
        """Until so many acts have changed something; the rest is refused, and changes nothing."""
        while self.made < moves:
            self.random.choice(ACTS)(self)
        for row in AppointmentRequest.objects.all():
            assert differences(row) == {}
            assert_history_says_who_when_from_to_and_why(row)

    def any_row(self) -> AppointmentRequest:
        """One of the requests, as it is now."""
        return AppointmentRequest.objects.get(pk=self.random.choice(self.keys))

    def anybody(self) -> tuple[User, frozenset[Role]]:
        """One of the staff, and the role."""
        at = self.random.randrange(len(PEOPLE))
        return self.people[at], frozenset({PEOPLE[at][1]})

    def somebody_for(self, row: AppointmentRequest) -> tuple[User, frozenset[Role]]:
        """Mostly whoever has the request, so that not everything is refused."""
        holder = row.holder(self.now)
        if holder is None or self.random.random() < 0.2:
            return self.anybody()
        return holder, frozenset({PEOPLE[self.people.index(holder)][1]})

    def sent(self, number: int) -> AppointmentRequest:
        """Two and two are of one person; half of them have an amber answer, some a red flag."""
        return kept(
            *(FLAGS[number % 3 :][:1] if number % 3 == 0 else ()),
            birth_date=datetime.date(1962, 3, 1 + number // 2),
            numbness="weakness" if number % 2 else "",
        )

    def do(self, name: str, act: Callable[[], Any]) -> None:
        """One act, all or nothing; what the rules refuse changes nothing. Then what it changed must replay."""
        before = dict(AppointmentRequest.objects.values_list("pk", "version"))
        try:
            with transaction.atomic():
                act()
        except (MoveRefused, LimitReached) as refusal:
            REFUSED[f"{name}: {getattr(refusal, 'code', 'limit')}"] += 1
            assert dict(AppointmentRequest.objects.values_list("pk", "version")) == before
            return
        now = dict(AppointmentRequest.objects.values_list("pk", "version"))
        changed = [pk for pk, version in now.items() if before.get(pk) != version]
        note(f"{name}: {changed}")
        MADE[name] += bool(changed)
        self.made += bool(changed)
        for row in AppointmentRequest.objects.filter(pk__in=changed):
            assert differences(row) == {}, name

    def wait(self) -> None:
        """Claims run out, days pass."""
        self.now += datetime.timedelta(minutes=self.random.choice([1, 5, 30, 600, 1440]))

    def move(self) -> None:
        """A move that the table has from where the request is."""
        row = self.any_row()
        move = self.random.choice([move for move in TRANSITIONS if move.from_status == row.status] or TRANSITIONS)
        by, roles = self.somebody_for(row)
        books = move.needs_appointment_time
        self.do(
            f"move to {move.to_status}",
            lambda: row.move_to(
                move.to_status,
                by=by,
                roles=roles,
                note="Because.",
                message="Please call us." if move.needs_message else "",
                appointment_starts_at=self.now + datetime.timedelta(days=4) if books else None,
                appointment_with=by if books else None,
                appointment_place="Room 2" if books else "",
            ),
        )

    def move_the_appointment(self) -> None:
        row = self.any_row()
        by, roles = self.somebody_for(row)
        starts_at = self.now + datetime.timedelta(days=6)
        self.do("move the appointment", lambda: move_appointment(row, starts_at, by=by, roles=roles))

    def set_the_urgency(self) -> None:
        row, urgency = self.any_row(), self.random.choice(list(Urgency))
        by, roles = self.somebody_for(row)
        name = "raise" if urgency < row.urgency else "lower"
        self.do(name, lambda: set_urgency(row, urgency, by=by, roles=roles, may_lower=True, reason="Read again."))

    def undo(self) -> None:
        row = self.any_row()
        by, roles = self.somebody_for(row)
        self.do("undo", lambda: undo_last(row, by=by, roles=roles))

    def say_duplicate(self) -> None:
        duplicate, original = self.any_row(), self.any_row()
        by, roles = self.somebody_for(duplicate)
        self.do("link", lambda: link(duplicate, original, by=by, roles=roles, note="Same voice."))

    def say_no_duplicate(self) -> None:
        if rows := list(AppointmentRequest.objects.exclude(duplicate_of=None).order_by("pk")):
            row, (by, roles) = self.random.choice(rows), self.anybody()
            self.do("unlink", lambda: unlink(row, by=by, roles=roles, note="Another voice."))

    def try_to_reach(self) -> None:
        row = self.any_row()
        channel, outcome = self.random.choice(list(Channel)), self.random.choice(list(Outcome))
        by, roles = self.somebody_for(row)
        self.do("contact", lambda: log_attempt(row, channel, outcome, by=by, roles=roles, note="Tried."))

    def try_until_unreachable(self) -> None:
        """Three times on three days, and then what the table allows."""
        pk = self.random.choice(self.keys)
        for _ in range(3):
            row = AppointmentRequest.objects.get(pk=pk)
            by, roles = self.somebody_for(row)
            self.do("contact", lambda: log_attempt(row, "phone", "no_answer", by=by, roles=roles))  # noqa: B023
            self.now += datetime.timedelta(days=1)
        row = AppointmentRequest.objects.get(pk=pk)
        by, roles = self.somebody_for(row)
        self.do("move to unreachable", lambda: row.move_to("unreachable", by=by, roles=roles))

    def plan_ahead(self) -> None:
        row, (owner, _) = self.any_row(), self.anybody()
        by, roles = self.somebody_for(row)
        step, days = self.random.choice(list(NextStep)), self.random.randrange(7)
        on = timezone.localdate(self.now) + datetime.timedelta(days=days)
        self.do("plan", lambda: plan(row, step, on, owner, by=by, roles=roles))

    def hand_it_over(self) -> None:
        row, (owner, _) = self.any_row(), self.anybody()
        by, roles = self.somebody_for(row)
        self.do("hand over", lambda: hand_over(row, owner, by=by, roles=roles))

    def look_a_second_time(self) -> None:
        row = self.any_row()
        by, roles = self.somebody_for(row)
        self.do("second look", lambda: look_again(row, by=by, roles=roles))

    def take_next(self) -> None:
        by, roles = self.anybody()
        self.do("take next", lambda: claims.take_next(by=by, roles=roles))

    def take(self) -> None:
        row, (by, roles) = self.any_row(), self.anybody()
        self.do("take", lambda: claims.take(row, by=by, roles=roles))

    def take_over(self) -> None:
        row, (by, roles) = self.any_row(), self.anybody()
        self.do("take over", lambda: claims.take_over(row, by=by, roles=roles, reason="She is ill."))

    def give_back(self) -> None:
        row = self.any_row()
        by, roles = self.somebody_for(row)
        self.do("give back", lambda: claims.give_back(row, by=by, roles=roles))

    def log_out(self) -> None:
        by, _ = self.anybody()
        self.do("give all back", lambda: claims.give_back_all(by))

    def patient_is_worse(self) -> None:
        row, flags = self.any_row(), RedFlag.objects.filter(key=self.random.choice(["", *FLAGS]))
        self.do("worse", lambda: report_worse(row, flags, "Worse since last night."))

    def patient_adds(self) -> None:
        row = self.any_row()
        self.do("added", lambda: take_word(row, EventKind.ADDED, note="One thing more."))

    def patient_has_another_number(self) -> None:
        row, phone = self.any_row(), PhoneNumber.from_string(f"+14245550{self.random.randrange(100, 200)}")
        changes = {"phone": phone, "email": "other@example.com", "contact_times": [PartOfDay.MORNING]}
        self.do("contact changed", lambda: change_contact(row, changes))

    def patient_has_other_times(self) -> None:
        row, day = self.any_row(), self.random.randrange(7)
        last = timezone.localdate(self.now) + datetime.timedelta(days=day)
        times = {"windows": [f"{day}-midday"], "earliest_date": None, "latest_date": last, "unsuitable_dates": ""}
        self.do("times changed", lambda: change_times(row, times))

    def patient_withdraws(self) -> None:
        row = self.any_row()
        if self.random.random() < 0.3:  # not everybody
            self.do("withdraw", lambda: row.move_to(RequestStatus.WITHDRAWN, by=None, roles=PATIENT))

    def patient_sends_another(self) -> None:
        """In place of one that is closed, so that there is always something to do."""
        at = self.random.randrange(PER_WALK)
        if not AppointmentRequest.objects.get(pk=self.keys[at]).is_open:
            self.do("sent", lambda: self.keys.__setitem__(at, self.sent(at).pk))

    def clock_asks_for_new_dates(self) -> None:
        self.do("dates asked", lambda: ask_for_new_dates(self.now))


def assert_history_says_who_when_from_to_and_why(row: AppointmentRequest) -> None:
    """Each entry names its person or the patient, its time, and what it changed: from what, to what."""
    so_far: dict[str, Any] = {}
    last_at = row.received_at - datetime.timedelta(days=400)
    entries = entries_of(row)
    assert [entry.version for entry in entries] == list(range(1, row.version + 1))
    for entry in entries:
        assert (entry.changed_by is None) == (entry.role == Role.PATIENT)
        assert entry.changed_at >= last_at
        last_at = entry.changed_at
        if entry.version > 1:
            assert set(entry.before) == set(entry.after)
            assert {name: so_far.get(name, value) for name, value in entry.before.items()} == entry.before
        if isinstance(entry, StatusChange):
            assert entry.from_status == so_far.get("status", "")
            so_far["status"] = entry.to_status
            move = next((move for move in TRANSITIONS if move.to_status == entry.to_status), None)
            assert entry.note or entry.undoes or not (move and move.needs_note)
            assert entry.message or entry.undoes or not (move and move.needs_message)
        elif entry.kind in {EventKind.TAKEN_OVER, EventKind.DUPLICATE_LINKED} or entry.lowered_urgency:
            assert entry.note or entry.kind in {EventKind.UNDONE, EventKind.DUPLICATE_UNLINKED}
        so_far |= {name: value for name, value in entry.after.items() if name != "dates_asked_at"}


# Each as often as another, but for those that lead on.
ACTS: list[Callable[[Walk], None]] = [
    *[act for name, act in vars(Walk).items() if not name.startswith("_") and name not in NO_ACTS],
    *([Walk.move] * 5),
    *([Walk.set_the_urgency, Walk.undo, Walk.say_duplicate, Walk.say_no_duplicate] * 2),
]


@pytest.mark.slow
@pytest.mark.django_db
def test_replaying_the_record_gives_the_row_after_any_walk(
    clinic_data: None, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    is_thorough = pytestconfig.getoption("--hypothesis-profile") == "thorough"
    walks, moves = THOROUGH if is_thorough else PLAIN
    MADE.clear()
    REFUSED.clear()

    @settings(
        max_examples=walks,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # a walk that fails is told as it was: to shorten it takes minutes
    )
    @given(random=st.randoms(use_true_random=True))
    def walk(random: Random) -> None:
        with transaction.atomic():
            Walk(random, lambda clock: monkeypatch.setattr(timezone, "now", clock)).go(moves)
            transaction.set_rollback(True)

    walk()
    print(f"\n{sum(MADE.values())} moves:", dict(MADE.most_common()))  # noqa: T201
    print(f"{sum(REFUSED.values())} refused:", dict(REFUSED.most_common()))  # noqa: T201
    assert sum(MADE.values()) >= walks * moves
    every = {f"move to {status}" for status in RequestStatus} - {"move to received", "move to duplicate"}
    others = {"raise", "lower", "undo", "link", "unlink", "contact", "plan", "worse", "take over", "withdraw"}
    assert every | others <= set(MADE)
