"""The two states of the test database, with and without real transactions, one test after another."""

import pytest
from django.contrib.auth.models import Group, Permission

from clinic.models import ClinicProfile, OpeningHours
from conditions.models import Article

TRANSACTIONS = [pytest.param(None, marks=pytest.mark.django_db(transaction=real)) for real in (False, True)]


@pytest.mark.parametrize("again", [1, 2])
@pytest.mark.parametrize("transactions", TRANSACTIONS, ids=["undone", "real"])
def test_database_is_as_after_migrations(transactions: None, again: int) -> None:
    assert not Article.objects.exists()
    assert not ClinicProfile.objects.exists()
    assert set(Group.objects.values_list("name", flat=True)) == {"reception", "clinician", "editor", "manager"}
    assert Permission.objects.filter(group__name="editor", codename="change_cause").exists()
    Group.objects.create(name=f"of this test {again}")


@pytest.mark.parametrize("again", [1, 2])
@pytest.mark.parametrize("transactions", TRANSACTIONS, ids=["undone", "real"])
def test_clinic_data_is_as_after_the_first_run(transactions: None, clinic_data: None, again: int) -> None:
    assert Article.objects.count() == 15
    assert ClinicProfile.objects.get().announcement is not None
    assert Group.objects.count() == 4
    OpeningHours.objects.all().delete()
    Article.objects.create(kind="cause", slug="of-this-test", title="Of this test")  # its id is a free one
