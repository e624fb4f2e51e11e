"""Finding an article by what a patient types. Nothing that is typed is kept or logged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add, or_
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db.models import Case, F, FloatField, Func, TextField, Value, When
from django.db.models.expressions import Combinable, CombinedExpression
from django.db.models.functions import Coalesce, NullIf
from django.utils.safestring import SafeString

from conditions.models import Article
from conditions.rendering import MARK_END, MARK_START, marked
from conditions.search_terms import Term, understand

MAX_HITS = 10
ALWAYS_SHOWN = 3  # of those that have any of the words; what comes after them must be worth it:
LEAST_SCORE = 0.3  # of the best article's
HAVING_IT = 0.25  # what it counts that an article has a term at all, beside how much it is about it
NAMED_SO = 0.2  # what it counts that an article's whole name is asked for, for each term
TELLING = 0.25  # of the weight of the term that tells most: those below are not marked in what is shown
FROM_0_TO_1 = 32  # a flag of PostgreSQL's ts_rank_cd: rank / (rank + 1)


@dataclass(frozen=True)
class Hit:
    """An article that was found. The words that found it are marked."""

    card: Mapping[str, Any]  # kind, slug, title and short_title
    summary: SafeString
    excerpt: SafeString  # of the text; "" when only the title or the summary has the words


@dataclass(frozen=True)
class SearchResult:
    """What `find` has found."""

    hits: list[Hit]
    did_you_mean: str  # the text with its misspelled words mended; "" when there is nothing to mend
    is_mended: bool  # the hits are already those of `did_you_mean`: what was typed is on no page


def find(text: str) -> SearchResult:
    """The published articles that a text asks for, best first. Two queries; one when it asks for nothing.

    Not all words must be there: an article that has more of them comes before one that has fewer, and a word that
    few articles have counts for more. The title counts for more than the summary, and that for more than the text.
    Who asks for an article by its name finds it first.
    """
    understood = understand(text)
    return SearchResult(list(_hits(understood.terms)), understood.did_you_mean, understood.is_mended)


def _hits(terms: list[Term]) -> Iterator[Hit]:
    if not terms:
        return
    queries = [_query(term) for term in terms]
    any_of_them = reduce(or_, queries)
    telling = [
        query for query, term in zip(queries, terms, strict=True) if term.weight >= TELLING * terms[0].weight
    ]
    to_mark = reduce(or_, telling)
    found = (
        Article.objects.published()
        .filter(search_vector=any_of_them)
        .annotate(name_stems=_stems_of_name())
        .annotate(
            score=_name_score(terms) + reduce(add, map(_score, queries, terms)),
            marked_summary=_headline(F("summary"), to_mark, highlight_all=True),
            marked_excerpt=_headline(
                _running_text(F("body")), to_mark, max_fragments=1, max_words=26, min_words=13
            ),
        )
        .order_by("-score", "title")
        .values("kind", "slug", "title", "short_title", "score", "marked_summary", "marked_excerpt")
    )
    best = 0.0
    for place, row in enumerate(found[:MAX_HITS]):
        best = best or row["score"]
        if place < ALWAYS_SHOWN or row["score"] >= LEAST_SCORE * best:
            excerpt = row["marked_excerpt"] if MARK_START in row["marked_excerpt"] else ""
            yield Hit(row, marked(row["marked_summary"]), marked(excerpt))


def _query(term: Term) -> SearchQuery:
    """The term as PostgreSQL asks for it. Stems are letters and digits: there is nothing to quote."""
    ways = " | ".join(f"({' & '.join(way)})" for way in term.ways)
    return SearchQuery(ways, config="simple", search_type="raw")


def _score(query: SearchQuery, term: Term) -> CombinedExpression:
    """How well an article fits one term."""
    rank = SearchRank(F("search_vector"), query, normalization=Value(FROM_0_TO_1), cover_density=True)
    has_it = Case(When(search_vector=query, then=Value(HAVING_IT)), default=Value(0.0), output_field=FloatField())
    return (rank + has_it) * Value(term.weight, output_field=FloatField())


def _name_score(terms: list[Term]) -> Case:
    """What an article gets when all words of its name are asked for."""
    asked = {stem for term in terms for way in term.ways for stem in way}
    return Case(
        When(name_stems__contained_by=list(asked), then=Value(NAMED_SO * sum(term.weight for term in terms))),
        default=Value(0.0),
        output_field=FloatField(),
    )


def _stems_of_name() -> Func:
    name = Coalesce(NullIf(F("short_title"), Value("")), F("title"))
    vector = Func(name, function="to_tsvector", template="%(function)s('english', %(expressions)s)")
    return Func(vector, function="tsvector_to_array", output_field=ArrayField(TextField()))


def _headline(text: Combinable, query: SearchQuery, **options: Any) -> SearchHeadline:
    return SearchHeadline(text, query, config="english", start_sel=MARK_START, stop_sel=MARK_END, **options)


def _running_text(markdown: Combinable) -> Combinable:
    """Article text as one line to read, without headings, notes, addresses and the signs of Markdown."""
    for pattern, replacement in (
        (r"^#+ .*$", ""),
        (r"\[\^[^]]*\]", ""),
        (r"\]\([^)]*\)", ""),
        (r"^\s*[-*>] |[][*_`]", ""),
        (r"\s+", " "),
    ):
        markdown = Func(markdown, Value(pattern), Value(replacement), Value("gn"), function="regexp_replace")
    return markdown
