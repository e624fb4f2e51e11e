"""What does your walking pain do? The page says what answers may point to and how surely, and keeps nothing."""

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conditions.models import ANSWERS, Article, Question, RedFlag
from tests.conditions.walking import (
    ARTERIES,
    EVERY_ANSWER,
    NADEAU_NEUROGENIC,
    NADEAU_VASCULAR,
    SECRETS,
    STENOSIS,
    WALKING,
    field,
    text_of,
)
from tests.form_posts import post_form
from tests.kept_rows import copy_rows


def causes_on(response: Any) -> list[str]:
    """The slugs of the causes that are named first, in their order."""
    return re.findall(r'<article class="pattern" aria-labelledby="pattern-([^"]+)"', response.content.decode())


@pytest.mark.django_db
def test_walking_pattern_asks_every_question_after_the_warning_signs(clinic_data: None, client: Client) -> None:
    page = client.get(WALKING).content.decode()
    for question, answers in ANSWERS.items():
        assert Question(question).label in page
        for answer, words in answers.items():
            assert f'name="{question}" value="{answer}"' in page
            assert words in page
        assert f'name="{question}" value="unknown"' in page
    for flag in RedFlag.objects.filter(tier="emergency"):
        assert 0 < page.index(flag.wording[1:]) < page.index(Question.BRINGS_ON.label)
    assert "It is not a diagnosis" in page


@pytest.mark.django_db
def test_walking_pattern_points_to_stenosis_with_source_and_limits(clinic_data: None, client: Client) -> None:
    response = post_form(client, WALKING, NADEAU_NEUROGENIC)
    assert response.status_code == 200
    assert causes_on(response) == [STENOSIS]
    page, text = response.content.decode(), text_of(response)
    assert f'href="/causes/{STENOSIS}/"' in page
    assert 'href="http://canjsurg.ca/content/56/6/372.short"' in page
    assert "Your answers have all four signs of a pattern that a study found" in text
    assert "small study of 53 people" in text
    assert "Each clue alone: weak evidence" in text
    assert "This is not a diagnosis" in text
    for wording in ("Leaning forward eases it", "Sitting down eases it", "Just standing still brings it on"):
        assert wording in text


@pytest.mark.django_db
def test_walking_pattern_points_to_the_arteries_and_a_doctor(clinic_data: None, client: Client) -> None:
    response = post_form(client, WALKING, NADEAU_VASCULAR)
    assert causes_on(response) == [ARTERIES]
    page, text = response.content.decode(), text_of(response)
    assert f'href="/causes/{ARTERIES}/"' in page
    assert 'href="http://canjsurg.ca/content/56/6/372.short"' in page
    assert "Your answers have both signs of a pattern that a study found" in text
    assert "small study of 53 people" in text
    assert "See a doctor soon" in text
    assert text.index("See a doctor soon") < text.index("What fits your answers")


@pytest.mark.django_db
@pytest.mark.parametrize("is_published", [True, False])
@pytest.mark.parametrize("fields", [{"where": ["calf"]}, {"eases": ["standing_still", "sitting"]}])
def test_walking_pattern_says_see_a_doctor_soon_for_each_vascular_sign(
    clinic_data: None, client: Client, fields: dict[str, Any], is_published: bool
) -> None:
    if not is_published:
        Article.objects.filter(slug=ARTERIES).update(withdrawn_from=timezone.now())
    response = post_form(client, WALKING, fields)
    assert (ARTERIES in causes_on(response)) == is_published
    assert "See a doctor soon." in text_of(response)


@pytest.mark.django_db
def test_walking_pattern_says_that_both_fit(clinic_data: None, client: Client) -> None:
    both = {**NADEAU_NEUROGENIC, "where": ["above_knee", "calf"], "eases": ["leaning", "sitting", "standing_still"]}
    response = post_form(client, WALKING, both)
    text = text_of(response)
    assert set(causes_on(response)) == {STENOSIS, ARTERIES}
    assert "More than one cause fits" in text
    assert text.count("of a pattern that a study found") == 2
    assert "See a doctor soon." in text
    alone = text_of(post_form(client, WALKING, NADEAU_NEUROGENIC))
    assert "More than one cause fits" not in alone


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("brings_on", "is_said"),
    [(["walking"], True), (["standing", "walking"], False), (["unknown"], False), ([], False)],
)
def test_walking_pattern_says_what_speaks_against_stenosis(
    clinic_data: None, client: Client, brings_on: list[str], is_said: bool
) -> None:
    text = text_of(post_form(client, WALKING, {"eases": ["sitting"], "brings_on": brings_on}))
    assert "Spinal stenosis" in text
    assert ("made this cause less likely" in text) == is_said


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{question: [answer]} for question, answer in EVERY_ANSWER], ids=str)
def test_walking_pattern_never_diagnoses(clinic_data: None, client: Client, fields: dict[str, Any]) -> None:
    response = post_form(client, WALKING, fields)
    text = text_of(response)
    assert response.status_code == 200
    assert "This is not a diagnosis" in text
    assert "%" not in text and "percent" not in text.lower()
    for cause in Article.objects.filter(kind="cause"):
        assert not re.search(rf"\byou (?:\w+ )*have (?:an? )?{cause.name}", text, re.IGNORECASE)
    assert not re.search("(?:moderate|strong) evidence", text, re.IGNORECASE)


@pytest.mark.django_db
def test_walking_pattern_calls_an_answer_that_is_a_warning_sign_by_the_one_wording(
    clinic_data: None, client: Client
) -> None:
    RedFlag.objects.filter(key="both-legs").update(wording="anything in the two legs")
    text = text_of(post_form(client, WALKING, {"sides": "both"}))
    assert "One of your answers is a warning sign: anything in the two legs." in text
    assert text.index("is a warning sign") < text.index("What fits your answers")
    RedFlag.objects.filter(key="both-legs").update(is_in_use=False)
    assert "is a warning sign" not in text_of(post_form(client, WALKING, {"sides": "both"}))
    assert "is a warning sign" not in text_of(post_form(client, WALKING, {"sides": "one"}))


@pytest.mark.django_db
def test_walking_pattern_names_only_what_is_published(clinic_data: None, client: Client) -> None:
    Article.objects.filter(slug=STENOSIS).update(published_from=None)
    response = post_form(client, WALKING, NADEAU_NEUROGENIC)
    assert STENOSIS not in response.content.decode()
    assert response.status_code == 200


@pytest.mark.django_db
def test_walking_pattern_with_nothing_known_points_nowhere(clinic_data: None, client: Client) -> None:
    response = post_form(client, WALKING, dict.fromkeys(ANSWERS, "unknown"))
    assert response.status_code == 200
    assert causes_on(response) == []
    assert "do not point to one cause" in text_of(response)
    assert 'name="walking_line"' not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "Answer at least one question"),
        ({"eases": ["sitting", "unknown"]}, "Choose the answers that fit or “I do not know”, not both"),
        (
            {"eases": ["sitting", "nothing"]},
            "Choose the answers that fit or “Nothing that I have noticed”, not both",
        ),
        ({"eases": ["no-such-answer"]}, "Select a valid choice"),
        ({"sides": "<b>"}, "Select a valid choice"),
    ],
)
def test_walking_pattern_without_a_clear_answer_asks_again(
    clinic_data: None, client: Client, fields: dict[str, Any], error: str
) -> None:
    response = post_form(client, WALKING, fields)
    assert response.status_code == 422
    assert error in text_of(response)
    assert "<title>Error: What does your walking pain do?" in response.content.decode()
    assert "<b>" not in response.content.decode()


@pytest.mark.django_db
def test_walking_pattern_refuses_other_methods_and_other_sites(clinic_data: None, client: Client) -> None:
    for method in ("put", "patch", "delete"):
        assert getattr(client, method)(WALKING).status_code == 405
    stranger = Client(enforce_csrf_checks=True)
    assert post_form(stranger, WALKING, NADEAU_NEUROGENIC).status_code == 403


@pytest.mark.django_db
def test_walking_pattern_takes_few_queries(
    clinic_data: None, client: Client, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_max_num_queries(4):
        client.get(WALKING)
    with django_assert_max_num_queries(4):
        post_form(client, WALKING, NADEAU_NEUROGENIC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/", "/conditions/lower-back-pain-when-walking/", f"/causes/{STENOSIS}/", f"/causes/{ARTERIES}/"],
)
def test_walking_pattern_is_linked_where_it_helps(clinic_data: None, client: Client, path: str) -> None:
    assert f'href="{WALKING}"' in client.get(path).content.decode()


# Nothing is kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields", [NADEAU_NEUROGENIC, NADEAU_VASCULAR, {}], ids=["stenosis", "arteries", "mistake"]
)
def test_walking_pattern_stores_nothing(
    clinic_data: None, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = Client(enforce_csrf_checks=True)
    rows = copy_rows()
    token = field(client.get(WALKING), "csrfmiddlewaretoken")
    with CaptureQueriesContext(connection) as queries:
        response = post_form(client, WALKING, {**fields, "csrfmiddlewaretoken": token})

    assert copy_rows() == rows
    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)
    assert not any(secret in query["sql"] for query in queries.captured_queries for secret in SECRETS)
    assert response.wsgi_request.session.is_empty()
    assert set(client.cookies) == {"csrf"}
    assert re.fullmatch(r"[A-Za-z0-9]{32}", client.cookies["csrf"].value)
    assert response.status_code in {200, 422} and "Location" not in response.headers
    assert response.wsgi_request.get_full_path() == WALKING
    links = re.findall(r'(?:href|action|src)="([^"]+)"', response.content.decode())
    assert not any("?" in link and link.startswith("/") for link in links)
    assert not any(secret in f"{name}: {value}" for name, value in response.headers.items() for secret in SECRETS)
    assert "no-store" in response.headers["Cache-Control"]
    records = "\n".join(
        f"{record.getMessage()} {record.__dict__}" for record in caplog.records if not is_sql(record)
    )
    assert not any(secret in records for secret in SECRETS)


def is_sql(record: logging.LogRecord) -> bool:
    """Django writes SQL to its own logger only in a test that counts queries; the queries are looked at above."""
    return record.name == "django.db.backends"


@pytest.mark.django_db
def test_walking_pattern_takes_no_answers_from_the_address(clinic_data: None, client: Client) -> None:
    response = client.get(WALKING, {"where": "calf", "eases": "standing_still"})
    assert causes_on(response) == []
    assert "checked" not in response.content.decode()
