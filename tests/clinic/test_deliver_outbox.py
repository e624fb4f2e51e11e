"""`manage.py deliver_outbox`: real workers, a real database and real SMTP, all of which fail."""

import datetime
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import F
from pytest_django import Settings

from clinic.env import ConfigurationError
from clinic.models import OutgoingMail
from clinic.outbox import queue, queued
from tests.appointments.crashes import OwnDatabase
from tests.clinic import mails
from tests.clinic.embedded_postgres.processes import query
from tests.commands import PRODUCTION, assert_one_line, manage
from tests.mail_worker import MailWorker
from tests.served_site import production_environment
from tests.smtp_sink import Mode, SmtpSink

pytestmark = pytest.mark.slow
StartWorker = Callable[..., MailWorker]


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    sink = SmtpSink().start()
    yield sink
    sink.stop()


@pytest.fixture
def start_worker(transactional_db: None, sink: SmtpSink, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts a worker that delivers to the sink; all are killed in the end."""
    workers = []

    def start_worker(*options: str, **environment: str) -> MailWorker:
        workers.append(MailWorker(tmp_path, sink.url, *options, **environment))
        return workers[-1]

    yield start_worker
    for worker in workers:
        worker.kill()


def put(*numbers: int) -> list[str]:
    """Queue a mail for each number; their Message-IDs."""
    return put_rows(*(queued(mails.hello, number=number) for number in numbers))


def put_rows(*rows: OutgoingMail) -> list[str]:
    """Queue mails in one transaction; their Message-IDs."""
    with transaction.atomic():
        queue(*rows)
    return [f"<{row.message_id}@clinic.example>" for row in rows]


def nothing_waits() -> bool:
    return not OutgoingMail.objects.waiting().exists()


def let_time_pass(minutes: int) -> None:
    """As if all mails had been queued, and put off, that much earlier."""
    time = datetime.timedelta(minutes=minutes)
    OutgoingMail.objects.update(created_at=F("created_at") - time, next_attempt_at=F("next_attempt_at") - time)


def test_two_workers_deliver_each_mail_once(sink: SmtpSink, start_worker: StartWorker) -> None:
    ids = put(*range(200))
    first, second = start_worker(), start_worker()
    first.wait_until(nothing_waits)
    second.wait_until(nothing_waits)
    assert first.stop() == second.stop() == 0
    assert sorted(sink.message_ids) == sorted(ids)
    assert {mail.state for mail in OutgoingMail.objects.all()} == {"sent"}


def test_worker_killed_after_the_server_took_the_mail_sends_it_again(
    sink: SmtpSink, start_worker: StartWorker
) -> None:
    (message_id,) = put(1)
    sink.mode, sink.slowness = Mode.ACCEPT_SLOWLY, 60
    worker = start_worker(SERVED_EMAIL_TIMEOUT="60")
    worker.wait_until(sink.has_message.is_set)
    worker.kill()
    assert OutgoingMail.objects.get().attempts == 0  # as it was
    sink.mode = Mode.ACCEPT
    start_worker().wait_until(nothing_waits)
    assert sink.message_ids == [message_id, message_id]


def test_worker_killed_before_the_server_took_the_mail_sends_it_once(
    sink: SmtpSink, start_worker: StartWorker
) -> None:
    (message_id,) = put(1)
    sink.mode, sink.slowness = Mode.SLOW_DATA, 60
    worker = start_worker(SERVED_EMAIL_TIMEOUT="60")
    worker.wait_until(sink.has_message.is_set)
    worker.kill()
    sink.mode = Mode.ACCEPT
    start_worker().wait_until(nothing_waits)
    assert sink.message_ids == [message_id]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_worker_told_to_end_finishes_the_mail_in_hand(
    sink: SmtpSink, start_worker: StartWorker, number: int
) -> None:
    first, _ = put(1, 2)
    sink.mode, sink.slowness = Mode.ACCEPT_SLOWLY, 1.5
    worker = start_worker()
    worker.wait_until(sink.has_message.is_set)
    assert worker.stop(number) == 0
    assert sink.message_ids == [first]
    assert [mail.state for mail in OutgoingMail.objects.order_by("id")] == ["sent", "waiting"]


def test_worker_goes_on_while_the_server_says_later_for_an_hour(sink: SmtpSink, start_worker: StartWorker) -> None:
    (message_id,) = put(1)
    sink.mode = Mode.RCPT_451
    worker = start_worker()
    for attempts in range(1, 9):  # the waits before the ninth attempt add up to about an hour
        worker.wait_until(lambda: OutgoingMail.objects.get().attempts == attempts)  # noqa: B023
        if attempts == 8:
            sink.mode = Mode.ACCEPT
        let_time_pass(minutes=15)
    worker.wait_until(nothing_waits)
    assert sink.message_ids == [message_id]
    assert OutgoingMail.objects.get().attempts == 9


@pytest.mark.parametrize("mode", [Mode.SLOW_BANNER, Mode.SLOW_DATA])
def test_worker_gives_up_on_a_server_that_is_too_slow_and_comes_back(
    sink: SmtpSink, start_worker: StartWorker, mode: Mode
) -> None:
    (message_id,) = put(1)
    sink.mode, sink.slowness = mode, 30
    worker = start_worker(SERVED_EMAIL_TIMEOUT="1")
    worker.wait_until(lambda: OutgoingMail.objects.get().attempts == 1)
    sink.mode = Mode.ACCEPT
    let_time_pass(minutes=1)
    worker.wait_until(nothing_waits)
    assert sink.message_ids == [message_id]


def test_once_delivers_what_is_due_past_mails_that_cannot_be_written(
    sink: SmtpSink, start_worker: StartWorker
) -> None:
    put_rows(queued(mails.broken), queued(mails.broken), queued(mails.nothing))
    ids = put(*range(4, 9))
    worker = start_worker("--once")
    assert worker.wait() == 0
    assert sink.message_ids == ids
    states = [mail.state for mail in OutgoingMail.objects.order_by("id")]
    assert states == ["waiting", "waiting", "dropped", *["sent"] * 5]
    said = worker.log.read_text()
    assert "KeyError at mails.py:" in said
    for planted in ("Lopez", "reader4", "mail.example", "Number"):
        assert planted not in said


def test_worker_survives_a_restart_of_the_database(sink: SmtpSink, tmp_path: Path, db: None) -> None:
    database = OwnDatabase()
    environment = {"DATABASE_URL": database.url, "SERVED_DATABASE": "clinic", "EMBEDDED_POSTGRES_DIR": ""}
    insert = """
        INSERT INTO clinic_outgoingmail (message_id, function, arguments, topic, attempts, failure)
        VALUES (gen_random_uuid(), 'tests.clinic.mails.hello', '{}', '', 0, '') RETURNING id
    """
    worker = None
    try:
        database.fill({**production_environment(tmp_path), **environment})
        worker = MailWorker(tmp_path, sink.url, **environment)
        query(database.server, insert)
        worker.wait_until(lambda: len(sink.messages) == 1)
        database.crash()
        worker.wait_until(lambda: "The database is away" in worker.log.read_text())
        database.server.start("clinic")
        query(database.server, insert)
        worker.wait_until(lambda: len(sink.messages) == 2)
        assert worker.stop() == 0
        assert "Traceback" not in worker.log.read_text()
    finally:
        if worker:
            worker.kill()
        database.remove()


def test_deliver_outbox_without_a_server_is_one_line() -> None:
    assert_one_line(manage("deliver_outbox", "--once", **PRODUCTION), "SMTP_URL is missing")


def test_deliver_outbox_with_a_bad_server_does_not_show_the_password() -> None:
    url = "smtp+starttls://clinic:a-pass/word@mail.example"
    result = manage("deliver_outbox", **PRODUCTION, SMTP_URL=url, MAIL_FROM="clinic@clinic.example")
    assert_one_line(result, "SMTP_URL must look like")
    assert "a-pass" not in result.stderr


def test_deliver_outbox_once_with_the_database_away_is_one_line(sink: SmtpSink) -> None:
    values = {**PRODUCTION, "SMTP_URL": sink.url, "MAIL_FROM": "clinic@clinic.example"}
    assert_one_line(manage("deliver_outbox", "--once", **values), "the database cannot be reached")


def test_deliver_outbox_is_refused_also_on_a_developers_machine(settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    with pytest.raises(ConfigurationError, match="SMTP_URL is missing"):
        call_command("deliver_outbox", "--once")
