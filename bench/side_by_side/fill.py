"""Our requests, of the same people as the tickets of django-helpdesk."""

import datetime
import uuid

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from appointments.contact import log_attempt  # noqa: E402
from appointments.lifecycle import NextStep, Role, Urgency  # noqa: E402
from appointments.models import AppointmentRequest, CannedReply, Channel, Outcome, RequestSource  # noqa: E402
from appointments.plan import plan  # noqa: E402
from appointments.promise import promised_by  # noqa: E402
from bench.side_by_side.people import Person, people  # noqa: E402
from clinic.models import working_hours  # noqa: E402
from conditions.models import RedFlag  # noqa: E402
from tests.staff import make_staff  # noqa: E402

CLINICIAN = frozenset({Role.CLINICIAN})


def fill() -> None:
    """Three people of the staff, one text, and a request of each person: some of them looked at."""
    call_command("migrate", verbosity=0)
    call_command("load_clinic", verbosity=0)
    call_command("load_articles", verbosity=0)
    make_staff("reception")
    ade, bianca = make_staff("clinician", "ade"), make_staff("clinician", "bianca")
    CannedReply.objects.create(title="Scan report", body="Please send us the report of the scan.")
    for number, person in enumerate(people()):
        appointment_request = kept(person)
        if number % 4 == 3:
            appointment_request.move_to("in_review", by=ade, roles=CLINICIAN)
            today = timezone.localdate()
            plan(appointment_request, NextStep.LOOK, today, ade, by=ade, roles=CLINICIAN, note="Looked at it.")
        elif number % 4 == 2 and number > 4:
            call = {"channel": Channel.PHONE, "outcome": Outcome.NO_ANSWER, "note": "Called."}
            log_attempt(appointment_request, by=bianca, roles=CLINICIAN, **call)
    AppointmentRequest.objects.update(claimed_by=None, claimed_until=None)  # their claims have run out


def kept(person: Person) -> AppointmentRequest:
    """The request, as if it had come in when it did."""
    answers = {
        "full_name": person.name,
        "birth_date": datetime.date.fromisoformat(person.birth),
        "phone": person.phone,
        "email": person.email,
        "preferred_contact": "phone",
        "problem": person.problem,
        "duration": "under_6_weeks",
        "windows": ["0-morning", "3-morning"],
        "privacy_version": "2026-11",
    }
    flags = RedFlag.objects.filter(key=person.sign)
    key, source = uuid.uuid4(), RequestSource.WEB
    new = AppointmentRequest.objects.submit(
        answers, key=key, red_flags=flags, is_checked_by_clinician=True, source=source
    )
    received_at = timezone.now() - datetime.timedelta(hours=person.hours)
    reply_by = promised_by(received_at, Urgency(new.urgency), working_hours())
    AppointmentRequest.objects.filter(pk=new.pk).update(received_at=received_at, reply_by=reply_by)
    return AppointmentRequest.objects.get(pk=new.pk)


if __name__ == "__main__":
    fill()
