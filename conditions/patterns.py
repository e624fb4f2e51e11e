"""What walking pain may point to: answers and clues go in, causes come out. Nothing is asked of the database.

Never a diagnosis and never a percentage. Each cause comes with the answers that fit it and with what they rest on.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from conditions.evidence import STRENGTH_IN_WORDS, Note, notes_of
from conditions.models import Article, Diagram, Question, Strength

Answer = tuple[str, str]  # a question (a value of Question), and the key of one of its ANSWERS

VASCULAR = "peripheral-artery-disease"  # the slug of the cause with which a doctor's visit must not wait
LEANING: Answer = (Question.EASES, "leaning")
SITTING: Answer = (Question.EASES, "sitting")
STANDING: Answer = (Question.BRINGS_ON, "standing")
ABOVE_KNEE: Answer = (Question.WHERE, "above_knee")
CALF: Answer = (Question.WHERE, "calf")
STANDING_STILL: Answer = (Question.EASES, "standing_still")

# Whoever answers so is told to see a doctor soon, even where the article about the arteries is not published.
VASCULAR_ANSWERS = frozenset({CALF, STANDING_STILL})
# Pain in a leg that comes back on walking should be looked at, whatever it is (nidirect on the leg arteries).
LEG_ANSWERS = frozenset(
    {ABOVE_KNEE, CALF, (Question.WHERE, "to_foot"), (Question.SIDES, "one"), (Question.SIDES, "both")}
)
SEE_A_DOCTOR_SOURCE = "nidirect-pad"  # among the sources of VASCULAR
# An answer that says what a warning sign says, by the sign's key in the RedFlag table.
RED_FLAG_OF: dict[Answer, str] = {(Question.SIDES, "both"): "both-legs"}

WEIGHT = {Strength.STRONG: 3, Strength.MODERATE: 2, Strength.WEAK: 1, Strength.UNKNOWN: 0}


@dataclass(frozen=True)
class Constellation:
    """Answers that were a good sign of a cause when a study found them together, and the limits of that study."""

    cause: str  # its slug
    answers: frozenset[Answer]
    in_words: str
    source_key: str
    limits: str
    diagram: Diagram
    expected: Answer | None = None  # without it the study held the cause to be unlikely


# Nadeau and others 2013, doi 10.1503/cjs.016512: likelihood ratios 13 and 20; without pain from just
# standing 0.05.
_NADEAU_LIMITS = (
    "It was a small study of 53 people. All of them were known to have one of these two problems: spinal stenosis "
    "or narrow leg arteries. So it cannot say what you have."
)
CONSTELLATIONS = (
    Constellation(
        "spinal-stenosis",
        frozenset({LEANING, SITTING, STANDING, ABOVE_KNEE}),
        "all four signs of a pattern that a study found",
        "nadeau-2013",
        _NADEAU_LIMITS,
        Diagram.WALKING_UPRIGHT_AND_LEANING,
        expected=STANDING,
    ),
    Constellation(
        VASCULAR,
        frozenset({CALF, STANDING_STILL}),
        "both signs of a pattern that a study found",
        "nadeau-2013",
        _NADEAU_LIMITS,
        Diagram.STANDING_STILL_EASES_CALF,
    ),
)


@dataclass(frozen=True)
class Evidence:
    """Clues that fit, and the one source that they rest on."""

    wordings: list[str]
    note: Note
    strength: Strength

    @property
    def strength_in_words(self) -> str:
        """How much weight the source puts on each of these clues alone."""
        return STRENGTH_IN_WORDS[self.strength]


@dataclass(frozen=True)
class Pattern:
    """A cause that answers may point to, with what makes it so."""

    cause: Article
    evidence: list[Evidence]  # the strongest first
    constellation: Constellation | None  # of this cause, whether complete or not
    is_published_pattern: bool  # all answers of the constellation were given
    lacks_expected: bool  # what the constellation expects was asked for and not chosen

    @property
    def count(self) -> int:
        """How many clues fit."""
        return sum(len(evidence.wordings) for evidence in self.evidence)

    @property
    def is_vascular(self) -> bool:
        """True for the leg arteries."""
        return self.cause.slug == VASCULAR

    @property
    def is_slight(self) -> bool:
        """True where one answer is all, and its source does not say how much it weighs."""
        return self.count == 1 and self.evidence[0].strength == Strength.UNKNOWN and not self.is_vascular

    @property
    def diagram_template(self) -> str:
        """The template that draws the pattern, or "" when there is none."""
        return f"conditions/diagrams/{self.constellation.diagram}.svg" if self.constellation else ""

    @property
    def rank(self) -> tuple[bool, int, int, bool]:
        """Sorts the best supported first: published patterns, then strength, then count; arteries before equals."""
        return (
            not self.is_published_pattern,
            -WEIGHT[self.evidence[0].strength],
            -self.count,
            not self.is_vascular,
        )


@dataclass(frozen=True)
class Result:
    """All that the answers say."""

    patterns: list[Pattern]  # the best supported first
    red_flag_keys: frozenset[str]
    needs_doctor_soon: bool
    has_leg_pain: bool
    see_a_doctor_note: Note | None

    @property
    def main(self) -> list[Pattern]:
        """The causes to name first; where all are slight, all of them."""
        return [pattern for pattern in self.patterns if not pattern.is_slight] or self.patterns

    @property
    def also(self) -> list[Pattern]:
        """The others."""
        return [pattern for pattern in self.patterns if pattern not in self.main]


def result_of(answers: Iterable[Answer], causes: Iterable[Article]) -> Result:
    """What these answers may point to among these causes, which come `with_sources()` and `with_clues()`.

    An answer that is left out counts as not known. A clue whose source is gone counts for nothing.
    """
    given, among = frozenset(answers), list(causes)
    patterns = [pattern for cause in among if (pattern := _pattern(cause, given)).evidence]
    patterns.sort(key=lambda pattern: pattern.rank)
    is_vascular = any(pattern.is_vascular for pattern in patterns)
    return Result(
        patterns=patterns,
        red_flag_keys=frozenset(key for answer, key in RED_FLAG_OF.items() if answer in given),
        needs_doctor_soon=is_vascular or not given.isdisjoint(VASCULAR_ANSWERS),
        has_leg_pain=not given.isdisjoint(LEG_ANSWERS),
        see_a_doctor_note=next(
            (note for cause in among if cause.slug == VASCULAR for note in _notes(cause, SEE_A_DOCTOR_SOURCE)), None
        ),
    )


def _pattern(cause: Article, given: frozenset[Answer]) -> Pattern:
    """The cause as these answers show it; without evidence where none of its clues is among them."""
    groups: dict[tuple[str, str], list[str]] = {}
    for clue in cause.clue_list:
        if (clue["question"], clue["answer"]) in given:
            groups.setdefault((clue["source_key"], clue["strength"]), []).append(clue["wording"])
    evidence = [
        Evidence(wordings, note, Strength(strength))
        for (key, strength), wordings in groups.items()
        for note in _notes(cause, key)
    ]
    evidence.sort(key=lambda one: (-WEIGHT[one.strength], -len(one.wordings)))
    constellation = next((one for one in CONSTELLATIONS if one.cause == cause.slug), None)
    return Pattern(
        cause,
        evidence,
        constellation,
        is_published_pattern=_is_complete(cause, constellation, given),
        lacks_expected=constellation is not None and _is_denied(constellation.expected, given),
    )


def _notes(cause: Article, key: str) -> list[Note]:
    """The cause's source of this key: one, or none."""
    sources = cause.source_list
    return [note for source, note in zip(sources, notes_of(sources), strict=True) if source["key"] == key]


def _is_complete(cause: Article, constellation: Constellation | None, given: frozenset[Answer]) -> bool:
    """True where all answers are given and the study is still among the cause's sources."""
    if constellation is None or not constellation.answers <= given:
        return False
    return bool(_notes(cause, constellation.source_key))


def _is_denied(answer: Answer | None, given: frozenset[Answer]) -> bool:
    """True where the question was answered, but not so."""
    return answer is not None and answer not in given and any(question == answer[0] for question, _ in given)
