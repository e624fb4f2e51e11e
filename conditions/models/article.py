"""Articles, and how they hang together."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, OuterRef, Q
from django.db.models.functions import JSONObject, Now
from django.urls import reverse

from conditions.models.source import Source


class Kind(models.TextChoices):
    """The kinds of article, named as schema.org names them: MedicalCondition, cause, possibleTreatment."""

    CONDITION = "condition", "Condition"
    CAUSE = "cause", "Cause"
    TREATMENT = "treatment", "Treatment"


class Diagram(models.TextChoices):
    """The drawings of templates/conditions/diagrams/."""

    LUMBAR_SPINE = "lumbar-spine", "Lumbar spine"
    STRAINED_MUSCLE = "strained-muscle", "Strained muscle"
    WORN_DISC = "worn-disc", "Worn disc"
    NARROWED_CANAL = "narrowed-canal", "Narrowed canal"
    SCIATIC_NERVE = "sciatic-nerve", "Sciatic nerve"
    FACET_JOINT = "facet-joint", "Facet joint"
    SACROILIAC_JOINT = "sacroiliac-joint", "Sacroiliac joint"
    NARROWED_LEG_ARTERY = "narrowed-leg-artery", "Narrowed leg artery"


CARD_FIELDS = ("kind", "slug", "title", "short_title", "summary")
SOURCE_FIELDS = ("key", "claim", "citation", "publisher", "year", "url", "kind", "direction", "strength")


class ArticleQuerySet(models.QuerySet["Article"]):
    """Words for which articles, and with what beside them."""

    def published(self) -> "ArticleQuerySet":
        """Those that patients may read now: published, and not withdrawn. Reckoned from dates; no job runs."""
        return self.filter(published_from__lte=Now()).exclude(withdrawn_from__lte=Now())

    def with_sources(self) -> "ArticleQuerySet":
        """Each with `source_list`: its sources in order, as dictionaries of SOURCE_FIELDS. No further query."""
        sources = Source.objects.filter(article=OuterRef("pk")).order_by("position")
        as_json = JSONObject(**{field: field for field in SOURCE_FIELDS})
        return self.annotate(source_list=ArraySubquery(sources.values(json=as_json)))

    def with_related(self) -> "ArticleQuerySet":
        """Each with `treatment_list` (what may help it), `cause_list` (what it may help) and `condition_list`
        (where it is a section), as dictionaries of CARD_FIELDS of published articles. No further query."""
        as_json = JSONObject(**{field: field for field in CARD_FIELDS})
        published = Article.objects.published()
        treatments = published.filter(helps__cause=OuterRef("pk")).order_by("helps__position")
        causes = published.filter(helped_by__treatment=OuterRef("pk")).order_by("title")
        conditions = published.filter(sections__article=OuterRef("pk")).order_by("title")
        return self.annotate(
            treatment_list=ArraySubquery(treatments.values(json=as_json)),
            cause_list=ArraySubquery(causes.values(json=as_json)),
            condition_list=ArraySubquery(conditions.values(json=as_json)),
        )

    def with_sections(self) -> "ArticleQuerySet":
        """Each with `section_list`: its sections whose articles are published, in order. One further query."""
        sections = Section.objects.filter(article__in=Article.objects.published()).select_related("article")
        return self.prefetch_related(
            models.Prefetch("sections", queryset=sections.order_by("position"), to_attr="section_list")
        )

    def with_key(self, key: str) -> "ArticleQuerySet":
        """Those with the key `<kind>/<slug>`, as `Article.key` gives it: one, or none for any other text."""
        kind, _, slug = key.partition("/")
        return self.filter(kind=kind, slug=slug)


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
        "loaded_digest",
    )
    PRIVATE_FIELDS = ()

    # Only on those that were asked for with the QuerySet word of the same name.
    source_list: list[dict[str, Any]]
    section_list: list["Section"]
    treatment_list: list[dict[str, Any]]
    cause_list: list[dict[str, Any]]
    condition_list: list[dict[str, Any]]

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
    loaded_digest = models.CharField(max_length=64, blank=True, editable=False)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "title"]
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

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The page's address on this site."""
        return article_url(self.kind, self.slug)

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


class KindManager(models.Manager["Article"]):
    """Articles of one kind, with every word of ArticleQuerySet."""

    def get_queryset(self) -> ArticleQuerySet:
        """Only the proxy's own kind."""
        return ArticleQuerySet(self.model, using=self._db).filter(kind=self.model.KIND)  # type: ignore[attr-defined]


class Condition(Article):
    """What brings a patient here; its causes and treatments are sections."""

    KIND = Kind.CONDITION
    objects = KindManager.from_queryset(ArticleQuerySet)()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True


class Cause(Article):
    """What may be behind a condition."""

    KIND = Kind.CAUSE
    objects = KindManager.from_queryset(ArticleQuerySet)()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True


class Treatment(Article):
    """What may help."""

    KIND = Kind.TREATMENT
    objects = KindManager.from_queryset(ArticleQuerySet)()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True


class Section(models.Model):
    """One cause or treatment on a condition's page, with a short text of its own."""

    PUBLIC_FIELDS = ("id", "condition", "article", "position", "text")
    PRIVATE_FIELDS = ()

    condition = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="sections")
    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="section_of")
    position = models.PositiveSmallIntegerField()
    text = models.TextField(validators=[MaxLengthValidator(4_000)], help_text="Markdown.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["condition", "article"], name="section_article_once"),
            models.UniqueConstraint(
                fields=["condition", "position"],
                name="section_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.article_id}"


class MayHelp(models.Model):
    """A treatment may help with a cause. Read from both ends."""

    PUBLIC_FIELDS = ("id", "cause", "treatment", "position")
    PRIVATE_FIELDS = ()

    cause = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="helped_by")
    treatment = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="helps")
    position = models.PositiveSmallIntegerField(help_text="Best supported first.")

    class Meta:
        verbose_name_plural = "may help"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["cause", "treatment"], name="may_help_once")]

    def __str__(self) -> str:
        return f"{self.treatment_id} may help {self.cause_id}"
