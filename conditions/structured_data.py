"""What the pages say, for machines: schema.org as JSON-LD, made from the fields that the page shows and no others.

Types and properties are those of https://schema.org. A value that the page has not got is left out, not guessed.
"""

import datetime
import json
from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from clinic.models import ClinicProfile
from conditions.models import Article, Kind, article_url
from conditions.sign_offs import ReviewState
from conditions.sitemaps import last_change

Data = dict[str, Any]
Absolute = Callable[[str], str]  # a path of this site to an address with scheme and host

LANGUAGE = "en-US"
ABOUT = {Kind.CONDITION: "MedicalCondition", Kind.CAUSE: "MedicalCondition", Kind.TREATMENT: "MedicalTherapy"}
# What would end the script, begin a tag or an entity, or end a line for some readers of JavaScript.
ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def script(data: Data) -> SafeString:
    """The data as a block that browsers never run. Nothing in it can end the block or open a tag."""
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(f'<script type="application/ld+json">{text.translate(ESCAPED)}</script>')  # noqa: S308


def web_site(clinic: ClinicProfile, absolute: Absolute) -> Data:
    """The site as a whole, for its first page."""
    return _filled(
        {
            "@type": "WebSite",
            "name": clinic.name,
            "url": absolute(reverse("conditions:home")),
            "inLanguage": LANGUAGE,
            "publisher": medical_clinic(clinic, absolute),
        }
    )


def medical_clinic(clinic: ClinicProfile, absolute: Absolute) -> Data:
    """Who is behind the site, as every page's foot says it."""
    home = absolute(reverse("conditions:home"))
    return _filled(
        {
            "@type": "MedicalClinic",
            "@id": f"{home}#clinic",
            "name": clinic.name,
            "url": home,
            "telephone": clinic.phone.as_e164,
            "address": " ".join(clinic.address.split()),
            "employee": {"@type": "Person", "name": clinic.clinician} if clinic.clinician else None,
        }
    )


def medical_web_page(
    article: Article,
    review: ReviewState,
    clinic: ClinicProfile | None,
    absolute: Absolute,
) -> Data:
    """An article's page. It names a reviewer and a day only while the sign-off holds for the text as it is now.

    `article` and `review` are those of `pages.page_of`. No query.
    """
    address = absolute(article.get_absolute_url())
    page = {
        "@type": "MedicalWebPage",
        "@id": address,
        "url": address,
        "name": article.title,
        "description": article.summary,
        "inLanguage": LANGUAGE,
        "datePublished": _moment(article.published_from),
        "dateModified": _moment(last_change(article)),
        "about": _about(article, address, absolute),
        "breadcrumb": breadcrumb_list(article, absolute),
        "citation": [_source(source) for source in article.source_list],
        "publisher": medical_clinic(clinic, absolute) if clinic else None,
    }
    if review.holds:
        credentials = {"@type": "EducationalOccupationalCredential", "name": review.credentials}
        page["lastReviewed"] = review.signed_on.isoformat() if review.signed_on else None
        page["reviewedBy"] = {"@type": "Person", "name": review.name, "hasCredential": credentials}
    return _filled(page)


def _about(article: Article, address: str, absolute: Absolute) -> Data:
    about: Data = {
        "@type": ABOUT[Kind(article.kind)],
        "@id": f"{address}#about",
        "name": article.name,
        "alternateName": article.medical_name,
    }
    if article.kind == Kind.CONDITION:
        others = [section.article for section in article.section_list]
        causes = [other for other in others if other.kind == Kind.CAUSE]
        about["cause"] = [_link("MedicalCause", cause.kind, cause.slug, cause.name, absolute) for cause in causes]
        treatments = [(other.slug, other.name) for other in others if other.kind == Kind.TREATMENT]
    else:
        cards = article.treatment_list
        treatments = [(card["slug"], card["short_title"] or card["title"]) for card in cards]
    if article.kind != Kind.TREATMENT:
        about["possibleTreatment"] = [
            _link("MedicalTherapy", Kind.TREATMENT, slug, name, absolute) for slug, name in treatments
        ]
    return _filled(about)


def _link(its_type: str, kind: str, slug: str, name: str, absolute: Absolute) -> Data:
    return {"@type": its_type, "name": name, "url": absolute(article_url(kind, slug))}


def breadcrumb_list(article: Article, absolute: Absolute) -> Data:
    """The way to the article, step by step, as the page shows it."""
    steps = [("Home", reverse("conditions:home")), ("Conditions", reverse("conditions:condition_list"))]
    if article.kind != Kind.CONDITION:
        parents = article.condition_list[:1]
        steps += [
            (card["short_title"] or card["title"], article_url(card["kind"], card["slug"])) for card in parents
        ]
    steps.append((article.name, article.get_absolute_url()))
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": absolute(path)}
            for position, (name, path) in enumerate(steps, start=1)
        ],
    }


def _source(source: dict[str, Any]) -> Data:
    year = str(source["year"]) if source["year"] else None
    return _filled(
        {"@type": "CreativeWork", "name": source["citation"], "url": source["url"], "datePublished": year}
    )


def _moment(moment: datetime.datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _filled(data: Data) -> Data:
    """Without what is empty."""
    return {name: value for name, value in data.items() if value not in (None, "", [])}
