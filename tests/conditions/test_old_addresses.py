"""A published article that moves leaves its address behind; a draft leaves nothing."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conditions.models import Article, OldAddress
from tests.conditions.articles import article
from tests.form_posts import post_form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]
OLD, NEW, NEWEST = "/causes/sciatica/", "/causes/leg-pain/", "/causes/nerve-pain/"


def move(key: str, slug: str) -> None:
    moved = article(key)
    moved.slug = slug
    moved.save()


@pytest.mark.parametrize("method", ["get", "head"])
def test_published_address_that_changes_leads_on_for_good(client: Client, method: str) -> None:
    move("cause/sciatica", "leg-pain")
    response = getattr(client, method)(OLD)
    assert (response.status_code, response.headers["Location"]) == (301, NEW)
    assert "max-age=86400" in response.headers["Cache-Control"]
    assert client.get(NEW).status_code == 200


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        (
            "condition/lower-back-pain-when-walking",
            "/conditions/lower-back-pain-when-walking/",
            "/conditions/moved/",
        ),
        ("treatment/surgery", "/treatments/surgery/", "/treatments/moved/"),
    ],
)
def test_every_kind_leads_on(client: Client, key: str, old: str, new: str) -> None:
    move(key, "moved")
    assert client.get(old).headers["Location"] == new


def test_post_is_not_led_on(client: Client) -> None:
    move("cause/sciatica", "leg-pain")
    assert post_form(client, OLD, {}).status_code == 405


@pytest.mark.parametrize("published_from", [None, datetime.timedelta(hours=1)])
def test_address_of_a_draft_is_forgotten(client: Client, published_from: datetime.timedelta | None) -> None:
    then = published_from and timezone.now() + published_from
    Article.objects.filter(slug="sciatica").update(published_from=then)
    move("cause/sciatica", "leg-pain")
    Article.objects.filter(slug="leg-pain").update(published_from=timezone.now())
    assert client.get(OLD).status_code == 404
    assert not OldAddress.objects.exists()


def test_chain_is_one_step(client: Client) -> None:
    move("cause/sciatica", "leg-pain")
    move("cause/leg-pain", "nerve-pain")
    assert [client.get(address).headers["Location"] for address in (OLD, NEW)] == [NEWEST, NEWEST]


def test_article_that_comes_back_is_found_and_leads_nowhere(client: Client) -> None:
    move("cause/sciatica", "leg-pain")
    move("cause/leg-pain", "sciatica")
    assert client.get(OLD).status_code == 200
    assert client.get(NEW).headers["Location"] == OLD
    Article.objects.filter(slug="sciatica").update(withdrawn_from=timezone.now())
    assert [client.get(address).status_code for address in (OLD, NEW)] == [404, 404]


def test_address_in_use_by_another_article_is_that_articles(client: Client) -> None:
    move("cause/sciatica", "leg-pain")
    move("cause/spinal-stenosis", "sciatica")
    response = client.get(OLD)
    assert response.status_code == 200
    assert "stenosis" in response.content.decode()
    move("cause/sciatica", "narrow-canal")
    assert client.get(OLD).headers["Location"] == "/causes/narrow-canal/", "the last one that stood there"


def test_draft_at_an_old_address_does_not_end_the_way_on(client: Client) -> None:
    move("cause/sciatica", "leg-pain")
    Article.objects.create(kind="cause", slug="sciatica", title="A draft", summary="A draft.", body="A draft.")
    assert client.get(OLD).headers["Location"] == NEW
    Article.objects.filter(slug="sciatica").update(published_from=timezone.now())
    assert client.get(OLD).status_code == 200


def test_article_of_another_kind_does_not_answer(client: Client) -> None:
    move("cause/sciatica", "leg-pain")
    assert client.get("/treatments/sciatica/").status_code == 404


@pytest.mark.parametrize("name", ["published_from", "withdrawn_from"])
def test_nothing_leads_to_what_patients_may_not_read(client: Client, name: str) -> None:
    move("cause/sciatica", "leg-pain")
    Article.objects.filter(slug="leg-pain").update(**{name: None if name == "published_from" else timezone.now()})
    assert client.get(OLD).status_code == 404


def test_found_page_costs_no_query_for_old_addresses(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.get(OLD)
    assert not any("oldaddress" in query["sql"] for query in queries)
