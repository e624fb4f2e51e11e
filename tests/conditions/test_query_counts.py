"""How many queries a page to read costs: fixed numbers, whatever stands on it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conditions.models import Article, MayHelp, Section, Source


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def article(kind: str, number: int) -> Article:
    made: Article = Article.objects.create(
        kind=kind,
        slug=f"{kind}-{number}",
        title=f"{kind} {number}",
        summary="Summary.",
        body=f"## Heading\n\nText.[^source-{number}]",
        published_from=timezone.now(),
    )
    Source.objects.bulk_create(
        Source(
            article=made,
            position=position,
            key=f"source-{position}",
            claim="Claim.",
            citation="Citation",
            publisher="Publisher",
            url="https://example.org/",
            kind="trial",
            direction="for",
            strength="weak",
            read_where="publisher",
        )
        for position in range(number)
    )
    return made


@pytest.mark.django_db
@pytest.mark.parametrize("sections", [3, 30])
def test_condition_page_costs_at_most_four_queries(clinic_data: None, client: Client, sections: int) -> None:
    condition = article("condition", sections)
    for number in range(sections):
        kind = "cause" if number % 2 else "treatment"
        Section.objects.create(
            condition=condition, article=article(kind, number), position=number, text="Text.[^source-1]"
        )
    assert queries(client, condition.get_absolute_url()) == 4
    html = client.get(condition.get_absolute_url()).content.decode()
    assert html.count("<h3>") >= sections


@pytest.mark.django_db
@pytest.mark.parametrize("related", [0, 30])
def test_article_page_costs_at_most_four_queries(clinic_data: None, client: Client, related: int) -> None:
    cause, treatment = article("cause", 40), article("treatment", 41)
    for number in range(related):
        MayHelp.objects.create(cause=cause, treatment=article("treatment", number), position=number)
        MayHelp.objects.create(cause=article("cause", number), treatment=treatment, position=number)
        Section.objects.create(condition=article("condition", number), article=cause, position=number, text="x")
    for page in (cause, treatment):
        assert queries(client, page.get_absolute_url()) <= 4
        html = client.get(page.get_absolute_url()).content.decode()
        assert ("<h2>What it may help with</h2>" in html or "<h2>What may help</h2>" in html) == bool(related)


@pytest.mark.django_db
def test_shipped_pages_cost_at_most_four_queries(clinic_data: None, client: Client) -> None:
    paths = [found.get_absolute_url() for found in Article.objects.all()]
    for path in ("/", "/conditions/", "/privacy/", "/accessibility/", *paths):
        assert queries(client, path) <= 4, path
