"""A page is kept by whoever has read it for as long as it is still what we would show, and not a request longer."""

import datetime
import gzip
import http.client
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from clinic.models import ClinicProfile
from conditions.models import Article, RedFlag
from tests.conditions.signed import CAUSE, sign
from tests.served_site import ServedSite

CONDITION_PAGE = "/conditions/lower-back-pain-when-walking/"
CAUSE_PAGE = "/causes/spinal-stenosis/"
PAGES = [
    *("/", "/conditions/", CONDITION_PAGE, CAUSE_PAGE, "/treatments/surgery/", "/privacy/", "/accessibility/"),
    *("/sitemap.xml", "/robots.txt", "/feed.atom"),
]


def etag_of(response: HttpResponseBase) -> str:
    etag = response.headers["ETag"]
    assert etag.startswith('W/"')
    return etag


def etag_at(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return etag_of(response)


@pytest.mark.parametrize("path", PAGES)
def test_unchanged_page_is_not_sent_again(clinic_data: None, client: Client, path: str) -> None:
    first = client.get(path)

    again = client.get(path, headers={"If-None-Match": etag_of(first)})

    assert again.status_code == 304
    assert again.content == b""
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again.headers[name] == first.headers[name]


@pytest.mark.parametrize("path", PAGES)
def test_page_is_asked_for_each_time_and_claims_no_date(clinic_data: None, client: Client, path: str) -> None:
    response = client.get(path)

    assert response.headers["Cache-Control"] == "no-cache"
    assert "Last-Modified" not in response.headers
    assert "Expires" not in response.headers


@pytest.mark.parametrize("path", PAGES)
def test_page_knows_nobody(clinic_data: None, client: Client, path: str) -> None:
    """It is compressed, so it may hold no secret; it is the same for all, so it sets no cookie."""
    response = client.get(path)

    assert not response.cookies
    assert response.headers["Vary"] == "Accept-Encoding"
    assert "csrfmiddlewaretoken" not in response.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_head_is_answered_like_get(clinic_data: None, client: Client, path: str) -> None:
    get, head = client.get(path), client.head(path)

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers == get.headers
    assert client.head(path, headers={"If-None-Match": etag_of(get)}).status_code == 304


@pytest.mark.parametrize("path", PAGES)
def test_page_is_for_reading_only(clinic_data: None, client: Client, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.generic(method, path, content_type="text/plain").status_code == 405


def change_article_by_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conditions_article SET body = body || ' More.' WHERE slug = 'spinal-stenosis'")


def change_source_by_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conditions_source SET year = 1999 WHERE position = 1")


def change_red_flag() -> None:
    RedFlag.objects.filter(tier="emergency").update(wording="something else")


def change_phone() -> None:
    ClinicProfile.objects.update(phone_display="(555) 010-0000")


def withdraw_related_page() -> None:
    Article.objects.with_key("treatment/physical-therapy").update(withdrawn_from=timezone.now())


@pytest.mark.parametrize(
    "change",
    [change_article_by_sql, change_source_by_sql, change_red_flag, change_phone, withdraw_related_page],
)
def test_page_is_sent_again_after_any_change_to_what_it_shows(
    clinic_data: None, client: Client, change: Callable[[], None]
) -> None:
    before = etag_at(client, CAUSE_PAGE)

    change()

    answer = client.get(CAUSE_PAGE, headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert etag_of(answer) != before


def test_change_elsewhere_leaves_a_page_as_it_is(clinic_data: None, client: Client) -> None:
    before = etag_at(client, CAUSE_PAGE)

    Article.objects.with_key("cause/sciatica").update(body="Something else.")

    assert etag_at(client, CAUSE_PAGE) == before


def test_sign_off_and_its_end_are_seen_at_the_next_request(
    clinic_data: None, client: Client, staff: Callable[..., User]
) -> None:
    unsigned = etag_at(client, CAUSE_PAGE)
    sign(CAUSE, staff("clinician"))
    signed = etag_at(client, CAUSE_PAGE)
    assert client.get(CAUSE_PAGE, headers={"If-None-Match": unsigned}).status_code == 200

    year_ago = timezone.now() - datetime.timedelta(days=366)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conditions_signoff SET signed_at = %s, next_review_on = %s",
            [year_ago, year_ago + datetime.timedelta(days=360)],
        )

    overdue = client.get(CAUSE_PAGE, headers={"If-None-Match": signed})
    assert overdue.status_code == 200
    assert etag_of(overdue) not in {unsigned, signed}


def test_withdrawn_page_is_gone_for_who_has_kept_it(clinic_data: None, client: Client) -> None:
    kept = etag_at(client, CAUSE_PAGE)
    Article.objects.with_key(CAUSE).update(withdrawn_from=timezone.now())

    gone = client.get(CAUSE_PAGE, headers={"If-None-Match": kept})

    assert gone.status_code == 404
    assert "ETag" not in gone.headers


def test_hosts_do_not_share_a_page(clinic_data: None, client: Client) -> None:
    """The page holds its own address."""
    assert etag_at(client, CAUSE_PAGE) != etag_of(client.get(CAUSE_PAGE, headers={"Host": "localhost"}))


# Compression


@pytest.mark.parametrize("path", ["/", CONDITION_PAGE, CAUSE_PAGE, "/feed.atom"])
def test_page_is_compressed_for_who_can_read_that(clinic_data: None, client: Client, path: str) -> None:
    plain = client.get(path)
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 2
    assert etag_of(packed) == etag_of(plain)
    kept = {"If-None-Match": etag_of(packed), "Accept-Encoding": "gzip"}
    assert client.get(path, headers=kept).status_code == 304


@pytest.mark.parametrize("path", ["/appointments/request/", "/admin/login/"])
def test_page_with_a_token_is_neither_compressed_nor_kept(clinic_data: None, client: Client, path: str) -> None:
    response = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert "csrfmiddlewaretoken" in response.content.decode()
    assert "Content-Encoding" not in response.headers
    assert "ETag" not in response.headers


def test_server_sends_no_body_for_head_and_for_what_is_kept(clinic_data: None, served_site: ServedSite) -> None:
    """On the wire, where a body too many would be taken for the next answer."""
    wire = http.client.HTTPConnection("127.0.0.1", served_site.port, timeout=10)
    answers = {}
    for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"Accept-Encoding": "gzip"})):
        wire.request(method, CONDITION_PAGE, headers=headers)
        response = wire.getresponse()
        answers[method, *headers] = response.status, response.getheader("ETag"), response.read()

    (etag,) = {etag for _, etag, _ in answers.values()}
    assert etag is not None
    assert {status for status, _, _ in answers.values()} == {200}
    assert answers["HEAD",][2] == b""
    assert gzip.decompress(answers["GET", "Accept-Encoding"][2]) == answers["GET",][2]
    wire.request("GET", CONDITION_PAGE, headers={"If-None-Match": etag, "Accept-Encoding": "gzip"})
    kept = wire.getresponse()
    assert (kept.status, kept.read()) == (304, b"")
    wire.close()


def test_first_view_of_the_condition_page_is_light(
    clinic_data: None, served_site: ServedSite, open_page: Callable[..., Page]
) -> None:
    """On the wire, headers included, for a phone that is new here. `open_page` watches for other hosts."""
    page = open_page(viewport={"width": 360, "height": 740})
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    asked: list[str] = []
    weights: list[int] = []
    devtools.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
    devtools.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))

    page.goto(served_site.url + CONDITION_PAGE, wait_until="networkidle")

    assert asked[0].endswith(CONDITION_PAGE)
    assert len(asked) == len(weights) <= 6
    assert sum(weights) <= 40_000
    shift = page.evaluate(
        """() => new Promise(done => new PerformanceObserver(list => done(
            list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
        )).observe({type: "layout-shift", buffered: true}) ?? setTimeout(() => done(0), 300))"""
    )
    assert shift == 0
