"""What an article's page shows: one recipe for patients, for previews, and for what a clinician signs."""

from typing import Any

from django.utils import timezone

from clinic.models import ClinicProfile
from conditions.evidence import disagreement_of, notes_of
from conditions.models import Article, Kind, RedFlag, by_tier
from conditions.rendering import headings, to_html
from conditions.sign_offs import review_state


def page_of(article: Article) -> dict[str, Any]:
    """The context of the article's page, as of now. Two queries: the clinic's profile (as `clinic`, so that no
    template asks for it again) and the red flags, where the page shows any.

    `article` comes with `with_evidence()`, a condition also with `with_sections()`, others with `with_related()`.
    """
    clinic = ClinicProfile.objects.current()
    sources = article.source_list
    red_flags = list(RedFlag.objects.shown_on(article.kind))
    now = timezone.localtime(timezone=clinic.zone if clinic else None)
    context = {
        "clinic": clinic,
        "article": article,
        "body": to_html(article.body, sources),
        "notes": notes_of(sources),
        "disagreement": disagreement_of(sources),
        "red_flags": by_tier(red_flags),
        "review": review_state(article, red_flags, now),
    }
    return context | (_sections_of(article) if article.kind == Kind.CONDITION else _ways_on(article))


def _sections_of(condition: Article) -> dict[str, Any]:
    """A condition's causes and treatments, each with its short text, and what closes the page."""
    sources = condition.source_list
    sections: list[dict[str, Any]] = [
        {"article": section.article, "html": to_html(section.text, sources, heading_ids=False)}
        for section in condition.section_list
    ]
    return {
        "causes": [section for section in sections if section["article"].kind == Kind.CAUSE],
        "treatments": [section for section in sections if section["article"].kind == Kind.TREATMENT],
        "closing": to_html(condition.closing, sources),
    }


def _ways_on(article: Article) -> dict[str, Any]:
    """The ways within a cause's or treatment's page, and from it to the one before and the one after, in the order
    of the condition that it belongs to: of the first by title, when it belongs to several."""
    order = [card for card in article.order_list if card["condition"] == article.order_list[0]["condition"]]
    before, after = [None, *order], [*order[1:], None]
    places = [
        place for place, card in enumerate(order) if (card["kind"], card["slug"]) == (article.kind, article.slug)
    ]
    return {
        "contents": headings(article.body),
        "previous": before[places[0]] if places else None,
        "next": after[places[0]] if places else None,
    }
