"""What is new to read: articles that changed or were reviewed, as an Atom feed."""

import datetime
import re

from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import date
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape

from clinic.models import ClinicProfile
from clinic.public_page import public_page
from conditions.models import Article, Kind, RedFlag
from conditions.sign_offs import ReviewState, review_state
from conditions.sitemaps import last_change

NEWEST = 50  # entries
NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@public_page
def feed(request: HttpRequest) -> HttpResponse:
    """The published articles, the newest change or review first. Five queries, whatever the number of articles."""
    clinic = ClinicProfile.objects.current()
    name = clinic.name if clinic else "Clinic"
    atom = Atom1Feed(
        title=_text(f"{name}: pages that changed or were reviewed"),
        link=request.build_absolute_uri(reverse("conditions:home")),
        description=None,
        language="en-US",
        author_name=_text(name),
        feed_url=request.build_absolute_uri(request.path),
    )
    host = request.get_host().partition(":")[0]
    for updated, article, review in _newest_first(timezone.localtime(timezone=clinic.zone if clinic else None)):
        atom.add_item(
            title=_text(article.title),
            link=request.build_absolute_uri(article.get_absolute_url()),
            description=escape(_text(f"{article.summary} {_standing(review)}")),  # its type in the feed is HTML
            unique_id=f"tag:{host},2026:article/{article.pk}",  # stays when the address changes
            pubdate=article.published_from,
            updateddate=updated,
        )
    return HttpResponse(atom.writeString("utf-8"), content_type=atom.content_type)


def _newest_first(now: datetime.datetime) -> list[tuple[datetime.datetime, Article, ReviewState]]:
    """When each last changed or was reviewed, the article, and how it stands to its sign-off at `now`."""
    red_flags = {kind: list(RedFlag.objects.shown_on(kind)) for kind in Kind.values}
    entries = []
    for article in Article.objects.published().with_evidence().with_sections():
        review = review_state(article, red_flags[article.kind], now)
        signed = [row["signed_at"] for row in article.sign_off_list if review.holds]
        moments = [last_change(article), *map(datetime.datetime.fromisoformat, signed)]
        entries.append((max(moments), article, review))
    return sorted(entries, key=lambda entry: (entry[0], entry[1].pk), reverse=True)[:NEWEST]


def _standing(review: ReviewState) -> str:
    if review.holds:
        return f"Reviewed by {review.name}, {review.credentials}, on {date(review.signed_on, 'F j, Y')}."
    return "No clinician has signed off this text as it is now."


def _text(text: str) -> str:
    """Without the few characters that no XML document may hold."""
    return NOT_IN_XML.sub("", text)
