"""The managers' numbers: a generated year, counted once by the page and once here, slowly, from the record."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from appointments.lifecycle import Urgency
from appointments.models import AppointmentRequest, RequestEvent, StatusChange
from appointments.numbers.figure import facts
from appointments.numbers.period import Period
from appointments.numbers.waits import NO_ANSWER, By
from clinic.models import ClosedDate, OpeningHours
from tests.appointments.generated_year import FIRST, LAST, YEAR, GeneratedYear
from tests.appointments.test_admin import signed_in
from tests.form_posts import page

NUMBERS = "/admin/appointments/appointmentrequest/numbers/"
ZONE = ZoneInfo("America/Los_Angeles")
WHOLE_YEAR = Period(FIRST, LAST, ZONE)
IN_THE_YEAR = {"from": "2024-01-01", "to": "2024-12-31"}
END = datetime(YEAR, 12, 31, 17, 0, tzinfo=ZONE)
MINUTE = timedelta(minutes=1)
OPEN = ("received", "in_review", "awaiting_patient")
NEVER = timedelta.max
BEGINS = datetime(YEAR - 1, 12, 30, tzinfo=ZONE).astimezone(UTC)  # of the minutes that are counted
StaffFactory = Callable[[str], User]


# The recount: plain Python over plain rows, and nothing of what it checks


@dataclass
class Recounted:
    """What one request comes to."""

    row: AppointmentRequest
    urgency: int
    promised: datetime
    outcome: str
    reason: str
    waited: timedelta | None
    worked: timedelta | None
    told: timedelta


@cache
def open_before_each_minute(opening: frozenset[tuple[int, time, time]], closed: frozenset[date]) -> list[int]:
    """How many minutes the clinic was open since BEGINS, for each minute: one look at the clock each."""
    counted = [0]
    for number in range(390 * 24 * 60):
        clock = (BEGINS + number * MINUTE).astimezone(ZONE)
        day, now = clock.weekday(), clock.time()
        is_open = any(weekday == day and opens <= now < closes for weekday, opens, closes in opening)
        counted.append(counted[-1] + (is_open and clock.date() not in closed))
    return counted


@dataclass
class Record:
    """The rows of the database, with the minutes in which the clinic was open."""

    rows: list[AppointmentRequest] = field(default_factory=list)
    entries: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    open_before: list[int] = field(default_factory=list)

    @classmethod
    def read(cls) -> "Record":
        record = cls()
        everything = AppointmentRequest.objects.select_related("article").order_by("pk")
        record.rows = [row for row in everything if row.received_at.astimezone(ZONE).year == YEAR]
        assert len(record.rows) < len(everything)  # some came in the night before: they do not count
        everything_that_happened: list[Any] = [*StatusChange.objects.all(), *RequestEvent.objects.all()]
        for entry in everything_that_happened:
            record.entries[entry.appointment_request_id].append(entry)
        for entries in record.entries.values():
            entries.sort(key=lambda entry: entry.version)
        opening = frozenset(OpeningHours.objects.values_list("weekday", "opens", "closes"))
        record.open_before = open_before_each_minute(
            opening, frozenset(ClosedDate.objects.values_list("date", flat=True))
        )
        return record

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """The open minutes between two whole minutes."""
        first, last = ((moment - BEGINS) // MINUTE for moment in (start, end))
        return (self.open_before[last] - self.open_before[first]) * MINUTE

    def first_promise(self, start: datetime, hours: int) -> datetime:
        """Minute by minute until so many open hours have passed; then to five minutes, if it is still open."""
        minute = (start - BEGINS) // MINUTE
        wanted = self.open_before[minute] + hours * 60
        while self.open_before[minute] < wanted:
            minute += 1
        while minute % 5 and self.open_before[minute + 1] > self.open_before[minute]:
            minute += 1
        return BEGINS + minute * MINUTE

    def recount(self, row: AppointmentRequest, now: datetime) -> Recounted:
        """Walk through the record of one request from its first entry to its last."""
        first, *later = self.entries[row.pk]
        promised, urgency = datetime.fromisoformat(first.after["reply_by"]), first.after["urgency"]
        answered, taken, tried, ended = None, None, None, now
        undone = {entry.undoes for entry in later}
        for entry in later:
            at, after = entry.changed_at, entry.after
            if "reply_by" in after and answered is None:
                promised = min(promised, datetime.fromisoformat(after["reply_by"]))
            if "answered_at" in after:
                answered = parse_datetime(after["answered_at"])
            if entry.changed_by_id:
                taken = taken or at
            if getattr(entry, "kind", "") == "contact_tried" and entry.version not in undone:
                tried = tried or at
            if hasattr(entry, "to_status") and entry.to_status not in OPEN:
                ended = at
            elif hasattr(entry, "to_status"):
                ended = now
        ended = answered or ended
        is_open, is_over = row.status in OPEN, promised < ended
        if answered:
            outcome = "late" if is_over else "kept"
        elif row.status == "duplicate":
            outcome = "duplicate"
        elif is_over:
            outcome = "waiting" if is_open else "never"
        else:
            outcome = "not_due" if is_open else "closed_before"
        if not taken or taken > promised:
            reason = "not_taken"
        else:
            reason = "not_tried" if not tried or tried > promised else "not_reached"
        never = NEVER if outcome in {"waiting", "never"} else None
        return Recounted(
            row=row,
            urgency=urgency,
            promised=promised,
            outcome=outcome,
            reason=reason,
            waited=answered - row.received_at if answered else never,
            worked=self.worked(row.received_at, answered) if answered else never,
            told=promised - row.received_at,
        )


def within(percent: int, times: list[timedelta]) -> timedelta | None:
    """The time within which so many of a hundred fall."""
    return sorted(times)[math.ceil(len(times) * percent / 100) - 1] if times else None


def spread(times: list[timedelta | None]) -> list[str]:
    """Within which 50, 90 and 95 of a hundred fall, in the words of the page."""
    known = [wait for wait in times if wait is not None]
    return [clock(within(percent, known)) for percent in (50, 90, 95)]


def clock(wait: timedelta | None) -> str:
    """As the page says it: days and hours, or hours and minutes."""
    if wait is None:
        return "none"
    if wait == NEVER:
        return "not yet"
    minutes = math.ceil(wait.total_seconds() / 60)
    if minutes < 48 * 60:
        big, small, units = minutes // 60, minutes % 60, ("h", "min")
    else:
        hours = math.ceil(minutes / 60)
        big, small, units = hours // 24, hours % 24, ("d", "h")
    text = " ".join(f"{number} {unit}" for number, unit in zip((big, small), units, strict=True) if number)
    return text or "0 min"


# What the page says


def tables(html: str) -> dict[str, dict[str, list[str]]]:
    """The cells of each table, by the figure's key and the name of the row."""
    found = {}
    for key, section in re.findall(r'<h2 id="([a-z]+)">(.*?)</section>', html, flags=re.DOTALL):
        rows = re.findall(r"<tr>(.*?)</tr>", section.split("<tbody>")[1], flags=re.DOTALL)
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
        found[key] = {row[0]: row[1:] for row in cells}
    return found


@pytest.fixture
def year(clinic_data: None, staff: StaffFactory) -> Record:
    """2,000 requests, as they stand at the end of the year."""
    GeneratedYear(2_000, END).keep()
    return Record.read()


@pytest.mark.django_db
@pytest.mark.slow
def test_numbers_of_a_year_equal_a_slow_recount(year: Record, staff: StaffFactory) -> None:
    """Promises, reasons, waiting and working times of every group, with holidays and both clock changes."""
    shown = tables(page(signed_in(staff("manager")).get(NUMBERS, IN_THE_YEAR)))
    all_of_them = [year.recount(row, timezone.now()) for row in year.rows]
    assert {one.outcome for one in all_of_them} == {
        *("kept", "late", "waiting", "never", "closed_before", "duplicate")  # after so long nothing is not due
    }
    by_urgency = {"All": all_of_them} | {
        label: [one for one in all_of_them if one.urgency == value] for value, label in Urgency.choices
    }
    allowed = {"All": "none", "Emergency": "1 h", "Urgent": "4 h", "Soon": "8 h", "Routine": "16 h"}
    for label, group in by_urgency.items():
        outcomes = Counter(one.outcome for one in group)
        missed = outcomes["late"] + outcomes["waiting"] + outcomes["never"]
        names = ("kept", "late", "waiting", "never", "not_due", "closed_before", "duplicate", "no_promise")
        kept_of_due = f"{outcomes['kept'] * 100 // (outcomes['kept'] + missed)} %"
        assert shown["promises"][label] == [str(len(group)), *(str(outcomes[n]) for n in names), kept_of_due]
        counted = [one for one in group if one.waited is not None]
        waited, worked = spread([one.waited for one in counted]), spread([one.worked for one in counted])
        told = spread([one.told for one in counted])
        assert shown["waiting"][label] == [str(len(counted)), *waited, *told]
        assert shown["contact"][label] == [str(len(counted)), *worked, allowed[label]]
    assert shown["missed"] == reasons(all_of_them)
    assert shown["fairness"] == fair(all_of_them)
    assert "not yet" in shown["waiting"]["All"] + shown["waiting"]["Emergency"] + shown["waiting"]["Routine"]


def reasons(all_of_them: list[Recounted]) -> dict[str, list[str]]:
    names = {
        "not_taken": "Nobody had acted on it in time",
        "not_tried": "Taken in time, but nobody tried to reach the patient",
        "not_reached": "Tried in time, but the patient was not reached",
    }
    missed = Counter(
        (one.reason, one.outcome) for one in all_of_them if one.outcome in {"late", "waiting", "never"}
    )
    assert len(missed) == 9  # the year has every kind
    table = {}
    for reason, name in names.items():
        numbers = [missed[reason, outcome] for outcome in ("late", "waiting", "never")]
        table[name] = [str(sum(numbers)), *map(str, numbers)]
    return table


def fair(all_of_them: list[Recounted]) -> dict[str, list[str]]:
    groups: dict[str, Callable[[AppointmentRequest], bool]] = {
        "Everybody": lambda row: True,
        "By web form": lambda row: row.source == "web",
        "By phone": lambda row: row.source == "phone",
        "By walk-in": lambda row: row.source == "walk_in",
        "Speaks: English": lambda row: row.spoken_language == "en",
        "Speaks: Spanish": lambda row: row.spoken_language == "es",
        "Speaks: Another language": lambda row: row.spoken_language == "other",
        "Asked for themselves": lambda row: not row.proxy_name,
        "Somebody else asked": lambda row: bool(row.proxy_name),
    }
    table = {}
    for name, belongs in groups.items():
        group = [one for one in all_of_them if belongs(one.row) and one.waited is not None]
        people = {(one.row.full_name.lower(), one.row.birth_date) for one in group}
        half = [clock(within(50, [one.worked for one in group])), clock(within(50, [one.waited for one in group]))]  # type: ignore[misc]
        table[name] = [str(len(group)), *half] if len(people) >= 10 else ["too few"] * 3
        if name == "By walk-in":
            assert len(group) > 10 > len(people)  # many requests by few people: withheld
    return table


@pytest.mark.django_db
@pytest.mark.slow
def test_numbers_while_the_year_lasts_equal_a_slow_recount(year: Record) -> None:
    """At its last moment, when some promises are not due yet; and the record's own times are those of the clock."""
    all_of_them = [year.recount(row, END) for row in year.rows]
    counted = facts(WHOLE_YEAR, END).groups
    outcomes = Counter(one.outcome for one in all_of_them)
    assert {str(name): n for name, n in counted[By.ALL, ""].outcomes.items() if n} == dict(outcomes)
    assert outcomes["not_due"]
    for one in all_of_them:
        first = year.entries[one.row.pk][0]
        hours = {1: 1, 2: 4, 3: 8, 4: 16}[first.after["urgency"]]
        assert parse_datetime(first.after["reply_by"]) == year.first_promise(one.row.received_at, hours)
        if one.row.answered_at:
            assert one.row.answered_after == one.worked
    for month in range(1, 13):
        last = (date(YEAR, month, 1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        some = [one for one in all_of_them if one.row.received_at.astimezone(ZONE).month == month]
        group = facts(Period(date(YEAR, month, 1), last, ZONE), END).groups[By.ALL, ""]
        assert group.requests == len(some)
        times = [one.waited for one in some if one.waited is not None]
        spread_of_month = [NEVER if wait == NO_ANSWER else wait for wait in group.waited.times()]
        assert spread_of_month == [within(percent, times) for percent in (50, 90, 95)]


@pytest.mark.django_db
@pytest.mark.slow
def test_counts_of_a_year_equal_a_slow_recount(year: Record, staff: StaffFactory) -> None:
    """By week, by hour, by article, and what waits now by age, on the clinic's clock."""
    shown = tables(page(signed_in(staff("manager")).get(NUMBERS, IN_THE_YEAR)))
    statuses = ("received", "in_review", "awaiting_patient", "booked", "declined", "unreachable", "duplicate")
    weeks: dict[date, Counter[str]] = defaultdict(Counter)
    cells: Counter[tuple[int, int]] = Counter()
    articles: Counter[str] = Counter()
    booked: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    for row in year.rows:
        here = row.received_at.astimezone(ZONE)
        weeks[monday(here.date())][row.status] += 1
        cells[here.weekday(), here.hour] += 1
        title = row.article.title if row.article else "No article"
        articles[title] += 1
        booked[title] += row.status == "booked"
    for row in AppointmentRequest.objects.all():  # also those from the night before the year
        if row.answered_at and row.answered_at.astimezone(ZONE).year == YEAR:
            weeks[monday(row.answered_at.astimezone(ZONE).date())]["answered"] += 1
        if row.status in OPEN or (row.status == "booked" and row.worse_at):
            is_late = row.answered_at is None or row.patient_wrote_at is not None
            waiting["late" if is_late else "met"] += 1
    assert len(shown["days"]) == 53
    for week, counts in weeks.items():
        numbers = [counts[status] for status in (*statuses, "withdrawn")]
        expected = [sum(numbers), *numbers, counts["answered"]]
        assert shown["days"][f"Week of {week:%a, %b} {week.day}, {week.year}"] == [
            str(number) for number in expected
        ]
    hours = ["12 am", *(f"{hour} am" for hour in range(1, 12)), "noon", *(f"{hour} pm" for hour in range(1, 12))]
    assert shown["arrivals"] == {
        name: [str(cells[day, hour]) for day in range(7)] for hour, name in enumerate(hours)
    }
    assert cells[6, 1] > cells[6, 5] > 0  # the night in which 1 am came twice
    assert shown["articles"] == {
        title: [str(n), str(booked[title]), f"{booked[title] * 100 // n} %"] for title, n in articles.items()
    }
    late, met = waiting["late"], waiting["met"]
    assert shown["backlog"]["4 weeks or more"] == [str(late + met), str(late), "0", str(met)]
    assert late and met


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
