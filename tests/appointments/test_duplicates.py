"""Duplicates: linked, never merged; the oldest clock is kept, nothing is lost, and one click undoes it."""

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from appointments.claims import take
from appointments.contact import log_attempt
from appointments.duplicates import link, unlink
from appointments.history import differences
from appointments.lifecycle import MoveRefused, NextStep, Role, Urgency
from appointments.models import AppointmentRequest, EventKind
from appointments.plan import hand_over
from appointments.undo import undo_last
from appointments.urgency import set_urgency
from appointments.worse import report_worse
from tests.appointments.following import kept
from tests.appointments.test_two_at_once import assert_record_is_whole

StaffFactory = Callable[..., User]
RECEPTION = frozenset({Role.RECEPTION})
NUMBERS = count()
BORN = datetime.date(1962, 3, 27)
CLOCKS = ("received_at", "reply_by", "urgency", "worse_at", "second_look_on", "next_step", "next_step_by_id")


def sent_hours_ago(hours: float, *flags: str, **answers: Any) -> AppointmentRequest:
    """As if it had come in then, with a promise for three days later; the record says so from the start. The date
    of birth is another each time, so that sending it raises no earlier one."""
    answers.setdefault("birth_date", datetime.date(1950, 1, 1) + datetime.timedelta(days=next(NUMBERS)))
    appointment_request = kept(*flags, **answers)
    received_at = timezone.now() - datetime.timedelta(hours=hours)
    times = {"received_at": received_at, "reply_by": received_at + datetime.timedelta(days=3)}
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(**times)
    first = appointment_request.status_changes.get()
    first.after |= {name: str(value) for name, value in times.items()}
    first.save()
    appointment_request.refresh_from_db()
    return appointment_request


def fresh(appointment_request: AppointmentRequest) -> AppointmentRequest:
    return AppointmentRequest.objects.get(pk=appointment_request.pk)


def clocks(appointment_request: AppointmentRequest) -> dict[str, Any]:
    row = fresh(appointment_request)
    return {name: getattr(row, name) for name in CLOCKS}


def linked(duplicate: AppointmentRequest, original: AppointmentRequest, by: User) -> None:
    link(fresh(duplicate), fresh(original), by=by, roles=RECEPTION, note="Same voice on the phone.")


def unlinked(duplicate: AppointmentRequest, by: User) -> None:
    unlink(fresh(duplicate), by=by, roles=RECEPTION)


def assert_whole(*requests: AppointmentRequest) -> None:
    for one in requests:
        assert differences(fresh(one)) == {}
        assert_record_is_whole(fresh(one))


@pytest.mark.django_db
def test_link_closes_the_one_and_gives_the_other_the_oldest_clock(clinic_data: None, staff: StaffFactory) -> None:
    reception = staff("reception")
    original, duplicate = sent_hours_ago(5), sent_hours_ago(9, "fever")
    before = clocks(original)
    move = link(duplicate, original, by=reception, roles=RECEPTION, note="Same voice on the phone.")
    assert (move.from_status, move.to_status, move.note) == ("in_review", "duplicate", "Same voice on the phone.")
    row = fresh(duplicate)
    assert (row.status, row.duplicate_of, row.claimed_by) == ("duplicate", original, None)
    assert [change.to_status for change in row.status_changes.all()] == ["received", "in_review", "duplicate"]
    now = clocks(original)
    assert now["received_at"] == row.received_at < before["received_at"]
    assert now["reply_by"] == row.reply_by < before["reply_by"]
    assert (now["urgency"], before["urgency"]) == (Urgency.URGENT, Urgency.ROUTINE)
    assert fresh(original).claimed_by == reception
    event = fresh(original).events.get()
    assert (event.kind, event.changed_by, event.role) == (EventKind.DUPLICATE_LINKED, reception, "reception")
    assert event.note == f"{duplicate.reference}: Same voice on the phone."
    assert (event.before["urgency"], event.after["urgency"]) == (4, 2)
    assert_whole(original, duplicate)


@pytest.mark.django_db
def test_link_never_makes_the_original_wait_longer(clinic_data: None, staff: StaffFactory) -> None:
    """The later and the lighter request changes no clock."""
    original, duplicate = sent_hours_ago(9, "fever"), sent_hours_ago(5)
    before = clocks(original)
    linked(duplicate, original, staff("reception"))
    assert clocks(original) == before
    assert_whole(original, duplicate)


@pytest.mark.django_db
def test_link_keeps_the_earliest_report_that_it_is_worse(clinic_data: None, staff: StaffFactory) -> None:
    original, duplicate = sent_hours_ago(5), sent_hours_ago(4)
    report_worse(duplicate, [], "Worse.")
    report_worse(original, [], "Worse, I said.")
    linked(duplicate, original, staff("reception"))
    assert fresh(original).worse_at == duplicate.worse_at
    assert fresh(original).patient_wrote_at == duplicate.patient_wrote_at, "to link is not to have read it"
    assert_whole(original, duplicate)


@pytest.mark.django_db
def test_link_keeps_an_owner_from_either_and_unlink_gives_them_back(clinic_data: None, staff: StaffFactory) -> None:
    reception, other = staff("reception"), staff("reception", "other")
    original, duplicate = sent_hours_ago(5), sent_hours_ago(4)
    log_attempt(duplicate, "phone", "no_answer", by=reception, roles=RECEPTION)
    linked(duplicate, original, reception)
    row = fresh(original)
    assert (row.next_step, row.next_step_by) == (NextStep.CALL, reception)
    unlinked(duplicate, reception)
    assert fresh(original).next_step_by is None
    assert (fresh(duplicate).next_step, fresh(duplicate).next_step_by) == (NextStep.CALL, reception)
    owned = sent_hours_ago(3)
    log_attempt(owned, "phone", "no_answer", by=other, roles=RECEPTION)
    AppointmentRequest.objects.filter(pk=owned.pk).update(claimed_by=None, claimed_until=None)
    linked(duplicate, owned, reception)
    assert fresh(owned).next_step_by == other, "the original's own owner stays"


@pytest.mark.django_db
def test_unlink_leaves_a_lent_next_step_whose_owner_was_changed(clinic_data: None, staff: StaffFactory) -> None:
    """A next step is one thing: half of it is not taken away."""
    reception, other = staff("reception"), staff("reception", "other")
    original, duplicate = sent_hours_ago(5), sent_hours_ago(4)
    log_attempt(duplicate, "phone", "no_answer", by=reception, roles=RECEPTION)
    linked(duplicate, original, reception)
    hand_over(fresh(original), other, by=reception, roles=RECEPTION)
    unlinked(duplicate, reception)
    assert (fresh(original).next_step, fresh(original).next_step_by) == (NextStep.CALL, other)
    assert_whole(original, duplicate)


@pytest.mark.django_db
def test_link_of_a_request_that_waits_for_the_patient_keeps_its_owner(
    clinic_data: None, staff: StaffFactory
) -> None:
    reception = staff("reception")
    original, duplicate = sent_hours_ago(5), sent_hours_ago(4)
    duplicate.move_to("in_review", by=reception, roles=RECEPTION)
    duplicate.move_to("awaiting_patient", by=reception, roles=RECEPTION, message="Send us the scan.")
    linked(duplicate, original, reception)
    assert (fresh(original).next_step, fresh(original).next_step_by) == (NextStep.LOOK, reception)
    assert_whole(original, duplicate)


@pytest.mark.django_db
def test_link_to_an_original_that_was_answered_keeps_the_promise_to_the_duplicate(
    clinic_data: None, staff: StaffFactory
) -> None:
    """The second request waits for an answer of its own. The promise that was met does not stand up again."""
    reception = staff("reception")
    original = sent_hours_ago(200)
    log_attempt(original, "phone", "reached", by=reception, roles=RECEPTION)
    duplicate = sent_hours_ago(1)
    linked(duplicate, original, reception)
    row = fresh(original)
    assert row.standing_promise == duplicate.reply_by
    assert not row.is_late(timezone.now())
    assert row.patient_wrote_at == duplicate.received_at
    unlinked(duplicate, reception)
    assert (fresh(original).standing_promise, fresh(original).patient_wrote_at) == (None, None)
    assert_whole(original, duplicate)


@pytest.mark.django_db
def test_unlink_gives_everything_back_and_reopens(clinic_data: None, staff: StaffFactory) -> None:
    reception = staff("reception")
    original, duplicate = sent_hours_ago(5), sent_hours_ago(9, "fever")
    before, own = clocks(original), clocks(duplicate)
    linked(duplicate, original, reception)
    move = unlink(fresh(duplicate), by=reception, roles=RECEPTION)
    assert (move.from_status, move.to_status) == ("duplicate", "in_review")
    assert clocks(original) == before
    assert clocks(duplicate) == own
    assert (fresh(duplicate).duplicate_of, fresh(duplicate).claimed_by) == (None, reception)
    made, ended = fresh(original).events.all()
    assert (ended.kind, ended.undoes, ended.note) == ("duplicate_unlinked", made.version, duplicate.reference)
    assert ended.before["urgency"] == made.after["urgency"]
    assert_whole(original, duplicate)


@pytest.mark.django_db
def test_unlink_leaves_what_somebody_has_changed_since(clinic_data: None, staff: StaffFactory) -> None:
    reception = staff("reception")
    original, duplicate = sent_hours_ago(5), sent_hours_ago(9, "fever")
    linked(duplicate, original, reception)
    set_urgency(fresh(original), Urgency.EMERGENCY, by=reception, roles=RECEPTION, may_lower=False)
    unlinked(duplicate, reception)
    assert fresh(original).urgency == Urgency.EMERGENCY
    assert fresh(original).received_at == original.received_at
    assert_whole(original, duplicate)


@pytest.mark.django_db
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("hours", [(9, 8, 7), (7, 8, 9), (9, 7, 8)])
def test_unlink_of_several_in_any_order_keeps_the_oldest_clock_of_those_that_are_left(
    clinic_data: None, staff: StaffFactory, order: tuple[int, ...], hours: tuple[int, ...]
) -> None:
    reception = staff("reception")
    original = sent_hours_ago(5)
    duplicates = [sent_hours_ago(each, "fever" if each == 8 else "weight-loss") for each in hours]
    before = clocks(original)
    for duplicate in duplicates:
        linked(duplicate, original, reception)
    left = list(duplicates)
    for number in order:
        unlinked(duplicates[number], reception)
        left.remove(duplicates[number])
        all_of_them = [original, *left]
        assert fresh(original).received_at == min(one.received_at for one in all_of_them)
        assert fresh(original).reply_by == min(one.reply_by for one in all_of_them if one.reply_by)
        assert fresh(original).urgency == min(one.urgency for one in all_of_them)
        assert_whole(original, *duplicates)
    assert clocks(original) == before


@pytest.mark.django_db
def test_unlink_from_an_original_that_was_booked_meanwhile(clinic_data: None, staff: StaffFactory) -> None:
    reception = staff("reception")
    original, duplicate = sent_hours_ago(5), sent_hours_ago(9)
    linked(duplicate, original, reception)
    row = fresh(original)
    row.move_to("in_review", by=reception, roles=RECEPTION)
    starts_at = timezone.now() + datetime.timedelta(days=3)
    row.move_to("booked", by=reception, roles=RECEPTION, appointment_starts_at=starts_at)
    unlinked(duplicate, reception)
    assert (fresh(original).status, fresh(original).received_at) == ("booked", original.received_at)
    assert fresh(original).claimed_by is None
    assert_whole(original, duplicate)


# What is refused, and then changes nothing


def refused(code: str, act: Callable[[], Any], *requests: AppointmentRequest) -> None:
    before = [vars(fresh(one)) | {"_state": None} for one in requests]
    with pytest.raises(MoveRefused) as refusal:
        act()
    assert refusal.value.code == code, refusal.value
    assert [vars(fresh(one)) | {"_state": None} for one in requests] == before


@pytest.mark.django_db
def test_link_refuses_what_makes_no_sense(clinic_data: None, staff: StaffFactory) -> None:
    reception, other = staff("reception"), staff("reception", "other")
    one, two, three, closed = (sent_hours_ago(hours) for hours in (4, 3, 2, 1))
    closed.move_to("withdrawn", by=None, roles=frozenset({Role.PATIENT}))
    everybody = (one, two, three, closed)

    def refuse(code: str, duplicate: AppointmentRequest, original: AppointmentRequest, **how: Any) -> None:
        options = {"by": reception, "roles": RECEPTION, "note": "Same.", **how}
        refused(code, lambda: link(fresh(duplicate), fresh(original), **options), *everybody)

    refuse("original_itself", one, one)
    refuse("original_closed", one, closed)
    refuse("no_such_move", closed, one)
    refuse("note_missing", one, two, note="  ")
    refuse("not_your_role", one, two, roles=frozenset({Role.EDITOR}))
    refuse("not_your_role", one, two, roles=frozenset({Role.PATIENT}))
    linked(two, one, reception)
    refuse("original_repeats", three, two)  # a chain
    refuse("original_repeats", one, two)  # a circle
    refuse("has_duplicates", one, three)  # a chain from its other end
    refuse("no_such_move", two, three)  # twice
    for claimed in (one, three):
        AppointmentRequest.objects.update(claimed_by=None, claimed_until=None)
        take(fresh(claimed), by=other, roles=RECEPTION)
        refuse("claimed", three, one)
    refused("no_such_move", lambda: unlink(fresh(three), by=other, roles=RECEPTION), *everybody)
    refused("not_your_role", lambda: unlink(fresh(two), by=reception, roles=frozenset()), *everybody)
    AppointmentRequest.objects.update(claimed_by=None, claimed_until=None)
    take(fresh(one), by=other, roles=RECEPTION)
    refused("claimed", lambda: unlink(fresh(two), by=reception, roles=RECEPTION), *everybody)


@pytest.mark.django_db
@pytest.mark.parametrize("stale", [0, 1])
def test_link_refuses_a_version_that_somebody_has_changed(
    clinic_data: None, staff: StaffFactory, stale: int
) -> None:
    reception = staff("reception")
    seen = [sent_hours_ago(4), sent_hours_ago(3)]
    set_urgency(fresh(seen[stale]), Urgency.SOON, by=reception, roles=RECEPTION, may_lower=False)
    refused("stale", lambda: link(*seen, by=reception, roles=RECEPTION, note="Same."), *seen)
    assert [one.status for one in seen] == ["received", "received"], "the objects are as they were, too"


@pytest.mark.django_db
def test_links_are_not_undone_by_undo(clinic_data: None, staff: StaffFactory) -> None:
    """Undo knows one request; a link has two."""
    reception = staff("reception")
    original, duplicate = sent_hours_ago(4), sent_hours_ago(3)
    linked(duplicate, original, reception)
    for one in (original, duplicate):
        refused("cannot_undo", lambda: undo_last(fresh(one), by=reception, roles=RECEPTION), original, duplicate)  # noqa: B023
    unlinked(duplicate, reception)
    for one in (original, duplicate):
        refused("cannot_undo", lambda: undo_last(fresh(one), by=reception, roles=RECEPTION), original, duplicate)  # noqa: B023


# Two at once


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """What came of each, all begun at the same moment: "" or the code of its refusal."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = '20s'")
            barrier.wait(timeout=20)
            act()
        except MoveRefused as refusal:
            return refusal.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(5))
def test_linking_two_requests_both_ways_at_once_links_one_way(
    clinic_data: None, staff: StaffFactory, attempt: int
) -> None:
    """No deadlock, no circle: whoever is second is told that it has changed."""
    people = staff("reception"), staff("reception", "other")
    one, two = sent_hours_ago(4), sent_hours_ago(3)
    pairs = (fresh(one), fresh(two)), (fresh(two), fresh(one))
    results = at_once(
        *(
            lambda pair=pair, by=by: link(*pair, by=by, roles=RECEPTION, note="Same.")
            for pair, by in zip(pairs, people, strict=True)
        )
    )
    assert sorted(results) == ["", "stale"]
    assert sorted([fresh(one).status, fresh(two).status]) == ["duplicate", "received"]
    assert_whole(one, two)


@pytest.mark.django_db(transaction=True)
def test_many_links_among_few_requests_at_once_never_deadlock(clinic_data: None, staff: StaffFactory) -> None:
    reception = staff("reception")
    # Each but the first names the first as of the same person: a third row that the database may have to look at.
    requests = [sent_hours_ago(hours, birth_date=BORN) for hours in (5, 4, 3)]
    pairs = [(one, other) for one in requests for other in requests if one != other] * 2

    def try_again_and_again(duplicate: AppointmentRequest, original: AppointmentRequest) -> None:
        for _ in range(2):
            for act in (lambda: linked(duplicate, original, reception), lambda: unlinked(duplicate, reception)):
                try:
                    act()
                except MoveRefused:
                    continue

    results = at_once(*(lambda pair=pair: try_again_and_again(*pair) for pair in pairs))
    assert results == [""] * len(pairs)
    assert_whole(*requests)
    for one in requests:
        assert one.duplicates.count() == 0 or fresh(one).duplicate_of is None, "no chain"
