"""It has got worse: one button that raises the request, tells the staff, and shows where to get help now."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from appointments.lifecycle import Role, Urgency
from appointments.models import AppointmentRequest, EventKind
from appointments.patient_word import MOST_IN_AN_HOUR, SAME_WORD_WITHIN
from appointments.promise import promise
from appointments.urgency import set_urgency
from appointments.worse import report_worse
from clinic.models import OutgoingMail
from conditions.models import RedFlag
from tests.appointments.following import PRIVATE, address, kept, make_late, move_on
from tests.form_posts import page, post_form
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

QUEUE = "/admin/appointments/appointmentrequest/"
CALM = {"none": "on"}


def say(client: Client, appointment_request: AppointmentRequest, fields: dict[str, Any]) -> Any:
    response = post_form(client, address(appointment_request, "worse"), fields)
    appointment_request.refresh_from_db()
    return response


def mails(appointment_request: AppointmentRequest) -> list[str]:
    queued = OutgoingMail.objects.about(appointment_request.topic)
    return [mail.function.rsplit(".", 1)[1] for mail in queued]


def test_report_worse_asks_every_red_flag_again_and_shows_nothing_of_the_person(client: Client) -> None:
    RedFlag.objects.filter(key="fever").update(is_in_use=False)
    appointment_request = kept("weight-loss")
    html = page(client.get(address(appointment_request, "worse")))
    for flag in RedFlag.objects.all():
        assert (f'value="{flag.key}"' in html) == flag.is_in_use
    assert "checked" not in html
    assert not [private for private in PRIVATE if private in html]
    appointment_request.refresh_from_db()
    assert (appointment_request.version, appointment_request.worse_at) == (1, None)


@pytest.mark.parametrize("status", ["received", "in_review", "awaiting_patient", "unreachable", "booked"])
def test_report_worse_raises_the_request_and_tells_everybody(client: Client, status: str) -> None:
    appointment_request = kept(status=status)
    before = timezone.now()
    response = say(client, appointment_request, {**CALM, "words": "I cannot\r\nstand any more."})
    assert (response.status_code, response.headers["Location"]) == (302, address(appointment_request))
    moved_to = "in_review" if status in {"awaiting_patient", "unreachable"} else status
    assert (appointment_request.status, appointment_request.urgency) == (moved_to, Urgency.URGENT)
    assert appointment_request.worse_at is not None
    assert appointment_request.worse_at >= before
    assert appointment_request.reply_by == promise(appointment_request.worse_at, Urgency.URGENT)
    event = appointment_request.events.get(kind=EventKind.WORSE)
    assert (event.kind, event.role, event.changed_by, event.note) == (
        EventKind.WORSE,
        "patient",
        None,
        "I cannot\nstand any more.",
    )
    assert (event.before["urgency"], event.after["urgency"]) == (4, 2)
    assert mails(appointment_request)[-2:] == ["staff_urgent", "worse_received"]
    html = page(client.get(address(appointment_request)))
    assert "We know that it has got worse" in html
    assert "We look at it first. We answer by:" in html
    assert "cannot" not in html[html.index("<main") :].split("Has it got worse?")[0].replace("We cannot", "")


def test_report_worse_without_an_address_mails_the_staff_alone(client: Client) -> None:
    appointment_request = kept(email="")
    say(client, appointment_request, CALM)
    assert mails(appointment_request) == ["staff_urgent"]


@pytest.mark.parametrize(
    ("first", "ticked", "urgency"),
    [
        ((), {"mention": "calf-pain"}, Urgency.URGENT),
        (("weight-loss",), {"urgent": "fever"}, Urgency.URGENT),
        ((), {"emergency": "bowel", "mention": "calf-pain"}, Urgency.EMERGENCY),
        (("bowel",), CALM, Urgency.EMERGENCY),
    ],
)
def test_report_worse_raises_the_urgency_and_never_lowers_it(
    client: Client, first: tuple[str, ...], ticked: dict[str, Any], urgency: Urgency
) -> None:
    appointment_request = kept(*first)
    say(client, appointment_request, ticked)
    assert appointment_request.urgency == urgency
    told = appointment_request.red_flag_answers.filter(event__kind=EventKind.WORSE)
    assert {answer.key for answer in told} == {key for key in ticked.values() if key != "on"}
    assert appointment_request.red_flag_answers.filter(event=None).count() == len(first)


def test_report_worse_with_an_emergency_sign_shows_where_to_get_help_and_that_we_have_it(client: Client) -> None:
    appointment_request = kept()
    response = say(client, appointment_request, {"emergency": "bowel"})
    html = page(response)
    assert response.status_code == 200
    assert "<h1>Get help now</h1>" in html
    assert 'href="tel:911"' in html
    assert RedFlag.objects.get(key="bowel").wording[1:] in html
    assert "We have what you told us, too" in html
    assert appointment_request.urgency == Urgency.EMERGENCY


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "Choose every symptom that you have, or “None of these”"),
        ({"none": "on", "urgent": "fever"}, "Choose your symptoms or “None of these”, not both"),
        ({"urgent": "no-such-flag"}, "Select a valid choice"),
        ({"none": "on", "words": "x" * 1_001}, "Write 1,000 characters or less. You used 1001."),
    ],
)
def test_report_worse_without_a_clear_answer_asks_again(client: Client, fields: dict[str, Any], error: str) -> None:
    appointment_request = kept()
    response = say(client, appointment_request, fields)
    assert response.status_code == 422
    assert error in page(response)
    assert (appointment_request.version, appointment_request.worse_at) == (1, None)


def test_report_worse_twice_keeps_both_and_the_place_in_the_queue(client: Client) -> None:
    appointment_request = kept()
    say(client, appointment_request, CALM)
    first = appointment_request.worse_at
    assert say(client, appointment_request, {"urgent": "fever"}).status_code == 302
    assert appointment_request.events.count() == 2
    assert appointment_request.worse_at == first
    assert appointment_request.version == 3


def test_report_worse_again_with_other_signs_or_words_is_never_the_same(client: Client) -> None:
    appointment_request = kept()
    said: list[dict[str, Any]] = [
        CALM,
        {"urgent": "fever"},
        {"urgent": "fever", "mention": "calf-pain"},
        {"emergency": "bladder"},
        {**CALM, "words": "Only ten steps."},
    ]
    for number, fields in enumerate(said, 1):
        say(client, appointment_request, fields)
        assert appointment_request.events.count() == number
    assert appointment_request.urgency == Urgency.EMERGENCY
    for fields in said:
        say(client, appointment_request, fields)
    assert appointment_request.events.count() == len(said)


def test_report_worse_again_later_is_another_report(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    appointment_request = kept()
    say(client, appointment_request, CALM)
    later = timezone.now() + SAME_WORD_WITHIN + datetime.timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    say(client, appointment_request, CALM)
    assert appointment_request.events.count() == 2


def test_report_worse_again_after_somebody_has_looked_raises_again(client: Client) -> None:
    """Also when it was said in other words in between, and is the same as what was cleared."""
    appointment_request, clinician = kept(), make_staff("clinician")
    bladder = {"emergency": "bladder"}
    say(client, appointment_request, bladder)
    set_urgency(
        appointment_request,
        Urgency.ROUTINE,
        by=clinician,
        roles=frozenset({Role.CLINICIAN}),
        may_lower=True,
        reason="Examined.",
    )
    say(client, appointment_request, CALM)
    assert appointment_request.urgency == Urgency.URGENT
    say(client, appointment_request, bladder)
    assert appointment_request.urgency == Urgency.EMERGENCY
    assert appointment_request.events.filter(kind=EventKind.WORSE).count() == 3


def test_report_worse_too_often_reads_the_phone_number_and_changes_nothing(client: Client) -> None:
    appointment_request, other = kept(), kept()
    for number in range(MOST_IN_AN_HOUR):
        assert say(client, appointment_request, {**CALM, "words": f"{number} steps."}).status_code == 302
    for _ in range(2):
        response = say(client, appointment_request, {"emergency": "bowel"})
        assert response.status_code == 429
        assert 'href="tel:+14242177463"' in page(response)
        assert 'href="tel:911"' in page(response)
        assert "Call 911, or go to the nearest emergency room." in page(response)
    assert appointment_request.events.count() == MOST_IN_AN_HOUR
    assert say(client, other, CALM).status_code == 302


@pytest.mark.parametrize("status", ["declined", "withdrawn"])
def test_report_worse_of_a_closed_request_leads_to_a_new_one(client: Client, status: str) -> None:
    appointment_request = kept(status=status)
    version = appointment_request.version
    shown = client.get(address(appointment_request, "worse"))
    refused = say(client, appointment_request, CALM)
    assert (shown.status_code, refused.status_code) == (200, 409)
    for response in (shown, refused):
        assert "This request is closed" in page(response)
        assert 'href="/appointments/request/"' in page(response)
        assert 'href="tel:+14242177463"' in page(response)
    assert appointment_request.version == version


# The promise


def test_worse_only_brings_forward_a_promise_that_stands() -> None:
    appointment_request = kept()
    soon = timezone.now() + datetime.timedelta(minutes=1)
    AppointmentRequest.objects.update(reply_by=soon)
    appointment_request.refresh_from_db()
    report_worse(appointment_request, [], "")
    assert appointment_request.reply_by == soon


def test_worse_leaves_a_missed_promise_missed() -> None:
    appointment_request = kept()
    make_late(appointment_request)
    report_worse(appointment_request, [], "")
    assert appointment_request.is_late(timezone.now())


@pytest.mark.parametrize("status", ["awaiting_patient", "unreachable", "booked"])
def test_worse_after_our_answer_makes_a_new_promise_that_can_be_missed(status: str) -> None:
    appointment_request = kept(status=status)
    make_late(appointment_request)
    assert not appointment_request.is_late(timezone.now())
    report_worse(appointment_request, [], "")
    assert appointment_request.reply_by is not None
    assert appointment_request.reply_by > timezone.now()
    assert not appointment_request.is_late(timezone.now())
    assert appointment_request.is_late(appointment_request.reply_by + datetime.timedelta(minutes=1))


# The queue


def test_worse_stands_at_the_top_of_its_urgency_at_the_next_page_load(
    client: Client, staff: Callable[[str], User]
) -> None:
    browser = Client()
    browser.force_login(staff("reception"))
    routine = kept(full_name="Testa Worse")
    for name, flags in (("Testa Urgent", ("fever",)), ("Testa Emergency", ("bowel",)), ("Testa Routine", ())):
        kept(*flags, full_name=name, birth_date=datetime.date(1970, 1, 1 + len(name)))
    earlier = timezone.now() - datetime.timedelta(days=2)
    AppointmentRequest.objects.filter(full_name="Testa Urgent").update(received_at=earlier)

    def names() -> list[str]:
        html = page(browser.get(QUEUE))
        return sorted(
            ("Testa Worse", "Testa Urgent", "Testa Emergency", "Testa Routine"), key=lambda name: html.index(name)
        )

    assert names().index("Testa Worse") > names().index("Testa Urgent")
    say(client, routine, CALM)
    assert names() == ["Testa Emergency", "Testa Worse", "Testa Urgent", "Testa Routine"]


def test_worse_of_a_booked_request_comes_back_into_the_queue() -> None:
    appointment_request = kept(status="booked")
    assert not AppointmentRequest.objects.in_queue().exists()
    report_worse(appointment_request, [], "")
    assert AppointmentRequest.objects.in_queue().in_queue_order().first() == appointment_request
    assert appointment_request.status == "booked"


def test_worse_and_its_mail_to_the_staff_are_one_transaction() -> None:
    appointment_request = kept()
    count = OutgoingMail.objects.count()
    with transaction.atomic():
        report_worse(appointment_request, [], "")
        assert OutgoingMail.objects.filter(function__endswith="staff_urgent").count() == 1
        transaction.set_rollback(True)
    appointment_request.refresh_from_db()
    assert (appointment_request.urgency, appointment_request.worse_at) == (Urgency.ROUTINE, None)
    assert OutgoingMail.objects.count() == count
    assert not appointment_request.events.exists()


def test_worse_whose_mail_cannot_be_queued_is_not_kept(client: Client) -> None:
    """Never in the queue without its mail, and no mail without it."""
    appointment_request = kept()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE clinic_outgoingmail ADD CONSTRAINT no_mail CHECK (false) NOT VALID")
    with pytest.raises(IntegrityError):
        say(client, appointment_request, CALM)
    appointment_request.refresh_from_db()
    assert (appointment_request.version, appointment_request.worse_at) == (1, None)


def test_worse_then_looked_at_by_the_staff_waits_no_more(staff: Callable[[str], User]) -> None:
    appointment_request = kept(status="unreachable")
    report_worse(appointment_request, [], "")
    move_on(appointment_request, "booked")
    assert appointment_request.patient_wrote_at is None
    assert appointment_request.answered_at is not None
    assert not appointment_request.is_owed_an_answer
