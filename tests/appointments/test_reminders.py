"""What the clock brings about, each thing once: with two workers at one moment, and in processes of their own."""

import datetime
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from appointments import emails
from appointments.lifecycle import Role, Urgency
from appointments.models import AppointmentRequest, DailySummary, EventKind
from appointments.reminders import ask_for_new_dates, remind, send_daily_summary, warn_of_promises
from clinic.models import ClinicProfile, OutgoingMail
from clinic.outbox import NothingToSend, written
from tests.appointments.mails import clinician, move, queued_functions
from tests.appointments.test_submit import submit
from tests.environment import PROJECT
from tests.served_site import PATIENCE, production_environment

HOUR = datetime.timedelta(hours=1)
MINUTE = datetime.timedelta(minutes=1)
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
REQUESTS = 25


def in_clinic(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=LOS_ANGELES)


def request_of(number: int = 0, **values: Any) -> AppointmentRequest:
    """A request of a person of its own, with these values set behind everybody's back; no mail is queued."""
    made = submit(uuid.uuid4(), full_name=f"Testa {number}", email=f"testa{number}@example.com")
    AppointmentRequest.objects.filter(pk=made.pk).update(**values)
    OutgoingMail.objects.filter(topic=made.topic).delete()
    made.refresh_from_db()
    return made


def by_two_at_once(work: Callable[[], Any]) -> list[Any]:
    """Do it in two threads, each with a database connection of its own, that begin together."""
    together = threading.Barrier(2)

    def begin(_: int) -> Any:
        try:
            together.wait(timeout=30)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(begin, range(2)))


# Times that have passed


@pytest.mark.django_db
def test_new_dates_are_asked_for_once(clinic_data: None) -> None:
    now = timezone.now()
    passed = request_of(1, windows_end_at=now - MINUTE)
    others = [request_of(2, windows_end_at=now + MINUTE), request_of(3, windows_end_at=None)]
    closed = request_of(4, windows_end_at=now - MINUTE)
    move(closed, "withdrawn")
    OutgoingMail.objects.all().delete()

    assert [ask_for_new_dates(now), ask_for_new_dates(now + MINUTE / 2)] == [1, 0]

    mail = OutgoingMail.objects.get()
    assert (mail.function, mail.topic) == ("appointments.emails.new_dates_needed", passed.topic)
    assert written(mail).to == "testa1@example.com"
    passed.refresh_from_db()
    assert passed.dates_asked_at == now
    assert not AppointmentRequest.objects.filter(pk__in=[one.pk for one in (*others, closed)], dates_asked_at=now)


@pytest.mark.django_db
def test_new_dates_of_a_patient_without_an_address_are_marked_for_the_staff(clinic_data: None) -> None:
    now = timezone.now()
    passed = request_of(windows_end_at=now - MINUTE, email="")
    assert ask_for_new_dates(now) == 1
    passed.refresh_from_db()
    assert passed.dates_asked_at == now
    assert queued_functions() == []


@pytest.mark.django_db
def test_new_dates_that_pass_too_are_asked_for_again(clinic_data: None) -> None:
    now = timezone.now()
    passed = request_of(windows_end_at=now - MINUTE)
    ask_for_new_dates(now)
    passed.refresh_from_db()
    passed.change(
        EventKind.TIMES_CHANGED, by=None, role=Role.PATIENT, windows_end_at=now + HOUR, dates_asked_at=None
    )
    with pytest.raises(NothingToSend):
        emails.new_dates_needed(passed.pk)
    assert ask_for_new_dates(now) == 0
    assert ask_for_new_dates(now + 2 * HOUR) == 1


@pytest.mark.django_db
def test_asking_for_new_dates_makes_no_page_stale(clinic_data: None) -> None:
    now = timezone.now()
    opened = request_of(windows_end_at=now - MINUTE)
    ask_for_new_dates(now)
    move(opened, "in_review")


@pytest.mark.django_db(transaction=True)
def test_new_dates_are_asked_for_once_by_two_workers(clinic_data: None) -> None:
    now = timezone.now()
    topics = {request_of(number, windows_end_at=now - MINUTE).topic for number in range(REQUESTS)}
    counts = by_two_at_once(lambda: ask_for_new_dates(now))
    assert sum(counts) == REQUESTS
    asked = list(OutgoingMail.objects.values_list("topic", flat=True))
    assert len(asked) == REQUESTS
    assert set(asked) == topics


# Promises


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("urgency", "now", "reply_by", "near"),
    [
        pytest.param(Urgency.URGENT, "2026-11-23T10:00", "2026-11-23T11:00", False, id="a quarter of four hours"),
        pytest.param(Urgency.URGENT, "2026-11-23T10:01", "2026-11-23T11:00", True, id="less than a quarter"),
        pytest.param(Urgency.EMERGENCY, "2026-11-23T10:00", "2026-11-23T10:30", False, id="half an hour"),
        pytest.param(Urgency.EMERGENCY, "2026-11-23T10:01", "2026-11-23T10:30", True, id="less than half an hour"),
        pytest.param(Urgency.ROUTINE, "2026-11-23T10:00", "2026-11-23T15:00", False, id="four hours over lunch"),
        pytest.param(Urgency.ROUTINE, "2026-11-23T10:01", "2026-11-23T15:00", True, id="not quite four"),
        pytest.param(Urgency.ROUTINE, "2026-11-25T17:00", "2026-11-27T09:00", True, id="over Thanksgiving"),
        pytest.param(Urgency.ROUTINE, "2026-11-23T15:01", "2026-11-23T15:00", True, id="missed"),
        pytest.param(Urgency.ROUTINE, "2026-11-30T15:00", "2026-11-23T15:00", True, id="missed long ago"),
    ],
)
def test_promise_is_near(clinic_data: None, urgency: Urgency, now: str, reply_by: str, near: bool) -> None:
    due_at(1, reply_by, urgency=urgency)
    assert warn_of_promises(in_clinic(now)) == near


def due_at(number: int, text: str, **values: Any) -> AppointmentRequest:
    """A routine request that was promised an answer by then."""
    return request_of(number, received_at=in_clinic("2026-11-01T00:00"), reply_by=in_clinic(text), **values)


@pytest.mark.django_db
def test_staff_are_warned_of_a_promise_once(clinic_data: None) -> None:
    near, far = due_at(1, "2026-11-23T12:00"), due_at(2, "2026-11-24T12:00")
    due_at(3, "2026-11-23T12:00", answered_at=timezone.now(), answered_by=clinician(), answered_after=HOUR)
    request_of(4, reply_by=None)
    withdrawn = due_at(5, "2026-11-23T12:00")
    move(withdrawn, "withdrawn")
    OutgoingMail.objects.all().delete()

    now = in_clinic("2026-11-23T11:00")
    assert [warn_of_promises(now), warn_of_promises(now + MINUTE)] == [1, 0]
    mail = OutgoingMail.objects.get()
    assert (mail.function, mail.arguments) == (
        "appointments.emails.staff_promise_near",
        {"request_ids": [near.pk]},
    )
    message = written(mail)
    assert near.reference in message.text
    assert "Monday, November 23, 12:00 p.m. PST" in message.text
    assert far.reference not in message.text
    assert warn_of_promises(in_clinic("2026-11-24T11:00")) == 1
    last = OutgoingMail.objects.last()
    assert last is not None
    assert last.arguments == {"request_ids": [far.pk]}


@pytest.mark.django_db
def test_staff_are_warned_again_of_a_promise_that_was_made_anew(clinic_data: None) -> None:
    near = due_at(1, "2026-11-23T12:00")
    assert warn_of_promises(in_clinic("2026-11-23T11:00")) == 1
    near.refresh_from_db()
    near.change(
        EventKind.WORSE,
        by=None,
        role=Role.PATIENT,
        urgency=Urgency.URGENT,
        worse_at=in_clinic("2026-11-23T11:10"),
        reply_by=in_clinic("2026-11-23T16:10"),
    )
    assert warn_of_promises(in_clinic("2026-11-23T11:20")) == 0
    assert warn_of_promises(in_clinic("2026-11-23T15:20")) == 1
    assert warn_of_promises(in_clinic("2026-11-23T15:30")) == 0


@pytest.mark.django_db(transaction=True)
def test_staff_are_warned_once_by_two_workers(clinic_data: None) -> None:
    wanted = {due_at(number, "2026-11-23T12:00").pk for number in range(REQUESTS)}
    counts = by_two_at_once(lambda: warn_of_promises(in_clinic("2026-11-23T11:00")))
    assert sum(counts) == REQUESTS
    warned = [pk for mail in OutgoingMail.objects.all() for pk in mail.arguments["request_ids"]]
    assert len(warned) == REQUESTS
    assert set(warned) == wanted


@pytest.mark.django_db(transaction=True)
def test_warning_is_rolled_back_with_its_mail(clinic_data: None) -> None:
    near = due_at(1, "2026-11-23T12:00")
    with transaction.atomic():
        assert warn_of_promises(in_clinic("2026-11-23T11:00")) == 1
        assert queued_functions() == ["staff_promise_near"]
        transaction.set_rollback(True)
    near.refresh_from_db()
    assert near.warned_reply_by is None
    assert queued_functions() == []


# The summary of the day


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "sent"),
    [
        pytest.param("2026-11-23T08:29", False, id="before opening"),
        pytest.param("2026-11-23T08:30", True, id="at opening"),
        pytest.param("2026-11-23T11:00", True, id="the worker was away at opening"),
        pytest.param("2026-11-23T13:00", False, id="lunch"),
        pytest.param("2026-11-23T17:00", False, id="closing time"),
        pytest.param("2026-11-22T11:00", False, id="Sunday"),
        pytest.param("2026-11-26T11:00", False, id="Thanksgiving"),
    ],
)
def test_daily_summary_goes_out_when_the_clinic_opens(clinic_data: None, now: str, sent: bool) -> None:
    assert send_daily_summary(in_clinic(now)) is sent
    assert queued_functions() == ["staff_daily_summary"] * sent


@pytest.mark.django_db
def test_daily_summary_goes_out_once_a_day(clinic_data: None) -> None:
    ClinicProfile.objects.update(staff_email="desk@clinic.example")
    minutes = [in_clinic("2026-11-23T08:25") + count * MINUTE for count in range(0, 3 * 24 * 60, 5)]
    sent = [now for now in minutes if send_daily_summary(now)]
    assert sent == [in_clinic(f"2026-11-{day}T08:30") for day in (23, 24, 25)]
    assert queued_functions() == ["staff_daily_summary"] * 3
    assert {row.date.day for row in DailySummary.objects.all()} == {23, 24, 25}


@pytest.mark.django_db(transaction=True)
def test_daily_summary_goes_out_once_by_two_workers(clinic_data: None) -> None:
    for day in range(2, 7):
        sent = by_two_at_once(partial(send_daily_summary, in_clinic(f"2026-11-0{day}T09:00")))
        assert sorted(sent) == [False, True]
    assert queued_functions() == ["staff_daily_summary"] * 5


# The command


@pytest.mark.django_db
def test_remind_does_all_three(clinic_data: None) -> None:
    due_at(1, "2026-11-23T12:00", windows_end_at=in_clinic("2026-11-22T12:00"))
    for _ in range(2):
        remind(in_clinic("2026-11-23T11:00"))
    assert queued_functions() == ["new_dates_needed", "staff_promise_near", "staff_daily_summary"]


@pytest.mark.django_db
def test_remind_once_returns(clinic_data: None) -> None:
    request_of(windows_end_at=timezone.now() - MINUTE)
    call_command("remind", once=True)
    assert "new_dates_needed" in queued_functions()


@pytest.mark.django_db(transaction=True)
def test_remind_in_a_thread_stops_when_told(clinic_data: None) -> None:
    request_of(windows_end_at=timezone.now() - MINUTE)
    stop = threading.Event()
    worker = threading.Thread(target=call_command, args=["remind"], kwargs={"stop": stop})
    worker.start()
    wait_for(lambda: "new_dates_needed" in queued_functions())
    stop.set()
    worker.join(10)
    assert not worker.is_alive()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_remind_as_two_processes_asks_once_and_ends_by_sigterm(clinic_data: None, tmp_path: Path) -> None:
    topics = {request_of(number, windows_end_at=timezone.now() - MINUTE).topic for number in range(REQUESTS)}
    workers = [
        subprocess.Popen(
            [sys.executable, "manage.py", "remind"],
            cwd=PROJECT,
            env=production_environment(tmp_path),
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        wait_for(lambda: AppointmentRequest.objects.filter(dates_asked_at=None).count() == 0)
        time.sleep(1)  # for the second to have looked as well
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        said = [worker.communicate(timeout=PATIENCE)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], said
    assert not any("Traceback" in text for text in said), said
    asked = list(OutgoingMail.objects.filter(function__endswith="new_dates_needed").values_list("topic", flat=True))
    assert len(asked) == REQUESTS
    assert set(asked) == topics


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
