"""How the database finds requests that look alike; which ones it finds: see test_nets."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection

from appointments.duplicates import link
from appointments.lifecycle import Role
from appointments.look_alikes import look_alikes
from tests.appointments.following import kept
from tests.appointments.moves import another
from tests.plans import indexes_asked, plans_of_queries

INDEXES = ("request_by_(name|birth_date)", "request_by_phone", "request_by_email")


@pytest.mark.django_db
def test_look_alikes_are_found_by_the_index_of_each_hint(clinic_data: None) -> None:
    """A hint that is asked for in other words than those of its index reads the whole table."""
    appointment_request = kept()
    for number in range(300):
        another(appointment_request, email=f"other{number}@example.com", phone=f"+1424555{number:04}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE appointments_appointmentrequest")
        cursor.execute("SET LOCAL enable_seqscan = off")
    with plans_of_queries() as plans:
        look_alikes(appointment_request)
    (plan,) = plans
    # Not only named: asked. A partial index may be read from end to end, too.
    asked = " ".join(indexes_asked(plan))
    for index in INDEXES:
        assert re.search(index, asked), plan


@pytest.mark.django_db
def test_what_is_linked_is_no_look_alike_of_either_side(clinic_data: None, staff: Callable[[str], User]) -> None:
    """The record tells of it as a duplicate; a second one of the same person stays a look-alike of both."""
    original, repeated, other = kept(), kept(), kept()
    link(repeated, original, by=staff("clinician"), roles=frozenset({Role.CLINICIAN}), note="The same voice.")
    for one in (original, repeated):
        one.refresh_from_db()
        assert [alike.appointment_request for alike in look_alikes(one)] == [other]
