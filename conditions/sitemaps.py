"""Which pages there are, for search engines, and when each has last changed."""

import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse, translate_url

from clinic.public_page import public_page
from conditions.models import Article

# Pages without a time of their own to tell: what they show is gathered from others, or stands in a template.
UNDATED = (
    "conditions:home",
    "conditions:condition_list",
    "conditions:a_to_z",
    "conditions:walking_pattern",
    "privacy",
    "accessibility",
)


def last_change(article: Article) -> datetime.datetime:
    """When what patients read here changed last: with its newest edit, or with its publication where that came
    later. The database notes every edit of a published article's text, sections and sources, by whatever path;
    putting a new version of the site on a server is none."""
    return max(article.last_changed, article.published_from or article.last_changed)


@public_page
def sitemap(request: HttpRequest) -> HttpResponse:
    """The sitemap of sitemaps.org. One query."""
    articles = Article.objects.published().only("kind", "slug", "published_from", "last_changed").order_by("pk")
    pages = [{"address": request.build_absolute_uri(path)} for path in _undated_paths()]
    pages += [
        {
            "address": request.build_absolute_uri(article.get_absolute_url()),
            "last_change": last_change(article).isoformat(timespec="seconds"),
        }
        for article in articles
    ]
    return render(request, "conditions/sitemap.xml", {"pages": pages}, content_type="application/xml")


def _undated_paths() -> list[str]:
    """Where the undated pages are, in each language that they have an address in."""
    paths = (translate_url(reverse(name), code) for name in UNDATED for code, _ in settings.LANGUAGES)
    return list(dict.fromkeys(paths))
