"""A signed link to an article as it stands now, for a reviewer without an account."""

import datetime
import re
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.signing import Signer
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from conditions.models import Article
from conditions.preview import LIFETIME, Preview, preview_of, read_token
from tests.conditions.articles import CAUSE, CONDITION, admin_url, article
from tests.form_posts import page, post_form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]
BANNER = "Preview of a draft, until "


def link(key: str = CAUSE, made_at: datetime.datetime | None = None) -> str:
    return preview_of(article(key), made_at or timezone.now()).get_absolute_url()


@pytest.mark.parametrize("key", [CAUSE, CONDITION, "treatment/surgery"])
@pytest.mark.parametrize("published_from", [None, timezone.now() + datetime.timedelta(days=30)])
def test_reviewer_without_an_account_reads_what_patients_cannot(
    client: Client, key: str, published_from: datetime.datetime | None
) -> None:
    Article.objects.filter(pk=article(key).pk).update(published_from=published_from, title="Not for patients yet")
    assert client.get(article(key).get_absolute_url()).status_code == 404
    response = client.get(link(key))
    assert response.status_code == 200
    assert BANNER in page(response)
    assert "<h1>Not for patients yet</h1>" in page(response)


def test_preview_shows_the_article_as_it_stands_now(client: Client) -> None:
    address = link()
    Article.objects.filter(pk=article().pk).update(summary="Changed after the link was made.")
    assert "Changed after the link was made." in page(client.get(address))


def test_banner_names_the_end_in_the_clinics_zone(client: Client) -> None:
    made_at = timezone.now() - datetime.timedelta(days=1)
    end = (made_at + LIFETIME).astimezone(datetime.timezone(datetime.timedelta(hours=-8), "PST"))
    banner = re.sub("<[^>]+>", "", page(client.get(link(made_at=made_at))).split(BANNER)[1][:200])
    assert f"{end:%A, %B} {end.day}" in banner
    assert re.search(r"[ap]\.m\. P[SD]T", banner)


def test_no_search_engine_and_no_browser_keeps_a_preview(client: Client) -> None:
    response = client.get(link())
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert '<meta name="robots" content="noindex, nofollow">' in page(response)
    assert "no-store" in response.headers["Cache-Control"]
    assert 'rel="canonical"' not in page(response)
    assert not response.cookies


def test_link_ends_after_seven_days(client: Client) -> None:
    assert datetime.timedelta(days=7) == LIFETIME
    just_alive = timezone.now() - LIFETIME + datetime.timedelta(minutes=1)
    assert client.get(link(made_at=just_alive)).status_code == 200
    response = client.get(link(made_at=timezone.now() - LIFETIME))
    assert response.status_code == 404
    assert "This preview has ended" in page(response)
    assert "noindex" in response.headers["X-Robots-Tag"]


def test_link_dies_with_the_secret_that_signed_it(client: Client, settings: LazySettings) -> None:
    settings.SECRET_KEY = "the first secret"
    address = link()
    assert client.get(address).status_code == 200
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the second secret", ["the first secret"]
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token.replace(".", "9.", 1),
        lambda token: re.sub(r"\.\d", ".9", token),
        lambda token: Signer(sep="~").sign(token.split("~")[0]),
        lambda token: Signer(sep="~", salt="conditions.preview", key="guessed").sign(token.split("~")[0]),
        lambda token: "x",
        lambda token: "~",
        lambda token: "%00",
        lambda token: "é~é",
        lambda token: "9" * 5000,
    ],
)
def test_link_that_is_not_ours_opens_nothing(client: Client, spoil: Callable[[str], str]) -> None:
    token = preview_of(article(), timezone.now()).token
    assert client.get(f"/preview/{spoil(token)}/").status_code in {400, 404}


def test_link_of_an_article_that_is_gone_opens_nothing(client: Client) -> None:
    nobody = Preview(article_id=999_999, until=timezone.now() + LIFETIME)
    assert client.get(nobody.get_absolute_url()).status_code == 404


def test_token_is_read_back() -> None:
    preview = preview_of(article(), timezone.now())
    assert read_token(preview.token, timezone.now()) == preview
    assert read_token(preview.token, preview.until) is None


def test_preview_is_for_reading_only(client: Client) -> None:
    assert post_form(client, link(), {}).status_code == 405


def test_preview_costs_what_a_page_costs(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for key in (CAUSE, CONDITION):
        address = link(key)
        with django_assert_max_num_queries(5):
            client.get(address)


def test_link_stands_in_the_admin_page(client: Client, staff: Callable[..., User]) -> None:
    client.force_login(staff("editor"))
    found = re.search(r'value="http://testserver(/preview/[^"]+)"', page(client.get(admin_url())))
    assert found is not None
    assert Client().get(found.group(1)).status_code == 200
