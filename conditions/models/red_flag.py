"""The one table of warning symptoms."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language

from clinic.ready_query import ReadyQuery
from conditions.models.kind import Kind


class Tier(models.TextChoices):
    """How soon a red flag needs care."""

    EMERGENCY = "emergency", "Emergency: now"
    URGENT = "urgent", "Urgent: today"
    MENTION = "mention", "Tell us about it"


# Which care cards stand on a page: anyone who reads about a condition or a cause may have such a symptom.
TIERS_ON_PAGE: dict[str, tuple[str, ...]] = {
    Kind.CONDITION: (Tier.EMERGENCY, Tier.URGENT, Tier.MENTION),
    Kind.CAUSE: (Tier.EMERGENCY, Tier.URGENT),
    Kind.TREATMENT: (),
}


def counts_wordings() -> pgtrigger.Trigger:
    """Whoever changes what patients read, or how soon it needs care, raises the version, by whatever path."""
    return pgtrigger.Trigger(
        name="counts_wordings",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange("wording", "wording_es", "tier"),
        func="""
            IF NEW.version = OLD.version THEN NEW.version = OLD.version + 1; END IF;
            RETURN NEW;
        """,
    )


class RedFlagQuerySet(models.QuerySet["RedFlag"]):
    """Words about red flags."""

    def in_use(self) -> "RedFlagQuerySet":
        """Those that patients are asked about, the most urgent tier first."""
        rank = models.Case(*[models.When(tier=tier, then=number) for number, tier in enumerate(Tier.values)])
        return self.filter(is_in_use=True).order_by(rank, "position", "key")

    def shown_on(self, kind: str) -> "RedFlagQuerySet":
        """Those of the care cards on pages of this kind (a value of `Kind`). No query where there are no cards."""
        tiers = TIERS_ON_PAGE[kind]
        return self.in_use().filter(tier__in=tiers) if tiers else self.none()


class RedFlag(models.Model):
    """A warning symptom. The one wording for care cards, the safety check and the staff's record."""

    PUBLIC_FIELDS = ("id", "key", "tier", "wording", "wording_es", "concern", "position", "version", "is_in_use")
    PRIVATE_FIELDS = ()

    key = models.SlugField(max_length=40, unique=True)
    tier = models.CharField(max_length=10, choices=Tier)
    wording = models.CharField(max_length=200, help_text='Completes "Do you have ...", in plain words.')
    wording_es = models.CharField(
        "wording in Spanish",
        max_length=240,
        blank=True,
        help_text="Completes “¿Tiene ...?”. Without it, Spanish pages show the English.",
    )
    concern = models.CharField(max_length=120, help_text="What staff think of first. Not shown to patients.")
    position = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField(
        default=1, help_text="Goes up by itself when the wording or the tier changes."
    )
    is_in_use = models.BooleanField(default=True)

    objects = RedFlagQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        triggers = [counts_wordings()]
        constraints = [
            models.CheckConstraint(condition=Q(tier__in=Tier.values), name="red_flag_tier_exists"),
            models.CheckConstraint(condition=Q(version__gte=1), name="red_flag_version_positive"),
        ]

    def __str__(self) -> str:
        return self.wording

    @property
    def local_wording(self) -> str:
        """The wording in the language of the page, or in English where there is no other."""
        return self.wording_es if self.local_language == "es" else self.wording

    @property
    def local_language(self) -> str:
        """The language of `local_wording`: where it is not that of the page, the page has to say so."""
        return "es" if get_language() == "es" and self.wording_es else "en"


def red_flags_in_use() -> list[RedFlag]:
    """Those that patients are asked about, the most urgent tier first: what `in_use` finds. One query."""
    names = [field.attname for field in RedFlag._meta.concrete_fields]
    return [RedFlag.from_db("default", names, row) for row in _IN_USE.rows()]


_IN_USE = ReadyQuery(RedFlag.objects.in_use)


def by_tier(red_flags: "list[RedFlag] | RedFlagQuerySet") -> dict[str, list[RedFlag]]:
    """The red flags under each tier, for the care cards and the safety check."""
    tiers: dict[str, list[RedFlag]] = {tier: [] for tier in Tier.values}
    for red_flag in red_flags:
        tiers[red_flag.tier].append(red_flag)
    return tiers
