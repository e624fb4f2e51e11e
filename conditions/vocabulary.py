"""The words by which something can be found: those of the published articles, and the editors' synonyms."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from django.db import connection

from conditions.models import Article

Stems = tuple[str, ...]
_WORD = re.compile(r"[a-z0-9]+")

# One row. Names the state of what is published and of the synonyms, stems the words that a reader has typed, and
# sends all words along only if the state is another than the one that the caller knows.
_SQL = r"""
WITH page AS MATERIALIZED (
    SELECT id, xmin::text || ctid::text AS written FROM conditions_article WHERE id IN ({published})
), state AS MATERIALIZED (
    SELECT md5(concat(
        (SELECT string_agg(id || ':' || written, ' ' ORDER BY id) FROM page), '/',
        (SELECT string_agg(id || ':' || xmin || ctid, ' ' ORDER BY id) FROM conditions_synonym)
    )) AS name
), text AS (
    SELECT id, true AS is_head, concat_ws(' ', title, short_title, medical_name, summary) AS words
    FROM conditions_article WHERE id IN (SELECT id FROM page)
    UNION ALL  -- without the keys of sources and the addresses of links
    SELECT id, false, regexp_replace(concat_ws(' ', body, closing), '\[\^[^]]*\]|\]\([^)]*\)', ' ', 'g')
    FROM conditions_article WHERE id IN (SELECT id FROM page)
    UNION ALL
    SELECT NULL, true, concat_ws(' ', term, means) FROM conditions_synonym
), word AS (
    SELECT word, bool_or(is_head) AS is_head, array_remove(array_agg(DISTINCT id), NULL) AS pages
    FROM text, regexp_split_to_table(lower(words), '[^a-z0-9]+') AS word
    WHERE word <> ''
    GROUP BY word
)
SELECT
    state.name,
    (SELECT json_object_agg(typed, ts_lexize('english_stem', typed)) FROM unnest(%s::text[]) AS typed),
    CASE WHEN state.name <> %s THEN json_build_object(
        'words', (
            SELECT json_agg(json_build_array(word, ts_lexize('english_stem', word), is_head, pages)) FROM word
        ),
        'synonyms', (SELECT json_agg(json_build_array(term, means)) FROM conditions_synonym)
    ) END
FROM state
"""


def words_of(text: str) -> list[str]:
    """The words of a text in small letters, without accents; nothing of it that is not a letter or a digit."""
    return _WORD.findall(unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower())


@dataclass(frozen=True)
class Vocabulary:
    """The words of one state of the published articles and the synonyms."""

    state: str = ""
    stems: dict[str, str] = field(default_factory=dict)  # of each word; "" of one that says nothing, such as "the"
    heads: frozenset[str] = frozenset()  # words of titles, summaries and synonyms
    pages: dict[str, frozenset[int]] = field(default_factory=dict)  # of each stem: the articles that have it
    synonyms: dict[Stems, list[Stems]] = field(default_factory=dict)  # of the stems of a term: what it may mean

    _latest: ClassVar["Vocabulary | None"] = None

    @classmethod
    def current(cls, typed: Sequence[str]) -> tuple["Vocabulary", dict[str, str]]:
        """The vocabulary as of now, and the stem of each of the words that a reader has typed. One query, always.

        This process keeps the vocabulary that it read last, and asks each time whether it is still true: the state
        is made of which articles are published at this moment, and of their rows' and the synonyms' xmin and ctid,
        which PostgreSQL changes with every write, by whatever path it comes.
        """
        known = cls._latest or cls()
        published, parameters = Article.objects.published().order_by().values("pk").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(_SQL.format(published=published), [*parameters, list(typed), known.state])
            state, lexemes, content = cursor.fetchone()
        if content:
            known = cls._latest = cls._read(state, content)
        return known, {word: "".join(found) for word, found in (lexemes or {}).items()}

    @classmethod
    def _read(cls, state: str, content: dict[str, Any]) -> "Vocabulary":
        words = content["words"] or []
        stems = {word: "".join(lexemes) for word, lexemes, _, _ in words}
        pages: dict[str, frozenset[int]] = {}
        for word, _, _, articles in words:
            if stems[word] and articles:
                pages[stems[word]] = pages.get(stems[word], frozenset()).union(articles)
        vocabulary = cls(state, stems, frozenset(word for word, _, is_head, _ in words if is_head), pages)
        for term, means in content["synonyms"] or []:
            meanings = [vocabulary.stems_of(words_of(part)) for part in means.split(",")]
            if key := vocabulary.stems_of(words_of(term)):
                vocabulary.synonyms.setdefault(key, []).extend(meaning for meaning in meanings if meaning)
        return vocabulary

    def stems_of(self, words: Iterable[str]) -> Stems:
        """The stems of these words, each once, without those that say nothing or are not in the vocabulary."""
        return tuple(dict.fromkeys(stem for word in words if (stem := self.stems.get(word))))

    @cached_property
    def page_count(self) -> int:
        """How many articles have words at all."""
        return len(frozenset().union(*self.pages.values()))

    def page_count_of(self, word: str) -> int:
        """How many articles have this word, or another of its stem."""
        return len(self.pages.get(self.stems.get(word, ""), ()))

    def pages_with_all(self, stems: Collection[str]) -> frozenset[int]:
        """The articles that have each of these stems, `stem:*` being any that begins so. Those of none: none."""
        found = [self._pages_with(stem) for stem in stems]
        return frozenset.intersection(*found) if found else frozenset()

    def _pages_with(self, stem: str) -> frozenset[int]:
        if not stem.endswith(":*"):
            return self.pages.get(stem, frozenset())
        beginning = stem.removesuffix(":*")
        return frozenset().union(*[pages for other, pages in self.pages.items() if other.startswith(beginning)])
