"""The outbox, in one process: what is queued, what is sent, and what becomes of each way to fail."""

import datetime
import json
import logging
import re
import smtplib
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries, Settings

from clinic import outbox
from clinic.mail_failures import failure_of
from clinic.models import ClinicProfile, OutgoingMail
from clinic.outbox import Message, deliver_next, queue, queued, try_again, written
from tests.clinic import mails
from tests.smtp_sink import HOST, Mode, SmtpSink

HOURS = datetime.timedelta(hours=1)


@pytest.fixture
def sink(settings: Settings) -> Iterator[SmtpSink]:
    """A mail server, and settings that deliver to it. Nothing waits for a slow one for long."""
    sink = SmtpSink(slowness=1.0).start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = HOST, sink.port, 0.3
    settings.DEFAULT_FROM_EMAIL = "The Clinic <clinic@clinic.example>"
    yield sink
    sink.stop()


def put(function: Any = mails.hello, **arguments: Any) -> OutgoingMail:
    """Queue one mail; its row."""
    mail = queued(function, **arguments)
    with transaction.atomic():
        queue(mail)
    return OutgoingMail.objects.get(message_id=mail.message_id)


def let_time_pass(time: datetime.timedelta) -> None:
    """As if all mails had been queued, and put off, that much earlier."""
    OutgoingMail.objects.update(created_at=F("created_at") - time, next_attempt_at=F("next_attempt_at") - time)


@pytest.mark.django_db
def test_failed_are_counted_in_their_index() -> None:
    """The staff's first page counts those that reached nobody, whatever number has gone out over the years."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO clinic_outgoingmail (message_id, function, topic, arguments, attempts, failure, sent_at)
            SELECT gen_random_uuid(), 'tests.clinic.mails.hello', '', '{}', 1, '', now()
            FROM generate_series(1, 5000)
            """
        )
    failed = put()
    OutgoingMail.objects.filter(pk=failed.pk).update(failed_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE clinic_outgoingmail")
    waits_for_a_call = OutgoingMail.objects.failed().exclude(function__startswith="appointments.emails.staff_")
    for mails_failed in (waits_for_a_call, waits_for_a_call.order_by()):
        plan = mails_failed.explain()
        assert "mail_failed" in plan and "Seq Scan" not in plan, plan
    assert waits_for_a_call.count() == 1


# Queueing


@pytest.mark.django_db(transaction=True)
def test_queue_goes_with_its_cause() -> None:
    with transaction.atomic():
        queue(queued(mails.hello))
        transaction.set_rollback(True)
    assert not OutgoingMail.objects.exists()
    with transaction.atomic():
        queue(queued(mails.hello))
    assert OutgoingMail.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_queue_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        queue(queued(mails.hello))
    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db
def test_queue_of_several_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        queue(queued(mails.hello, number=1), queued(mails.hello, "request:7", number=2))
    first, second = OutgoingMail.objects.order_by("id")
    assert (first.function, first.arguments, first.topic) == ("tests.clinic.mails.hello", {"number": 1}, "")
    assert first.message_id != second.message_id
    assert first.created_at == first.next_attempt_at
    assert list(OutgoingMail.objects.about("request:7")) == [second]
    assert list(OutgoingMail.objects.due()) == [first, second]


@pytest.mark.django_db
def test_queue_keeps_the_row_that_django_would() -> None:
    arguments = {"text": "100% 'quoted' ñ", "number": 1, "more": [1.5, None, True]}
    ours, theirs = (OutgoingMail(function="tests.clinic.mails.hello", arguments=arguments) for _ in range(2))
    queue(ours)
    OutgoingMail.objects.bulk_create([theirs])
    own = {"id", "message_id", "created_at", "next_attempt_at"}
    first, second = (OutgoingMail.objects.get(message_id=mail.message_id) for mail in (ours, theirs))
    assert (first.pk, second.pk) == (ours.pk, theirs.pk)
    assert first.created_at == first.next_attempt_at <= second.created_at == second.next_attempt_at
    for field in OutgoingMail._meta.concrete_fields:
        assert field.name in own or getattr(first, field.name) == getattr(second, field.name), field.name
    ours.failure = "Nobody is there."
    ours.save()
    assert OutgoingMail.objects.count() == 2


@pytest.mark.django_db
def test_queue_of_none_asks_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        queue()


@pytest.mark.parametrize("function", [lambda: mails.hello(), HOURS.total_seconds, Message])
def test_queued_function_must_be_found_again(function: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        queued(function)


def test_queued_function_inside_another_is_refused() -> None:
    def inner() -> Message:
        return mails.hello()

    with pytest.raises(ValueError, match="cannot be imported"):
        queued(inner)


@pytest.mark.parametrize(
    "arguments",
    [{"nummer": 1}, {"number": timezone.now()}, {"number": (1, 2)}, {"number": {1: 2}}, {"number": object()}],
)
def test_queued_arguments_must_be_taken_and_kept(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        queued(mails.hello, **arguments)


@pytest.mark.django_db
@pytest.mark.parametrize("ends", [("sent_at", "failed_at"), ("sent_at", "dropped_at"), ("failed_at", "dropped_at")])
def test_mail_has_one_end(ends: tuple[str, str]) -> None:
    put()
    with pytest.raises(IntegrityError, match="mail_has_one_end"), transaction.atomic():
        OutgoingMail.objects.update(**dict.fromkeys(ends, timezone.now()))


# Delivering


@pytest.mark.django_db
def test_deliver_next_sends_text_and_html_to_one_reader(sink: SmtpSink) -> None:
    mail = put(number=7)
    assert deliver_next() is True
    assert deliver_next() is False
    (message,) = sink.messages
    assert message["To"] == "reader7@mail.example"
    assert sink.recipients == [["reader7@mail.example"]]
    assert message["From"] == "The Clinic <clinic@clinic.example>"
    assert message["Subject"] == "Number 7"
    assert message["Message-ID"] == f"<{mail.message_id}@clinic.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] is message["Cc"] is message["Bcc"] is None
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), text.get_content()) == ("text/plain", "Hello 7.\r\n")
    assert (html.get_content_type(), html.get_content().strip()) == ("text/html", "<p>Hello 7.</p>")
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.failure) == ("sent", 1, "")


@pytest.mark.django_db
def test_deliver_next_writes_what_is_true_by_then(clinic_data: None, sink: SmtpSink) -> None:
    put(mails.from_profile)
    ClinicProfile.objects.update(name="Renamed Meanwhile")
    deliver_next()
    assert "Renamed Meanwhile" in str(sink.messages[0])


@pytest.mark.django_db
def test_deliver_next_takes_the_one_due_for_longest_and_none_too_early(sink: SmtpSink) -> None:
    first, second, later = put(number=1), put(number=2), put(number=3)
    OutgoingMail.objects.filter(pk=later.pk).update(next_attempt_at=timezone.now() + HOURS)
    OutgoingMail.objects.filter(pk=first.pk).update(next_attempt_at=timezone.now())
    assert [deliver_next() for _ in range(3)] == [True, True, False]
    assert [message["Subject"] for message in sink.messages] == ["Number 2", "Number 1"]
    assert deliver_next(timezone.now() + 2 * HOURS) is True
    assert second.pk < later.pk


@pytest.mark.django_db
def test_deliver_next_asks_for_at_most_five_queries(
    sink: SmtpSink, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    put()
    with django_assert_max_num_queries(6):  # a savepoint of the test's and one of the function's, three times two
        deliver_next()


@pytest.mark.django_db
def test_subject_with_a_line_break_names_no_further_reader(sink: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    forged = Message("reader@mail.example", "A\r\nBcc: other@mail.example", "text", "<p>html</p>")
    monkeypatch.setattr(mails, "hello", lambda: forged)
    OutgoingMail.objects.create(function="tests.clinic.mails.hello")
    deliver_next()
    assert sink.recipients == [["reader@mail.example"]]
    assert sink.messages[0]["Bcc"] is None
    assert sink.messages[0]["Subject"] == "A Bcc: other@mail.example"


@pytest.mark.django_db
def test_nothing_to_send_drops_the_mail_and_keeps_its_row(sink: SmtpSink) -> None:
    mail = put(mails.nothing)
    assert deliver_next() is True
    assert deliver_next(timezone.now() + 100 * HOURS) is False
    mail.refresh_from_db()
    assert mail.state == "dropped"
    assert sink.conversations == 0


# Failing


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (Mode.REFUSE, "could not be reached: Connection refused"),
        (Mode.BANNER_554, "answered 554"),
        (Mode.SENDER_550, "answered 550"),
        (Mode.RCPT_451, "answered 451"),
        (Mode.DATA_451, "answered 451"),
        (Mode.FULL_452, "answered 452 4.3.1 Insufficient system storage"),
        (Mode.DROP, ""),
        (Mode.SLOW_BANNER, ""),
        (Mode.SLOW_DATA, ""),
    ],
)
def test_temporary_failure_is_tried_again_later(sink: SmtpSink, mode: Mode, said: str) -> None:
    mail = put()
    sink.mode = mode
    assert deliver_next() is True
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("waiting", 1)
    assert said in mail.failure
    assert mail.failure
    assert deliver_next() is False  # not at once
    assert sink.messages == []
    sink.mode = Mode.ACCEPT
    let_time_pass(outbox.FIRST_WAIT)
    assert deliver_next() is True
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.failure) == ("sent", 2, "")
    assert sink.message_ids == [f"<{mail.message_id}@clinic.example>"]


@pytest.mark.django_db
def test_wrong_password_of_ours_is_temporary(sink: SmtpSink, settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "clinic", "not this one"
    sink.mode = Mode.AUTH_535
    mail = put()
    deliver_next()
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("waiting", 1)
    assert "answered 535" in mail.failure


@pytest.mark.django_db
def test_server_without_starttls_is_told_nothing(sink: SmtpSink, settings: Settings) -> None:
    settings.EMAIL_USE_TLS = True
    mail = put()
    deliver_next()
    mail.refresh_from_db()
    assert mail.state == "waiting"
    assert sink.messages == []


@pytest.mark.django_db
@pytest.mark.parametrize(("mode", "code"), [(Mode.RCPT_550, "550"), (Mode.DATA_554, "554")])
def test_permanent_refusal_fails_at_once(sink: SmtpSink, mode: Mode, code: str) -> None:
    mail = put(topic="request:7")
    sink.mode = mode
    deliver_next()
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("failed", 1)
    assert f"The mail server answered {code}" in mail.failure
    assert "reader1" not in mail.failure
    assert list(OutgoingMail.objects.about("request:7").failed()) == [mail]
    assert deliver_next(timezone.now() + 100 * HOURS) is False


@pytest.mark.django_db
@pytest.mark.parametrize("to", ["nobody", "a@", "a b@mail.example", "a@mail.example\nBcc: b@mail.example", "é@é"])
def test_address_that_is_none_fails_at_once(sink: SmtpSink, to: str) -> None:
    mail = put(to=to)
    deliver_next()
    mail.refresh_from_db()
    assert mail.state == "failed"
    assert mail.failure == "The address is not one that mail can be sent to."
    assert sink.conversations == 0


@pytest.mark.django_db
@pytest.mark.slow
def test_failing_mail_is_tried_for_two_days_at_growing_intervals(sink: SmtpSink) -> None:
    mail = put()
    sink.mode = Mode.REFUSE
    begin = now = timezone.now()
    waits = []
    while mail.state == "waiting":
        assert deliver_next(now) is True
        mail.refresh_from_db()
        if mail.state == "waiting":
            assert deliver_next(mail.next_attempt_at - datetime.timedelta(seconds=1)) is False
            waits.append((mail.next_attempt_at - now).total_seconds())
            now = mail.next_attempt_at
    assert mail.state == "failed"
    assert 46 * HOURS < now - begin < 50 * HOURS
    for wait, whole in zip(waits, [30, 60, 120, 240, 480, *[900] * len(waits)], strict=False):
        assert 0.75 * whole <= wait <= whole
    assert len({round(wait, 3) for wait in waits[5:]}) > 100  # no two mails keep step


@pytest.mark.django_db
def test_try_again_gives_a_failed_mail_all_its_attempts(sink: SmtpSink) -> None:
    mail = put()
    assert try_again(mail) is False  # it still waits
    sink.mode = Mode.RCPT_550
    deliver_next()
    OutgoingMail.objects.update(attempts=outbox.MOST_ATTEMPTS)
    sink.mode = Mode.RCPT_451
    assert try_again(mail) is True
    assert try_again(mail) is False
    deliver_next()
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("waiting", 1)


@pytest.mark.django_db
@pytest.mark.parametrize("function", [mails.broken, mails.broken_statement, mails.not_a_message])
def test_broken_function_is_put_off_and_holds_up_nobody(
    sink: SmtpSink, caplog: pytest.LogCaptureFixture, function: Any
) -> None:
    mail = put(function)
    put(number=2)
    with caplog.at_level(logging.INFO, logger="clinic"):
        assert [deliver_next() for _ in range(3)] == [True, True, False]
    assert [message["Subject"] for message in sink.messages] == ["Number 2"]
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("waiting", 1)
    assert mail.failure == "It could not be written. The log says where."
    (line,) = [record.getMessage() for record in caplog.records if record.name == "clinic.outbox"]
    assert re.search(r"\w+Error at \w+\.py:\d+", line)


@pytest.mark.django_db
def test_function_that_is_gone_is_put_off(sink: SmtpSink) -> None:
    mail = OutgoingMail.objects.create(function="tests.clinic.mails.renamed")
    deliver_next()
    mail.refresh_from_db()
    assert mail.state == "waiting"


@pytest.mark.django_db
@pytest.mark.parametrize("mode", [Mode.RCPT_550, Mode.RCPT_451, Mode.REFUSE, Mode.ACCEPT])
def test_log_names_nobody(sink: SmtpSink, caplog: pytest.LogCaptureFixture, mode: Mode) -> None:
    put()
    put(mails.broken)
    sink.mode = mode
    with caplog.at_level(logging.DEBUG, logger="clinic"):
        while deliver_next():
            pass
    ours = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("clinic"))
    assert "Mail " in ours
    for planted in ("reader1", "mail.example", "Number 1", "Lopez"):
        assert planted not in ours


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"5.1.1 <Ana.Lopez@mail.example>: no such user", "5.1.1 (address): no such user"),
        (b"user ANA.lopez unknown at mail.example", "user (address) unknown at mail.example"),
        (b"first\nsecond\0\x1b[31m", "first second [31m"),
        (b"\xff\xfe", "��"),
        (b"x" * 500, "x" * (300 - len("The mail server answered 550 "))),
    ],
)
def test_failure_tells_the_answer_without_the_address(answer: bytes, told: str) -> None:
    error = smtplib.SMTPRecipientsRefused({"ana.lopez@mail.example": (550, answer)})
    failure = failure_of(error, "ana.lopez@mail.example")
    assert failure.is_final
    assert failure.text == f"The mail server answered 550 {told}"


@pytest.mark.django_db
def test_rows_of_the_outbox_hold_no_mail(sink: SmtpSink) -> None:
    put(number=7)
    sink.mode = Mode.RCPT_550
    deliver_next()
    row = json.dumps(OutgoingMail.objects.values().get(), default=str)
    for planted in ("reader7", "Hello", "Number"):
        assert planted not in row


# Writing


@pytest.mark.django_db
def test_written_in_the_language_of_its_function_alone() -> None:
    spanish = written(OutgoingMail(function="tests.clinic.mails.in_spanish"))
    assert (spanish.subject, spanish.text) == ("Sí", "No")
    with translation.override("es"):
        around = written(OutgoingMail(function="tests.clinic.mails.language_around"))
    assert around.subject == settings.LANGUAGE_CODE


@pytest.mark.django_db
def test_message_from_templates_escapes_html_alone(clinic_data: None) -> None:
    ClinicProfile.objects.update(name="Spine & <Back>", address="1 Main St.\nLos Angeles")
    message = written(OutgoingMail(function="tests.clinic.mails.plain", arguments={"text": "hello"}))
    assert "Spine & <Back>" in message.text
    assert "Spine &amp; &lt;Back&gt;" in message.html
    assert "<Back>" not in message.html
    assert "Spine" not in message.subject
    for part in (message.text, message.html):
        assert "In an emergency, call 911." in part
        assert "424-21-SPINE" in part
    assert not re.search(r"https?://|src=|<style|<img|<script|style=", message.html)


@pytest.mark.django_db
def test_message_from_templates_before_there_is_a_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClinicProfile, "last_known", None)
    message = written(OutgoingMail(function="tests.clinic.mails.plain", arguments={"text": "hello"}))
    assert "A message from the clinic" in message.html


@pytest.mark.django_db
def test_in_work_order_puts_failed_first_then_waiting_then_the_latest() -> None:
    now = timezone.now()
    ends: list[dict[str, Any]] = [
        {"sent_at": now - 2 * HOURS},
        {},
        {"failed_at": now},
        {"dropped_at": now},
        {"failed_at": now - HOURS},
        {"sent_at": now},
    ]
    rows = [OutgoingMail.objects.create(function=str(number), **end) for number, end in enumerate(ends)]
    order = [rows.index(mail) for mail in OutgoingMail.objects.in_work_order()]
    assert order[:3] == [2, 4, 1]
    assert set(order[3:]) == {0, 3, 5}
