"""What answers may point to: the order, the published patterns, the shipped clues."""

import io
import itertools
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from conditions.models import Article, Clue, Source
from conditions.patterns import CONSTELLATIONS, Answer, Result, result_of
from tests.conditions.walking import ARTERIES, NADEAU_NEUROGENIC, NADEAU_VASCULAR, STENOSIS, given


def cause(slug: str, *clues: tuple[Answer, str]) -> Article:
    """A cause that is in no database: each clue an answer and its strength."""
    article = Article(kind="cause", slug=slug, title=slug)
    article.source_list = [
        {
            **{"key": "study", "claim": "c", "citation": "A study", "publisher": "P", "year": 2013},
            **{"url": "https://clinic.example/", "kind": "observational", "direction": "neutral"},
            **{"strength": "weak", "read_where": "publisher", "checked_on": None},
        }
    ]
    article.clue_list = [
        {"question": q, "answer": a, "wording": f"{q} {a}", "source_key": "study", "strength": strength}
        for (q, a), strength in clues
    ]
    return article


def slugs(result: Result) -> list[str]:
    return [pattern.cause.slug for pattern in result.patterns]


WALK, STAND, SIT = ("brings_on", "walking"), ("brings_on", "standing"), ("eases", "sitting")


def test_result_is_ordered_by_strength_then_by_count() -> None:
    causes = [
        cause("many-unknown", (WALK, "unknown"), (STAND, "unknown"), (SIT, "unknown")),
        cause("one-weak", (WALK, "weak")),
        cause("two-weak", (WALK, "weak"), (SIT, "weak")),
        cause("one-strong", (WALK, "strong")),
        cause("one-moderate", (STAND, "moderate")),
        cause("none", (("eases", "lying"), "strong")),
    ]
    for order in itertools.permutations(causes):
        result = result_of({WALK, STAND, SIT}, order)
        assert slugs(result) == ["one-strong", "one-moderate", "two-weak", "one-weak", "many-unknown"]


def test_result_counts_a_single_answer_of_unknown_weight_among_the_others() -> None:
    slight, heavy = cause("slight", (WALK, "unknown")), cause("heavy", (SIT, "weak"))
    assert [pattern.cause.slug for pattern in result_of({WALK, SIT}, [slight, heavy]).main] == ["heavy"]
    assert [pattern.cause.slug for pattern in result_of({WALK, SIT}, [slight, heavy]).also] == ["slight"]
    assert [pattern.cause.slug for pattern in result_of({WALK}, [slight, heavy]).main] == ["slight"]


def test_result_leaves_out_a_clue_whose_source_is_gone() -> None:
    one = cause("one", (WALK, "weak"))
    one.clue_list[0]["source_key"] = "gone"
    assert result_of({WALK}, [one]).patterns == []


def test_constellations_are_those_of_the_study() -> None:
    assert {one.cause: set(one.answers) for one in CONSTELLATIONS} == {
        STENOSIS: given(NADEAU_NEUROGENIC),
        ARTERIES: given(NADEAU_VASCULAR),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("constellation", CONSTELLATIONS, ids=lambda one: one.cause)
def test_published_pattern_is_recognised_only_when_complete(clinic_data: None, constellation: Any) -> None:
    causes = list(Article.objects.filter(kind="cause").with_sources().with_clues())
    for size in range(1, len(constellation.answers) + 1):
        for some in itertools.combinations(constellation.answers, size):
            found = {pattern.cause.slug: pattern for pattern in result_of(some, causes).patterns}
            assert found[constellation.cause].is_published_pattern == (size == len(constellation.answers))
            assert not any(
                pattern.is_published_pattern for slug, pattern in found.items() if slug != constellation.cause
            )


# The clues that are shipped


@pytest.mark.django_db
def test_shipped_clues_have_a_question_an_answer_and_a_source_of_their_cause(clinic_data: None) -> None:
    assert Clue.objects.count() == 20
    for clue in Clue.objects.select_related("cause"):
        clue.full_clean()
        assert clue.cause.kind == "cause"
        assert Source.objects.filter(article=clue.cause, key=clue.source_key).exists(), clue.wording
        assert clue.strength in {"weak", "unknown"}, "no source that was read puts more weight on a single sign"
    assert given(NADEAU_NEUROGENIC) | {("sides", "both")} == answers_of(STENOSIS)
    assert given(NADEAU_VASCULAR) == answers_of(ARTERIES)


def answers_of(slug: str) -> set[Answer]:
    return set(Clue.objects.filter(cause__slug=slug).values_list("question", "answer"))


@pytest.mark.django_db
def test_loading_again_leaves_the_clinics_own_clues_alone(clinic_data: None) -> None:
    Clue.objects.filter(cause__slug=STENOSIS, answer="leaning").update(wording="Our own words", strength="moderate")
    Clue.objects.filter(cause__slug=STENOSIS, answer="above_knee").delete()
    Clue.objects.filter(cause__slug="sciatica").delete()
    call_command("load_articles", stdout=io.StringIO())
    assert Clue.objects.get(cause__slug=STENOSIS, answer="leaning").wording == "Our own words"
    assert not Clue.objects.filter(cause__slug=STENOSIS, answer="above_knee").exists()
    assert Clue.objects.filter(cause__slug="sciatica").count() == 3


@pytest.mark.django_db
def test_clue_with_an_answer_of_another_question_is_refused(clinic_data: None) -> None:
    clue = Clue.objects.filter(question="eases").first()
    assert clue
    clue.answer = "calf"
    with pytest.raises(ValidationError, match="Choose one of: sitting"):
        clue.full_clean()
