"""The figures that count requests: by day and state, by weekday and hour, by article, and what waits now by age."""

from datetime import date

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.formats import date_format

from appointments.lifecycle import OPEN_STATUSES, RequestStatus
from appointments.numbers import picture
from appointments.numbers.counts import AGES, ANSWERED, DUE, LATE
from appointments.numbers.figure import Facts, Figure
from appointments.numbers.period import Step
from appointments.numbers.table import Cell, Table, percent

TONES = {
    RequestStatus.RECEIVED: "open",
    RequestStatus.IN_REVIEW: "work",
    RequestStatus.AWAITING_PATIENT: "work",
    RequestStatus.BOOKED: "done",
}
STATES = [
    ("done", "Booked"),
    ("rest", "Closed in another way"),
    ("work", "In review, or waiting for the patient"),
    ("open", "Nobody has begun"),
]
WAITS_FOR = [
    ("late", LATE, "Promise has passed"),
    ("open", DUE, "Promise still stands"),
    ("work", ANSWERED, "Patient was reached, work is left"),
]
TOP_HOURS = {0: "12 am", 6: "6 am", 12: "noon", 18: "6 pm"}


def by_day(facts: Facts) -> Figure:
    """What came in, by where it stands now: an open part of an old column is work that was left."""
    steps, received, answered = list(facts.period.steps()), facts.days.received, facts.days.answered
    stacks = []
    for step in steps:
        of_tone = {tone: 0 for tone, _ in STATES}
        for status in RequestStatus:
            of_tone[TONES.get(status, "rest")] += received[step, status]
        stacks.append(list(of_tone.items()))
    rows: list[tuple[Cell, ...]] = [
        (
            _name(step, facts.period.step),
            sum(received[step, status] for status in RequestStatus),
            *(received[step, status] for status in RequestStatus),
            answered[step],
        )
        for step in steps
    ]
    total, contacts = sum(received.values()), sum(answered.values())
    still_open = sum(n for (_, status), n in received.items() if status in OPEN_STATUSES)
    word = facts.period.step.value
    return Figure(
        key="days",
        title=f"Requests per {word}",
        says=f"Received: {total}. Still open: {still_open}. First answers given in these days: {contacts}.",
        rule=f"Each column is what came in on that {word}, by where it stands now. The line counts the first "
        f"answers of that {word}, whenever the request had come. Where columns rise above it, the backlog grew.",
        table=Table(
            (word.capitalize(), "Received", *(str(status.label) for status in RequestStatus), "First answers"), rows
        ),
        picture=picture.columns(
            [_short_name(step, facts.period.step) for step in steps],
            stacks,
            [*STATES, ("curve", "First answers given")],
            curve=[answered[step] for step in steps],
        ),
    )


def backlog(facts: Facts) -> Figure:
    """What waits for the staff now, whenever it came in."""
    waiting = facts.backlog
    rows: list[tuple[Cell, ...]] = []
    for label, _ in AGES:
        numbers = [waiting.get((label, what), 0) for _, what, _ in WAITS_FOR]
        rows.append((label, sum(numbers), *numbers))
    late = sum(waiting.get((label, LATE), 0) for label, _ in AGES)
    return Figure(
        key="backlog",
        title="Open now, by age",
        says=f"Open now: {sum(waiting.values())}. Promise has passed for {late} of them.",
        rule="Everything in the queue at this moment, also what came before these days. The age is counted from "
        "receipt and never pauses.",
        table=Table(("Age", "Open", *(words for _, _, words in WAITS_FOR)), rows),
        picture=picture.bars(
            [(label, [(tone, waiting.get((label, what), 0)) for tone, what, _ in WAITS_FOR]) for label, _ in AGES],
            [(tone, words) for tone, _, words in WAITS_FOR],
        ),
    )


def by_weekday_and_hour(facts: Facts) -> Figure:
    """When requests come in: who should sit at the desk when."""
    arrivals = facts.arrivals
    days = range(7)
    by_weekday = [sum(arrivals.get((day, hour), 0) for hour in range(24)) for day in days]
    most = max(days, key=lambda day: by_weekday[day])
    hour = max(range(24), key=lambda hour: sum(arrivals.get((day, hour), 0) for day in days))
    rows: list[tuple[Cell, ...]] = [
        (_hour(hour), *(arrivals.get((day, hour), 0) for day in days)) for hour in range(24)
    ]
    return Figure(
        key="arrivals",
        title="When requests come in",
        says=f"Most came on {WEEKDAYS[most]} ({by_weekday[most]}). The busiest hour began at {_hour(hour)}."
        if any(by_weekday)
        else "Nothing came in.",
        rule="By weekday and hour, on the clock of the clinic. The darker the cell, the more came in.",
        table=Table(("From", *(str(WEEKDAYS_ABBR[day]) for day in days)), rows),
        picture=picture.grid(arrivals, [str(WEEKDAYS_ABBR[day]) for day in days], TOP_HOURS, 24),
    )


def by_article(facts: Facts) -> Figure:
    """Which pages send patients to us, and how many of their requests end in an appointment."""
    named = [(title or "No article", n, booked) for title, n, booked in facts.articles]
    from_one = sum(n for title, n, _ in facts.articles if title)
    total = facts.everybody.requests
    return Figure(
        key="articles",
        title="Articles that requests came from",
        says=f"From an article: {from_one} of {total}.",
        rule="The page from which the patient went to the form. Others began at the form itself, or by phone.",
        table=Table(
            ("Article", "Requests", "Booked", "Booked, of 100"),
            [(title, n, booked, percent(booked, n)) for title, n, booked in named],
        ),
        picture=picture.bars(
            [(title, [("done", booked), ("rest", n - booked)]) for title, n, booked in named],
            [("done", "Booked"), ("rest", "Not booked, or not yet")],
        ),
    )


def _name(step: date, size: Step) -> str:
    if size == Step.MONTH:
        return date_format(step, "F Y")
    return ("Week of " if size == Step.WEEK else "") + date_format(step, "D, M j, Y")


def _short_name(step: date, size: Step) -> str:
    return date_format(step, "M Y" if size == Step.MONTH else "M j")


def _hour(hour: int) -> str:
    """12 am, 1 am, noon, 1 pm."""
    return "noon" if hour == 12 else f"{(hour - 1) % 12 + 1} {'am' if hour < 12 else 'pm'}"
