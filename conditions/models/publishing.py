"""What patients may read now, what is to come, and what is no more. Reckoned from dates when asked; no job runs."""

import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models.functions import Now

from conditions.models.source import Source

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from conditions.models.article import Article  # noqa: F401 -- named in a string below


class State(models.TextChoices):
    """Where an article stands."""

    DRAFT = "draft", "Draft"
    SCHEDULED = "scheduled", "Scheduled"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


class PublishingQuerySet(models.QuerySet["Article"]):
    """Words about where articles stand, by the database's clock."""

    def published(self) -> Self:
        """Those that patients may read now: published, and not withdrawn."""
        return self.filter(published_from__lte=Now()).exclude(withdrawn_from__lte=Now())

    def drafts(self) -> Self:
        """Those without a time to be published."""
        return self.filter(published_from=None).exclude(withdrawn_from__lte=Now())

    def scheduled(self) -> Self:
        """Those that will be published at a time to come."""
        return self.filter(published_from__gt=Now()).exclude(withdrawn_from__lte=Now())

    def not_withdrawn(self) -> Self:
        """All but those that were taken back: what somebody has to look after."""
        return self.exclude(withdrawn_from__lte=Now())

    def owned_by(self, user: "AbstractBaseUser | AnonymousUser | None") -> Self:
        """Those that this person looks after; None: those that nobody does."""
        return self.filter(owner=user)

    def with_sources_unchecked_since(self, day: datetime.date) -> Self:
        """Those that rest on a source which nobody has opened on that day or later."""
        return self.filter(pk__in=Source.objects.unchecked_since(day).values("article"))
