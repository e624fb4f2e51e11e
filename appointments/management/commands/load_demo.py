"""Invented staff and invented requests, so that a newcomer finds a queue worth looking at."""

import datetime
import secrets
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from appointments.lifecycle import RequestStatus, Role, Urgency
from appointments.models import AppointmentRequest, Duration, PreferredContact, RequestSource
from appointments.promise import promise
from conditions.models import Article, RedFlag

ARTICLE = "condition/lower-back-pain-when-walking"
NAMESPACE = UUID("7c1f5b0e-6c0b-4a4e-9f0f-3f6f1f6f2d11")
STAFF = (Role.RECEPTION, Role.CLINICIAN, Role.EDITOR, Role.MANAGER)

# Name, hours since it was sent, red flags, the moves that follow, the problem. All of them are invented.
REQUESTS: tuple[tuple[str, float, tuple[str, ...], tuple[str, ...], str], ...] = (
    ("Demo Alma Ortega", 3, ("both-legs",), (), "Both legs feel heavy and numb after one block."),
    ("Demo Ben Castellano", 20, ("fever",), (), "Low back pain since the weekend, and I feel hot."),
    ("Demo Chika Obi", 30, ("calf-pain",), (), "My calf cramps when I walk uphill. Standing still helps."),
    ("Demo Dolores Vang", 70, (), (), "Dull ache on one side when I get up and walk."),
    ("Demo Émile Saint-Just", 26, (), ("in_review",), "I lean on the cart at the store and it eases."),
    ("Demo Farah Haddad", 50, (), ("in_review", "awaiting_patient"), "Pain down one leg when I walk."),
    ("Demo Gus Lindqvist", 90, (), ("in_review", "booked"), "Stiff and sore after the first mile."),
    ("Demo Hana Kobayashi", 96, (), ("in_review", "declined"), "I want a scan of my whole body."),
    ("Demo Ivo Petrov", 120, (), ("in_review", "unreachable"), "Back pain on every walk since spring."),
    ("Demo Dolores Vang", 69, (), ("in_review", "duplicate"), "Dull ache on one side. Did you get my form?"),
    ("Demo June Abara", 40, (), ("withdrawn",), "It hurts when I walk the dog."),
)
NOTES = {
    "declined": "Not a spine problem. Told to ask the family doctor.",
    "duplicate": "Same person, sent again an hour later.",
}


MESSAGES = {
    "awaiting_patient": "Please send us the report of the scan that was done elsewhere.",
    "declined": "Your family doctor can help you best with this. Please ask there first.",
}


class Command(BaseCommand):
    """`manage.py load_demo`. What is there already stays as it is."""

    help = "Make one demo account for each staff role, and demo requests in every state. Only with DEBUG."

    def handle(self, *args: Any, **options: Any) -> None:
        """One transaction for the accounts, one for the requests. Refused when DEBUG is off."""
        if not settings.DEBUG:
            raise CommandError("Demo accounts and requests are for a developer's machine: DEBUG is off.")
        self._load_staff()
        with transaction.atomic():
            if not AppointmentRequest.objects.filter(is_demo=True).exists():
                for number, row in enumerate(REQUESTS):
                    self._load_request(number, *row)
                self.stdout.write(f"Loaded {len(REQUESTS)} demo requests.")

    @transaction.atomic
    def _load_staff(self) -> None:
        User = get_user_model()
        missing = [role for role in STAFF if not User.objects.filter(username=role.value).exists()]
        if not missing:
            self.stdout.write("Demo logins: as printed at the first run.")
            return
        password = settings.DEMO_PASSWORD or secrets.token_urlsafe(12)
        for role in missing:
            user = User.objects.create_user(
                role.value, password=password, is_staff=True, first_name="Demo", last_name=role.label
            )
            user.groups.add(Group.objects.get(name=role.value))
        names = ", ".join(role.value for role in missing)
        self.stdout.write(f"Demo logins, shown this once: {names}. Password of each: {password}")

    def _load_request(
        self, number: int, name: str, hours: float, flags: tuple[str, ...], moves: tuple[str, ...], problem: str
    ) -> None:
        received_at = timezone.now() - datetime.timedelta(hours=hours)
        answers = {
            "full_name": name,
            "birth_date": datetime.date(1950 + 3 * number, 1 + number, 10 + number),
            "phone": f"+1424555{100 + number:04}",
            "email": f"demo{number}@example.com",
            "preferred_contact": PreferredContact.PHONE,
            "may_leave_voicemail": number % 2 == 0,
            "problem": problem,
            "duration": Duration.UNDER_12_WEEKS,
            "windows": ["0-morning", "2-morning"],
            "article_id": Article.objects.published().with_key(ARTICLE).values_list("pk", flat=True).first(),
            "privacy_version": settings.PRIVACY_VERSION,
        }
        appointment_request = AppointmentRequest.objects.submit(
            answers,
            key=uuid5(NAMESPACE, str(number)),
            source=RequestSource.WEB,
            red_flags=RedFlag.objects.filter(key__in=flags),
            is_checked_by_clinician="both-legs" in flags,
            is_demo=True,
        )
        for status in moves:
            self._move(appointment_request, status)
        self._send_back_in_time(appointment_request, received_at)

    def _move(self, appointment_request: AppointmentRequest, status: str) -> None:
        by_patient = status == RequestStatus.WITHDRAWN
        clinician = get_user_model().objects.get(username=Role.CLINICIAN.value)
        next_week = timezone.now() + datetime.timedelta(days=7)
        appointment_request.move_to(
            status,
            by=None if by_patient else clinician,
            roles=frozenset({Role.PATIENT if by_patient else Role.CLINICIAN}),
            note=NOTES.get(status, ""),
            message=MESSAGES.get(status, ""),
            appointment_starts_at=next_week.replace(minute=0, second=0, microsecond=0)
            if status == RequestStatus.BOOKED
            else None,
        )

    def _send_back_in_time(self, appointment_request: AppointmentRequest, received_at: datetime.datetime) -> None:
        """Make it look as if it had been sent then: for the eye, so the record's times are spread evenly."""
        AppointmentRequest.objects.filter(pk=appointment_request.pk).update(
            received_at=received_at, reply_by=promise(received_at, Urgency(appointment_request.urgency))
        )
        changes = list(appointment_request.status_changes.all())
        for step, change in enumerate(changes):
            change.changed_at = received_at + (timezone.now() - received_at) * step / len(changes)
            change.save(update_fields=["changed_at"])
