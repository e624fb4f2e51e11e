"""Search engines are told of every page there is, of no other, and when each really changed."""

import datetime
import io
import re
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from conditions.models import Article
from tests.conditions.signed import CAUSE, CONDITION

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HOST = "http://testserver"
CONDITION_ADDRESS = f"{HOST}/conditions/lower-back-pain-when-walking/"
CAUSE_ADDRESS = f"{HOST}/causes/spinal-stenosis/"


def sitemap(client: Client) -> dict[str, datetime.datetime | None]:
    """When each address last changed, as the sitemap has it. Strict: nothing else may stand in it."""
    response = client.get("/sitemap.xml")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/xml"
    assert response.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<urlset')
    root = ElementTree.fromstring(response.content)  # noqa: S314
    assert root.tag == f"{NAMESPACE}urlset"
    found: dict[str, datetime.datetime | None] = {}
    for url in root:
        assert url.tag == f"{NAMESPACE}url"
        assert [part.tag.removeprefix(NAMESPACE) for part in url] in (["loc"], ["loc", "lastmod"])
        address, changed = url.findtext(f"{NAMESPACE}loc"), url.findtext(f"{NAMESPACE}lastmod")
        assert address is not None and address not in found
        assert changed is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", changed)
        found[address] = datetime.datetime.fromisoformat(changed) if changed else None
    return found


def test_sitemap_names_every_page_and_each_can_be_read(clinic_data: None, client: Client) -> None:
    addresses = set(sitemap(client))

    assert {HOST + article.get_absolute_url() for article in Article.objects.all()} < addresses
    assert {
        HOST + reverse(name) for name in ("conditions:home", "conditions:condition_list", "privacy")
    } < addresses
    for address in addresses:
        page = client.get(address.removeprefix(HOST))
        assert page.status_code == 200, address
        assert f'<link rel="canonical" href="{address}">' in page.content.decode()
        assert 'content="noindex' not in page.content.decode()


def test_sitemap_names_a_page_in_each_language_that_the_page_names(clinic_data: None, client: Client) -> None:
    addresses = set(sitemap(client))

    assert {f"{HOST}/privacy/", f"{HOST}/es/privacy/"} < addresses
    named = {
        address
        for page in addresses
        for address in re.findall(r'hreflang="[a-z-]+" href="(http[^"]+)"', client.get(page).content.decode())
    }
    assert named == addresses


def test_sitemap_leaves_out_what_patients_may_not_read(clinic_data: None, client: Client) -> None:
    now = timezone.now()
    hour = datetime.timedelta(hours=1)
    for slug, published_from, withdrawn_from in (
        ("draft", None, None),
        ("scheduled", now + hour, None),
        ("withdrawn", now - 2 * hour, now - hour),
        ("readable", now - hour, now + hour),
    ):
        Article.objects.create(
            kind="cause", slug=slug, title=slug, summary="x", body="x",
            published_from=published_from, withdrawn_from=withdrawn_from,
        )  # fmt: skip

    addresses = set(sitemap(client))

    assert f"{HOST}/causes/readable/" in addresses
    assert not addresses & {f"{HOST}/causes/{slug}/" for slug in ("draft", "scheduled", "withdrawn")}


def test_sitemap_takes_one_query(
    clinic_data: None, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        sitemap(client)


@pytest.mark.parametrize(
    ("sql", "changed"),
    [
        ("UPDATE conditions_article SET body = body || ' More.' WHERE slug = 'spinal-stenosis'", CAUSE_ADDRESS),
        ("UPDATE conditions_section SET text = text || ' More.' WHERE position = 1", CONDITION_ADDRESS),
        (
            "UPDATE conditions_source SET claim = claim || ' More.' WHERE article_id ="
            " (SELECT id FROM conditions_article WHERE slug = 'spinal-stenosis') AND position = 1",
            CAUSE_ADDRESS,
        ),
        (
            "DELETE FROM conditions_source WHERE article_id ="
            " (SELECT id FROM conditions_article WHERE slug = 'spinal-stenosis') AND position = 1",
            CAUSE_ADDRESS,
        ),
        ("UPDATE conditions_article SET published_from = now() WHERE slug = 'spinal-stenosis'", CAUSE_ADDRESS),
    ],
    ids=["text", "section", "source", "source-deleted", "published"],
)
def test_last_change_follows_an_edit_by_any_path(
    transactional_db: None, clinic_data: None, client: Client, sql: str, changed: str
) -> None:
    long_ago = timezone.now().replace(microsecond=0) - datetime.timedelta(days=90)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conditions_article SET published_from = %s, last_changed = %s, version = version + 1",
            [long_ago, long_ago],
        )
        before = sitemap(client)
        assert before[CONDITION_ADDRESS] == before[CAUSE_ADDRESS] == long_ago

        cursor.execute(sql)

    after = sitemap(client)
    moved = {address for address, moment in after.items() if moment != before[address]}
    assert moved == {changed}
    moment = after[changed]
    assert moment is not None and abs(timezone.now() - moment) < datetime.timedelta(minutes=1)


def test_last_change_is_the_publication_where_that_came_later(clinic_data: None, client: Client) -> None:
    """Written in advance: nobody could read it before."""
    yesterday = timezone.now().replace(microsecond=0) - datetime.timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conditions_article SET published_from = %s, last_changed = %s, version = version + 1",
            [yesterday, yesterday - datetime.timedelta(days=30)],
        )

    assert sitemap(client)[CAUSE_ADDRESS] == yesterday


def test_reading_a_page_or_loading_the_site_again_changes_no_date(clinic_data: None, client: Client) -> None:
    before = sitemap(client)

    call_command("load_articles", stdout=io.StringIO())
    client.get(CAUSE_ADDRESS.removeprefix(HOST))
    client.get(CONDITION_ADDRESS.removeprefix(HOST))

    assert sitemap(client) == before
    assert {
        Article.objects.with_key(key).get().last_changed.replace(microsecond=0) for key in (CAUSE, CONDITION)
    } <= {*before.values()}


# robots.txt


def robots(client: Client) -> RobotFileParser:
    response = client.get("/robots.txt", secure=True)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    parser = RobotFileParser()
    parser.parse(response.content.decode().splitlines())
    return parser


def test_robots_lead_to_the_sitemap(db: None, client: Client) -> None:
    assert robots(client).site_maps() == ["https://testserver/sitemap.xml"]


def test_robots_may_read_what_the_sitemap_names(clinic_data: None, client: Client) -> None:
    allowed = robots(client)

    assert all(allowed.can_fetch("AnyBot", address) for address in sitemap(client))


def test_robots_stay_out_of_what_is_not_for_everyone(db: None, client: Client) -> None:
    allowed = robots(client)

    for path in (
        reverse("admin:index"),
        reverse("admin:login"),
        reverse("appointments:request_status", args=["x"]),
        reverse("conditions:preview", args=["x"]),
    ):
        assert not allowed.can_fetch("AnyBot", HOST + path), path
