"""Articles, and how they hang together."""

import datetime
from typing import Any

import pghistory
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.db.models import F, OuterRef, Q
from django.db.models.functions import JSONObject
from django.urls import reverse

from conditions.models.clue import CLUE_FIELDS, Clue
from conditions.models.edits import counts_edits
from conditions.models.kind import Diagram, Kind
from conditions.models.old_address import OldAddress
from conditions.models.publishing import PublishingQuerySet, State
from conditions.models.red_flag import RedFlag
from conditions.models.sign_off import SIGN_OFF_FIELDS, Amendment, SignOff
from conditions.models.source import Source
from conditions.models.structure import Section
from conditions.sign_offs import is_signed

CARD_FIELDS = ("kind", "slug", "title", "short_title", "summary")
SOURCE_FIELDS = (
    *("key", "claim", "citation", "publisher", "year", "url", "kind", "direction", "strength"),
    *("read_where", "checked_on"),
)


class ArticleQuerySet(PublishingQuerySet):
    """Words for which articles, and with what beside them."""

    def with_sources(self) -> "ArticleQuerySet":
        """Each with `source_list`: its sources in order, as dictionaries of SOURCE_FIELDS. No further query."""
        sources = Source.objects.filter(article=OuterRef("pk")).order_by("position", "pk")
        as_json = JSONObject(**{field: field for field in SOURCE_FIELDS})
        return self.annotate(source_list=ArraySubquery(sources.values(json=as_json)))  # type: ignore[no-redef]

    def with_related(self) -> "ArticleQuerySet":
        """Each with `treatment_list` (what may help it), `cause_list` (what it may help), `condition_list` (where
        it is a section) and `order_list` (the sections there in order, itself too, each with the id of its
        `condition`), as dictionaries of CARD_FIELDS of published articles. No further query."""
        as_json = JSONObject(**{field: field for field in CARD_FIELDS})
        published = Article.objects.published()
        treatments = published.filter(helps__cause=OuterRef("pk")).order_by("helps__position")
        causes = published.filter(helped_by__treatment=OuterRef("pk")).order_by("title")
        conditions = published.filter(sections__article=OuterRef("pk")).order_by("title", "pk")
        order = published.filter(
            section_of__condition__sections__article=OuterRef("pk"), section_of__condition__in=published
        ).order_by("section_of__condition__title", "section_of__condition", "section_of__position")
        in_order = JSONObject(condition="section_of__condition_id", **{field: field for field in CARD_FIELDS})
        return self.annotate(  # type: ignore[no-redef]
            order_list=ArraySubquery(order.values(json=in_order)),
            treatment_list=ArraySubquery(treatments.values(json=as_json)),
            cause_list=ArraySubquery(causes.values(json=as_json)),
            condition_list=ArraySubquery(conditions.values(json=as_json)),
        )

    def with_sections(self) -> "ArticleQuerySet":
        """Each with `section_list`: its sections whose articles are published, in order. One further query."""
        sections = (
            Section.objects.filter(article__in=Article.objects.published())
            .select_related("article")
            .defer("article__body", "article__closing", "article__search_vector")
        )
        return self.prefetch_related(  # type: ignore[no-redef]
            models.Prefetch("sections", queryset=sections.order_by("position"), to_attr="section_list")
        )

    def with_sign_off(self) -> "ArticleQuerySet":
        """Each with `sign_off_list` (the newest sign-off or nothing, as dictionaries of SIGN_OFF_FIELDS) and
        `amendment_list` (its confirmed edits that were not clinical, in order). No further query."""
        newest = SignOff.objects.filter(article=OuterRef("pk")).order_by("-signed_at", "-pk")[:1]
        confirmed = Amendment.objects.filter(sign_off__article=OuterRef("pk"), confirmed_by__isnull=False).order_by(
            "pk"
        )
        return self.annotate(  # type: ignore[no-redef]
            sign_off_list=ArraySubquery(newest.values(json=JSONObject(**{f: f for f in SIGN_OFF_FIELDS}))),
            amendment_list=ArraySubquery(
                confirmed.values(json=JSONObject(sign_off="sign_off_id", before="hash_before", after="hash_after"))
            ),
        )

    def with_clues(self) -> "ArticleQuerySet":
        """Each with `clue_list`: its walking-pattern clues, as dictionaries of CLUE_FIELDS. No further query."""
        clues = Clue.objects.filter(cause=OuterRef("pk")).order_by("position", "pk")
        return self.annotate(clue_list=ArraySubquery(clues.values(json=JSONObject(**{f: f for f in CLUE_FIELDS}))))  # type: ignore[no-redef]

    def with_evidence(self) -> "ArticleQuerySet":
        """Each with its sources, its clues and its sign-off: what the page says of how far it can be trusted. For
        conditions `with_sections` belongs to it. No further query."""
        return self.with_sources().with_clues().with_sign_off()

    def unsigned(self) -> "ArticleQuerySet":
        """Those whose text as it is now no clinician has signed: never, or not since it changed.

        Asked at once, not when the result is read: four queries, which read the whole text of each article.
        """
        shown = {kind: list(RedFlag.objects.shown_on(kind)) for kind in Kind.values}
        articles = self.with_evidence().with_sections()
        unsigned = [article.pk for article in articles if not is_signed(article, shown[article.kind])]
        return self.filter(pk__in=unsigned)

    def overdue_review(self, today: datetime.date) -> "ArticleQuerySet":
        """Those whose newest sign-off was to be reviewed before `today`, a day of the clinic's zone."""
        newest = SignOff.objects.filter(article=OuterRef("pk")).order_by("-signed_at", "-pk")
        return self.alias(review_due=models.Subquery(newest.values("next_review_on")[:1])).filter(
            review_due__lt=today
        )

    def once_at(self, kind: str, slug: str) -> "ArticleQuerySet":
        """The one that stood at this address before and left it, or none."""
        return self.filter(old_addresses__kind=kind, old_addresses__slug=slug)

    def with_key(self, key: str) -> "ArticleQuerySet":
        """Those with the key `<kind>/<slug>`, as `Article.key` gives it: one, or none for any other text."""
        kind, _, slug = key.partition("/")
        return self.filter(kind=kind, slug=slug)


class NewerEdit(Exception):
    """Somebody else saved this article since it was read; nothing was saved. `newer` is what is there now."""

    def __init__(self, newer: "Article") -> None:
        super().__init__(f"{newer.key} was saved by somebody else since it was read")
        self.newer = newer


@pghistory.track(exclude=["search_vector"])
class Article(models.Model):
    """One page that patients read. Its kind decides its address."""

    PUBLIC_FIELDS = (
        "id",
        "kind",
        "slug",
        "title",
        "short_title",
        "medical_name",
        "summary",
        "diagram",
        "body",
        "closing",
        "published_from",
        "withdrawn_from",
        "owner",
        "version",
        "last_changed",
        "loaded_digest",
        "search_vector",
    )
    PRIVATE_FIELDS = ()

    # Only on those that were asked for with the QuerySet word of the same name.
    source_list: list[dict[str, Any]]
    sign_off_list: list[dict[str, Any]]
    amendment_list: list[dict[str, Any]]
    clue_list: list[dict[str, Any]]
    section_list: list["Section"]
    treatment_list: list[dict[str, Any]]
    cause_list: list[dict[str, Any]]
    condition_list: list[dict[str, Any]]
    order_list: list[dict[str, Any]]

    kind = models.CharField(max_length=10, choices=Kind)
    slug = models.SlugField(max_length=80)
    title = models.CharField(max_length=120)
    short_title = models.CharField(
        max_length=60, blank=True, help_text="For lists and breadcrumbs, when the title is long."
    )
    medical_name = models.CharField(max_length=120, blank=True, help_text="Shown after the plain name.")
    summary = models.CharField(
        max_length=250, help_text="One or two sentences: under the title, in lists, for search engines."
    )
    diagram = models.CharField(max_length=30, choices=Diagram, blank=True)
    body = models.TextField(
        validators=[MaxLengthValidator(40_000)],
        help_text="Markdown. A source is cited as [^key], right after the claim.",
    )
    closing = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(10_000)],
        help_text="Markdown, for conditions: when to see us, after causes and treatments.",
    )
    published_from = models.DateTimeField(
        null=True, blank=True, help_text="Readable from this time on. Empty: a draft."
    )
    withdrawn_from = models.DateTimeField(null=True, blank=True, help_text="No longer readable from this time.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who keeps this article up to date.",
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    last_changed = models.DateTimeField(auto_now=True)
    loaded_digest = models.CharField(max_length=64, blank=True, editable=False)
    search_vector = models.GeneratedField(
        expression=(
            SearchVector("title", "short_title", "medical_name", config="english", weight="A")
            + SearchVector("summary", config="english", weight="B")
            + SearchVector("body", "closing", config="english", weight="D")
        ),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "title"]
        triggers = [counts_edits()]
        constraints = [
            models.UniqueConstraint(fields=["kind", "slug"], name="article_address_once"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="article_kind_exists"),
            models.CheckConstraint(
                condition=Q(diagram="") | Q(diagram__in=Diagram.values), name="article_diagram_exists"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_from=None) | Q(withdrawn_from__gte=F("published_from")),
                name="article_withdrawn_after_published",
            ),
        ]
        indexes = [
            # search.find: published articles whose text matches.
            GinIndex(fields=["search_vector"], name="article_search"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, unless somebody else has since this object was read: then raise NewerEdit and save nothing.

        One transaction. A published address that changes is kept as an OldAddress that leads here.
        """
        if self._state.adding:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            there = Article.objects.select_for_update(of=("self",)).defer("search_vector").get(pk=self.pk)
            if there.version != self.version:
                raise NewerEdit(there)
            self.version += 1
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "version", "last_changed"}
            try:
                super().save(*args, **kwargs)
            except BaseException:
                self.version -= 1
                raise
            OldAddress.keep(there, self)

    def get_absolute_url(self) -> str:
        """The page's address on this site."""
        return article_url(self.kind, self.slug)

    def state_at(self, moment: datetime.datetime) -> State:
        """Where it stands at this aware moment: what `published()` and the others ask of the database."""
        if self.withdrawn_from is not None and self.withdrawn_from <= moment:
            return State.WITHDRAWN
        if self.published_from is None:
            return State.DRAFT
        return State.PUBLISHED if self.published_from <= moment else State.SCHEDULED

    @property
    def key(self) -> str:
        """`<kind>/<slug>`: how a request names the article that it came from."""
        return f"{self.kind}/{self.slug}"

    @property
    def name(self) -> str:
        """The short title where there is one, else the title."""
        return self.short_title or self.title

    @property
    def diagram_template(self) -> str:
        """The template that draws the diagram, or "" when there is none."""
        return f"conditions/diagrams/{self.diagram}.svg" if self.diagram else ""


def article_url(kind: str, slug: str) -> str:
    """The address of the article of this kind (a value of `Kind`) and slug."""
    return reverse(f"conditions:{kind}_detail", args=[slug])
