"""Take next: from the queue to exactly one person, however many ask at once."""

import datetime
import json
import re
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from appointments import claims
from appointments.contact import log_attempt
from appointments.lifecycle import NextStep, Role
from appointments.models import AppointmentRequest, Channel, EventKind, Outcome, RequestEvent
from appointments.plan import plan
from appointments.tabs import Look, counts
from appointments.worse import report_worse
from clinic.models import clinic_today, working_hours
from tests.appointments.desks import PATIENCE, STAFF
from tests.appointments.patients import sent
from tests.appointments.test_query_counts import copy_requests
from tests.environment import PROJECT
from tests.form_posts import page, post_form
from tests.served_site import production_environment

QUEUE = "/admin/appointments/appointmentrequest/"
TAKE_NEXT = f"{QUEUE}take-next/"
RECEPTION = frozenset({Role.RECEPTION})
REQUESTS = 500
A_DAY, AN_HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)

Staff = Callable[..., User]


def signed_in(person: User) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


# Twenty people, twenty processes


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("clinic_data")
def test_twenty_staff_in_twenty_processes_take_500_requests_each_once(
    client: Client, staff: Staff, tmp_path: Path
) -> None:
    copy_requests(sent(client, "fever"), REQUESTS - 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET urgency = 1 + (id * 7) % 4")
    for number in range(STAFF):
        staff("reception", f"desk-{number}")
    in_order = list(AppointmentRequest.objects.in_queue_order().values_list("pk", "urgency"))
    answers = at_work(tmp_path)

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


def at_work(folder: Path) -> list[tuple[int, list[int], str]]:
    """What each of them took, in that order, and what went wrong."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.appointments.desks"],
        cwd=PROJECT,
        env=production_environment(folder),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["codes"] == [0] * STAFF
    return [(by, taken, error) for by, taken, error in told["answers"]]


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
    plan(row, NextStep.CALL, today + 30 * A_DAY, staff("clinician"), by=by, roles=RECEPTION)
    assert claims.take_next(by=by, roles=RECEPTION) is None
    assert counts(Look(by, timezone.now(), working_hours()))["unclaimed"] == 1
    row.change(EventKind.ADDED, by=None, role=Role.PATIENT, note="It is urgent to me.")
    assert claims.take_next(by=by, roles=RECEPTION) == row


def promise_ends(row: AppointmentRequest, owner: User, planned: datetime.timedelta) -> None:
    """Its promise has ended an hour ago; the day of its step was set at that distance from the end."""
    now = timezone.now()
    AppointmentRequest.objects.filter(pk=row.pk).update(received_at=now - 9 * A_DAY, reply_by=now - AN_HOUR)
    RequestEvent.objects.filter(kind=EventKind.PLANNED).update(changed_at=now - AN_HOUR + planned)


def gets_worse(row: AppointmentRequest, owner: User) -> None:
    report_worse(AppointmentRequest.objects.get(pk=row.pk), [], "It is worse.")


def is_inactive(row: AppointmentRequest, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)


def loses_the_role(row: AppointmentRequest, owner: User) -> None:
    owner.groups.set(Group.objects.filter(name="editor"))


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic_data")
@pytest.mark.parametrize(
    ("since", "is_given"),
    [
        (gets_worse, True),
        (is_inactive, True),
        (loses_the_role, True),
        (partial(promise_ends, planned=-AN_HOUR / 2), True),
        # Whoever set a day after the promise had ended did today's work: nobody is asked to call again today.
        (partial(promise_ends, planned=AN_HOUR / 2), False),
    ],
)
def test_take_next_gives_what_may_wait_no_longer(
    client: Client, staff: Staff, since: Callable[..., None], is_given: bool
) -> None:
    row, by, owner = sent(client), staff("reception"), staff("clinician")
    plan(row, NextStep.CALL, clinic_today() + 5 * A_DAY, owner, by=by, roles=RECEPTION)
    assert claims.take_next(by=by, roles=RECEPTION) is None
    since(row, owner)
    assert claims.take_next(by=by, roles=RECEPTION) == (row if is_given else None)


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic_data")
def test_take_next_gives_what_is_late_whatever_far_day_was_set(client: Client, staff: Staff) -> None:
    """As rows that were planned before there were bounds."""
    row, by = sent(client), staff("reception")
    plan(row, NextStep.CALL, clinic_today() + 30 * A_DAY, staff("clinician"), by=by, roles=RECEPTION)
    promise_ends(row, by, planned=AN_HOUR / 2)
    assert claims.take_next(by=by, roles=RECEPTION) == row


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic_data")
def test_take_next_does_not_send_two_to_a_patient_who_was_tried_in_vain(client: Client, staff: Staff) -> None:
    row, by = sent(client), staff("reception")
    now = timezone.now()
    AppointmentRequest.objects.filter(pk=row.pk).update(received_at=now - 9 * A_DAY, reply_by=now - AN_HOUR)
    row = AppointmentRequest.objects.get()
    log_attempt(row, Channel.PHONE, Outcome.NO_ANSWER, by=by, roles=RECEPTION)
    AppointmentRequest.objects.update(next_step_on=clinic_today() + A_DAY)  # however long the clinic is open
    claims.give_back(AppointmentRequest.objects.get(), by=by, roles=RECEPTION)
    assert claims.take_next(by=by, roles=RECEPTION) is None
    undo = {"kind": EventKind.UNDONE, "version": 99, "changed_at": now, "changed_by": by, "role": Role.RECEPTION}
    row.events.create(**undo, undoes=row.events.get(kind=EventKind.CONTACT_TRIED).version)
    assert claims.take_next(by=by, roles=RECEPTION) == row


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic_data")
def test_take_next_reads_the_index_of_the_queue(client: Client, staff: Staff) -> None:
    copy_requests(sent(client), 300)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE appointments_appointmentrequest")
    waiting = AppointmentRequest.objects.in_queue().unclaimed(timezone.now()).not_put_off(clinic_today())
    plan = waiting.in_queue_order()[:1].explain()
    assert re.search(r"Index (Only )?Scan using request_queue", plan), plan
    assert "Sort" not in plan and "hashed SubPlan" in plan, plan  # who triages is read once, not for each row


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


# Pressed twice


def button_on(html: str) -> dict[str, str]:
    """What the form of the button sends."""
    return {"button": re.findall(rf'action="{TAKE_NEXT}">.*?name="button" value="([\w-]+)"', html, re.DOTALL)[0]}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("clinic_data")
def test_take_next_pressed_twice_at_once_takes_one_request(client: Client, staff: Staff) -> None:
    copy_requests(sent(client), 4)
    person = staff("reception")
    browsers = [signed_in(person) for _ in range(2)]
    button = button_on(page(browsers[0].get(QUEUE)))
    together, answers = threading.Barrier(2), []

    def press(browser: Client) -> None:
        together.wait(PATIENCE)
        answers.append(post_form(browser, TAKE_NEXT, button).headers["Location"])
        connection.close()

    presses = [threading.Thread(target=press, args=(browser,)) for browser in browsers]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join(PATIENCE)
    assert len(answers) == 2 and len(set(answers)) == 1
    assert AppointmentRequest.objects.filter(claimed_by=person).count() == 1
    assert RequestEvent.objects.filter(kind=EventKind.CLAIMED).count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic_data")
def test_two_pages_take_two_and_one_page_takes_the_next_once_something_was_done(
    client: Client, staff: Staff
) -> None:
    copy_requests(sent(client), 4)
    person = staff("reception")
    browser = signed_in(person)
    first, second = (button_on(page(browser.get(QUEUE))) for _ in range(2))
    taken = [post_form(browser, TAKE_NEXT, button).headers["Location"] for button in (first, second, second)]
    assert taken[0] != taken[1] == taken[2]
    row = AppointmentRequest.objects.get(pk=taken[1].split("/")[-3])
    row.move_to("in_review", by=person, roles=RECEPTION)
    third = post_form(browser, TAKE_NEXT, second).headers["Location"]
    assert third not in taken
    claims.give_back(AppointmentRequest.objects.get(pk=third.split("/")[-3]), by=person, roles=RECEPTION)
    # Somebody else's button of the same name is another one.
    other = post_form(signed_in(staff("clinician")), TAKE_NEXT, first).headers["Location"]
    assert other not in taken


@pytest.mark.django_db
@pytest.mark.usefixtures("clinic_data")
def test_each_button_on_each_page_is_another_one(client: Client, staff: Staff) -> None:
    copy_requests(sent(client), 2)
    person = staff("reception")
    browser = signed_in(person)
    record = post_form(browser, TAKE_NEXT, {}).headers["Location"]
    buttons = [button_on(page(browser.get(path)))["button"] for path in (QUEUE, "/admin/", record, QUEUE)]
    assert len(set(buttons)) == len(buttons)
