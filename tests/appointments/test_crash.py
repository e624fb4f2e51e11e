"""Between Send and the answer the web server may die. Sent again, the request is there once and whole.

The server is a real gunicorn over the test database, and is killed for real.
"""

import contextlib
import socket
import threading

import psutil
import pytest
from django.db import connection, transaction

from appointments.models import AppointmentRequest, RedFlagAnswer, StatusChange
from tests.appointments.crashes import (
    PATIENCE,
    RECORD,
    RED_FLAGS,
    TABLE,
    patients_sending,
    send,
    send_again_until_sure,
    wait_until,
)
from tests.appointments.patients import filled_in_form
from tests.plain_browser import Answer, PlainBrowser
from tests.served_site import ServedSite


def statements_that_wait() -> int:
    """How many statements of others stand still before a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # or a transaction sees the same for ever
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
        )
        (waiting,) = cursor.fetchone()
    return int(waiting)


def assert_there_once_and_whole(browser: PlainBrowser, sent_to: str) -> None:
    """One request with its red flag and the first row of its record, and it is the one that the patient sees."""
    appointment_request = AppointmentRequest.objects.get()
    assert [flag.key for flag in RedFlagAnswer.objects.all()] == ["fever"]
    (record,) = StatusChange.objects.all()
    assert (record.appointment_request, record.version, record.to_status) == (appointment_request, 1, "received")
    status_page = browser.get(sent_to)
    assert status_page.status == 200
    assert appointment_request.reference in status_page.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("victim", "table"),
    [("workers", TABLE), ("workers", RED_FLAGS), ("workers", RECORD), ("all", RECORD)],
)
def test_server_killed_before_the_request_is_committed(
    clinic_data: None, served_site: ServedSite, table: str, victim: str
) -> None:
    """At its first, second and third insert, each held up by a lock so that the kill meets it there."""
    browser = PlainBrowser(served_site.url)
    form = filled_in_form(browser)
    answers: list[Answer | None] = []
    patient = threading.Thread(target=lambda: answers.append(send(browser.copy(), form)))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        patient.start()
        wait_until(lambda: statements_that_wait() > 0)
        kill(served_site, victim)
        patient.join(PATIENCE)
    assert answers == [None]
    wait_until(lambda: statements_that_wait() == 0)

    if victim == "all":
        served_site.start()
    answer = send_again_until_sure(browser, form)
    assert_there_once_and_whole(browser, answer.location)


def kill(site: ServedSite, victim: str) -> None:
    """kill -9, without a chance to tidy up."""
    if victim == "all":
        site.kill()
        return
    for worker in site.workers():
        worker.kill()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("victim", ["workers", "all"])
def test_server_killed_after_the_commit_and_before_the_answer(
    clinic_data: None, served_site: ServedSite, victim: str
) -> None:
    """The patient saw nothing, though the request is there: sending again leads to it."""
    with LossyProxy(served_site.port) as proxy:
        browser = PlainBrowser(f"http://127.0.0.1:{proxy.port}")
        form = filled_in_form(browser)
        proxy.loses_answers = True
        assert send(browser, form) is None
        assert AppointmentRequest.objects.count() == 1
        kill(served_site, victim)
        proxy.loses_answers = False
        if victim == "all":
            served_site.start()
        answer = send_again_until_sure(browser, form)
        assert_there_once_and_whole(browser, answer.location)


class LossyProxy:
    """Stands between browser and server. It can lose an answer after the server has given it."""

    def __init__(self, port: int) -> None:
        self.server_port = port
        self.loses_answers = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "LossyProxy":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE)

    def _serve(self) -> None:
        """One connection after the other, each with one request and one answer."""
        with contextlib.suppress(OSError):
            while True:
                patient, _ = self.listener.accept()
                with patient, contextlib.suppress(OSError):
                    self._hand_on(patient)

    def _hand_on(self, patient: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self.server_port), timeout=PATIENCE) as server:
            server.sendall(whole_request(patient))
            answer = b""
            while chunk := server.recv(65_536):
                answer += chunk
            if not self.loses_answers:
                patient.sendall(answer)


def whole_request(patient: socket.socket) -> bytes:
    """The head and body of one request."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += patient.recv(65_536)
    head, _, body = text.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = (int(lengths[0].split(b":")[1]) if lengths else 0) - len(body)
    while missing > 0:
        chunk = patient.recv(65_536)
        text, missing = text + chunk, missing - len(chunk)
    return text


@pytest.mark.django_db(transaction=True)
def test_server_killed_at_random_while_patients_send(clinic_data: None, served_site: ServedSite) -> None:
    """Frozen and killed in the middle of whatever they do: nothing lost, nothing doubled."""
    with patients_sending(served_site.url, patients=4, each=6) as led_to:
        for enough in (1, 8, 15):
            wait_until(lambda: len(led_to) >= enough)  # noqa: B023
            for worker in served_site.workers():
                with contextlib.suppress(psutil.NoSuchProcess):
                    worker.suspend()
                    worker.kill()
    assert AppointmentRequest.objects.count() == 24
    assert StatusChange.objects.values("appointment_request").distinct().count() == 24
    assert StatusChange.objects.count() == RedFlagAnswer.objects.count() == 24
