"""Signing articles in tests, and asking their pages."""

import datetime
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from clinic.models import clinic_today
from conditions.models import Article, RedFlag, SignOff
from conditions.sign_offs import Content, ReviewState, clinical_content, content_hash

CONDITION = "condition/lower-back-pain-when-walking"
CAUSE = "cause/spinal-stenosis"
TREATMENT = "treatment/surgery"


def read(key: str) -> Article:
    """The article as its page reads it."""
    return Article.objects.with_evidence().with_sections().with_key(key).get()


def content_now(key: str) -> Content:
    """What a clinician would sign now."""
    article = read(key)
    return clinical_content(article, RedFlag.objects.shown_on(article.kind))


def hash_now(key: str) -> str:
    """The hash of what a clinician would sign now."""
    return content_hash(content_now(key))


def sign(key: str, by: User, **changes: Any) -> SignOff:
    """A sign-off of the article as it is now, for a year."""
    article = read(key)
    fields = {
        "seen": hash_now(key),
        "name": "Dr. Demo Person",
        "credentials": "MD",
        "next_review_on": clinic_today() + datetime.timedelta(days=365),
        **changes,
    }
    return SignOff.objects.sign(article, RedFlag.objects.shown_on(article.kind), by=by, **fields)


def review_of(client: Client, key: str) -> ReviewState:
    """The review as the article's page has it at this request."""
    kind, slug = key.split("/")
    response = client.get(f"/{kind}s/{slug}/")
    assert response.status_code == 200
    review = response.context["review"]
    assert isinstance(review, ReviewState)
    return review


def page_of(client: Client, key: str) -> str:
    """The words of the article's page at this request, white space as one space."""
    kind, slug = key.split("/")
    return " ".join(client.get(f"/{kind}s/{slug}/").content.decode().split())
