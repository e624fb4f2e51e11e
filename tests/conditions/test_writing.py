"""The shipped articles are easy to read and complete; and what the editor is told about one that is not."""

import re

import pytest

from conditions import article_files
from conditions.models import Article, Kind
from conditions.rendering import CITATION, links, plain_blocks
from conditions.writing import (
    HIGHEST_GRADE,
    LONGEST_SENTENCE,
    grades_of,
    report_on,
    sentences_of,
    word_count,
)

SHIPPED = article_files.read_all()


def texts_of(content: article_files.Content) -> list[str]:
    return [content["body"], content["closing"], *(text for _, text in content["sections"])]


def sentences(content: article_files.Content) -> list[str]:
    blocks = [block for text in texts_of(content) for block in plain_blocks(text)]
    return [sentence for block in blocks for sentence in sentences_of(block)]


@pytest.mark.parametrize("key", SHIPPED)
def test_shipped_article_reads_at_grade_8_or_lower_by_two_formulas(key: str) -> None:
    grades = grades_of(sentences(SHIPPED[key]))
    assert len(grades) == 2
    assert max(grades.values()) <= HIGHEST_GRADE, grades


@pytest.mark.parametrize("key", SHIPPED)
def test_shipped_article_has_no_long_sentence(key: str) -> None:
    summary = sentences_of(SHIPPED[key]["summary"])
    assert not [line for line in [*sentences(SHIPPED[key]), *summary] if word_count(line) > LONGEST_SENTENCE]


@pytest.mark.parametrize("key", SHIPPED)
def test_shipped_article_cites_every_source_and_no_other(key: str) -> None:
    cited = {name for text in texts_of(SHIPPED[key]) for name in CITATION.findall(text)}
    assert cited == {source["key"] for source in SHIPPED[key]["sources"]}


CAUSE = ("What it is", "What it feels like when you walk", "Who gets it", "How it is found", "What helps")
# What a treatment is, and whom it may suit, are definitions and advice: not every such part states a finding.
TREATMENT = ("What the evidence says", "Risks and limits")


@pytest.mark.parametrize("key", [key for key in SHIPPED if not key.startswith("condition/")])
def test_shipped_article_backs_each_part_that_claims_something(key: str) -> None:
    parts = dict(_parts(SHIPPED[key]["body"]))
    headings = CAUSE if key.startswith("cause/") else TREATMENT
    assert set(parts) >= {*headings, "What to ask at your visit"}
    bare = [heading for heading in headings if not CITATION.search(parts[heading])]
    assert not bare, f"nothing is cited under {bare}"


def _parts(body: str) -> list[tuple[str, str]]:
    pieces = [piece.partition("\n") for piece in re.split(r"(?m)^## ", body)[1:]]
    return [(heading.strip(), text) for heading, _, text in pieces]


@pytest.mark.parametrize("key", SHIPPED)
def test_shipped_article_links_to_pages_that_are_shipped(key: str) -> None:
    addresses = {"/walking-pattern/"} | {
        f"/{kind.partition('/')[0]}s/{kind.partition('/')[2]}/" for kind in SHIPPED
    }
    inside = {url for text in texts_of(SHIPPED[key]) for url, _ in links(text) if url.startswith("/")}
    assert inside <= addresses


@pytest.mark.django_db
def test_report_on_a_poor_article() -> None:
    article = Article(kind=Kind.CAUSE, slug="poor", title="Poor")
    long = "The " + "very " * 30 + "long sentence. "
    body = long + "Neurogenic claudication limits you. See [this](/causes/nowhere/).[^gone]"
    report = report_on(article, [body], [{"key": "idle"}])
    assert report.long_sentences == [long.strip()]
    assert {"claudication", "neurogenic"} <= set(report.unexplained_words)
    assert report.missing == [
        "There is no summary.",
        "The text cites [^gone], and there is no such source.",
        "The source “idle” is not cited in the text.",
        "The link to /causes/nowhere/ leads nowhere.",
    ]
    assert not report.is_fine


@pytest.mark.django_db
def test_report_on_a_good_article() -> None:
    article = Article(kind=Kind.CAUSE, slug="good", title="Good", summary="A summary.")
    report = report_on(article, ["Stenosis means a narrow tunnel.[^a] It may hurt."], [{"key": "a"}])
    assert report.is_fine


def test_grades_of_hard_words_are_high() -> None:
    hard = "Multidisciplinary rehabilitation necessitates interdisciplinary biopsychosocial evaluation."
    assert min(grades_of([hard]).values()) > HIGHEST_GRADE


def test_grades_of_nothing() -> None:
    assert grades_of([]) == {}


def test_word_count_counts_words_as_people_do() -> None:
    assert word_count("It’s the well-known 2.5 mile walk.") == 6
