"""Two tabs at the same moment: both are answered kindly, and the record holds together."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from appointments.models import AppointmentRequest
from clinic.models import OutgoingMail
from tests.appointments.following import address, kept
from tests.form_posts import page, post_form

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clinic_data")]

FIELDS: dict[str, dict[str, Any]] = {
    "worse": {"none": "on"},
    "withdraw": {"is_sure": "on"},
    "add": {"words": "Something more."},
    "contact": {"phone": "424 555 0199"},
    "times": {"windows": ["1-afternoon"]},
}


def at_once(appointment_request: AppointmentRequest, *verbs: str, words: bool = False) -> list[Any]:
    """Press all these buttons at the same moment; the answers, in the order of the verbs. With `words`, each says
    something else."""
    barrier = Barrier(len(verbs))

    def press(number: int, verb: str) -> Any:
        fields = FIELDS[verb] | ({"words": f"{number} steps."} if words else {})
        try:
            barrier.wait(timeout=20)
            return post_form(Client(), address(appointment_request, verb), fields)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(verbs)) as pool:
        answers = list(pool.map(press, *zip(*enumerate(verbs), strict=True)))
    appointment_request.refresh_from_db()
    return answers


def assert_record_is_whole(appointment_request: AppointmentRequest) -> None:
    """Every version from the first to the last stands once in the record."""
    versions = [
        *appointment_request.status_changes.values_list("version", flat=True),
        *appointment_request.events.values_list("version", flat=True),
    ]
    assert sorted(versions) == list(range(1, appointment_request.version + 1))


@pytest.mark.parametrize("attempt", range(4))
def test_worse_and_withdraw_at_once_end_well_in_either_order(attempt: int) -> None:
    appointment_request = kept()
    worse, withdraw = at_once(appointment_request, "worse", "withdraw")
    assert withdraw.status_code == 302
    assert appointment_request.status == "withdrawn"
    is_worse_first = appointment_request.worse_at is not None
    assert worse.status_code == (302 if is_worse_first else 409)
    if not is_worse_first:
        assert "This request is closed" in page(worse)
        assert 'href="tel:911"' in page(worse)
    mails = Counter(OutgoingMail.objects.values_list("function", flat=True))
    assert mails["appointments.emails.staff_urgent"] == is_worse_first
    assert_record_is_whole(appointment_request)


@pytest.mark.parametrize("status", ["received", "awaiting_patient", "unreachable"])
@pytest.mark.parametrize("verb", ["worse", "add"])
def test_the_same_button_many_times_at_once_is_taken_once(verb: str, status: str) -> None:
    appointment_request = kept(status=status)
    OutgoingMail.objects.all().delete()
    seen = appointment_request.version
    answers = at_once(appointment_request, *[verb] * 4)
    assert [answer.status_code for answer in answers] == [302] * 4
    assert appointment_request.events.filter(changed_by=None).count() == 1
    assert appointment_request.version == seen + (1 if status == "received" else 2), "and the move back into review"
    assert OutgoingMail.objects.count() == (2 if verb == "worse" else 0)
    assert_record_is_whole(appointment_request)


def test_the_same_button_with_other_words_is_taken_each_time() -> None:
    appointment_request = kept()
    answers = at_once(appointment_request, *["worse"] * 4, words=True)
    assert [answer.status_code for answer in answers] == [302] * 4
    assert appointment_request.events.count() == 4
    assert_record_is_whole(appointment_request)


def test_an_emergency_sign_sent_twice_at_once_shows_where_to_get_help_both_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(FIELDS, "worse", {"emergency": "bladder", "words": "Since last night."})
    appointment_request = kept()
    answers = at_once(appointment_request, "worse", "worse")
    assert page(answers[0]).count("<h1>Get help now</h1>") == page(answers[1]).count("<h1>Get help now</h1>") == 1
    assert appointment_request.events.count() == 1


def test_all_buttons_at_once_while_we_wait_for_the_patient() -> None:
    appointment_request = kept(status="awaiting_patient")
    answers = at_once(appointment_request, *FIELDS)
    assert {answer.status_code for answer in answers} <= {302, 409}
    assert appointment_request.status == "withdrawn"
    assert_record_is_whole(appointment_request)
    moves = list(appointment_request.status_changes.values_list("to_status", flat=True))
    assert moves.count("withdrawn") == 1
    assert moves.count("in_review") in {1, 2}


def test_withdraw_twice_at_once_withdraws_once() -> None:
    appointment_request = kept()
    answers = at_once(appointment_request, "withdraw", "withdraw")
    assert [answer.status_code for answer in answers] == [302, 302]
    assert appointment_request.version == 2
    assert_record_is_whole(appointment_request)


def test_words_past_the_limit_at_once_are_refused_exactly() -> None:
    appointment_request = kept()
    answers = at_once(appointment_request, *["add"] * 13, words=True)
    assert Counter(answer.status_code for answer in answers) == {302: 10, 429: 3}
    assert appointment_request.events.count() == 10
