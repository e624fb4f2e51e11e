"""A second request by the same person is recognised for the staff: by the date of birth and one thing more."""

import datetime
from typing import Any

import pytest
from django.test import Client

from appointments.lifecycle import Role
from appointments.models import AppointmentRequest, EventKind
from tests.appointments.patients import sent

OTHER = {"full_name": "Somebody Else", "phone": "424 555 0199", "email": "else@example.com"}


@pytest.mark.django_db
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


@pytest.mark.django_db
@pytest.mark.parametrize("empty", ["phone", "email"])
def test_two_people_who_both_leave_something_empty_are_not_one(
    clinic_data: None, client: Client, empty: str
) -> None:
    by = {"preferred_contact": "email" if empty == "phone" else "phone"}
    sent(client, **{empty: "", **by})
    assert sent(client, **{**OTHER, empty: "", **by}).same_person_as is None


@pytest.mark.django_db
def test_link_goes_to_the_oldest_in_the_queue(clinic_data: None, client: Client) -> None:
    withdrawn, first = sent(client), sent(client)
    assert first.same_person_as == withdrawn
    withdrawn.move_to("withdrawn", by=None, roles=frozenset({Role.PATIENT}))
    sent(client)
    assert AppointmentRequest.objects.order_by("id").last().same_person_as == first  # type: ignore[union-attr]


@pytest.mark.django_db
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
