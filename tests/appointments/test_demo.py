"""The demo looks like a clinic at work: what its staff did, they did while it was open."""

import datetime
import io
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from appointments.contact import part_of_day
from appointments.models import AppointmentRequest, ContactAttempt, RequestEvent, StatusChange
from clinic.models import working_hours

SUNDAY_MIDNIGHT = datetime.datetime(2026, 11, 29, 8, 0, tzinfo=datetime.UTC)
WEDNESDAY_NOON = datetime.datetime(2026, 12, 2, 19, 45, tzinfo=datetime.UTC)


@pytest.mark.django_db
@pytest.mark.parametrize("now", [SUNDAY_MIDNIGHT, WEDNESDAY_NOON], ids=["sunday", "wednesday"])
def test_demo_staff_work_while_the_clinic_is_open(
    clinic_data: None, settings: Any, monkeypatch: pytest.MonkeyPatch, now: datetime.datetime
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now)
    settings.DEBUG, settings.DEMO_PASSWORD = True, "for this test only"
    call_command("load_demo", stdout=io.StringIO())
    hours = working_hours()

    def is_open(moment: datetime.datetime) -> bool:
        return hours.open_until(moment - datetime.timedelta(seconds=1)) is not None

    for rows in (StatusChange.objects.exclude(version=1), RequestEvent.objects.all()):
        for row in rows.select_related("appointment_request"):
            assert is_open(row.changed_at), f"{row}: {row.changed_at}"
            assert row.appointment_request.received_at <= row.changed_at <= now
    for attempt in ContactAttempt.objects.select_related("event"):
        here = attempt.event.changed_at.astimezone(hours.zone)
        assert (attempt.tried_on, attempt.part_of_day) == (here.date(), part_of_day(here))
    tried = list(ContactAttempt.objects.values_list("tried_on", "part_of_day"))
    assert len(set(tried)) == len(tried) == 3
    booked = AppointmentRequest.objects.get(status="booked")
    assert booked.appointment_starts_at is not None and booked.appointment_starts_at > now
    assert is_open(booked.appointment_starts_at)
    assert booked.appointment_with is not None and booked.appointment_with.username == "clinician"
    for keyed_in in AppointmentRequest.objects.exclude(source="web"):
        assert is_open(keyed_in.received_at)
    assert not AppointmentRequest.objects.exclude(is_demo=True, full_name__startswith="Demo ").exists()
