"""A second request by the same person is recognised for the staff: by the date of birth and one thing more."""

import datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from appointments.history import differences
from appointments.lifecycle import Role, Urgency
from appointments.models import AppointmentRequest, EventKind
from appointments.models.acting import NOBODY
from appointments.patient_word import MOST_IN_AN_HOUR
from appointments.promise import promise
from appointments.worse import report_worse
from clinic.models import OutgoingMail
from tests.appointments.following import kept
from tests.appointments.patients import post, safety_check, sent

pytestmark = pytest.mark.django_db

OTHER = {"full_name": "Somebody Else", "phone": "424 555 0199", "email": "else@example.com"}


@pytest.mark.parametrize(
    ("shared", "is_same"),
    [
        ({"full_name": "TESTA patient"}, True),
        ({"phone": "+1 424.555.0134"}, True),
        ({"email": "Testa@EXAMPLE.com"}, True),
        ({}, False),
        ({"full_name": "Testa Patient", "birth_date_day": "28"}, False),
        ({"full_name": "Testa%"}, False),
        ({"full_name": "Testa_Patient"}, False),
    ],
)
def test_second_request_is_linked_to_the_first_of_the_same_person(
    clinic_data: None, client: Client, shared: dict[str, Any], is_same: bool
) -> None:
    first = sent(client)
    second = sent(client, **{**OTHER, **shared})
    assert second.same_person_as == (first if is_same else None)


@pytest.mark.parametrize("empty", ["phone", "email"])
def test_two_people_who_both_leave_something_empty_are_not_one(
    clinic_data: None, client: Client, empty: str
) -> None:
    by = {"preferred_contact": "email" if empty == "phone" else "phone"}
    sent(client, **{empty: "", **by})
    assert sent(client, **{**OTHER, empty: "", **by}).same_person_as is None


def test_link_goes_to_the_oldest_in_the_queue(clinic_data: None, client: Client) -> None:
    withdrawn, first = sent(client), sent(client)
    assert first.same_person_as == withdrawn
    withdrawn.move_to("withdrawn", by=None, roles=frozenset({Role.PATIENT}))
    sent(client)
    assert AppointmentRequest.objects.order_by("id").last().same_person_as == first  # type: ignore[union-attr]


def test_second_request_that_is_more_urgent_raises_the_first_and_keeps_its_place(
    clinic_data: None, client: Client
) -> None:
    """Whoever said before that it has got worse does not drop behind others by sending once more."""
    first = sent(client)
    said_at = first.received_at - datetime.timedelta(hours=2)
    AppointmentRequest.objects.filter(pk=first.pk).update(worse_at=said_at, received_at=said_at, urgency=3)
    second = sent(client, "fever")
    first.refresh_from_db()
    assert (first.urgency, first.worse_at) == (second.urgency, said_at)
    assert first.events.get().kind == EventKind.WORSE


# A second request that says that it has got worse


def staff_mails() -> list[str]:
    return list(OutgoingMail.objects.filter(function__endswith="staff_urgent").values_list("topic", flat=True))


def patient_mails() -> int:
    return OutgoingMail.objects.exclude(function__endswith="staff_urgent").count()


def days_ago(appointment_request: AppointmentRequest, days: float) -> AppointmentRequest:
    """As if it had come in then, with its promise."""
    by = datetime.timedelta(days=days)
    received_at, reply_by = appointment_request.received_at - by, appointment_request.reply_by
    assert reply_by is not None
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(
        received_at=received_at, reply_by=reply_by - by
    )
    appointment_request.refresh_from_db()
    return appointment_request


@pytest.mark.parametrize("status", ["received", "in_review", "awaiting_patient"])
@pytest.mark.parametrize("before", ["better", "same", ""])
def test_second_request_that_is_getting_worse_raises_the_first_as_the_button_does(
    clinic_data: None, status: str, before: str
) -> None:
    first = kept(status=status, course=before)
    told = patient_mails()
    second = kept(course="worse")
    first.refresh_from_db()
    assert second.same_person_as == first
    assert (first.urgency, first.status) == (2, "received" if status == "received" else "in_review")
    assert first.worse_at is not None
    assert first.reply_by == promise(first.worse_at, Urgency.URGENT)
    assert first.is_owed_an_answer
    event = first.events.get(kind=EventKind.WORSE)
    note = f"Sent a second request, {second.reference}, which says that it is getting worse."
    assert (event.role, event.changed_by, event.note) == ("patient", None, note)
    assert AppointmentRequest.objects.in_queue().in_queue_order().first() == first
    assert staff_mails() == [first.topic], "once"
    assert patient_mails() == told + 1, "the sender has the mail of the second request, and no other"
    assert (second.urgency, second.worse_at) == (4, None)
    assert differences(first).keys() <= NOBODY.keys()


@pytest.mark.parametrize(("flag", "urgency"), [("weight-loss", 2), ("fever", 2), ("bladder", 1)])
def test_second_request_with_graver_signs_raises_the_first_at_least_to_urgent(
    clinic_data: None, flag: str, urgency: int
) -> None:
    first = kept()
    second = kept(flag)
    first.refresh_from_db()
    assert (first.urgency, first.worse_at is None) == (urgency, False)
    assert staff_mails() == [(second if second.urgency <= 2 else first).topic], "one mail, never two"


@pytest.mark.parametrize(
    ("days", "before", "now", "is_raised"),
    [
        (0, "worse", "worse", False),  # the same form with another phone number, sent once more
        (1.1, "worse", "worse", True),
        (0, "better", "same", False),
        (3, "worse", "same", False),
        (3, "worse", "", False),
        (3, "", "worse", True),
    ],
)
def test_second_request_raises_the_first_when_its_course_is_news(
    clinic_data: None, days: float, before: str, now: str, is_raised: bool
) -> None:
    first = days_ago(kept(course=before), days)
    kept(course=now)
    first.refresh_from_db()
    assert (first.worse_at is not None, first.urgency) == (is_raised, 2 if is_raised else 4)
    assert len(staff_mails()) == is_raised


def test_second_request_never_lowers_the_first_nor_puts_off_its_promise(clinic_data: None) -> None:
    first = days_ago(kept("bladder"), 10)
    said_at, told = timezone.now() - datetime.timedelta(hours=2), first.reply_by
    AppointmentRequest.objects.filter(pk=first.pk).update(worse_at=said_at)
    kept(course="worse")
    first.refresh_from_db()
    assert (first.urgency, first.worse_at, first.reply_by) == (1, said_at, told)


def test_second_request_of_a_booked_patient_who_was_worse_makes_a_promise_again(clinic_data: None) -> None:
    first = kept(status="booked")
    AppointmentRequest.objects.filter(pk=first.pk).update(worse_at=timezone.now())
    kept(course="worse")
    first.refresh_from_db()
    assert (first.status, first.urgency, first.is_owed_an_answer) == ("booked", 2, True)


def test_sender_learns_nothing_of_the_first_request(clinic_data: None) -> None:
    """The same answer, raised or not, and also when "worse" was said as often as we can read it."""
    first = kept(course="better")
    for number in range(MOST_IN_AN_HOUR):
        report_worse(first, [], f"{number} steps.")
    first.refresh_from_db()
    version = first.version
    raising = post(Client(), safety_check(), course="worse")
    first.refresh_from_db()
    assert first.version == version + 1
    alone = post(Client(), safety_check(), course="worse", **OTHER)
    assert (raising.status_code, alone.status_code) == (302, 302)
    for one in (raising, alone):
        one.headers.pop("Location")
    assert dict(raising.headers) == dict(alone.headers)
    assert first.worse_at is not None


def test_second_request_and_what_it_raises_are_one_transaction(clinic_data: None) -> None:
    first, mails = kept(course="better"), OutgoingMail.objects.count()
    with transaction.atomic():
        kept(course="worse")
        assert staff_mails() == [first.topic]
        transaction.set_rollback(True)
    first.refresh_from_db()
    assert (first.worse_at, first.version, OutgoingMail.objects.count()) == (None, 1, mails)
