"""The form that is kept ready is the form that would be drawn, and holds nothing of anybody."""

import dataclasses
import re

import pytest
from crispy_forms.utils import render_crispy_form
from django.test import Client
from django.utils.translation import override

from appointments import blank_form as module
from appointments.blank_form import MOST_KEPT, blank_form
from appointments.choices import form_choices
from appointments.forms import AppointmentRequestForm
from clinic.models import PaymentOption
from conditions.models import Article
from tests.appointments.patients import DETAILS, SAFETY, post, safety_check
from tests.form_posts import page, post_form


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    module._drawn.cache_clear()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("article_key", "chosen"), [("", ""), ("cause/sciatica", "cause/sciatica"), ("no/such-article", "")]
)
def test_kept_form_is_the_drawn_one(clinic_data: None, language: str, article_key: str, chosen: str) -> None:
    with override(language):
        drawn = render_crispy_form(AppointmentRequestForm(form_choices(), initial={"article": chosen}))
        assert blank_form(form_choices(), article_key) == drawn == blank_form(form_choices(), article_key)
    assert module._drawn.cache_info().hits == 1


@pytest.mark.django_db
def test_kept_form_follows_what_the_staff_change(clinic_data: None, client: Client) -> None:
    token = safety_check(article_key="cause/sciatica").token

    def form() -> str:
        return page(post_form(client, DETAILS, {"safety": token}))

    assert '<option value="cause/sciatica" selected>' in form()
    PaymentOption.objects.create(name="Barter", position=99)
    assert "Barter" in form()
    Article.objects.with_key("cause/sciatica").update(published_from=None)
    assert "cause/sciatica" not in form()


@pytest.mark.django_db
def test_kept_form_holds_nothing_that_anybody_typed_or_put_into_an_address(
    clinic_data: None, client: Client
) -> None:
    post(client, safety_check(), "change", full_name="Planted Name")
    post_form(client, f"{SAFETY}?article=planted/article", {"none": "on"})
    post_form(client, DETAILS, {"safety": dataclasses.replace(safety_check(), walking_line="Planted line").token})
    html = page(post_form(client, f"{SAFETY}?article=planted/other", {"none": "on"}))
    assert "lanted" not in html
    assert module._drawn.cache_info().currsize == 1


@pytest.mark.django_db
def test_kept_forms_are_bounded(clinic_data: None) -> None:
    choices = form_choices()
    for number in range(MOST_KEPT + 5):
        blank_form(dataclasses.replace(choices, articles=[("cause/x", f"Name {number}")]), "")
    assert module._drawn.cache_info().currsize == MOST_KEPT


@pytest.mark.django_db
def test_page_of_the_kept_form_has_tokens_of_its_own(clinic_data: None, client: Client) -> None:
    pages = [page(post_form(client, SAFETY, {"none": "on"})) for _ in range(2)]
    tokens = [set(re.findall(r'name="(?:safety|csrfmiddlewaretoken)" value="([^"]+)"', html)) for html in pages]
    assert [len(found) for found in tokens] == [2, 2]
    assert not tokens[0] & tokens[1]
