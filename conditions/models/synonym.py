"""Words that patients use, and the words that the articles use."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import models
from django.db.models import F, Func, OuterRef, Value
from django.db.models.functions import JSONObject, Replace

from conditions.models.article import CARD_FIELDS, Article


class SynonymQuerySet(models.QuerySet["Synonym"]):
    """Words about synonyms."""

    def in_a_to_z(self) -> "SynonymQuerySet":
        """Those of the A to Z list, each with `article_list`: the published articles whose titles have the words of
        what it means, as dictionaries of CARD_FIELDS. No further query."""
        meant = Replace(OuterRef("means"), Value(","), Value(" or "))
        titles = Func(F("search_vector"), Value("{a}"), function="ts_filter", output_field=SearchVectorField())
        articles = Article.objects.published().alias(titles=titles).order_by("title")
        articles = articles.filter(titles=SearchQuery(meant, config="english", search_type="websearch"))
        as_json = JSONObject(**{field: field for field in CARD_FIELDS})
        return self.filter(is_in_a_to_z=True).annotate(article_list=ArraySubquery(articles.values(json=as_json)))


class Synonym(models.Model):
    """Whoever searches for `term` also finds `means`. Kept by editors."""

    PUBLIC_FIELDS = ("id", "term", "means", "is_in_a_to_z")
    PRIVATE_FIELDS = ()

    term = models.CharField(
        max_length=60, unique=True, help_text="As patients say it: slipped disc. Its words may stand in any order."
    )
    means = models.CharField(
        max_length=120,
        help_text="Words of the articles. A comma means “or”: worn disc, degenerative disc.",
    )
    is_in_a_to_z = models.BooleanField(
        "in the A to Z list",
        default=False,
        help_text="Listed there as “see”, if its meaning names an article. For names of illnesses and treatments.",
    )

    article_list: list[dict[str, Any]]  # of `in_a_to_z`

    objects = SynonymQuerySet.as_manager()

    class Meta:
        ordering = ["term"]

    def __str__(self) -> str:
        return f"{self.term}: {self.means}"
