"""A query that is composed once still asks the database each time."""

import pytest
from django.db import connection
from django.db.models import BigIntegerField, TextField
from django.test.utils import CaptureQueriesContext

from clinic.models import ClosedDate, OpeningHours, PaymentOption, working_hours
from clinic.ready_query import ReadyQuery, blank
from conditions.models import RedFlag, red_flags_in_use


@pytest.mark.django_db
def test_ready_query_is_composed_once_and_asked_each_time() -> None:
    made = []

    def make():  # type: ignore[no-untyped-def]
        made.append(1)
        return PaymentOption.objects.order_by("name").values_list("name", "is_offered")

    PaymentOption.objects.all().delete()
    query = ReadyQuery(make)
    assert (query.rows(), made) == ([], [1])
    PaymentOption.objects.create(name="Barter 100%", position=1)
    with CaptureQueriesContext(connection) as captured:
        assert query.rows() == [("Barter 100%", True)]
    assert (len(captured), made) == (1, [1])


@pytest.mark.django_db
def test_ready_query_keeps_its_values() -> None:
    PaymentOption.objects.create(name="100% %s 'x'", position=1)
    query = ReadyQuery(lambda: PaymentOption.objects.filter(name="100% %s 'x'").values_list("name"))
    assert query.rows() == query.rows() == [("100% %s 'x'",)]


@pytest.mark.django_db
def test_ready_query_with_blanks_takes_other_values_each_time() -> None:
    PaymentOption.objects.all().delete()
    first, second = (PaymentOption.objects.create(name=name, position=1) for name in ("Barter", "barter '%s'"))

    def named():  # type: ignore[no-untyped-def]
        name, pk = blank("name", TextField()), blank("pk", BigIntegerField())
        return PaymentOption.objects.filter(name__iexact=name, is_offered=True).exclude(pk=pk).values_list("pk")

    query = ReadyQuery(named)
    assert query.rows(name="BARTER", pk=0) == [(first.pk,)]
    assert query.rows(name="BARTER", pk=first.pk) == []
    assert query.rows(name="Barter '%S'", pk=first.pk) == [(second.pk,)]
    with pytest.raises(KeyError):
        query.rows(name="Barter")


@pytest.mark.django_db
def test_red_flags_in_use_are_those_of_the_table(clinic_data: None) -> None:
    assert red_flags_in_use() == list(RedFlag.objects.in_use())
    flag = red_flags_in_use()[0]
    RedFlag.objects.filter(pk=flag.pk).update(is_in_use=False)
    assert flag not in red_flags_in_use()
    assert {name: getattr(flag, name) for name in ("key", "tier", "wording", "version")} == (
        RedFlag.objects.values("key", "tier", "wording", "version").get(pk=flag.pk)
    )


@pytest.mark.django_db
def test_working_hours_follow_the_staff(clinic_data: None) -> None:
    before = working_hours()
    ClosedDate.objects.create(date="2031-05-05")
    OpeningHours.objects.filter(weekday=0).delete()
    after = working_hours()
    assert len(after.closed_dates) == len(before.closed_dates) + 1
    assert 0 in before.periods and 0 not in after.periods
