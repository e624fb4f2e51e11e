"""Where a published article stood before."""

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from conditions.models.kind import Kind

if TYPE_CHECKING:
    from conditions.models.article import Article


class OldAddress(models.Model):
    """An address at which a published article stood. It leads to where the article stands now, in one step."""

    PUBLIC_FIELDS = ("id", "kind", "slug", "article")
    PRIVATE_FIELDS = ()

    kind = models.CharField(max_length=10, choices=Kind)
    slug = models.SlugField(max_length=80)
    article = models.ForeignKey("conditions.Article", on_delete=models.CASCADE, related_name="old_addresses")

    class Meta:
        verbose_name_plural = "old addresses"
        constraints = [models.UniqueConstraint(fields=["kind", "slug"], name="old_address_once")]

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}"

    @classmethod
    def keep(cls, before: "Article", now: "Article") -> None:
        """Remember the address that `before` had, if patients could have kept it; forget the one it came back to.

        An address that leads to another article stays: a page that is published there comes first anyway.
        """
        if (before.kind, before.slug) == (now.kind, now.slug):
            return
        cls.objects.filter(kind=now.kind, slug=now.slug, article=now).delete()
        if before.published_from is not None and before.published_from <= timezone.now():
            cls.objects.update_or_create(kind=before.kind, slug=before.slug, defaults={"article": now})
