"""Take next: from the queue to exactly one person, however many ask at once."""

import multiprocessing
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from appointments import claims
from appointments.lifecycle import NextStep, Role
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from appointments.plan import plan
from appointments.tabs import Look, counts
from clinic.models import working_hours
from tests.appointments.patients import sent
from tests.appointments.test_query_counts import copy_requests
from tests.form_posts import page, post_form

QUEUE = "/admin/appointments/appointmentrequest/"
TAKE_NEXT = f"{QUEUE}take-next/"
RECEPTION = frozenset({Role.RECEPTION})
STAFF, REQUESTS = 20, 500
PATIENCE = 60  # seconds

Staff = Callable[..., User]


def signed_in(person: User) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


# Twenty people, twenty processes


def take_until_none_is_left(number: int, start: Any, said: Any) -> None:
    """One person at work, in a process and with a connection of its own. Says what was taken, in that order."""
    try:
        by = User.objects.get(username=f"desk-{number}")
        start.wait(PATIENCE)
        taken = []
        while (one := claims.take_next(by=by, roles=RECEPTION)) is not None:
            taken.append(one.pk)
        said.put((by.pk, taken, ""))
    except Exception as error:  # whatever it is, the test must hear of it
        said.put((number, [], repr(error)))
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("clinic_data")
def test_twenty_staff_in_twenty_processes_take_500_requests_each_once(client: Client, staff: Staff) -> None:
    copy_requests(sent(client, "fever"), REQUESTS - 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET urgency = 1 + (id * 7) % 4")
    for number in range(STAFF):
        staff("reception", f"desk-{number}")
    in_order = list(AppointmentRequest.objects.in_queue_order().values_list("pk", "urgency"))
    answers = run_at_once(take_until_none_is_left)

    assert [error for _, _, error in answers if error] == []
    everything = [pk for _, taken, _ in answers for pk in taken]
    assert Counter(everything) == Counter(pk for pk, _ in in_order)
    assert sum(bool(taken) for _, taken, _ in answers) > STAFF / 2  # they did work side by side
    place, urgency = {pk: place for place, (pk, _) in enumerate(in_order)}, dict(in_order)
    for _, taken, _ in answers:
        by_urgency = defaultdict(list)
        for pk in taken:
            by_urgency[urgency[pk]].append(place[pk])
        assert all(places == sorted(places) for places in by_urgency.values())
    for by, taken, _ in answers:
        assert set(AppointmentRequest.objects.filter(claimed_by=by).values_list("pk", flat=True)) == set(taken)
    events = RequestEvent.objects.filter(kind=EventKind.CLAIMED, version=2)
    assert events.values("appointment_request").distinct().count() == events.count() == REQUESTS


def run_at_once(work: Callable[[int, Any, Any], None]) -> list[tuple[int, list[int], str]]:
    """What each process said. They begin together, when all of them are connected."""
    connections.close_all()  # a connection must not be shared with a child
    ways = multiprocessing.get_context("fork")
    start, said = ways.Barrier(STAFF), ways.Queue()
    processes = [ways.Process(target=work, args=(number, start, said)) for number in range(STAFF)]
    for process in processes:
        process.start()
    answers = [said.get(timeout=PATIENCE) for _ in processes]
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0] * STAFF
    return answers


def hold(pk: int, is_held: Any, may_end: Any) -> None:
    """Somebody else is at this row just now, and takes a while."""
    with transaction.atomic():
        AppointmentRequest.objects.select_for_update().get(pk=pk)
        is_held.set()
        may_end.wait(PATIENCE)
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("clinic_data")
def test_take_next_does_not_wait_for_a_row_that_another_is_taking(client: Client, staff: Staff) -> None:
    first, second = sent(client, "fever", birth_date_year="1950"), sent(client, birth_date_year="1951")
    is_held, may_end = threading.Event(), threading.Event()
    other = threading.Thread(target=hold, args=(first.pk, is_held, may_end))
    other.start()
    assert is_held.wait(PATIENCE)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        assert claims.take_next(by=staff("reception"), roles=RECEPTION) == second
    finally:
        may_end.set()
        other.join()
        connection.close()


# The button


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic_data")
def test_take_next_leads_to_the_first_request_that_nobody_has(client: Client, staff: Staff) -> None:
    calm, urgent = sent(client, birth_date_year="1950"), sent(client, "fever", birth_date_year="1951")
    browser = signed_in(staff("reception"))
    response = post_form(browser, TAKE_NEXT, {})
    assert response.headers["Location"] == f"{QUEUE}{urgent.pk}/change/"
    assert "You have this request." in page(browser.get(response.headers["Location"]))
    second = post_form(signed_in(staff("clinician")), TAKE_NEXT, {})
    assert second.headers["Location"] == f"{QUEUE}{calm.pk}/change/"
    third = post_form(signed_in(staff("manager")), TAKE_NEXT, {}, follow=True)
    assert "Nothing waits that nobody has" in page(third)
    assert RequestEvent.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic_data")
def test_take_next_passes_over_what_is_put_off(client: Client, staff: Staff) -> None:
    row, by = sent(client), staff("reception")
    today = timezone.localdate(timezone.now(), working_hours().zone)
    plan(row, NextStep.CALL, today.replace(year=today.year + 1, day=1), staff("clinician"), by=by, roles=RECEPTION)
    assert claims.take_next(by=by, roles=RECEPTION) is None
    assert counts(Look(by, timezone.now(), working_hours()))["unclaimed"] == 1
    row.change(EventKind.ADDED, by=None, role=Role.PATIENT, note="It is urgent to me.")
    assert claims.take_next(by=by, roles=RECEPTION) == row


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic_data")
def test_take_next_is_refused_by_get_and_to_others(client: Client, staff: Staff) -> None:
    row = sent(client)
    assert signed_in(staff("reception")).get(TAKE_NEXT).status_code == 405
    assert post_form(signed_in(staff("editor")), TAKE_NEXT, {}).status_code == 403
    assert post_form(Client(), TAKE_NEXT, {}).headers["Location"].startswith("/admin/login/")
    assert "Take next" not in page(Client().get(QUEUE, follow=True))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff("reception"))
    assert post_form(strict, TAKE_NEXT, {}).status_code == 403
    row.refresh_from_db()
    assert row.version == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic_data")
def test_take_next_is_a_button_of_the_list(staff: Staff) -> None:
    html = page(signed_in(staff("reception")).get(QUEUE))
    assert re.search(rf'<form method="post" action="{TAKE_NEXT}">.*?Take next</button>', html, re.DOTALL)
