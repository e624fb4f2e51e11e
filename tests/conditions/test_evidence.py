"""The sources of a page, in words, and where guidelines disagree."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conditions.evidence import (
    DIRECTION_IN_WORDS,
    KIND_IN_WORDS,
    STRENGTH_IN_WORDS,
    disagreement_of,
    notes_of,
)
from conditions.models import Article, Direction, Source, SourceKind, Strength
from conditions.rendering import CITATION
from tests.conditions.signed import CAUSE, page_of

DISAGREE = "<h3>Guidelines disagree</h3>"


def source(**changes: Any) -> dict[str, Any]:
    """A source as `with_sources` gives it."""
    return {
        "key": "somebody-2020",
        "claim": "It helps.",
        "citation": "Somebody and others",
        "publisher": "Somebody",
        "year": 2020,
        "url": "https://clinic.example/",
        "kind": "guideline",
        "direction": "for",
        "strength": "weak",
        "read_where": "publisher",
        "checked_on": None,
        **changes,
    }


def guidelines(*sides: tuple[str, str]) -> list[dict[str, Any]]:
    return [source(publisher=publisher, direction=direction) for publisher, direction in sides]


@pytest.mark.parametrize(
    ("sides", "disagree"),
    [
        ([], False),
        ([("A", "for")], False),
        ([("A", "mixed")], False),
        ([("A", "for"), ("B", "for")], False),
        ([("A", "against"), ("B", "against")], False),
        ([("A", "for"), ("B", "neutral")], False),
        ([("A", "for"), ("B", "against")], True),
        ([("A", "against"), ("B", "neutral"), ("C", "for")], True),
        ([("A", "for"), ("B", "mixed")], True),
        ([("A", "against"), ("B", "mixed")], True),
        ([("A", "mixed"), ("B", "mixed")], True),
        ([("A", "mixed"), ("B", "neutral")], False),
        ([("A", "for"), ("A", "against")], False),
        ([("A", "mixed"), ("A", "against")], False),
        ([("A", "for"), ("A", "against"), ("B", "for")], True),
    ],
)
def test_guidelines_disagree_when_two_publishers_point_different_ways(
    sides: list[tuple[str, str]], disagree: bool
) -> None:
    assert (disagreement_of(guidelines(*sides)) is not None) == disagree


@pytest.mark.parametrize("kind", [kind for kind in SourceKind.values if kind != "guideline"])
def test_only_guidelines_can_disagree(kind: str) -> None:
    sources = [source(publisher="A", kind=kind), source(publisher="B", direction="against")]
    assert disagreement_of(sources) is None


def test_disagreement_names_each_side() -> None:
    sources = [source(kind="trial"), *guidelines(("A", "for"), ("B", "mixed"), ("C", "against"), ("D", "neutral"))]
    disagreement = disagreement_of(sources)
    assert disagreement is not None
    assert [note.number for note in disagreement.speak_for] == [2, 3]
    assert [note.number for note in disagreement.speak_against] == [3, 4]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (KIND_IN_WORDS, SourceKind.values),
        (STRENGTH_IN_WORDS, Strength.values),
        (DIRECTION_IN_WORDS, Direction.values),
    ],
)
def test_every_choice_has_words_of_its_own(words: dict[str, str], values: list[str]) -> None:
    assert set(words) == set(values)
    assert len(set(words.values())) == len(words)


@pytest.mark.parametrize(
    ("read_where", "checked_on", "shown"),
    [
        ("publisher", "2026-03-01", datetime.date(2026, 3, 1)),
        ("publisher", None, None),
        ("copy", "2026-03-01", None),
        ("copy", None, None),
    ],
)
def test_source_counts_as_checked_only_when_opened_at_its_publisher(
    read_where: str, checked_on: str | None, shown: datetime.date | None
) -> None:
    (note,) = notes_of([source(read_where=read_where, checked_on=checked_on)])
    assert note.checked_on == shown
    assert note.is_opened == (read_where == "publisher")


# On the pages


@pytest.mark.django_db
def test_every_note_in_a_text_leads_to_a_source_and_every_source_is_shown_whole(
    clinic_data: None, client: Client
) -> None:
    for article in Article.objects.with_sources():
        html = page_of(client, article.key)
        targets = set(re.findall(r'<li id="(source-\d+)">', html))
        assert set(re.findall(r'href="#(source-\d+)"', html)) <= targets, article.key
        assert len(targets) == len(article.source_list), article.key
        for number, note in enumerate(notes_of(article.source_list), start=1):
            found = re.search(rf'<li id="source-{number}">(.*?)</li>', html)
            assert found, article.key
            shown = found[1].replace("&#x27;", "'").replace("&amp;", "&").replace("&quot;", '"')
            for part in (note.claim, note.citation, note.publisher, note.url, note.kind, note.strength):
                assert part in shown, (article.key, part)
            assert note.direction in shown
            assert str(note.year or "") in shown


@pytest.mark.django_db
def test_every_source_is_cited_by_its_text(clinic_data: None) -> None:
    for article in Article.objects.with_sources().with_sections():
        texts = [article.body, article.closing, *(section.text for section in article.section_list)]
        cited = {key for text in texts for key in CITATION.findall(text)}
        assert cited == {row["key"] for row in article.source_list}, article.key


@pytest.mark.django_db
def test_guidelines_disagree_appears_by_itself(clinic_data: None, client: Client) -> None:
    treatment = "treatment/physical-therapy"
    assert DISAGREE not in page_of(client, treatment)
    nice = Source.objects.filter(article__slug="physical-therapy", kind="guideline", key="nice-ng59")
    assert nice.update(direction="against") == 1
    html = page_of(client, treatment)
    assert DISAGREE in html
    assert html.index("Guidelines do not agree about all that is on this page.") < html.index('id="what-it-is"')
    nice.update(direction="for")
    assert DISAGREE not in page_of(client, treatment)


@pytest.mark.django_db
def test_guidelines_disagree_where_the_facts_say_so(clinic_data: None, client: Client) -> None:
    """On acupuncture, on disc replacement and on pain medicines; see the articles' own sources."""
    for slug in ("alternative-therapies", "surgery", "medications"):
        assert DISAGREE in page_of(client, f"treatment/{slug}"), slug
    assert DISAGREE in page_of(client, "condition/lower-back-pain-when-walking")
    assert DISAGREE not in page_of(client, "cause/sciatica")


@pytest.mark.django_db
def test_patients_see_checked_only_for_sources_opened_at_their_publisher(
    clinic_data: None, client: Client, staff: Callable[..., User]
) -> None:
    assert "Checked on" not in page_of(client, CAUSE)
    Source.objects.update(checked_on=datetime.date(2026, 3, 1), checked_by=staff("editor"))
    html = page_of(client, CAUSE)
    opened = Source.objects.filter(article__slug="spinal-stenosis", read_where="publisher").count()
    assert html.count("Checked on March 1, 2026.") == opened > 0
    assert "not opened" not in html


# Lists


@pytest.mark.django_db
def test_unchecked_since_lists_what_nobody_opened_that_day_or_later(
    clinic_data: None, staff: Callable[..., User]
) -> None:
    day = datetime.date(2026, 3, 1)
    never, before, on_the_day, after = Source.objects.all()[:4]
    for row, checked_on in [
        (before, day - datetime.timedelta(days=1)),
        (on_the_day, day),
        (after, day + datetime.timedelta(days=1)),
    ]:
        Source.objects.filter(pk=row.pk).update(checked_on=checked_on, checked_by=staff("editor"))
    unchecked = set(Source.objects.unchecked_since(day))
    assert {never, before} <= unchecked
    assert not {on_the_day, after} & unchecked


@pytest.mark.django_db
def test_primary_not_opened_lists_what_was_read_in_a_copy(clinic_data: None) -> None:
    copies = Source.objects.primary_not_opened()
    assert 0 < copies.count() < Source.objects.count()
    assert {row.read_where for row in copies} == {"copy"}
