"""A lost link is sent again, and nobody learns from the answer who has asked."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments.lifecycle import RequestStatus
from appointments.models import AppointmentRequest
from appointments.views.finding import MOST_LINKS, MOST_PER_ADDRESS, MOST_PER_SENDER
from clinic.models import OutgoingMail
from tests.appointments.following import kept
from tests.appointments.moves import another
from tests.form_posts import carried, page, post_form
from tests.hostile_strings import ALL

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

FIND = "/appointments/find/"
FOLLOWED = {"received", "in_review", "awaiting_patient", "booked", "unreachable"}


def ask(client: Client, email: str, **extra: Any) -> Any:
    return post_form(client, FIND, {"email": email}, **extra)


def links() -> list[int]:
    """The requests whose link is on its way, in the order in which they were queued."""
    queued = OutgoingMail.objects.filter(function__endswith=".link_again").order_by("id")
    return [mail.arguments["request_id"] for mail in queued]


def test_find_request_shown_sends_nothing(client: Client) -> None:
    kept()
    response = client.get(FIND, {"email": "testa@example.com"})
    assert response.status_code == 200
    assert "testa@" not in page(response)
    assert response.headers["Cache-Control"] == "no-store, private"
    assert links() == []


@pytest.mark.parametrize("status", RequestStatus.values)
def test_find_request_sends_the_link_of_what_is_still_followed(client: Client, status: str) -> None:
    appointment_request = kept(status=status)
    assert ask(client, "testa@example.com").status_code == 200
    assert links() == ([appointment_request.pk] if status in FOLLOWED else [])


@pytest.mark.parametrize("email", ["TESTA@Example.com", " testa@example.com ", "testa@example.com"])
def test_find_request_knows_an_address_in_any_writing(client: Client, email: str) -> None:
    appointment_request = kept(email="Testa@example.COM")
    ask(client, email)
    assert links() == [appointment_request.pk]


def test_find_request_sends_the_latest_few(client: Client) -> None:
    requests = [kept() for _ in range(MOST_LINKS + 2)]
    kept(email="other@example.com")
    ask(client, "testa@example.com")
    assert links() == [request.pk for request in reversed(requests[-MOST_LINKS:])]


def test_find_request_answers_the_same_and_works_the_same_whether_or_not_there_is_one(client: Client) -> None:
    for _ in range(MOST_LINKS):
        kept()
    answers, statements = [], []
    for email in ("testa@example.com", "nobody@example.com"):
        with CaptureQueriesContext(connection) as captured:
            response = ask(client, email)
        answers.append((response.status_code, page(response)))
        statements.append([query["sql"].split()[0] for query in captured if "SAVEPOINT" not in query["sql"]])
    assert answers[0] == answers[1]
    assert answers[0][0] == 200
    assert statements[0] == statements[1]
    assert statements[0].count("INSERT") == 3  # two counts, and the mails
    assert len(links()) == MOST_LINKS


@pytest.mark.parametrize("email", ["", "testa@", "x" * 300 + "@example.com"])
def test_find_request_with_no_address_asks_again(client: Client, email: str) -> None:
    response = ask(client, email)
    assert response.status_code == 422
    assert "There is a problem" in page(response)


def test_find_request_mails_an_address_a_few_times_and_says_the_same(client: Client) -> None:
    kept()
    answers = set()
    for number in range(MOST_PER_ADDRESS + 2):
        response = ask(client, "testa@example.com", REMOTE_ADDR=f"198.51.100.{number}")
        answers.add((response.status_code, page(response)))
    assert len(answers) == 1
    assert len(links()) == MOST_PER_ADDRESS


def test_find_request_from_one_sender_ends_at_the_phone(client: Client) -> None:
    kept()
    for number in range(MOST_PER_SENDER):
        assert ask(client, f"testa{number}@example.com").status_code == 200
    response = ask(client, "testa@example.com")
    assert response.status_code == 429
    assert 'href="tel:+14242177463"' in page(response)
    assert carried(response)["email"] == ["testa@example.com"], "to be asked again later"
    assert links() == []
    assert ask(client, "testa@example.com", REMOTE_ADDR="198.51.100.7").status_code == 200


def test_find_request_looks_in_the_index(client: Client) -> None:
    appointment_request = kept()
    for number in range(300):
        another(appointment_request, email=f"other{number}@example.com")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE appointments_appointmentrequest")
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = AppointmentRequest.objects.to_follow_by_mail("testa@example.com").explain()
    assert "request_by_email" in plan


def test_find_request_takes_any_text(client: Client) -> None:
    kept()
    for number, text in enumerate(ALL):
        response = ask(client, text, REMOTE_ADDR=f"10.0.{number // 250}.{number % 250}")
        assert response.status_code in {200, 422}, ascii(text)
    assert links() == []
