"""Whether an article is easy to read and complete, for its editor. Points things out; forbids nothing.

Reading grades come from the library textstat. NHS content rules ask for a reading age of 9 to 11 and sentences of
up to 20 words; readability formulas tell where to look first, not whether a text is good.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import textstat
from django.urls import is_valid_path

from conditions.models import Article, article_url
from conditions.rendering import CITATION, links, plain_blocks

HIGHEST_GRADE = 8
LONGEST_SENTENCE = 25  # words
_END_OF_SENTENCE = re.compile(r"(?<=[.!?:])[”\"’)]*\s+(?=[“\"‘(]?[A-Z0-9])")  # noqa: RUF001  typographic quotes
_EXPLAINS = re.compile(r"\b(?:means?|called|is|are|name)\b|\(", re.IGNORECASE)


@dataclass(frozen=True)
class WritingReport:
    """What an editor may want to mend in one article."""

    grades: dict[str, float]  # United States school grades, by formula
    long_sentences: list[str] = field(default_factory=list)
    unexplained_words: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def is_fine(self) -> bool:
        """True when nothing is pointed out."""
        hard = any(grade > HIGHEST_GRADE for grade in self.grades.values())
        return not (hard or self.long_sentences or self.unexplained_words or self.missing)


def report_on(article: Article, texts: Iterable[str], sources: Iterable[dict[str, Any]]) -> WritingReport:
    """Look through an article. `texts` are all its Markdown texts, `sources` its sources as dictionaries.

    One query, for the addresses that its links may name.
    """
    texts = [text for text in texts if text]
    sentences = [sentence for text in texts for block in plain_blocks(text) for sentence in sentences_of(block)]
    return WritingReport(
        grades=grades_of(sentences),
        long_sentences=[sentence for sentence in sentences if word_count(sentence) > LONGEST_SENTENCE],
        unexplained_words=list(_unexplained(sentences, [words for text in texts for _, words in links(text)])),
        missing=[*_missing_parts(article, texts, list(sources)), *_broken_links(texts)],
    )


def sentences_of(block: str) -> list[str]:
    """The sentences of one paragraph or list item."""
    return [sentence.strip() for sentence in _END_OF_SENTENCE.split(block) if sentence.strip()]


def word_count(sentence: str) -> int:
    """How many words a sentence has."""
    return len(re.findall(r"[^\W_]+(?:[’'.,-][^\W_]+)*", sentence))  # noqa: RUF001


def grades_of(sentences: list[str]) -> dict[str, float]:
    """The reading grade by two formulas: one counts syllables, one counts letters; nothing for an empty text."""
    text = " ".join(f"{sentence.rstrip(' .!?:,;')}." for sentence in sentences)
    if not text:
        return {}
    return {
        "Flesch-Kincaid": round(textstat.flesch_kincaid_grade(text), 1),
        "Automated readability": round(textstat.automated_readability_index(text), 1),
    }


@cache
def medical_words() -> tuple[str, ...]:
    """The words of content/medical_words.toml."""
    path = Path(__file__).resolve().parent / "content" / "medical_words.toml"
    return tuple(tomllib.loads(path.read_text())["words"])


def _unexplained(sentences: list[str], linked: list[str]) -> Iterator[str]:
    """Medical words that neither their first sentence nor a page behind a link explains."""
    for word in medical_words():
        pattern = re.compile(rf"\b{re.escape(word)}\w*", re.IGNORECASE)
        first = next((sentence for sentence in sentences if pattern.search(sentence)), None)
        if first is None or any(pattern.search(words) for words in linked):
            continue
        if not _EXPLAINS.search(first):
            yield word


def _missing_parts(article: Article, texts: list[str], sources: list[dict[str, Any]]) -> Iterator[str]:
    if not article.summary.strip():
        yield "There is no summary."
    cited = {key for text in texts for key in CITATION.findall(text)}
    known = {source["key"] for source in sources}
    if not known:
        yield "There is no source."
    for key in sorted(cited - known):
        yield f"The text cites [^{key}], and there is no such source."
    for key in sorted(known - cited):
        yield f"The source “{key}” is not cited in the text."


def _broken_links(texts: list[str]) -> Iterator[str]:
    """Links to pages of this site that are not there for patients."""
    inside = sorted({url for text in texts for url, _ in links(text) if url.startswith("/")})
    if not inside:
        return
    published = {article_url(*address) for address in Article.objects.published().values_list("kind", "slug")}
    for url in inside:
        page = url.partition("#")[0]
        if page not in published and (is_article_url(page) or not is_valid_path(page)):
            yield f"The link to {url} leads nowhere."


def is_article_url(path: str) -> bool:
    """True for what would be the address of an article, if there were one."""
    return re.fullmatch(r"/(?:conditions|causes|treatments)/[^/]+/", path) is not None
