"""Whoever follows the feed learns of articles that changed or were reviewed, and of nothing unpublished."""

import datetime
from collections.abc import Callable
from xml.etree import ElementTree

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from clinic.models import ClinicProfile
from conditions.models import Article
from tests.conditions.signed import CAUSE, TREATMENT, sign

ATOM = "{http://www.w3.org/2005/Atom}"
DAY = datetime.timedelta(days=1)
Entry = dict[str, str]


def feed(client: Client) -> tuple[ElementTree.Element, list[Entry]]:
    """The feed, and its entries. Checks what RFC 4287 asks of both."""
    response = client.get("/feed.atom")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(response.content)  # noqa: S314
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert len(root.findall(ATOM + name)) == 1
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links == {"alternate": "http://testserver/", "self": "http://testserver/feed.atom"}
    entries = []
    for entry in root.findall(f"{ATOM}entry"):
        for name in ("id", "title", "updated", "published", "summary"):
            assert len(entry.findall(ATOM + name)) == 1
        (link,) = entry.findall(f"{ATOM}link")
        texts = {part.tag.removeprefix(ATOM): part.text or "" for part in entry}
        entries.append({**texts, "link": link.get("href") or ""})
    assert len({entry["id"] for entry in entries}) == len(entries)
    return root, entries


def entry_of(client: Client, key: str) -> Entry:
    kind, slug = key.split("/")
    (found,) = [entry for entry in feed(client)[1] if entry["link"] == f"http://testserver/{kind}s/{slug}/"]
    return found


def moment(entry: Entry) -> datetime.datetime:
    return datetime.datetime.fromisoformat(entry["updated"])


def test_feed_names_every_published_article(clinic_data: None, client: Client) -> None:
    root, entries = feed(client)

    assert {entry["title"] for entry in entries} == {article.title for article in Article.objects.published()}
    assert ClinicProfile.objects.get().name in (root.findtext(f"{ATOM}title") or "")
    assert all("No clinician has signed off this text" in entry["summary"] for entry in entries)


def test_feed_is_empty_and_whole_before_anything_is_loaded(db: None, client: Client) -> None:
    assert feed(client)[1] == []


def test_feed_keeps_drafts_back(clinic_data: None, client: Client) -> None:
    Article.objects.with_key(CAUSE).update(published_from=None)
    Article.objects.with_key(TREATMENT).update(published_from=timezone.now() + DAY)

    links = {entry["link"] for entry in feed(client)[1]}

    assert not links & {"http://testserver/causes/spinal-stenosis/", "http://testserver/treatments/surgery/"}


def test_newest_change_comes_first(clinic_data: None, client: Client) -> None:
    changed = Article.objects.with_key(TREATMENT).get()
    changed.body += "\n\nMore."
    changed.save()

    root, entries = feed(client)

    assert entries[0]["link"] == "http://testserver/treatments/surgery/"
    assert moment(entries[0]) == changed.last_changed
    assert root.findtext(f"{ATOM}updated") == entries[0]["updated"]
    assert sorted(entries, key=moment, reverse=True) == entries


def test_review_is_news(clinic_data: None, client: Client, staff: Callable[..., User]) -> None:
    sign_off = sign(CAUSE, staff("clinician"))

    entry = entry_of(client, CAUSE)

    assert moment(entry) == sign_off.signed_at
    assert "Reviewed by Dr. Demo Person, MD, on " in entry["summary"]
    assert feed(client)[1][0] == entry


def test_review_that_no_longer_holds_is_not_told(
    clinic_data: None, client: Client, staff: Callable[..., User]
) -> None:
    sign(CAUSE, staff("clinician"))
    Article.objects.with_key(CAUSE).update(summary="Something else.")

    assert entry_of(client, CAUSE)["summary"] == (
        "Something else. No clinician has signed off this text as it is now."
    )


def test_overdue_review_is_not_told(clinic_data: None, client: Client, staff: Callable[..., User]) -> None:
    sign(CAUSE, staff("clinician"))
    now = timezone.now().replace(microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conditions_article SET published_from = %s, last_changed = %s, version = version + 1",
            [now - 400 * DAY, now - 400 * DAY],
        )
        cursor.execute(
            "UPDATE conditions_signoff SET signed_at = %s, next_review_on = %s", [now - 300 * DAY, now - 3 * DAY]
        )

    entry = entry_of(client, CAUSE)

    assert moment(entry) == now - 400 * DAY
    assert "Reviewed by" not in entry["summary"]


def test_entry_keeps_its_id_when_the_address_changes(clinic_data: None, client: Client) -> None:
    before = entry_of(client, CAUSE)["id"]
    article = Article.objects.with_key(CAUSE).get()
    article.slug = "narrow-canal"
    article.save()

    assert entry_of(client, "cause/narrow-canal")["id"] == before
    assert before.startswith("tag:testserver,2026:")


def test_feed_survives_any_text(clinic_data: None, client: Client) -> None:
    Article.objects.with_key(CAUSE).update(title="a\x0b\x1f\ufffe<b> & ]]>", summary="<script>x</script>")

    entry = entry_of(client, CAUSE)

    assert entry["title"] == "a<b> & ]]>"
    assert entry["summary"].startswith("&lt;script&gt;"), (
        "the summary is HTML: it shows the tag, it does not open one"
    )


def test_feed_takes_the_same_queries_for_any_number_of_articles(
    clinic_data: None, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(5):
        feed(client)


def test_pages_name_the_feed(clinic_data: None, client: Client) -> None:
    for path in ("/", "/causes/spinal-stenosis/", "/privacy/"):
        assert (
            '<link rel="alternate" type="application/atom+xml" href="/feed.atom"'
            in client.get(path).content.decode()
        )
