"""The list of sources, and the check of one: who opened it at its publisher, and when."""

import datetime
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clinic.models import clinic_today
from conditions.models import Source
from tests.conditions.signed import CAUSE, page_of
from tests.form_posts import page, post_form

pytestmark = pytest.mark.django_db
Staff = Callable[..., User]
LIST = "/admin/conditions/source/"


def a_copy() -> Source:
    return Source.objects.filter(article__slug="spinal-stenosis", read_where="copy").earliest("position")


def check_url(source: Source) -> str:
    return f"{LIST}{source.pk}/check/"


@pytest.mark.parametrize("role", ["editor", "clinician", "manager", "reception"])
def test_staff_see_which_primary_sources_nobody_opened(
    clinic_data: None, client: Client, staff: Staff, role: str
) -> None:
    client.force_login(staff(role))
    html = page(client.get(LIST, {"list": "copy"}))
    copies = Source.objects.primary_not_opened().count()
    assert html.count("Primary source not opened</span>") == min(copies, 50)
    assert f"{copies} sources" in html
    assert "At the publisher</span>" not in html


def test_list_of_sources_not_checked_for_twelve_months(clinic_data: None, client: Client, staff: Staff) -> None:
    today = clinic_today()
    Source.objects.update(checked_on=today - datetime.timedelta(days=30), checked_by=staff("editor"))
    old, never = Source.objects.all()[:2]
    Source.objects.filter(pk=old.pk).update(checked_on=today - datetime.timedelta(days=366))
    Source.objects.filter(pk=never.pk).update(checked_on=None, checked_by=None)
    client.force_login(staff("editor"))
    html = page(client.get(LIST, {"list": "unchecked"}))
    assert "2 sources" in html
    assert f"{LIST}{old.pk}/change/" in html
    assert f"{LIST}{never.pk}/change/" in html


def test_check_makes_the_source_one_that_was_opened(clinic_data: None, client: Client, staff: Staff) -> None:
    source = a_copy()
    client.force_login(staff("editor"))
    html = page(client.get(f"{LIST}{source.pk}/change/"))
    assert "Primary source not opened" in html
    assert check_url(source) in html
    assert post_form(client, check_url(source), {}).status_code == 302
    source.refresh_from_db()
    assert (source.read_where, source.checked_on, source.checked_by) == (
        "publisher",
        clinic_today(),
        staff("editor"),
    )
    client.logout()
    assert "Checked on" in page_of(client, CAUSE)


def test_check_acts_by_post_alone(clinic_data: None, client: Client, staff: Staff) -> None:
    client.force_login(staff("editor"))
    assert client.get(check_url(a_copy())).status_code == 405
    assert not Source.objects.exclude(checked_on=None).exists()


@pytest.mark.parametrize("role", ["reception", "clinician", "manager"])
def test_only_editors_check(clinic_data: None, client: Client, staff: Staff, role: str) -> None:
    client.force_login(staff(role))
    assert check_url(a_copy()) not in page(client.get(f"{LIST}{a_copy().pk}/change/"))
    assert post_form(client, check_url(a_copy()), {}).status_code == 403
    assert not Source.objects.exclude(checked_on=None).exists()


def test_check_a_second_time_is_the_newer_check(clinic_data: None, client: Client, staff: Staff) -> None:
    source = a_copy()
    source.check_at_publisher(by=staff("editor"), on=datetime.date(2025, 1, 1))
    client.force_login(staff("editor", "second"))
    assert post_form(client, check_url(source), {}).status_code == 302
    source.refresh_from_db()
    assert (source.checked_on, source.checked_by) == (clinic_today(), staff("editor", "second"))


@pytest.mark.parametrize("column", ["claim", "url"])
def test_check_ends_when_the_claim_or_the_address_changes(
    clinic_data: None, client: Client, staff: Staff, column: str
) -> None:
    source = a_copy()
    source.check_at_publisher(by=staff("editor"), on=clinic_today())
    Source.objects.filter(pk=source.pk).update(**{column: "https://clinic.example/"})
    source.refresh_from_db()
    assert (source.checked_on, source.checked_by) == (None, None)
    assert "Checked on" not in page_of(client, CAUSE)


def test_check_with_a_new_claim_in_one_step_stays(clinic_data: None, staff: Staff) -> None:
    source = a_copy()
    source.check_at_publisher(by=staff("editor"), on=datetime.date(2025, 1, 1))
    source.claim, source.checked_on = "Another claim.", clinic_today()
    source.save()
    source.refresh_from_db()
    assert source.checked_on == clinic_today()


def test_check_stays_when_the_year_is_mended(clinic_data: None, staff: Staff) -> None:
    source = a_copy()
    source.check_at_publisher(by=staff("editor"), on=clinic_today())
    Source.objects.filter(pk=source.pk).update(year=2019)
    source.refresh_from_db()
    assert source.checked_on == clinic_today()
