"""What the staff's first page says of the articles."""

from dataclasses import dataclass

from django import template
from django.http import HttpRequest
from django.urls import reverse

from conditions.models import Article, Kind
from conditions.work_lists import WORK_LISTS, WorkList

register = template.Library()
NAMED = 5  # articles of each list


@dataclass(frozen=True)
class Waiting:
    """One list of work: how much it holds, the first few, and where all of it is."""

    work: WorkList
    count: int
    first: list[tuple[str, str]]
    url: str


@register.simple_tag
def article_work(request: HttpRequest) -> list[Waiting]:
    """The lists of work for whoever keeps articles or signs them. Empty for all others. Two queries a list."""
    keeps = any(request.user.has_perm(f"conditions.change_{kind}") for kind in Kind.values)
    if not keeps and not request.user.has_perm("conditions.sign_off"):
        return []
    everything = reverse("admin:conditions_article_changelist")
    lists = []
    for work in WORK_LISTS:
        articles = list(work.of(Article.objects.all(), request.user).order_by("title").only("kind", "title"))
        first = [
            (article.title, reverse(f"admin:conditions_{article.kind}_change", args=[article.pk]))
            for article in articles[:NAMED]
        ]
        lists.append(Waiting(work, len(articles), first, f"{everything}?list={work.key}"))
    return lists
