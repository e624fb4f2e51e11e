"""The evidence: what a claim in an article rests on."""

import datetime

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.auth.models import User
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from conditions.models.edits import edits_article


class SourceKind(models.TextChoices):
    """What a source is."""

    GUIDELINE = "guideline", "Guideline"
    SYSTEMATIC_REVIEW = "systematic_review", "Systematic review"
    TRIAL = "trial", "Trial"
    OBSERVATIONAL = "observational", "Observational study"
    REVIEW = "review", "Review or textbook"
    PATIENT_INFORMATION = "patient_information", "Patient information"


class Direction(models.TextChoices):
    """Which way a source points."""

    FOR = "for", "For"
    AGAINST = "against", "Against"
    MIXED = "mixed", "Mixed"
    NEUTRAL = "neutral", "Neutral"


class Strength(models.TextChoices):
    """How much weight the source itself puts on it."""

    STRONG = "strong", "Strong"
    MODERATE = "moderate", "Moderate"
    WEAK = "weak", "Weak"
    UNKNOWN = "unknown", "Not stated"


class ReadWhere(models.TextChoices):
    """Where the source was read. A copy is shown to editors as "primary source not opened"."""

    PUBLISHER = "publisher", "At the publisher"
    COPY = "copy", "In a copy: primary source not opened"


def ends_check() -> pgtrigger.Trigger:
    """A check is of one claim at one address: whoever changes either, by whatever path, ends it, unless the same
    update checks anew. Otherwise patients would read that somebody found there what now stands here."""
    return pgtrigger.Trigger(
        name="ends_check",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange("claim", "url"),
        func="""
            IF (NEW.checked_on, NEW.checked_by_id) IS NOT DISTINCT FROM (OLD.checked_on, OLD.checked_by_id) THEN
                NEW.checked_on = NULL;
                NEW.checked_by_id = NULL;
            END IF;
            RETURN NEW;
        """,
    )


class SourceQuerySet(models.QuerySet["Source"]):
    """Words about sources."""

    def unchecked_since(self, day: datetime.date) -> "SourceQuerySet":
        """Those that nobody has opened on that day or later: never checked, or last checked before it."""
        return self.exclude(checked_on__gte=day)

    def primary_not_opened(self) -> "SourceQuerySet":
        """Those that were read in a copy only."""
        return self.filter(read_where=ReadWhere.COPY)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Source(models.Model):
    """What a claim in an article rests on."""

    PUBLIC_FIELDS = (
        "id",
        "article",
        "position",
        "key",
        "claim",
        "citation",
        "publisher",
        "year",
        "url",
        "kind",
        "direction",
        "strength",
        "read_where",
        "checked_on",
        "checked_by",
    )
    PRIVATE_FIELDS = ()

    article = models.ForeignKey("conditions.Article", on_delete=models.CASCADE, related_name="sources")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=60, help_text="Cited in the text as [^key].")
    claim = models.CharField(max_length=500)
    citation = models.CharField(max_length=300)
    publisher = models.CharField(max_length=120)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    url = models.CharField(
        "address",
        max_length=500,
        validators=[RegexValidator(r"^https?://[^\s\"<>\\]+$", "Give an address that begins with https://.")],
    )
    kind = models.CharField(max_length=20, choices=SourceKind)
    direction = models.CharField(max_length=10, choices=Direction)
    strength = models.CharField(max_length=10, choices=Strength)
    read_where = models.CharField("read", max_length=10, choices=ReadWhere)
    checked_on = models.DateField(
        null=True, blank=True, help_text="When somebody last opened the source and found the claim in it."
    )
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        triggers = [edits_article("article_id"), ends_check()]
        constraints = [
            models.UniqueConstraint(fields=["article", "key"], name="source_key_once"),
            models.CheckConstraint(
                condition=Q(checked_on=None, checked_by=None)
                | Q(checked_on__isnull=False, checked_by__isnull=False),
                name="source_checked_by_somebody",
            ),
            models.CheckConstraint(condition=Q(url__regex=r"^https?://"), name="source_url_is_web"),
        ]

    def __str__(self) -> str:
        return self.citation

    def check_at_publisher(self, *, by: User, on: datetime.date) -> None:
        """Keep that `by` opened the source at its publisher on that day of the clinic's zone, and found its claim
        there."""
        self.checked_by, self.checked_on, self.read_where = by, on, ReadWhere.PUBLISHER
        self.save(update_fields=["checked_by", "checked_on", "read_where"])
