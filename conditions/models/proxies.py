"""One word for the articles of each kind."""

from django.db import models

from conditions.models.article import Article, ArticleQuerySet
from conditions.models.kind import Kind


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
