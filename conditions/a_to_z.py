"""The A to Z list: articles under each of their names, and the words that patients use for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.text import capfirst, slugify

from conditions.models import Article, Synonym


@dataclass(frozen=True)
class Entry:
    """A line of the list."""

    name: str
    cards: list[Any]  # what it leads to: articles, or dictionaries with the fields of their cards
    is_see: bool  # another name for them

    @property
    def letter(self) -> str:
        """The letter that it stands under."""
        return slugify(self.name)[:1].upper() or "Other"


def letters_of(articles: Iterable[Article], synonyms: Iterable[Synonym]) -> list[tuple[str, list[Entry]]]:
    """Each letter that begins a name, with its entries in order.

    `synonyms` come with their `article_list`, as `in_a_to_z` gives them; one that leads nowhere is left out.
    """
    articles = list(articles)
    entries = [Entry(capfirst(row.term), row.article_list, is_see=True) for row in synonyms if row.article_list]
    for article in articles:
        names = (article.title.partition(":")[0], article.medical_name)
        entries += [Entry(name, [article], is_see=True) for name in names if name]
    entries += [Entry(article.name, [article], is_see=False) for article in articles]
    once = {slugify(entry.name): entry for entry in entries}  # an article's own name wins
    in_order = sorted(once.values(), key=lambda entry: (entry.letter, slugify(entry.name)))
    return [(letter, list(group)) for letter, group in groupby(in_order, key=lambda entry: entry.letter)]
