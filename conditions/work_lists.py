"""What editors have to look after, as lists: each says in one word which articles wait for what."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from conditions.models.article import ArticleQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    Person = AbstractBaseUser | AnonymousUser

SOURCES_HOLD = datetime.timedelta(days=365)  # then somebody opens them again


@dataclass(frozen=True)
class WorkList:
    """One list. `find` narrows articles to it, for one person, on one day of the clinic's zone."""

    key: str
    label: str
    waits_for: str
    find: Callable[[ArticleQuerySet, "Person", datetime.date], ArticleQuerySet]

    def of(self, articles: ArticleQuerySet, person: "Person") -> ArticleQuerySet:
        """The articles of this list as of now; today is that of the zone that is active."""
        return self.find(articles, person, timezone.localdate())


def _drafts(articles: ArticleQuerySet, _person: "Person", _today: datetime.date) -> ArticleQuerySet:
    return articles.drafts()


def _scheduled(articles: ArticleQuerySet, _person: "Person", _today: datetime.date) -> ArticleQuerySet:
    return articles.scheduled()


def _overdue(articles: ArticleQuerySet, _person: "Person", today: datetime.date) -> ArticleQuerySet:
    return articles.not_withdrawn().overdue_review(today)


def _unsigned(articles: ArticleQuerySet, _person: "Person", _today: datetime.date) -> ArticleQuerySet:
    return articles.not_withdrawn().unsigned()


def _unchecked(articles: ArticleQuerySet, _person: "Person", today: datetime.date) -> ArticleQuerySet:
    return articles.not_withdrawn().with_sources_unchecked_since(today - SOURCES_HOLD)


def _mine(articles: ArticleQuerySet, person: "Person", _today: datetime.date) -> ArticleQuerySet:
    return articles.not_withdrawn().owned_by(person)


def _nobodys(articles: ArticleQuerySet, _person: "Person", _today: datetime.date) -> ArticleQuerySet:
    return articles.not_withdrawn().owned_by(None)


WORK_LISTS = (
    WorkList("mine", "Mine", "You look after these.", _mine),
    WorkList("drafts", "Drafts", "No time is set to publish them.", _drafts),
    WorkList("scheduled", "Scheduled", "They appear by themselves, at their time.", _scheduled),
    WorkList("overdue", "Overdue for review", "The day of their next review has passed.", _overdue),
    WorkList("unsigned", "Unsigned", "No clinician has signed the text as it is now.", _unsigned),
    WorkList("unchecked", "Sources not checked", "A source was not opened for twelve months.", _unchecked),
    WorkList("nobodys", "Without an owner", "Nobody looks after them.", _nobodys),
)
