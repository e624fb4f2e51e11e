"""What the form lists today and others keep: the pages that a request may be about, and the ways to pay."""

import datetime
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet, Value
from django.utils import timezone

from clinic.models import ClinicProfile, PaymentOption
from clinic.ready_query import ReadyQuery
from conditions.models import Article, Kind

NOTHING = Value("")
NO_PLACE = Value(0)


@dataclass(frozen=True)
class FormChoices:
    """Lists for the form, in their order and in the words of the page's language."""

    articles: list[tuple[str, str]]  # the key of an article, and its name
    payments: list[tuple[int, str]]  # the id of a way to pay, and its name
    today: datetime.date  # on the clinic's calendar
    article_ids: dict[str, int] = field(default_factory=dict)

    def article_id(self, key: str) -> int | None:
        """The id of the listed article with this key, or None for any other text."""
        return self.article_ids.get(key)


def form_choices() -> FormChoices:
    """What the form lists now. One query."""
    articles, payments, zone = [], [], None
    for what, pk, slug, name, other_name, place in _LISTED.rows():
        if what == "payment":
            payments.append((place, pk, PaymentOption(name=name, name_es=other_name).local_name))
        elif what == "profile":
            zone = ClinicProfile(time_zone=name).zone
        else:
            articles.append((Kind.values.index(what), *_name_and_key(what, slug, name, other_name), pk))
    articles.sort()
    return FormChoices(
        articles=[(key, name) for _, name, key, _ in articles],
        payments=[(pk, name) for _, pk, name in sorted(payments)],
        today=timezone.localdate(timezone=zone),
        article_ids={key: pk for _, _, key, pk in articles},
    )


@lru_cache(maxsize=1_000)
def _name_and_key(kind: str, slug: str, title: str, short_title: str) -> tuple[str, str]:
    """As the article itself says them."""
    article = Article(kind=kind, slug=slug, title=title, short_title=short_title)
    return article.name, article.key


def _listed() -> QuerySet[Any, Any]:
    """Articles, ways to pay and the clinic's time zone, as one list of what, id, slug, two names and place."""
    articles = (
        Article.objects.published().order_by().values_list("kind", "id", "slug", "title", "short_title", NO_PLACE)
    )
    payments = (
        PaymentOption.objects.offered()
        .order_by()
        .values_list(Value("payment"), "id", NOTHING, "name", "name_es", "position")
    )
    profile = ClinicProfile.objects.order_by().values_list(
        Value("profile"), "id", NOTHING, "time_zone", NOTHING, NO_PLACE
    )
    return articles.union(payments, profile, all=True)


_LISTED = ReadyQuery(_listed)
