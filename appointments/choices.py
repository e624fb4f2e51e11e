"""What we ask today and others keep: warning symptoms, the pages that a request may be about, the ways to pay."""

import datetime
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Value
from django.utils import timezone

from clinic.models import ClinicProfile, PaymentOption
from clinic.ready_query import ReadyQuery
from conditions.models import Article, Kind, RedFlag, Tier

# The columns of the one query, and what stands in one that a table has nothing for.
COLUMNS = {
    "what": Value(""),
    "id": Value(0),
    "key": Value(""),
    "name": Value(""),
    "other_name": Value(""),
    "place": Value(0),
    "tier": Value(""),
    "concern": Value(""),
    "version": Value(0),
}
# Of a red flag, in the order of its table.
RED_FLAG = ["id", "key", "tier", "wording", "wording_es", "concern", "position", "version", "is_in_use"]
KINDS, TIERS = Kind.values, Tier.values


@dataclass(frozen=True)
class FormChoices:
    """Lists for the form, in their order and in the words of the page's language."""

    articles: list[tuple[str, str]]  # the key of an article, and its name
    payments: list[tuple[int, str]]  # the id of a way to pay, and its name
    now: datetime.datetime  # on the clinic's clock
    article_ids: dict[str, int] = field(default_factory=dict)
    red_flags: list[RedFlag] = field(default_factory=list)  # what the safety check asks about, as `in_use` finds it

    @property
    def today(self) -> datetime.date:
        """On the clinic's calendar."""
        return self.now.date()

    def article_id(self, key: str) -> int | None:
        """The id of the listed article with this key, or None for any other text."""
        return self.article_ids.get(key)


def form_choices() -> FormChoices:
    """What the form lists now, and what the safety check before it asks. One query."""
    articles, payments, red_flags, zone = [], [], [], None
    for what, pk, key, name, other_name, place, tier, concern, version in _ASKED.rows():
        if what == "red_flag":
            row = (pk, key, tier, name, other_name, concern, place, version, True)
            red_flags.append(RedFlag.from_db("default", RED_FLAG, row))
        elif what == "payment":
            payments.append((place, pk, PaymentOption(name=name, name_es=other_name).local_name))
        elif what == "profile":
            zone = ZoneInfo(name)
        else:
            articles.append((KINDS.index(what), *_name_and_key(what, key, name, other_name), pk))
    articles.sort()
    return FormChoices(
        articles=[(key, name) for _, name, key, _ in articles],
        payments=[(pk, name) for _, pk, name in sorted(payments)],
        now=timezone.localtime(timezone=zone),
        article_ids={key: pk for _, _, key, pk in articles},
        red_flags=sorted(red_flags, key=lambda flag: (TIERS.index(flag.tier), flag.position, flag.key)),
    )


@lru_cache(maxsize=1_000)
def _name_and_key(kind: str, slug: str, title: str, short_title: str) -> tuple[str, str]:
    """As the article itself says them."""
    article = Article(kind=kind, slug=slug, title=title, short_title=short_title)
    return article.name, article.key


def _asked() -> QuerySet[Any, Any]:
    """Articles, ways to pay, the clinic's time zone and red flags, as one list."""
    return _rows(
        Article.objects.published(), what="kind", id="id", key="slug", name="title", other_name="short_title"
    ).union(
        _rows(
            PaymentOption.objects.offered(),
            what=Value("payment"),
            id="id",
            name="name",
            other_name="name_es",
            place="position",
        ),
        _rows(ClinicProfile.objects.all(), what=Value("profile"), name="time_zone"),
        _rows(
            RedFlag.objects.in_use(),
            what=Value("red_flag"),
            id="id",
            key="key",
            name="wording",
            other_name="wording_es",
            place="position",
            tier="tier",
            concern="concern",
            version="version",
        ),
        all=True,
    )


def _rows(found: QuerySet[Any, Any], **columns: Any) -> QuerySet[Any, Any]:
    """What was found, as rows of COLUMNS."""
    return found.order_by().values_list(*(columns.get(name, nothing) for name, nothing in COLUMNS.items()))


_ASKED = ReadyQuery(_asked)
