"""What the pages tell machines: true to the page, in the words of schema.org, and harmless."""

import datetime
import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page

from clinic.models import ClinicProfile, clinic_today
from conditions.models import Article, SignOff
from conditions.structured_data import script
from tests.conditions.schema_org import faults_of
from tests.conditions.signed import CAUSE, CONDITION, sign
from tests.served_site import ServedSite

SCRIPT = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
CONDITION_PAGE = "/conditions/lower-back-pain-when-walking/"
CAUSE_PAGE = "/causes/spinal-stenosis/"
TREATMENT_PAGE = "/treatments/surgery/"


def page_at(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def data_of(page: str) -> dict[str, Any]:
    (text,) = SCRIPT.findall(page)
    data: dict[str, Any] = json.loads(text)
    assert data.pop("@context") == "https://schema.org"
    return data


def data_at(client: Client, path: str) -> dict[str, Any]:
    return data_of(page_at(client, path))


def words_of(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", SCRIPT.sub("", page))))


def texts_in(data: Any) -> list[str]:
    """Every name, description and number that the data says, however deep."""
    if isinstance(data, list):
        return [text for one in data for text in texts_in(one)]
    said = ("name", "alternateName", "description", "address")
    own = [data[name] for name in said if isinstance(data.get(name), str)]
    return own + [
        text for value in data.values() if isinstance(value, dict | list) for text in texts_in_list(value)
    ]


def texts_in_list(value: Any) -> list[str]:
    things = value if isinstance(value, list) else [value]
    return [text for thing in things if isinstance(thing, dict) for text in texts_in(thing)]


# In the words of schema.org


def test_structured_data_of_every_page_is_schema_org(clinic_data: None, client: Client) -> None:
    paths = ["/", *(article.get_absolute_url() for article in Article.objects.published())]
    assert len(paths) > 15
    for path in paths:
        assert faults_of(data_at(client, path)) == [], path


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ({"@type": "MedicalWebPages"}, "no type"),
        ({"@type": "MedicalWebPage", "lastReview": "2026-11-01"}, "no such property"),
        ({"@type": "Person", "lastReviewed": "2026-11-01"}, "no such property"),
        ({"@type": "MedicalWebPage", "lastReviewed": "Nov 1, 2026"}, "cannot be"),
        ({"@type": "MedicalWebPage", "url": "/causes/sciatica/"}, "cannot be"),
        ({"@type": "MedicalCondition", "cause": [{"@type": "MedicalTherapy", "name": "x"}]}, "holds no"),
    ],
)
def test_schema_org_check_finds_a_planted_fault(planted: dict[str, Any], found: str) -> None:
    (fault,) = faults_of(planted)
    assert found in fault


# True to the page


@pytest.mark.parametrize("path", ["/", CONDITION_PAGE, CAUSE_PAGE, TREATMENT_PAGE])
def test_structured_data_says_nothing_that_the_page_does_not(clinic_data: None, client: Client, path: str) -> None:
    page = page_at(client, path)
    shown = words_of(page)
    for text in texts_in(data_of(page)):
        assert text in shown


def test_condition_names_its_causes_and_treatments_in_order(clinic_data: None, client: Client) -> None:
    response = client.get(CONDITION_PAGE)
    about = data_of(response.content.decode())["about"]

    assert about["@type"] == "MedicalCondition"
    for name, shown in (("cause", "causes"), ("possibleTreatment", "treatments")):
        articles = [section["article"] for section in response.context[shown]]
        assert len(articles) >= 6
        assert [one["name"] for one in about[name]] == [article.name for article in articles]
        assert [one["url"] for one in about[name]] == [
            f"http://testserver{article.get_absolute_url()}" for article in articles
        ]


def test_cause_names_what_may_help(clinic_data: None, client: Client) -> None:
    response = client.get(CAUSE_PAGE)
    data = data_of(response.content.decode())

    assert data["about"]["@type"] == "MedicalCondition"
    assert data["about"]["alternateName"] in words_of(response.content.decode())
    assert [one["url"] for one in data["about"]["possibleTreatment"]] == [
        f"http://testserver/treatments/{card['slug']}/" for card in response.context["article"].treatment_list
    ]


def test_treatment_is_a_therapy(clinic_data: None, client: Client) -> None:
    about = data_at(client, TREATMENT_PAGE)["about"]

    assert about["@type"] == "MedicalTherapy"
    assert "possibleTreatment" not in about


@pytest.mark.parametrize("path", [CONDITION_PAGE, CAUSE_PAGE, TREATMENT_PAGE])
def test_breadcrumbs_are_those_shown(clinic_data: None, client: Client, path: str) -> None:
    page = page_at(client, path)
    (shown,) = re.findall(r'<nav class="wrap breadcrumbs".*?</nav>', page, re.DOTALL)
    steps = data_of(page)["breadcrumb"]["itemListElement"]

    assert [step["position"] for step in steps] == list(range(1, len(steps) + 1))
    names = re.findall(r"<li><(?:a|span)[^>]*>(.*?)</", shown)
    assert [step["name"] for step in steps] == [html.unescape(name) for name in names]
    links = re.findall(r'<a href="([^"]+)"', shown)
    assert [step["item"] for step in steps] == [f"http://testserver{link}" for link in [*links, path]]


def test_sources_are_those_shown(clinic_data: None, client: Client) -> None:
    response = client.get(CAUSE_PAGE)
    cited = data_of(response.content.decode())["citation"]

    assert [one["url"] for one in cited] == [source["url"] for source in response.context["article"].source_list]


def test_clinic_is_that_of_the_profile(clinic_data: None, client: Client) -> None:
    ClinicProfile.objects.update(address="1 Sample Way\nLos Angeles, CA 90000")

    clinic = data_at(client, CAUSE_PAGE)["publisher"]

    assert clinic["@type"] == "MedicalClinic"
    assert clinic["address"] == "1 Sample Way Los Angeles, CA 90000"
    profile = ClinicProfile.objects.get()
    assert (clinic["name"], clinic["telephone"]) == (profile.name, profile.phone.as_e164)
    assert data_at(client, "/")["publisher"] == clinic


def test_pages_have_no_clinic_before_the_profile_is_loaded(db: None, client: Client) -> None:
    Article.objects.create(kind="cause", slug="x", title="X", summary="Y.", published_from=timezone.now())

    assert not SCRIPT.search(page_at(client, "/"))
    assert "publisher" not in data_at(client, "/causes/x/")


def test_dates_are_those_of_the_article(clinic_data: None, client: Client) -> None:
    long_ago = timezone.now() - datetime.timedelta(days=400)
    Article.objects.with_key(CAUSE).update(published_from=long_ago)
    article = Article.objects.with_key(CAUSE).get()

    data = data_at(client, CAUSE_PAGE)

    assert datetime.datetime.fromisoformat(data["datePublished"]) == long_ago.replace(microsecond=0)
    assert datetime.datetime.fromisoformat(data["dateModified"]) == article.last_changed.replace(microsecond=0)


# Reviewed, only while it is so


def reviewed(data: dict[str, Any]) -> bool:
    assert ("lastReviewed" in data) == ("reviewedBy" in data)
    return "lastReviewed" in data


def test_article_never_signed_has_no_reviewer(clinic_data: None, client: Client) -> None:
    for path in (CONDITION_PAGE, CAUSE_PAGE, TREATMENT_PAGE):
        assert not reviewed(data_at(client, path))


def test_signed_article_names_its_reviewer_and_the_day(
    clinic_data: None, client: Client, staff: Callable[..., User]
) -> None:
    sign(CONDITION, staff("clinician"), name="Dr. Demo Person", credentials="MD, spine surgeon")

    page = page_at(client, CONDITION_PAGE)
    data = data_of(page)

    assert faults_of(data) == []
    assert data["reviewedBy"]["name"] == "Dr. Demo Person"
    assert data["reviewedBy"]["hasCredential"]["name"] == "MD, spine surgeon"
    assert f'<time datetime="{data["lastReviewed"]}">' in page


def test_reviewer_is_gone_when_the_text_changes_by_sql_and_back_when_signed_again(
    clinic_data: None, client: Client, staff: Callable[..., User]
) -> None:
    clinician = staff("clinician")
    sign(CAUSE, clinician)
    assert reviewed(data_at(client, CAUSE_PAGE))

    with connection.cursor() as cursor:
        cursor.execute("UPDATE conditions_article SET body = body || ' More.' WHERE slug = 'spinal-stenosis'")
    assert not reviewed(data_at(client, CAUSE_PAGE))

    sign(CAUSE, clinician)
    assert reviewed(data_at(client, CAUSE_PAGE))


def test_reviewer_is_gone_when_the_review_is_overdue(
    clinic_data: None, client: Client, staff: Callable[..., User]
) -> None:
    sign(CAUSE, staff("clinician"))
    last_year = timezone.now() - datetime.timedelta(days=366)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conditions_signoff SET signed_at = %s, next_review_on = %s",
            [last_year, last_year + datetime.timedelta(days=365 - 2)],
        )
    assert SignOff.objects.get().next_review_on < clinic_today()

    assert not reviewed(data_at(client, CAUSE_PAGE))


# Harmless


def test_text_cannot_end_the_block(clinic_data: None, client: Client) -> None:
    hostile = "</script><script>alert(1)</script><!-- & \u2028"
    Article.objects.with_key(CAUSE).update(title=hostile, short_title="")

    page = page_at(client, CAUSE_PAGE)

    assert page.count("<script") == page.count("</script>") == 1
    assert data_of(page)["name"] == hostile


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_script_gives_back_any_text_and_holds_no_sign_of_a_tag(text: str) -> None:
    block = script({"@type": "Thing", "name": text})

    (inside,) = SCRIPT.findall(block)
    assert not set(inside) & set("<>&\u2028\u2029")
    assert json.loads(inside)["name"] == text


@pytest.mark.parametrize("path", ["/", CONDITION_PAGE, CAUSE_PAGE])
def test_browser_runs_nothing_and_reports_nothing(
    clinic_data: None, served_site: ServedSite, page: Page, path: str
) -> None:
    """The fixture `page` fails the test when the browser reports a violation of the policy."""
    response = page.goto(served_site.url + path)

    assert response is not None and "script-src" not in response.headers["content-security-policy"]
    assert page.locator("script").count() == page.locator('script[type="application/ld+json"]').count() == 1


# Where the page lives


def links_of(page: str) -> dict[str, str]:
    """The address that each link in the page's head leads to."""
    links = re.findall(r'<link rel="(canonical|alternate)"(?: hreflang="([^"]+)")? href="([^"]+)"', page)
    return {language or rel: address for rel, language, address in links}


@pytest.mark.parametrize("path", ["/", "/conditions/", CONDITION_PAGE, CAUSE_PAGE, "/accessibility/"])
def test_canonical_address_is_absolute_and_without_query(clinic_data: None, client: Client, path: str) -> None:
    response = client.get(f"{path}?from=somewhere", secure=True)
    page = response.content.decode()
    address = f"https://testserver{path}"

    assert links_of(page) == {"canonical": address, "en": address, "x-default": address}
    assert f'<meta property="og:url" content="{address}">' in page


@pytest.mark.parametrize("path", ["/privacy/", "/es/privacy/"])
def test_page_in_two_languages_names_both_addresses(clinic_data: None, client: Client, path: str) -> None:
    page = client.get(f"{path}?from=somewhere", secure=True).content.decode()
    english, spanish = "https://testserver/privacy/", "https://testserver/es/privacy/"
    canonical = f"https://testserver{path}"
    assert links_of(page) == {"canonical": canonical, "en": english, "es": spanish, "x-default": english}


def test_shared_article_shows_title_summary_and_picture(clinic_data: None, client: Client) -> None:
    page = page_at(client, CAUSE_PAGE)
    article = Article.objects.with_key(CAUSE).get()
    shared = dict(re.findall(r'<meta property="og:([a-z:_]+)" content="([^"]*)">', page))

    assert shared["type"] == "article"
    assert html.unescape(shared["title"]) == article.title
    assert html.unescape(shared["description"]) == article.summary
    assert finders.find(shared["image"].removeprefix("http://testserver/static/"))


@pytest.mark.parametrize("path", ["/appointments/request/", "/nowhere/"])
def test_pages_that_nobody_should_find_have_no_address_to_give(
    clinic_data: None, client: Client, path: str
) -> None:
    page = client.get(path).content.decode()

    assert '<meta name="robots" content="noindex">' in page
    assert not links_of(page)
    assert "og:url" not in page
