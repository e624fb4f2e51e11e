"""Every article can be found by name, and each leads on to the next."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from conditions.models import Article, Kind, Section, Synonym
from conditions.rendering import headings, to_html

LATER = timezone.now() + timedelta(hours=1)
CONDITION_PAGE = "/conditions/lower-back-pain-when-walking/"


def lines(client: Client) -> dict[str, list[str]]:
    """The text of the lines under each letter."""
    page = client.get("/a-to-z/").content.decode()
    sections = re.findall(r'<h2 id="letter-(\w+)">\1</h2>\s*<ul>(.*?)</ul>', page, re.DOTALL)
    return {
        letter: [unescape(re.sub(r"<[^>]+>", "", item)) for item in re.findall(r"<li>(.*?)</li>", items, re.DOTALL)]
        for letter, items in sections
    }


def links_in(page: str, opening: str) -> list[tuple[str, str]]:
    """Address and text of each link in the <nav> that begins so; none when it is not there."""
    nav = page.partition(opening)[2].partition("</nav>")[0]
    found = re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', nav, re.DOTALL)
    return [(href, " ".join(re.sub(r"<[^>]+>", " ", text).split())) for href, text in found]


# The A to Z list


def test_every_published_article_stands_under_its_letter(clinic_data: None, client: Client) -> None:
    found = lines(client)

    for article in Article.objects.published():
        assert article.name in found[article.name[0].upper()]


def test_letters_and_lines_are_in_order_and_no_line_stands_twice(clinic_data: None, client: Client) -> None:
    found = lines(client)

    assert list(found) == sorted(found)
    for letter, names in found.items():
        assert [name for name in names if name[0].upper() != letter] == []
        assert len(set(names)) == len(names)
        assert names == sorted(names, key=lambda name: re.sub(r"[^a-z0-9 ]", "", name.partition(":")[0].lower()))


def test_other_names_lead_to_their_articles(clinic_data: None, client: Client) -> None:
    found = lines(client)

    assert "Slipped disc: see Sciatica" in found["S"]
    assert "Wear and tear: see Degenerative disc disease or Facet joint osteoarthritis" in found["W"]
    assert "Lumbar radicular pain: see Sciatica" in found["L"]
    assert "Sacroiliac joint dysfunction: see SI joint dysfunction" in found["S"]
    assert "PAD: see Peripheral artery disease" in found["P"]


def test_letters_link_to_their_sections(clinic_data: None, client: Client) -> None:
    page = client.get("/a-to-z/").content.decode()

    assert links_in(page, 'aria-label="Letters">') == [(f"#letter-{letter}", letter) for letter in lines(client)]


def test_article_that_patients_may_not_read_is_under_no_name(clinic_data: None, client: Client) -> None:
    article = Article.objects.with_key("cause/sciatica").get()
    for dates in ({"published_from": None}, {"published_from": LATER}, {"withdrawn_from": timezone.now()}):
        Article.objects.filter(pk=article.pk).update(**{"published_from": article.published_from, **dates})

        names = [name for section in lines(client).values() for name in section]

        assert not [name for name in names if "Sciatica" in name or "radicular" in name]
        assert "Neuropathy: see Spinal stenosis" in names


def test_synonym_is_listed_only_when_an_editor_says_so(clinic_data: None, client: Client) -> None:
    synonym = Synonym.objects.create(term="zirconium", means="sciatica")
    assert "Z" not in lines(client)

    Synonym.objects.filter(pk=synonym.pk).update(is_in_a_to_z=True)
    assert lines(client)["Z"] == ["Zirconium: see Sciatica"]

    Synonym.objects.filter(pk=synonym.pk).update(means="words that name nothing")
    assert "Z" not in lines(client)


def test_name_that_begins_with_no_letter_has_a_place(clinic_data: None, client: Client) -> None:
    for slug, title in (("number", "9 months"), ("other", "坐骨"), ("accent", "Élan")):
        Article.objects.create(
            kind="cause", slug=slug, title=title, summary="x", body="x", published_from=timezone.now()
        )

    found = lines(client)

    assert (found["9"], found["Other"], "Élan" in found["E"]) == (["9 months"], ["坐骨"], True)


def test_a_to_z_takes_three_queries(
    clinic_data: None, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        client.get("/a-to-z/")


@pytest.mark.parametrize("path", ["/", "/conditions/", "/causes/sciatica/", "/search/", "/search/?q=zebra"])
def test_a_to_z_is_one_link_away(clinic_data: None, client: Client, path: str) -> None:
    assert 'href="/a-to-z/"' in client.get(path).content.decode()


# On this page


def test_contents_lead_to_every_heading_of_the_text(clinic_data: None, client: Client) -> None:
    for article in Article.objects.published().exclude(kind=Kind.CONDITION):
        page = client.get(article.get_absolute_url()).content.decode()
        contents = links_in(page, 'aria-labelledby="on-this-page">')
        assert [text for _, text in contents] == re.findall(r"^## (.*)$", article.body, re.MULTILINE)
        for href, text in contents:
            assert f'<h2 id="{href.removeprefix("#")}">{text}</h2>' in page


def test_headings_have_the_ids_and_the_words_of_the_page() -> None:
    text = "## What *it* is[^a]\n\n### Not this\n\n## What it is\n\n## <b> & `code`\n\n##\n\nNo heading\n"

    found = headings(text)

    assert [heading.text for heading in found] == ["What it is", "What it is", "<b> & code", ""]
    assert [heading.id for heading in found] == re.findall(r'<h2 id="([^"]*)"', to_html(text))
    assert len({heading.id for heading in found}) == 4


def test_page_without_headings_has_no_contents(clinic_data: None, client: Client) -> None:
    Article.objects.with_key("cause/sciatica").update(body="Just this.")

    assert "On this page" not in client.get("/causes/sciatica/").content.decode()


# Before and after


def before_and_after(client: Client, path: str) -> list[tuple[str, str]]:
    return links_in(client.get(path).content.decode(), '<nav class="before-and-after"')


def test_each_page_leads_to_the_next_through_the_whole_condition(clinic_data: None, client: Client) -> None:
    order = [section.article for section in Section.objects.select_related("article").order_by("position")]
    path = order[0].get_absolute_url()
    walked: list[str] = []
    while path and len(walked) <= len(order):
        walked.append(path)
        path = next((href for href, text in before_and_after(client, path) if text.startswith("Next :")), "")

    assert walked == [article.get_absolute_url() for article in order]
    back = [href for href, text in before_and_after(client, walked[5]) if text.startswith("Previous :")]
    assert back == [walked[4]]


def test_first_has_none_before_and_last_none_after(clinic_data: None, client: Client) -> None:
    assert before_and_after(client, "/causes/muscle-or-ligament-strain/") == [
        ("/causes/degenerative-disc-disease/", "Next : Degenerative disc disease")
    ]
    assert before_and_after(client, "/treatments/surgery/") == [
        ("/treatments/medications/", "Previous : Medications")
    ]


def test_page_of_no_condition_leads_nowhere(clinic_data: None, client: Client) -> None:
    assert before_and_after(client, "/treatments/biportal-endoscopic-surgery/") == []
    assert before_and_after(client, CONDITION_PAGE) == []


def test_what_patients_may_not_read_is_passed_over(clinic_data: None, client: Client) -> None:
    Article.objects.with_key("cause/spinal-stenosis").update(withdrawn_from=timezone.now())
    assert before_and_after(client, "/causes/degenerative-disc-disease/")[1][0] == "/causes/sciatica/"

    Article.objects.filter(kind=Kind.CONDITION).update(withdrawn_from=timezone.now())
    assert before_and_after(client, "/causes/degenerative-disc-disease/") == []


def test_page_of_two_conditions_stays_in_the_first(clinic_data: None, client: Client) -> None:
    other = Article.objects.create(
        kind="condition", slug="a", title="A first", summary="x", body="x", published_from=timezone.now()
    )
    for position, key in enumerate(("treatment/surgery", "cause/sciatica")):
        Section.objects.create(
            condition=other, article=Article.objects.with_key(key).get(), position=position, text="x"
        )

    assert before_and_after(client, "/causes/sciatica/") == [("/treatments/surgery/", "Previous : Surgery")]


@pytest.mark.parametrize("path", ["/causes/sciatica/", "/treatments/surgery/"])
def test_article_page_takes_at_most_four_queries(
    clinic_data: None, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, path: str
) -> None:
    with django_assert_max_num_queries(4):
        client.get(path)
