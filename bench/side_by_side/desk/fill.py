"""Run with the Python of django-helpdesk: its tickets, of the same people as ours."""

import datetime

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402
from helpdesk.models import (  # type: ignore[import-not-found]  # noqa: E402
    CustomField,
    FollowUp,
    PreSetReply,
    Queue,
    Ticket,
    TicketCustomFieldValue,
)

from bench.side_by_side.people import people  # noqa: E402


def fill() -> None:
    """Three people of the staff, one queue, one text, and a ticket for each person: some of them looked at."""
    now = timezone.now()
    staff = [
        User.objects.create_user(name, f"{name}@clinic.example", "demo", is_staff=True, is_superuser=True)
        for name in ("reception", "ade", "bianca")
    ]
    queue = Queue.objects.create(title="Spine", slug="spine", email_address="spine@clinic.example")
    text = {"data_type": "varchar", "max_length": 40}
    phone = CustomField.objects.create(name="phone", label="Phone", ordering=1, **text)
    birth = CustomField.objects.create(name="birth", label="Birth date", ordering=2, **text)
    PreSetReply.objects.create(name="Scan report", body="Please send us the report of the scan.")
    for number, person in enumerate(people()):
        ticket = Ticket.objects.create(
            title=f"{person.name}: {person.problem}",
            queue=queue,
            submitter_email=person.email,
            priority=person.urgency,
            description=f"{person.problem}\nWarning sign: {person.sign or 'none'}",
        )
        for field, value in ((phone, person.phone), (birth, person.birth)):
            TicketCustomFieldValue.objects.create(ticket=ticket, field=field, value=value)
        created = now - datetime.timedelta(hours=person.hours)
        Ticket.objects.filter(pk=ticket.pk).update(created=created)
        if number % 4 == 3:
            Ticket.objects.filter(pk=ticket.pk).update(assigned_to=staff[1])
            FollowUp.objects.create(
                ticket=ticket, date=now, title="Comment", comment="Looked at it.", user=staff[1]
            )
        elif number % 4 == 2 and number > 4:
            FollowUp.objects.create(ticket=ticket, date=now, title="Comment", comment="Called.", user=staff[2])


if __name__ == "__main__":
    fill()
