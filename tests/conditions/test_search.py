"""Patients find the right article by their own words, however they spell them, and nothing of it is kept."""

import logging
import re
import tomllib
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Value
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import DjangoAssertNumQueries

from conditions.models import Article, Synonym
from conditions.search import SearchResult, find
from conditions.search_terms import understand
from conditions.vocabulary import Vocabulary
from tests.browser import axe_violations
from tests.served_site import ServedSite

FOLDER = Path(__file__).parent
FIRST = 3  # results that a patient looks at
HOUR = timedelta(hours=1)


def phrasings(name: str) -> dict[str, dict[str, str]]:
    """For each way of speaking, what patients type and the key of the article that answers it."""
    return tomllib.loads((FOLDER / name).read_text())


MEASURED = phrasings("search_phrasings.toml")
TUNED_ON = phrasings("phrasings_tuning.toml")


def keys(result: SearchResult) -> list[str]:
    return [f"{hit.card['kind']}/{hit.card['slug']}" for hit in result.hits]


def search(client: Client, text: str) -> str:
    response = client.get("/search/", {"q": text})
    assert response.status_code == 200
    return response.content.decode()


def h1_of(page: str) -> str:
    (title,) = re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    return unescape(title.strip())


def make_article(slug: str, **fields: Any) -> Article:
    """A published cause, unless told otherwise."""
    texts = {"title": slug.capitalize(), "summary": f"About {slug}.", "body": f"What {slug} is."}
    published = {"published_from": timezone.now() - 2 * HOUR}
    return Article.objects.create(kind="cause", slug=slug, **{**texts, **published, **fields})


# Phrasings


@pytest.mark.parametrize(
    ("text", "key"),
    [line for group in (*MEASURED.values(), *TUNED_ON.values()) for line in group.items()],
)
def test_phrasing_finds_its_article_in_the_first_three(clinic_data: None, text: str, key: str) -> None:
    assert key in keys(find(text))[:FIRST]


def test_phrasings_are_forty_each_half_of_them_misspelled_or_lay() -> None:
    for groups in (MEASURED, TUNED_ON):
        assert sum(len(group) for group in groups.values()) == 40
        assert len(groups["misspelt"]) + len(groups["lay"]) >= 20
    measured = {text for group in MEASURED.values() for text in group}
    assert not measured & {text for group in TUNED_ON.values() for text in group}


def test_title_finds_its_own_article_first(clinic_data: None) -> None:
    for article in Article.objects.published():
        for title in {article.title, article.name}:
            assert keys(find(title))[0] == article.key, title


def test_title_counts_for_more_than_summary_and_summary_for_more_than_text(db: None) -> None:
    make_article("text", body="The word is zirconium.")
    make_article("summary", summary="Zirconium.")
    make_article("title", title="Zirconium")

    assert keys(find("zirconium")) == ["cause/title", "cause/summary", "cause/text"]


def test_article_with_all_words_comes_before_one_with_some(db: None) -> None:
    make_article("both", body="Zirconium, and also beryllium.")
    make_article("one", body="Zirconium zirconium zirconium zirconium.")
    make_article("other", body="Beryllium.")

    assert keys(find("zirconium beryllium"))[0] == "cause/both"
    assert set(keys(find("zirconium beryllium"))) == {"cause/both", "cause/one", "cause/other"}


# Spelling


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("siatica", "sciatica"),
        ("cyatica", "sciatica"),
        ("spinal stenois", "spinal stenosis"),
        ("arthritus", "arthritis"),
        ("kiropracter", "chiropractor"),
        ("backpain", "back pain"),
        ("Message therapy", "massage therapy"),
        ("lumber spine", "lumbar spine"),
    ],
)
def test_misspelled_word_is_mended_and_the_page_says_so(
    clinic_data: None, client: Client, typed: str, meant: str
) -> None:
    result = find(typed)

    assert (result.did_you_mean, result.is_mended) == (meant, True)
    assert keys(result) == keys(find(meant))
    page = search(client, typed)
    assert f"Did you mean <strong>{meant}</strong>?" in page
    assert h1_of(page).endswith(f"for “{typed}”")


def test_word_that_may_be_another_is_offered_beside_what_was_found(clinic_data: None, client: Client) -> None:
    result = find("spinal stenosis acupunksher")

    assert keys(result)[0] == "cause/spinal-stenosis"
    assert (result.did_you_mean, result.is_mended) == ("spinal stenosis acupuncture", False)
    page = search(client, "spinal stenosis acupunksher")
    assert 'Did you mean <a href="?q=spinal+stenosis+acupuncture">spinal stenosis acupuncture</a>?' in page


def test_word_that_may_be_another_is_taken_for_it_when_nothing_else_is_found(clinic_data: None) -> None:
    result = find("acupunksher")

    assert keys(result)[0] == "treatment/alternative-therapies"
    assert (result.did_you_mean, result.is_mended) == ("acupuncture", True)


@pytest.mark.parametrize("text", ["smile", "shoulder", "mattress", "zebra crossing", "xyzzy", "l4", "42"])
def test_word_of_its_own_is_not_taken_for_another(clinic_data: None, text: str) -> None:
    assert find(text) == SearchResult([], "", is_mended=False)


def test_beginning_of_a_word_finds_it(clinic_data: None) -> None:
    assert keys(find("osteoarth"))[0] == "cause/facet-joint-osteoarthritis"


@pytest.mark.parametrize(
    ("apart", "together"), [("foot wear", "footwear"), ("key hole surgery", "keyhole surgery")]
)
def test_word_that_was_typed_in_two_is_one(clinic_data: None, apart: str, together: str) -> None:
    assert keys(find(apart)) == keys(find(together)) != []


def test_word_of_a_synonym_alone_is_no_misspelling(clinic_data: None) -> None:
    Synonym.objects.create(term="wobbly zirconium", means="sciatica")

    assert find("zirconium") == SearchResult([], "", is_mended=False)


def test_accents_and_case_do_not_matter(clinic_data: None) -> None:
    assert keys(find("SCIÁTICA")) == keys(find("sciatica")) != []


# Synonyms


def test_every_shipped_synonym_says_something_and_leads_to_an_article(clinic_data: None) -> None:
    vocabulary, _ = Vocabulary.current([])
    assert Synonym.objects.count() > 250
    for synonym in Synonym.objects.all():
        assert find(synonym.term).hits, synonym
        for meaning in synonym.means.split(","):
            stems = vocabulary.stems_of(meaning.lower().replace("-", " ").split())
            assert vocabulary.pages_with_all(stems), f"{synonym.term}: {meaning}"


def test_synonym_of_the_a_to_z_list_leads_to_an_article_there(clinic_data: None) -> None:
    for synonym in Synonym.objects.in_a_to_z():
        assert synonym.article_list, synonym


def test_synonym_holds_at_once_and_no_longer_than_it_stands(clinic_data: None) -> None:
    assert not find("widowmaker").hits

    synonym = Synonym.objects.create(term="widowmaker", means="spinal stenosis, sciatica")
    assert set(keys(find("widowmaker"))[:2]) == {"cause/spinal-stenosis", "cause/sciatica"}

    Synonym.objects.filter(pk=synonym.pk).update(means="insoles")
    assert keys(find("the widowmakers"))[0] == "treatment/supportive-footwear"

    synonym.delete()
    assert not find("widowmaker").hits


def test_words_of_a_synonym_stand_in_any_order_and_one_stands_for_another(clinic_data: None) -> None:
    Synonym.objects.create(term="gizmo", means="disc")
    Synonym.objects.create(term="wobbly disc", means="supportive footwear")

    for text in ("wobbly disc", "my disc is all wobbly", "wobbly gizmo"):
        assert keys(find(text))[0] == "treatment/supportive-footwear", text


def test_loading_again_leaves_the_editors_synonyms_alone(clinic_data: None) -> None:
    from django.core.management import call_command

    Synonym.objects.exclude(term="lumbago").delete()

    call_command("load_articles", verbosity=0)

    assert [synonym.term for synonym in Synonym.objects.all()] == ["lumbago"]


# What is found


@pytest.mark.parametrize(
    "dates",
    [
        {"published_from": None},
        {"published_from": timezone.now() + HOUR},
        {"withdrawn_from": timezone.now() - HOUR},
    ],
    ids=["draft", "scheduled", "withdrawn"],
)
def test_what_patients_may_not_read_is_not_found(clinic_data: None, client: Client, dates: dict[str, Any]) -> None:
    make_article("hidden", title="Sciatica zirconium", body="Zirconium zirkonite.", **dates)

    assert "cause/hidden" not in keys(find("sciatica zirconium"))
    for text in ("zirconium", "zirconiun", "zirc", "zirkonite"):
        assert find(text) == SearchResult([], "", is_mended=False), "its words are no secret that a search tells"
    assert "zirconium" not in search(client, "zirconiun").replace("zirconiun", "")


def test_article_is_found_from_its_minute_on_and_not_after_its_last(clinic_data: None) -> None:
    article = make_article("zirconium", published_from=timezone.now() + HOUR)
    assert not find("zirconium").hits

    Article.objects.filter(pk=article.pk).update(published_from=timezone.now() - HOUR)
    assert keys(find("zirconiun")) == ["cause/zirconium"]

    Article.objects.filter(pk=article.pk).update(withdrawn_from=timezone.now())
    assert not find("zirconium").hits


def save(article: Article, body: str) -> None:
    article.body = body
    article.save()


def update(article: Article, body: str) -> None:
    Article.objects.filter(pk=article.pk).update(body=Value(body))


def raw_sql(article: Article, body: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conditions_article SET body = %s WHERE id = %s", [body, article.pk])


@pytest.mark.parametrize("write", [save, update, raw_sql])
def test_edit_is_found_at_the_next_search_by_whatever_path(
    clinic_data: None, write: Callable[[Article, str], None]
) -> None:
    article = Article.objects.with_key("treatment/surgery").get()
    assert not find("zirconium").hits

    write(article, "Zirconium.")
    assert keys(find("zirconiun")) == ["treatment/surgery"]

    write(Article.objects.get(pk=article.pk), "Beryllium.")
    assert not find("zirconium").hits
    assert keys(find("berillium")) == ["treatment/surgery"]


def test_results_are_ten_at_most(db: None) -> None:
    for number in range(12):
        make_article(f"zirconium-{number}", body="Zirconium.")

    assert len(find("zirconium").hits) == 10


def test_search_reads_its_index(clinic_data: None) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        find("sciatica")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {queries[-1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "article_search" in plan


# What is shown


def test_words_are_marked_and_all_else_is_shown_as_text(db: None, client: Client) -> None:
    make_article(
        "hostile",
        title="<img src=x onerror=alert(1)> zirconium",
        summary="A </p><script>alert('zirconium')</script> & \ue000zirconium\ue001 <mark>not</mark>",
        body='## Zirconium\n\nA [zirconium](/a/"onclick=alert(1)) <b>zirconium</b> \ue000\ue001\ue001[^key] *x*',
    )

    page = search(client, "zirconium")

    assert "<mark>zirconium</mark>" in page
    for raw in ("<script>", "<img src=x", "<b>", "\ue000", "\ue001", "<mark>not"):
        assert raw not in page
    hits = page.partition('<ol class="hits">')[2].partition("</ol>")[0]
    assert set(re.findall(r"</?[a-z0-9]+", hits)) == {
        *("<li", "<h2", "<a", "<p", "<mark"),
        *("</li", "</h2", "</a", "</p", "</mark"),
    }
    assert "[^key]" not in hits and "](" not in hits and "##" not in hits


def test_word_that_tells_most_is_marked_rather_than_one_of_every_page(clinic_data: None) -> None:
    excerpt = find("back pain yoga").hits[0].excerpt

    assert "<mark>yoga</mark>" in excerpt
    assert "<mark>pain</mark>" not in excerpt


def test_what_was_typed_is_shown_as_text(clinic_data: None, client: Client) -> None:
    text = "\"><script>alert(1)</script>' sciatica {{ 7|add:7 }}"

    page = search(client, text)

    assert "<script>alert" not in page
    assert f"“{text}”" in h1_of(page)
    assert unescape(re.search(r'<input id="search-text"[^>]* value="([^"]*)"', page)[1]) == text  # type: ignore[index]


def test_count_is_told_first(clinic_data: None, client: Client) -> None:
    for text, told in (
        ("gabapentin", "1 result for “gabapentin”"),
        ("yoga", "2 results for “yoga”"),
        ("zebra", "No results for “zebra”"),
    ):
        page = search(client, text)
        assert h1_of(page) == told
        assert f"<title>{told} - " in page


def test_empty_result_leads_on(clinic_data: None, client: Client) -> None:
    page = search(client, "zebra")

    for path in ("/conditions/lower-back-pain-when-walking/", "/a-to-z/", "/walking-pattern/"):
        assert f'href="{path}"' in page
    assert 'href="tel:' in page
    assert 'href="/appointments/request/"' in page


@pytest.mark.parametrize("query", ["", "?q=", "?q=%20%20", "?other=1"])
def test_nothing_typed_is_no_error(clinic_data: None, client: Client, query: str) -> None:
    response = client.get(f"/search/{query}")

    assert response.status_code == 200
    assert h1_of(response.content.decode()) == "Search"


def test_search_page_has_one_address_for_engines_and_is_in_no_cache(clinic_data: None, client: Client) -> None:
    response = client.get("/search/?q=sciatica")

    assert '<link rel="canonical" href="http://testserver/search/">' in response.content.decode()
    assert "q=sciatica" not in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    assert client.post("/search/", "q=sciatica", "application/x-www-form-urlencoded").status_code == 405


def test_header_has_the_search_on_pages_to_read_and_not_while_asking(clinic_data: None, client: Client) -> None:
    for path in ("/", "/conditions/", "/causes/sciatica/", "/privacy/"):
        page = client.get(path).content.decode()
        assert '<form class="site-search" action="/search/" role="search"' in page
        assert 'class="site-nav__search" href="/search/"' in page
    assert "/search/" not in client.get("/appointments/request/").content.decode()
    assert client.get("/search/").content.decode().count('role="search"') == 1


# What is not kept, and what it costs


def test_nothing_that_is_typed_is_kept(
    clinic_data: None, client: Client, caplog: pytest.LogCaptureFixture, django_db_blocker: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "Quetzalcoatlus sciatica"

    response = client.get("/search/", {"q": secret})

    assert not response.cookies
    assert Session.objects.count() == 0
    written = [record for record in caplog.records if record.name != "django.db.backends"]
    assert "uetzalcoatlus" not in "".join(record.getMessage() for record in written)
    kept = Vocabulary._latest
    assert kept is not None and "quetzalcoatlus" not in repr(kept)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text ILIKE %s', ["%quetzal%"])  # noqa: S608
            assert cursor.fetchone() == (0,), table


@pytest.mark.parametrize(
    "text", ["", "sciatica", "bad back when i walk", "siatica", "zebra", "the", "?!", "a " * 50]
)
def test_search_page_takes_at_most_three_queries(
    clinic_data: None, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, text: str
) -> None:
    Vocabulary._latest = None
    for _ in ("as the process starts", "later"):
        with django_assert_max_num_queries(3):
            client.get("/search/", {"q": text})


HOSTILE = [
    *("\0", "a\0b", "\ud800", "sciatica\udfff", "\U0010ffff\ufffe", "\u202esciatica\u202c", "\ue000x\ue001"),
    *("?!.,;:", "&|!()<>:*", "a & b | !c <-> d", "':*'", "\\", "%", "%s %(x)s {0} {}", "--", "/*", "$$", "(((("),
    *('"', "'; DROP TABLE x; --", "sciatica:*", "sciatica & !", "a:b:c", "it''s", "-sciatica", "or and not"),
    *("☃ 😀 👩‍👩‍👧‍👦", "坐骨神经痛", "ciática ½ ²", "ﷺ" * 100, "e" + "\u0301" * 99),
    *("x" * 100, "sciatica " * 11, "1 " * 50, "aaa bbb ccc ddd eee fff ggg hhh iii jjj kkk lll mmm nnn ooo ppp"),
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_find_takes_any_text(clinic_data: None, text: str) -> None:
    assert len(find(text).hits) <= 10


@pytest.mark.parametrize("text", HOSTILE)
def test_search_page_takes_any_text(clinic_data: None, client: Client, text: str) -> None:
    sent = text.encode(errors="surrogatepass")
    response = client.get("/search/?q=" + "".join(f"%{byte:02X}" for byte in sent))

    assert response.status_code == (400 if "\0" in text else 200)


@pytest.mark.parametrize("length", [101, 10_000])
def test_text_that_is_too_long_is_refused_in_words(clinic_data: None, client: Client, length: int) -> None:
    response = client.get("/search/", {"q": "x" * length})

    page = response.content.decode()
    assert response.status_code == 422
    assert f"Search for 100 characters or less. You used {length}." in page
    assert 'aria-describedby="search-error"' in page
    assert "<title>Error: Search - " in page


def test_only_the_first_hundred_characters_are_read(clinic_data: None) -> None:
    assert understand("sciatica".rjust(100)).terms
    assert not understand("sciatica".rjust(108)).terms


# The editors' list


@pytest.fixture
def editor(client: Client, clinic_data: None, staff: Callable[..., User]) -> Client:
    client.force_login(staff("editor"))
    return client


def add_synonym(client: Client, **answers: str) -> HttpResponse:
    body = urlencode(answers)
    added = client.post("/admin/conditions/synonym/add/", body, "application/x-www-form-urlencoded", follow=True)
    return cast(HttpResponse, added)


def test_editor_adds_a_synonym_and_sees_what_it_finds(editor: Client) -> None:
    response = add_synonym(editor, term="widowmaker", means="spinal stenosis", _continue="1")

    assert keys(find("widowmaker"))[0] == "cause/spinal-stenosis"
    assert "Spinal stenosis" in response.content.decode()


@pytest.mark.parametrize("term", ["the", "?!", "and of it"])
def test_synonym_that_says_nothing_is_refused(editor: Client, term: str) -> None:
    response = add_synonym(editor, term=term, means="spinal stenosis")

    assert response.status_code == 200
    assert not Synonym.objects.filter(term=term).exists()
    assert "Give a word that says something" in response.content.decode()


def test_reception_does_not_keep_synonyms(client: Client, clinic_data: None, staff: Callable[..., User]) -> None:
    client.force_login(staff("reception"))

    assert add_synonym(client, term="x ray", means="scan").status_code == 403


# In a browser


def test_search_without_java_script_on_a_phone(
    clinic_data: None, served_site: ServedSite, open_page: Callable[..., Page]
) -> None:
    page = open_page(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto(served_site.url)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Search").click()
    page.get_by_label("What are you looking for?").fill("bad back when i walk")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Lower back pain when walking").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Lower back pain when walking")


def test_search_from_the_header_by_keyboard(
    clinic_data: None, served_site: ServedSite, open_page: Callable[..., Page]
) -> None:
    page = open_page(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page.goto(served_site.url)
    page.get_by_role("searchbox", name="Search this site").fill("siatica")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("for “siatica”")
    expect(page.get_by_role("main").get_by_role("link", name="Sciatica")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_search_and_a_to_z_are_accessible(
    clinic_data: None, served_site: ServedSite, open_page: Callable[..., Page], width: int, color_scheme: str
) -> None:
    page = open_page(viewport={"width": width, "height": 800}, color_scheme=color_scheme)
    paths = ["/search/", "/search/?q=bad+back", "/search/?q=siatica", "/search/?q=spinal+acupunksher"]
    for path in [*paths, "/search/?q=zebra", "/a-to-z/", "/causes/sciatica/"]:
        page.goto(served_site.url + path)
        assert axe_violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
