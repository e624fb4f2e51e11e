"""The figures about waiting: promises kept and missed, how long it took, why it failed, and whether it was fair."""

from datetime import timedelta

from appointments.lifecycle import Urgency
from appointments.models import RequestSource, SpokenLanguage
from appointments.numbers import picture
from appointments.numbers.figure import Facts, Figure
from appointments.numbers.picture import Times
from appointments.numbers.table import Cell, Table, percent, words
from appointments.numbers.waits import MISSED, NO_ANSWER, By, Group, Outcome, Reason, Spread
from appointments.promise import ALLOWANCES

FEWEST_PEOPLE = 10  # of fewer, a figure would tell about single people
TOO_FEW = "too few"
OUTCOMES = {
    Outcome.KEPT: "Kept",
    Outcome.LATE: "Answered late",
    Outcome.WAITING: "Late, still waiting",
    Outcome.NEVER: "Late, closed unanswered",
    Outcome.NOT_DUE: "Not due yet",
    Outcome.CLOSED_BEFORE: "Closed before it was due",
    Outcome.DUPLICATE: "Duplicate",
    Outcome.NO_PROMISE: "No promise",
}
REASONS = {
    Reason.NOT_TAKEN: "Nobody had acted on it in time",
    Reason.NOT_TRIED: "Taken in time, but nobody tried to reach the patient",
    Reason.NOT_REACHED: "Tried in time, but the patient was not reached",
}
SHARES = ("Half of them", "9 of every 10", "95 of every 100")
CUTS = tuple(f"{share} within" for share in SHARES)
DOTS = [*((f"cut-{place}", share) for place, share in enumerate(SHARES)), ("never", "No answer yet")]
COUNTED = (
    "Counted: requests that were answered, and those whose promise has passed without an answer. The latter count "
    "as longer than any other."
)
BY_URGENCY = "By urgency as it was when sent."


def promises(facts: Facts) -> Figure:
    """How many promises were kept, by urgency."""
    everybody, all_due = facts.everybody, facts.everybody.due
    rows: list[tuple[Cell, ...]] = []
    bars = []
    for label, group in _by_urgency(facts):
        outcomes = [group.outcomes.get(outcome, 0) for outcome in OUTCOMES]
        kept = group.outcomes.get(Outcome.KEPT, 0)
        rows.append((label, group.requests, *outcomes, percent(kept, group.due)))
        not_due = group.outcomes.get(Outcome.NOT_DUE, 0)
        rest = group.requests - kept - group.missed - not_due
        bars.append((label, [("done", kept), ("late", group.missed), ("open", not_due), ("rest", rest)]))
    return Figure(
        key="promises",
        title="Promises kept and missed",
        says=f"Kept: {all_due - everybody.missed} of {all_due} that were due. Missed: {everybody.missed}.",
        rule=f"The promise is the earliest that the patient was told before the first answer. {BY_URGENCY}",
        table=Table(("Urgency", "Received", *OUTCOMES.values(), "Kept, of those due"), rows),
        picture=picture.bars(
            bars[1:],
            [("done", "Kept"), ("late", "Missed"), ("open", "Not due yet"), ("rest", "No answer was due")],
        ),
    )


def waiting(facts: Facts) -> Figure:
    """Waiting time as the patient's clock counts it, beside what the patient was told."""
    groups = _by_urgency(facts)
    everybody = facts.everybody
    half = everybody.promised.half
    promised = "" if half is None else f" Half of them were promised one {_within(half)}."
    return Figure(
        key="waiting",
        title="Waiting time against the promise",
        says=_answered(everybody.waited) + promised,
        rule=f"From receipt to the first answer; nights and weekends count. {COUNTED} {BY_URGENCY}",
        table=Table(
            ("Urgency", "Counted", *CUTS, *(f"Promised: {cut.lower()}" for cut in CUTS)),
            [(label, group.counted, *group.waited.times(), *group.promised.times()) for label, group in groups],
            times=frozenset(range(2, 8)),
        ),
        picture=picture.times(
            [Times(label, group.waited.times(), group.promised.times()) for label, group in groups],
            [*DOTS, ("promise", "What was promised, to half of them and to 95 of every 100")],
        ),
    )


def first_contact(facts: Facts) -> Figure:
    """The working hours that it took, beside the allowance from which promises are reckoned."""
    groups = [(label, group, _allowed(label)) for label, group in _by_urgency(facts)]
    return Figure(
        key="contact",
        title="Working hours to the first contact",
        says=_answered(facts.everybody.worked),
        rule=f"Only hours in which the clinic is open count. {COUNTED} {BY_URGENCY}",
        table=Table(
            ("Urgency", "Counted", *CUTS, "Allowed"),
            [(label, group.counted, *group.worked.times(), allowed) for label, group, allowed in groups],
            times=frozenset(range(2, 6)),
        ),
        picture=picture.times(
            [Times(label, group.worked.times(), (allowed,)) for label, group, allowed in groups],
            [*DOTS, ("promise", "What is allowed")],
        ),
    )


def missed(facts: Facts) -> Figure:
    """Why promises were missed: what had not happened when they passed."""
    counts = facts.everybody.reasons
    of_reason = {reason: sum(counts[reason, outcome] for outcome in MISSED) for reason in Reason}
    most = max(Reason, key=lambda reason: of_reason[reason])
    tones = {Outcome.LATE: "work", Outcome.WAITING: "late", Outcome.NEVER: "rest"}
    return Figure(
        key="missed",
        title="Missed promises, and why",
        says=f"Missed: {facts.everybody.missed}. Most often: {REASONS[most].lower()} ({of_reason[most]})."
        if facts.everybody.missed
        else "No promise was missed.",
        rule="What had not happened when the promise passed, from the record of each request. An attempt that was "
        "undone does not count.",
        table=Table(
            ("When the promise passed", "Missed", *(OUTCOMES[outcome] for outcome in MISSED)),
            [
                (REASONS[reason], of_reason[reason], *(counts[reason, outcome] for outcome in MISSED))
                for reason in Reason
            ],
        ),
        picture=picture.bars(
            [
                (REASONS[reason], [(tones[outcome], counts[reason, outcome]) for outcome in MISSED])
                for reason in Reason
            ],
            [(tones[outcome], OUTCOMES[outcome]) for outcome in MISSED],
        ),
    )


def fairness(facts: Facts) -> Figure:
    """Whether some wait longer than others. Groups of fewer than ten people are withheld."""
    rows: list[tuple[Cell, ...]] = []
    lines = []
    for label, group in _fair_groups(facts):
        if group.people < FEWEST_PEOPLE:
            rows.append((label, TOO_FEW, TOO_FEW, TOO_FEW))
            continue
        rows.append((label, group.counted, group.worked.half, group.waited.half))
        lines.append(Times(label, (group.worked.half,)))
    return Figure(
        key="fairness",
        title="Is it fair?",
        says=f"Groups with enough people to compare: {max(len(lines) - 1, 0)}. "
        f"Of everybody, half were answered {_within(facts.everybody.worked.half)}."
        if lines
        else "Too few people to compare.",
        rule=f"The working hours within which half of each group had their first answer. Groups of fewer than "
        f"{FEWEST_PEOPLE} people are withheld. {COUNTED}",
        table=Table(
            ("Group", "Counted", "Half within, working time", "Half within, any time"), rows, frozenset({2, 3})
        ),
        picture=picture.times(lines, [DOTS[0], DOTS[-1]]) if lines else None,
    )


def _answered(spread: Spread) -> str:
    """How fast half of the patients, and nine of every ten, had their answer: a sentence for each."""
    if spread.half is None:
        return "There is nobody to count."
    told = (("half of the patients", spread.half), ("9 of every 10 patients", spread.nine_in_ten))
    return " ".join(
        f"Fewer than {share} have an answer yet."
        if time is None or time >= NO_ANSWER
        else f"{share[0].upper()}{share[1:]} had an answer {_within(time)}."
        for share, time in told
    )


def _within(time: timedelta | None) -> str:
    return words(time) if time is None or time >= NO_ANSWER else f"within {words(time)}"


def _by_urgency(facts: Facts) -> list[tuple[str, Group]]:
    """All, then each urgency."""
    each = [(str(urgency.label), facts.group(By.URGENCY, str(urgency.value))) for urgency in Urgency]
    return [("All", facts.everybody), *each]


def _allowed(label: str) -> timedelta | None:
    return next((ALLOWANCES[urgency] for urgency in Urgency if urgency.label == label), None)


def _fair_groups(facts: Facts) -> list[tuple[str, Group]]:
    """Everybody, then by the way in, by language, and by who asked."""
    sources = [(f"By {source.label.lower()}", By.SOURCE, source.value) for source in RequestSource]
    languages = [(f"Speaks: {language.label}", By.LANGUAGE, language.value) for language in SpokenLanguage]
    askers = [("Asked for themselves", By.PROXY, "false"), ("Somebody else asked", By.PROXY, "true")]
    named = [(label, facts.group(by, key)) for label, by, key in (*sources, *languages, *askers)]
    return [("Everybody", facts.everybody), *named]
