"""The evidence as readers see it: each source in words, and whether guidelines disagree."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conditions.models import Direction, ReadWhere, SourceKind, Strength

KIND_IN_WORDS = {
    SourceKind.GUIDELINE: "Guideline",
    SourceKind.SYSTEMATIC_REVIEW: "Review of many studies",
    SourceKind.TRIAL: "Trial",
    SourceKind.OBSERVATIONAL: "Study that observed people",
    SourceKind.REVIEW: "Overview or textbook",
    SourceKind.PATIENT_INFORMATION: "Information for patients",
}
STRENGTH_IN_WORDS = {
    Strength.STRONG: "Strong evidence",
    Strength.MODERATE: "Moderate evidence",
    Strength.WEAK: "Weak evidence",
    Strength.UNKNOWN: "Strength of evidence not stated",
}
DIRECTION_IN_WORDS = {
    Direction.FOR: "Speaks for it",
    Direction.AGAINST: "Speaks against it",
    Direction.MIXED: "Points both ways",
    Direction.NEUTRAL: "Takes no side",
}
POINTS_FOR = {Direction.FOR, Direction.MIXED}
POINTS_AGAINST = {Direction.AGAINST, Direction.MIXED}


@dataclass(frozen=True)
class Note:
    """One source as it stands in the list below the text; `number` is what the text cites.

    `checked_on` is None unless somebody found the claim at the publisher itself: a source that was read in a copy
    is never shown to patients as checked. `is_opened`, whether it was read there at all, is for staff alone.
    """

    number: int
    claim: str
    citation: str
    publisher: str
    year: int | None
    url: str
    kind: str
    strength: str
    direction: str
    checked_on: datetime.date | None
    is_opened: bool


@dataclass(frozen=True)
class Disagreement:
    """Guidelines of different publishers that point different ways. One that points both ways is in both lists."""

    speak_for: list[Note]
    speak_against: list[Note]


def notes_of(sources: Sequence[dict[str, Any]]) -> list[Note]:
    """The article's sources, as `ArticleQuerySet.with_sources` gives them, in words and in order."""
    return [
        Note(
            number=number,
            **{field: source[field] for field in ("claim", "citation", "publisher", "year", "url")},
            kind=KIND_IN_WORDS[source["kind"]],
            strength=STRENGTH_IN_WORDS[source["strength"]],
            direction=DIRECTION_IN_WORDS[source["direction"]],
            checked_on=_checked_on(source),
            is_opened=source["read_where"] == ReadWhere.PUBLISHER,
        )
        for number, source in enumerate(sources, start=1)
    ]


def _checked_on(source: dict[str, Any]) -> datetime.date | None:
    """`checked_on` comes as JSON has it: text or None."""
    if source["read_where"] != ReadWhere.PUBLISHER or not source["checked_on"]:
        return None
    return datetime.date.fromisoformat(source["checked_on"])


def disagreement_of(sources: Sequence[dict[str, Any]]) -> Disagreement | None:
    """Where the guidelines among the article's sources disagree, or None.

    They do when one publisher's guideline points for, and another's against. A guideline that points both ways
    counts as both; alone it is no disagreement between guidelines, and neither are two pieces of the same one.
    """
    guidelines = [
        (source, note)
        for source, note in zip(sources, notes_of(sources), strict=True)
        if source["kind"] == SourceKind.GUIDELINE
    ]
    speak_for = [note for source, note in guidelines if source["direction"] in POINTS_FOR]
    speak_against = [note for source, note in guidelines if source["direction"] in POINTS_AGAINST]
    disagree = any(one.publisher != other.publisher for one in speak_for for other in speak_against)
    return Disagreement(speak_for, speak_against) if disagree else None
