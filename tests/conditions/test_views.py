"""The pages to read, with the shipped articles."""

import datetime
import re
from collections import Counter
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from conditions.models import Article, RedFlag, Section, Source
from tests.conditions.test_load_articles import CAUSES, TREATMENTS
from tests.form_posts import page

CONDITION = "/conditions/lower-back-pain-when-walking/"
KINDS = {"condition": "conditions", "cause": "causes", "treatment": "treatments"}


def order_of(html: str, *parts: str) -> list[int]:
    """Where each of these first stands."""
    places = [html.find(part) for part in parts]
    assert -1 not in places, dict(zip(parts, places, strict=True))
    return places


@pytest.mark.django_db
def test_every_article_has_its_page(clinic_data: None, client: Client) -> None:
    for article in Article.objects.all():
        response = client.get(article.get_absolute_url())
        html = page(response)
        assert response.status_code == 200, article.key
        assert len(re.findall(r"<h1\b", html)) == 1
        assert "No clinician has signed off this text yet" in html
        assert (
            f"article={article.kind}/{article.slug}" in html or f"article={article.kind}%2F{article.slug}" in html
        )
        ids = Counter(re.findall(r'\bid="([^"]+)"', html))
        assert [name for name, count in ids.items() if count > 1] == [], article.key
        assert "[^" not in html
        for number in set(re.findall(r'href="#source-(\d+)"', html)):
            assert f'id="source-{number}"' in html


@pytest.mark.django_db
def test_condition_page_has_its_sections_in_order_each_linked_to_its_page(
    clinic_data: None, client: Client
) -> None:
    html = page(client.get(CONDITION))
    linked = [f'<h3><a href="/causes/{slug}/">' for slug in CAUSES]
    linked += [f'<h3><a href="/treatments/{slug}/">' for slug in TREATMENTS]
    places = order_of(html, *linked)
    assert places == sorted(places)
    for slug in (*CAUSES, *TREATMENTS):
        assert f'id="{slug}"' in html
        assert f'href="#{slug}"' in html


@pytest.mark.django_db
def test_condition_page_puts_get_care_now_before_anything_to_read(clinic_data: None, client: Client) -> None:
    html = page(client.get(CONDITION))
    places = order_of(
        html, 'class="lead"', 'id="care-emergency"', 'id="causes"', 'id="care-urgent"', 'id="treatments"'
    )
    assert places == sorted(places)
    assert "if you have any of these" in html
    card = html[html.index('id="care-emergency"') : html.index("</section>", html.index('id="care-emergency"'))]
    for flag in RedFlag.objects.filter(tier="emergency"):
        assert flag.wording[1:] in card
    assert set(re.findall(r'href="([^"]+)"', card)) == {"tel:911"}


@pytest.mark.django_db
def test_care_card_follows_the_table_of_red_flags(clinic_data: None, client: Client) -> None:
    RedFlag.objects.filter(key="chest-pain").update(wording="pain <in> the chest")
    RedFlag.objects.filter(key="bowel").update(is_in_use=False)
    for path in (CONDITION, "/causes/sciatica/"):
        html = page(client.get(path))
        assert "Pain &lt;in&gt; the chest" in html
        assert "not noticing when you need to go" not in html


@pytest.mark.django_db
def test_cause_and_treatment_link_both_ways(clinic_data: None, client: Client) -> None:
    for cause in Article.objects.filter(kind="cause"):
        for treatment in Article.objects.filter(helps__cause=cause):
            assert f'href="{treatment.get_absolute_url()}"' in page(client.get(cause.get_absolute_url()))
            assert f'href="{cause.get_absolute_url()}"' in page(client.get(treatment.get_absolute_url()))
        assert f'href="{CONDITION}"' in page(client.get(cause.get_absolute_url()))


@pytest.mark.django_db
def test_lists_and_home_lead_to_every_article(clinic_data: None, client: Client) -> None:
    html = page(client.get("/conditions/"))
    for article in Article.objects.all():
        assert f'href="{article.get_absolute_url()}"' in html
    home = page(client.get("/"))
    for path in (CONDITION, *(f"/causes/{slug}/" for slug in CAUSES), "/appointments/request/", "tel:+14242177463"):
        assert f'href="{path}"' in home


# What may be seen


@pytest.mark.django_db
@pytest.mark.parametrize(
    "state",
    [
        {"published_from": None},
        {"published_from": timezone.now() + datetime.timedelta(hours=1)},
        {"published_from": timezone.now() - datetime.timedelta(days=1), "withdrawn_from": timezone.now()},
    ],
    ids=["draft", "scheduled", "withdrawn"],
)
def test_article_that_is_not_published_is_nowhere(
    clinic_data: None, client: Client, staff: Callable[[str], User], state: dict[str, datetime.datetime | None]
) -> None:
    """Not at its address, in no list, in no section; for staff neither, who have the admin."""
    Article.objects.filter(slug__in=["sciatica", "medications"]).update(**state)
    editor = Client()
    editor.force_login(staff("editor"))
    for browser in (client, editor):
        for path in ("/causes/sciatica/", "/treatments/medications/"):
            assert browser.get(path).status_code == 404
        for path in ("/", "/conditions/", CONDITION, "/causes/spinal-stenosis/", "/treatments/surgery/"):
            html = page(browser.get(path))
            listed = html[: html.index('class="prose"')] if 'class="prose"' in html else html
            assert 'href="/causes/sciatica/"' not in listed, path
            assert 'id="sciatica"' not in html
            assert 'id="medications"' not in html


@pytest.mark.django_db
def test_article_is_readable_from_its_time_on(clinic_data: None, client: Client) -> None:
    Article.objects.filter(slug="sciatica").update(
        published_from=timezone.now() - datetime.timedelta(seconds=1),
        withdrawn_from=timezone.now() + datetime.timedelta(hours=1),
    )
    assert client.get("/causes/sciatica/").status_code == 200


@pytest.mark.django_db
def test_article_of_another_kind_is_not_found(clinic_data: None, client: Client) -> None:
    for article in Article.objects.all():
        for kind, folder in KINDS.items():
            assert client.get(f"/{folder}/{article.slug}/").status_code == (200 if kind == article.kind else 404)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/conditions/none/", "/causes/Sciatica/", "/causes/sciatica", "/treatments/", "/x"]
)
def test_address_that_is_none_of_ours_is_not_found_kindly(clinic_data: None, client: Client, path: str) -> None:
    response = client.get(path, follow=path == "/causes/sciatica")
    assert response.status_code == (200 if path == "/causes/sciatica" else 404)
    assert "424-21-SPINE" in page(response)


@pytest.mark.django_db
def test_what_editors_write_is_shown_as_text(clinic_data: None, client: Client) -> None:
    hostile = "</title><script>alert('Testa')</script>"
    Article.objects.filter(slug="sciatica").update(
        title=hostile, short_title="", medical_name=hostile, summary=hostile, body=hostile
    )
    Section.objects.filter(article__slug="sciatica").update(text=hostile)
    Source.objects.filter(article__slug="sciatica").update(claim=hostile, citation=hostile, publisher=hostile)
    RedFlag.objects.filter(key="fever").update(wording=hostile)
    for path in ("/", "/conditions/", CONDITION, "/causes/sciatica/", "/treatments/physical-therapy/"):
        html = page(client.get(path))
        assert "<script>" not in html
        assert "alert(&#x27;Testa&#x27;)" in html or "alert('Testa')&lt;" in html, path


@pytest.mark.django_db
def test_pages_work_before_anything_is_loaded(client: Client) -> None:
    for path in ("/", "/conditions/", "/privacy/", "/accessibility/", "/appointments/request/"):
        assert client.get(path).status_code == 200, path
    assert client.get(CONDITION).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/conditions/", CONDITION, "/causes/sciatica/", "/treatments/surgery/"])
def test_page_to_read_sets_no_cookie_and_takes_no_post(clinic_data: None, client: Client, path: str) -> None:
    response = client.get(path)
    assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")
    assert client.head(path).status_code == 200
    assert client.post(path, b"", content_type="text/plain").status_code == 405
