"""What the form lists, published articles and the ways to pay that the staff offer, and what the safety check asks:
one query."""

import datetime
from operator import attrgetter

import pytest
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from appointments.choices import form_choices
from clinic.models import ClinicProfile, PaymentOption
from conditions.models import Article, RedFlag


@pytest.mark.django_db
def test_choices_are_read_in_one_query(
    clinic_data: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    PaymentOption.objects.all().delete()
    PaymentOption.objects.create(name="Cash or card", name_es="Efectivo o tarjeta", position=9)
    PaymentOption.objects.create(name="Medicare", name_es="Medicare", position=1)
    PaymentOption.objects.create(name="Barter", name_es="Trueque", is_offered=False)
    with django_assert_num_queries(1):
        choices = form_choices()
    assert [name for _, name in choices.payments] == ["Medicare", "Cash or card"]
    assert len(choices.articles) == Article.objects.published().count() == 15
    assert choices.articles[0][0].startswith("condition/")
    article = Article.objects.get(slug="sciatica")
    assert ("cause/sciatica", article.name) in choices.articles
    assert choices.article_id("cause/sciatica") == article.pk
    assert choices.article_id("cause/nothing") is None
    with translation.override("es"):
        assert form_choices().payments[1][1] == "Efectivo o tarjeta"


@pytest.mark.django_db
def test_choices_leave_out_what_is_not_published(clinic_data: None) -> None:
    Article.objects.filter(slug="sciatica").update(published_from=None)
    choices = form_choices()
    assert "cause/sciatica" not in dict(choices.articles)
    assert choices.article_id("cause/sciatica") is None


@pytest.mark.django_db
def test_choices_hold_the_red_flags_of_the_safety_check(clinic_data: None) -> None:
    RedFlag.objects.filter(key="fever").update(is_in_use=False)
    RedFlag.objects.filter(key="calf-pain").update(wording="a sore calf", wording_es="dolor", position=0)
    kept = [field.attname for field in RedFlag._meta.concrete_fields]
    assert [attrgetter(*kept)(flag) for flag in form_choices().red_flags] == list(
        RedFlag.objects.in_use().values_list(*kept)
    )


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "Pacific/Kiritimati"])
def test_today_is_that_of_the_clinic(clinic_data: None, zone: str) -> None:
    ClinicProfile.objects.update(time_zone=zone)
    assert form_choices().today == timezone.now().astimezone(ClinicProfile.objects.get().zone).date()


@pytest.mark.django_db
def test_choices_of_an_empty_database() -> None:
    choices = form_choices()
    assert (choices.articles, choices.payments, choices.red_flags) == ([], [], [])
    assert isinstance(choices.today, datetime.date)
