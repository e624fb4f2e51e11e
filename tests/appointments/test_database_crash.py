"""The database dies while patients send and read. It is a real one of this module's own, stopped for real."""

import contextlib
import html
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from tests.appointments.crashes import (
    ARTICLE,
    PATIENCE,
    RECORD,
    RED_FLAGS,
    TABLE,
    OwnDatabase,
    connect_every_worker,
    patients_sending,
    send,
    send_again_until_sure,
    wait_until,
)
from tests.appointments.patients import DETAILS, SAFETY, filled_in_form
from tests.appointments.test_word_not_received import SAID
from tests.clinic.embedded_postgres.processes import query
from tests.plain_browser import Answer, PlainBrowser
from tests.served_site import ServedSite


@pytest.fixture(scope="module")
def own_database() -> Iterator[OwnDatabase]:
    database = OwnDatabase()
    yield database
    database.remove()


@pytest.fixture(scope="module")
def own_site(
    own_database: OwnDatabase, static_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedSite]:
    """The site as in production over that database. Both workers have answered before."""
    site = ServedSite(tmp_path_factory.mktemp("own-site"), static_root)
    site.environment.pop("EMBEDDED_POSTGRES_DIR", None)
    site.environment |= {"DATABASE_URL": own_database.url, "SERVED_DATABASE": "clinic"}
    own_database.fill(site.environment)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def database(own_database: OwnDatabase, own_site: ServedSite) -> Iterator[OwnDatabase]:
    """Running, without requests, and every worker connected to it."""
    own_database.server.start("clinic")
    query(own_database.server, "TRUNCATE appointments_appointmentrequest CASCADE")
    connect_every_worker(own_database, own_site)
    yield own_database
    own_database.server.start("clinic")


def assert_there_once(database: OwnDatabase, count: int) -> None:
    """So many requests, each with its red flag and the first row of its record."""
    assert query(database.server, f"SELECT count(*) FROM {TABLE}") == [count]  # noqa: S608
    for table in (RED_FLAGS, RECORD):
        rows = f"SELECT (count(*), count(DISTINCT appointment_request_id))::text FROM {table}"  # noqa: S608
        assert query(database.server, rows) == [f"({count},{count})"]


@pytest.mark.parametrize("table", [TABLE, RECORD])
def test_database_stopped_while_sending_is_said_plainly(
    database: OwnDatabase, own_site: ServedSite, table: str
) -> None:
    browser = PlainBrowser(own_site.url)
    form = filled_in_form(browser)
    answers: list[Answer | None] = []
    patient = threading.Thread(target=lambda: answers.append(send(browser.copy(), form)))
    holder = psycopg2.connect(dbname="clinic", **database.server.address())
    with contextlib.closing(holder), holder.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        patient.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_until(lambda: query(database.server, waiting)[0] > 0)
        database.crash()
    patient.join(PATIENCE)

    (answer,) = answers
    assert_not_confirmed(answer)
    assert_not_confirmed(browser.post(DETAILS, carried_on(answer)))  # still down

    database.server.start("clinic")
    sent = send_again_until_sure(browser, carried_on(answer))
    again = send_again_until_sure(browser, form)
    assert sent.location == again.location
    assert browser.get(sent.location).status == 200
    assert_there_once(database, 1)


def assert_not_confirmed(answer: Answer | None) -> None:
    """Plainly no thank-you: what happened, the answers, the button, the phone."""
    assert answer is not None
    assert answer.status == 503
    assert "We could not confirm that your request arrived" in answer.text
    assert "Send again" in answer.text
    assert "424-21-SPINE" in answer.text
    assert "Reference" not in answer.text
    assert "We have your request" not in answer.text
    assert "Traceback" not in answer.text


def carried_on(answer: Answer | None) -> dict[str, list[str]]:
    """What the button of that page posts."""
    assert answer is not None
    fields: dict[str, list[str]] = {"button": ["send"]}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text):
        fields.setdefault(name, []).append(html.unescape(value))
    return fields


def test_database_away_while_a_patient_tells_us_something_keeps_it(
    database: OwnDatabase, own_site: ServedSite
) -> None:
    browser = PlainBrowser(own_site.url)
    status_page = send_again_until_sure(browser, filled_in_form(browser)).location
    for verb, said in SAID.items():
        assert browser.get(f"{status_page}{verb}/").status == 200
        database.crash()
        answer = browser.post(f"{status_page}{verb}/", said)
        assert answer.status == 503, verb
        for shown in ("We did not get what you just told us", "Send again", "424-21-SPINE", 'href="tel:911"'):
            assert shown in answer.text, (verb, shown)
        for never in ("Reference", "Traceback", "psycopg"):
            assert never not in answer.text, (verb, never)
        assert browser.post(f"{status_page}{verb}/", carried_on(answer)).status == 503  # still down
        database.server.start("clinic")
        again = browser.post(f"{status_page}{verb}/", carried_on(answer))
        assert (again.status, again.location) == (302, status_page), verb
    (version,) = query(database.server, f"SELECT version FROM {TABLE}")  # noqa: S608
    assert version == 1 + len(SAID)


def test_database_stopped_at_random_while_patients_send(database: OwnDatabase, own_site: ServedSite) -> None:
    with patients_sending(own_site.url, patients=3, each=8) as led_to:
        for enough in (1, 8, 15):
            wait_until(lambda: len(led_to) >= enough)  # noqa: B023
            database.crash()
            database.server.start("clinic")
    assert_there_once(database, 24)


@pytest.mark.parametrize("stop", ["crash", "restart"])
def test_first_request_of_every_worker_after_a_restart_is_answered(
    database: OwnDatabase, own_site: ServedSite, stop: str
) -> None:
    workers = [worker.pid for worker in own_site.workers()]
    if stop == "crash":
        database.crash()
    else:
        database.server.stop()
    database.server.start("clinic")
    connect_every_worker(database, own_site)
    assert [worker.pid for worker in own_site.workers()] == workers


def test_pages_without_the_database_say_so_and_name_the_phone(database: OwnDatabase, own_site: ServedSite) -> None:
    browser = PlainBrowser(own_site.url)
    form = filled_in_form(browser)
    database.crash()
    for path in ("/", ARTICLE, "/causes/sciatica/", "/conditions/", SAFETY, "/appointments/r/x/"):
        answer = browser.get(path)
        assert answer.status in {500, 503}, path
        assert_kind(answer)
    assert browser.get("/healthz").status == 200
    assert browser.get("/readyz").status == 503
    assert browser.get("/nowhere/").status == 404
    assert "424-21-SPINE" in browser.get("/privacy/").text
    # Whoever has filled in the form keeps it, whatever button was pressed.
    for button, heading in (
        ("check", "Please try again"),
        ("send", "We could not confirm"),
        ("change", "try again"),
    ):
        answer = browser.post(DETAILS, {**form, "button": button})
        assert (answer.status, heading in answer.text) == (503, True), button
        assert 'name="full_name" value="Testa Patient"' in answer.text
        assert f'name="button" value="{button}"' in answer.text
        assert "424-21-SPINE" in answer.text and "psycopg" not in answer.text
    database.server.start("clinic")
    assert "Check your answers" in browser.post(DETAILS, {**form, "button": "check"}).text


def test_worker_that_has_answered_nobody_yet_knows_the_phone(database: OwnDatabase, own_site: ServedSite) -> None:
    own_site.stop()
    own_site.start(workers=1)
    try:
        database.crash()
        assert_kind(PlainBrowser(own_site.url).get(ARTICLE))
    finally:
        database.server.start("clinic")
        own_site.stop()
        own_site.start()


def assert_kind(answer: Answer) -> None:
    assert "424-21-SPINE" in answer.text
    assert "Something went wrong on our side" in answer.text
    assert "Traceback" not in answer.text
    assert "psycopg" not in answer.text
