"""The record tells everything: replayed from nothing, it gives the row. Shown by a long random walk.

A plain run walks some hundred steps; with `--hypothesis-profile=thorough` it walks until 5,000 moves were made.
"""

import datetime
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
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
FLAGS = ("fever", "weight-loss", "calf-pain", "bladder")
PER_WALK = 8  # requests
PLAIN, THOROUGH = 500, 5_000  # moves that were made, at least
STEPS = 50  # of one walk
MADE: Counter[str] = Counter()
REFUSED: Counter[str] = Counter()

one_of_them = st.integers(0, PER_WALK - 1)
somebody = st.integers(0, len(PEOPLE) - 1)
days = st.integers(0, 6)


class Walk(RuleBasedStateMachine):
    """Some requests of a few patients, several people of the staff, and a clock that goes on."""

    set_clock: ClassVar[Callable[[Callable[[], datetime.datetime]], None]]

    @initialize()
    def begin(self) -> None:
        """Everything happens in a transaction that is rolled back at the end of the walk."""
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.now = timezone.now()
        type(self).set_clock(lambda: self.now)
        self.people = [make_staff(role, name) for name, role in PEOPLE]
        self.to_look_at: set[int] = set()
        self.keys = [self.sent(number).pk for number in range(PER_WALK)]

    def teardown(self) -> None:
        """The last look at every request of this walk."""
        if hasattr(self, "transaction"):
            try:
                for row in AppointmentRequest.objects.all():
                    assert differences(row) == {}
                    assert_history_says_who_when_from_to_and_why(row)
            finally:
                transaction.set_rollback(True)
                self.transaction.__exit__(None, None, None)

    def sent(self, number: int) -> AppointmentRequest:
        """Two and two are of one person; half of them have an amber answer, some a red flag."""
        return kept(
            *(FLAGS[number % 3 :][:1] if number % 3 == 0 else ()),
            birth_date=datetime.date(1962, 3, 1 + number // 2),
            numbness="weakness" if number % 2 else "",
        )

    def row(self, number: int) -> AppointmentRequest:
        """The request as it is now."""
        return AppointmentRequest.objects.get(pk=self.keys[number])

    def person(self, who: int, row: AppointmentRequest) -> tuple[User, frozenset[Role]]:
        """Mostly whoever has the request, so that not everything is refused."""
        holder = row.holder(self.now)
        at = self.people.index(holder) if holder is not None and who else who
        return self.people[at], frozenset({PEOPLE[at][1]})

    def do(self, name: str, act: Callable[[], Any]) -> None:
        """One act, all or nothing; what the rules refuse is no move. A little later the next one may come."""
        versions = dict(AppointmentRequest.objects.values_list("pk", "version"))
        try:
            with transaction.atomic():
                act()
        except (MoveRefused, LimitReached) as refusal:
            REFUSED[f"{name}: {getattr(refusal, 'code', 'limit')}"] += 1
            assert dict(AppointmentRequest.objects.values_list("pk", "version")) == versions
        else:
            now = dict(AppointmentRequest.objects.values_list("pk", "version"))
            changed = [pk for pk, version in now.items() if versions.get(pk) != version]
            MADE[name] += bool(changed)
            self.to_look_at.update(changed)

    @rule(minutes=st.integers(1, 600))
    def wait(self, minutes: int) -> None:
        """Claims run out, days pass."""
        self.now += datetime.timedelta(minutes=minutes)

    @rule(number=one_of_them, who=somebody, move=st.sampled_from(TRANSITIONS))
    def move(self, number: int, who: int, move: Any) -> None:
        """A move of the table, often one that starts where the request is."""
        row = self.row(number)
        from_here = [other for other in TRANSITIONS if other.from_status == row.status]
        move = from_here[TRANSITIONS.index(move) % len(from_here)] if from_here else move
        by, roles = self.person(who, row)
        self.do(
            f"move to {move.to_status}",
            lambda: row.move_to(
                move.to_status,
                by=by,
                roles=roles,
                note="Because.",
                message="Please call us." if move.needs_message else "",
                appointment_starts_at=self.now + datetime.timedelta(days=4)
                if move.needs_appointment_time
                else None,
                appointment_with=by if move.needs_appointment_time else None,
                appointment_place="Room 2" if move.needs_appointment_time else "",
            ),
        )

    @rule(number=one_of_them, who=somebody)
    def move_the_appointment(self, number: int, who: int) -> None:
        row = self.row(number)
        by, roles = self.person(who, row)
        starts_at = self.now + datetime.timedelta(days=6)
        self.do("move the appointment", lambda: move_appointment(row, starts_at, by=by, roles=roles))

    @rule(number=one_of_them, who=somebody, urgency=st.sampled_from(Urgency))
    def set_the_urgency(self, number: int, who: int, urgency: Urgency) -> None:
        row = self.row(number)
        by, roles = self.person(who, row)
        name = "raise" if urgency < row.urgency else "lower"
        self.do(
            name, lambda: set_urgency(row, urgency, by=by, roles=roles, may_lower=True, reason="Read it again.")
        )

    @rule(number=one_of_them, who=somebody)
    def undo(self, number: int, who: int) -> None:
        row = self.row(number)
        by, roles = self.person(who, row)
        self.do("undo", lambda: undo_last(row, by=by, roles=roles))

    @rule(number=one_of_them, other=one_of_them, who=somebody)
    def say_duplicate(self, number: int, other: int, who: int) -> None:
        duplicate, original = self.row(number), self.row(other)
        by, roles = self.person(who, duplicate)
        self.do("link", lambda: link(duplicate, original, by=by, roles=roles, note="Same voice."))

    @rule(at=st.integers(0, 3), who=somebody)
    def say_no_duplicate(self, at: int, who: int) -> None:
        duplicates = AppointmentRequest.objects.exclude(duplicate_of=None).order_by("pk")
        if row := duplicates[at : at + 1].first() or duplicates.first():
            by, roles = self.people[who], frozenset({PEOPLE[who][1]})
            self.do("unlink", lambda: unlink(row, by=by, roles=roles, note="Another voice."))

    @rule(number=one_of_them, who=somebody, channel=st.sampled_from(Channel), outcome=st.sampled_from(Outcome))
    def try_to_reach(self, number: int, who: int, channel: Channel, outcome: Outcome) -> None:
        row = self.row(number)
        by, roles = self.person(who, row)
        self.do("contact", lambda: log_attempt(row, channel, outcome, by=by, roles=roles, note="Tried."))

    @rule(number=one_of_them, who=somebody)
    def try_in_vain(self, number: int, who: int) -> None:
        """As often as it takes until “unreachable” may be chosen."""
        for _ in range(3):
            self.try_to_reach(number, who, Channel.PHONE, Outcome.NO_ANSWER)
            self.now += datetime.timedelta(days=1)

    @rule(number=one_of_them, who=somebody, owner=somebody, step=st.sampled_from(NextStep), day=days)
    def plan_ahead(self, number: int, who: int, owner: int, step: NextStep, day: int) -> None:
        row = self.row(number)
        by, roles = self.person(who, row)
        on = timezone.localdate(self.now) + datetime.timedelta(days=day)
        self.do("plan", lambda: plan(row, step, on, self.people[owner], by=by, roles=roles))

    @rule(number=one_of_them, who=somebody, owner=somebody)
    def hand_it_over(self, number: int, who: int, owner: int) -> None:
        row = self.row(number)
        by, roles = self.person(who, row)
        self.do("hand over", lambda: hand_over(row, self.people[owner], by=by, roles=roles))

    @rule(number=one_of_them, who=somebody)
    def look_a_second_time(self, number: int, who: int) -> None:
        row = self.row(number)
        by, roles = self.person(who, row)
        self.do("second look", lambda: look_again(row, by=by, roles=roles))

    @rule(who=somebody)
    def take_next(self, who: int) -> None:
        roles = frozenset({PEOPLE[who][1]})
        self.do("take next", lambda: claims.take_next(by=self.people[who], roles=roles))

    @rule(number=one_of_them, who=somebody)
    def take(self, number: int, who: int) -> None:
        roles = frozenset({PEOPLE[who][1]})
        self.do("take", lambda: claims.take(self.row(number), by=self.people[who], roles=roles))

    @rule(number=one_of_them, who=somebody)
    def take_over(self, number: int, who: int) -> None:
        by, roles = self.people[who], frozenset({PEOPLE[who][1]})
        self.do("take over", lambda: claims.take_over(self.row(number), by=by, roles=roles, reason="She is ill."))

    @rule(number=one_of_them, who=somebody)
    def give_back(self, number: int, who: int) -> None:
        row = self.row(number)
        by, roles = self.person(who, row)
        self.do("give back", lambda: claims.give_back(row, by=by, roles=roles))

    @rule(who=somebody)
    def log_out(self, who: int) -> None:
        roles = frozenset({PEOPLE[who][1]})
        self.do("give all back", lambda: claims.give_back_all(self.people[who], roles))

    @rule(number=one_of_them, flag=st.sampled_from(["", *FLAGS]))
    def patient_is_worse(self, number: int, flag: str) -> None:
        flags = RedFlag.objects.filter(key=flag)
        self.do("worse", lambda: report_worse(self.row(number), flags, "Worse since last night."))

    @rule(number=one_of_them)
    def patient_adds(self, number: int) -> None:
        self.do("added", lambda: take_word(self.row(number), EventKind.ADDED, note="One thing more."))

    @rule(number=one_of_them, line=st.integers(100, 199))
    def patient_has_another_number(self, number: int, line: int) -> None:
        phone = PhoneNumber.from_string(f"+14245550{line}")
        changes = {"phone": phone, "email": "other@example.com", "contact_times": [PartOfDay.MORNING]}
        self.do("contact changed", lambda: change_contact(self.row(number), changes))

    @rule(number=one_of_them, day=days)
    def patient_has_other_times(self, number: int, day: int) -> None:
        last = timezone.localdate(self.now) + datetime.timedelta(days=day)
        times = {"windows": [f"{day}-midday"], "earliest_date": None, "latest_date": last, "unsuitable_dates": ""}
        self.do("times changed", lambda: change_times(self.row(number), times))

    @rule(number=one_of_them)
    def patient_withdraws(self, number: int) -> None:
        row = self.row(number)
        if number % 4 == 0:  # not everybody
            self.do("withdraw", lambda: row.move_to(RequestStatus.WITHDRAWN, by=None, roles=PATIENT))

    @rule(number=one_of_them)
    def patient_sends_another(self, number: int) -> None:
        """In place of one that is closed, so that there is always something to do."""
        if not self.row(number).is_open:
            self.keys[number] = self.sent(number).pk
            MADE["sent"] += 1

    @rule()
    def clock_asks_for_new_dates(self) -> None:
        self.do("dates asked", lambda: ask_for_new_dates(self.now))

    @invariant()
    def what_was_changed_replays(self) -> None:
        """After every step, for each request that it changed."""
        while getattr(self, "to_look_at", None):
            assert differences(AppointmentRequest.objects.get(pk=self.to_look_at.pop())) == {}


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


@pytest.mark.slow
@pytest.mark.django_db
def test_replaying_the_record_gives_the_row_after_any_walk(
    clinic_data: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    wanted = THOROUGH if request.config.getoption("--hypothesis-profile") == "thorough" else PLAIN
    MADE.clear()
    REFUSED.clear()
    Walk.set_clock = lambda clock: monkeypatch.setattr(timezone, "now", clock)
    walking = settings(
        max_examples=wanted // 25,  # walks; about half of what is tried is refused
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=[Phase.generate],  # a walk that fails is printed as it was: to shorten it takes minutes
        database=None,
    )
    run_state_machine_as_test(Walk, settings=walking)
    print(sum(MADE.values()), "moves:", dict(MADE.most_common()))  # noqa: T201
    print(sum(REFUSED.values()), "refused:", dict(REFUSED.most_common()))  # noqa: T201
    assert sum(MADE.values()) >= wanted
    every = {f"move to {move.to_status}" for move in TRANSITIONS} - {"move to duplicate"}
    assert every | {"raise", "lower", "undo", "link", "unlink", "contact", "plan", "worse", "take over"} <= set(
        MADE
    )
