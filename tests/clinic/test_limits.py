"""Limits: exact however many try at once, and nobody waits for somebody else's."""

import datetime
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from clinic.limits import Limit, LimitReached, count, purge
from clinic.models import RateCount

HOUR = datetime.timedelta(hours=1)
PATIENCE = 30.0  # seconds


def limit(
    sender: str = "192.0.2.7", *, action: str = "send", most: int = 5, window: datetime.timedelta = HOUR
) -> Limit:
    return Limit(action, sender, most, window)


def is_let_through(*limits: Limit) -> bool:
    """Try once, as a view does: in a transaction, which is rolled back when it is one too many."""
    try:
        with transaction.atomic():
            count(*limits)
    except LimitReached:
        return False
    return True


def at_once(tries: int, work: Callable[[int], Any], threads: int = 16) -> list[Any]:
    """Do it so often, in threads with connections of their own that begin together."""
    together = threading.Barrier(threads)

    def begin() -> None:
        together.wait(PATIENCE)

    closed: list[Any] = []

    def work_and_close(number: int) -> Any:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads, initializer=begin) as pool:
        closed = list(pool.map(work_and_close, range(tries)))
    return closed


@pytest.mark.django_db
def test_count_refuses_the_one_too_many() -> None:
    assert [is_let_through(limit(most=3)) for _ in range(5)] == [True, True, True, False, False]
    assert RateCount.objects.get().count == 3


@pytest.mark.django_db
def test_count_says_which_action_was_too_much() -> None:
    with pytest.raises(LimitReached) as caught:
        count(limit(action="send"), limit(action="link", most=0))
    assert caught.value.action == "link"


@pytest.mark.django_db
def test_count_of_several_limits_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        count(limit("a"), limit("b"), limit("a", window=HOUR * 24))
    assert RateCount.objects.count() == 3


def test_count_of_no_limit_asks_nothing() -> None:
    count()


@pytest.mark.django_db
def test_count_of_the_same_limit_twice_counts_once_by_the_narrower() -> None:
    assert is_let_through(limit(most=9), limit(most=1), limit(most=5))
    assert RateCount.objects.get().count == 1
    assert not is_let_through(limit(most=9), limit(most=1), limit(most=5))


@pytest.mark.django_db
def test_count_refused_by_one_limit_counts_under_no_other() -> None:
    assert is_let_through(limit("a"), limit("b", most=1))
    assert not is_let_through(limit("a"), limit("b", most=1))
    assert list(RateCount.objects.values_list("count", flat=True)) == [1, 1]


@pytest.mark.django_db
@pytest.mark.parametrize("other", [{"sender": "192.0.2.8"}, {"action": "link"}, {"window": HOUR * 2}])
def test_count_keeps_what_differs_apart(other: dict[str, Any]) -> None:
    assert is_let_through(limit(most=1))
    assert is_let_through(limit(**{"most": 1, **other}))
    assert not is_let_through(limit(most=1))


@pytest.mark.django_db
def test_count_begins_anew_when_the_window_has_ended() -> None:
    for _ in range(5):
        assert is_let_through(limit())
    assert not is_let_through(limit())
    RateCount.objects.update(window_ends_at=timezone.now())
    assert is_let_through(limit())
    row = RateCount.objects.get()
    assert row.count == 1
    assert datetime.timedelta(0) < row.window_ends_at - timezone.now() <= HOUR


@pytest.mark.django_db
def test_count_does_not_move_the_end_of_a_window() -> None:
    count(limit())
    ends_at = RateCount.objects.get().window_ends_at
    count(limit())
    assert RateCount.objects.get().window_ends_at == ends_at


@pytest.mark.django_db
def test_nobody_can_be_read_from_a_count(settings: Settings) -> None:
    count(limit())
    row = json.dumps(RateCount.objects.values().get(), default=str)
    assert "192.0.2.7" not in row
    assert "send" not in row.replace("sender", "")
    settings.SECRET_KEY = "another"
    count(limit())
    assert RateCount.objects.count() == 2  # without the secret, an address cannot be looked up


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_of_200_tries_16_at_once_exactly_5_pass() -> None:
    passed = at_once(200, lambda _: is_let_through(limit()))
    assert sum(passed) == 5
    assert RateCount.objects.get().count == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_two_limits_in_opposite_order_never_deadlock() -> None:
    one, two = limit("a", most=1_000), limit("b", most=1_000)
    passed = at_once(400, lambda number: is_let_through(*((one, two) if number % 2 else (two, one))))
    assert all(passed)
    assert list(RateCount.objects.values_list("count", flat=True)) == [400, 400]


@pytest.fixture
def held_count() -> Iterator[None]:
    """Somebody else has counted under limit("slow") and has not committed yet."""
    has_counted, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            count(limit("slow"))
            has_counted.set()
            may_end.wait(PATIENCE)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert has_counted.wait(PATIENCE)
    yield
    may_end.set()
    holder.join(PATIENCE)


@pytest.mark.django_db(transaction=True)
def test_another_sender_does_not_wait(held_count: None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '500ms'")
        count(limit("quick"), limit("quick", action="link"))
        with pytest.raises(OperationalError, match="lock timeout"):
            count(limit("slow"))  # the row is really held


@pytest.mark.django_db
def test_purge_deletes_the_windows_that_have_ended() -> None:
    count(limit("a"), limit("b"))
    RateCount.objects.filter(sender_digest=limit("a").digest).update(window_ends_at=timezone.now())
    assert purge() == 1
    assert RateCount.objects.get().sender_digest == limit("b").digest
    assert purge() == 0


@pytest.mark.django_db(transaction=True)
def test_purge_waits_for_nobody() -> None:
    count(limit("slow"))
    RateCount.objects.update(window_ends_at=timezone.now())
    begun, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            count(limit("slow"))
            begun.set()
            may_end.wait(PATIENCE)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert begun.wait(PATIENCE)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '500ms'")
            assert purge() == 0
    finally:
        may_end.set()
        holder.join(PATIENCE)
    assert RateCount.objects.get().count == 1
