"""Invented staff and invented requests, so that a newcomer finds a queue worth looking at."""

import datetime
import secrets
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from appointments.contact import log_attempt, part_of_day
from appointments.day_calendar import next_day, openings_of
from appointments.demo import MESSAGES, NOTES, REPLIES, REQUESTS, DemoRequest
from appointments.lifecycle import TRANSITIONS, RequestStatus, Role, Urgency
from appointments.models import (
    AppointmentRequest,
    CannedReply,
    Channel,
    ContactAttempt,
    EventKind,
    Outcome,
    RequestEvent,
    RequestSource,
    StatusChange,
)
from appointments.models.acting import NOBODY
from appointments.promise import promised_by
from appointments.windows import windows_end_at
from appointments.worse import report_worse
from clinic.models import PaymentOption, working_hours
from conditions.models import Article, RedFlag

ARTICLE = "condition/lower-back-pain-when-walking"
NAMESPACE = UUID("7c1f5b0e-6c0b-4a4e-9f0f-3f6f1f6f2d11")
FURTHEST = 60  # days to look for an opening in
INTO_THE_DAY = datetime.timedelta(minutes=90)
STAFF = (Role.RECEPTION, Role.CLINICIAN, Role.EDITOR, Role.MANAGER)


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
                for number, demo in enumerate(REQUESTS):
                    self._load_request(number, demo)
                self.stdout.write(f"Loaded {len(REQUESTS)} demo requests.")
            if not CannedReply.objects.exists():
                CannedReply.objects.bulk_create(CannedReply(**reply) for reply in REPLIES)

    @transaction.atomic
    def _load_staff(self) -> None:
        missing = [role for role in STAFF if not User.objects.filter(username=role.value).exists()]
        if not missing:
            self.stdout.write("Demo logins: as printed at the first run.")
            return
        password = settings.DEMO_PASSWORD or secrets.token_urlsafe(12)
        for role in missing:
            user = get_user_model().objects.create_user(
                role.value, password=password, is_staff=True, first_name="Demo", last_name=role.label
            )
            user.groups.add(Group.objects.get(name=role.value))
        names = ", ".join(role.value for role in missing)
        self.stdout.write(f"Demo logins, shown this once: {names}. Password of each: {password}")

    def _load_request(self, number: int, demo: DemoRequest) -> None:
        is_web = demo.source == RequestSource.WEB
        usual = {
            "article_id": Article.objects.published().with_key(ARTICLE).values_list("pk", flat=True).first(),
            "payment_option_id": PaymentOption.objects.offered().values_list("pk", flat=True).first(),
            "email": f"demo{number}@example.com",
            "privacy_version": settings.PRIVACY_VERSION,
        }
        appointment_request = AppointmentRequest.objects.submit(
            {**usual, **demo.answers()},
            key=uuid5(NAMESPACE, str(number)),
            source=demo.source,
            keyed_in_by=None if is_web else _demo_user(Role.RECEPTION),
            role=Role.PATIENT if is_web else Role.RECEPTION,
            red_flags=RedFlag.objects.filter(key__in=demo.flags),
            is_checked_by_clinician="both-legs" in demo.flags,
            language=demo.language,
            is_demo=True,
        )
        for status in demo.moves:
            if status == RequestStatus.UNREACHABLE:
                self._try_in_vain(appointment_request)
            self._move(appointment_request, status)
        if demo.worse:
            report_worse(appointment_request, RedFlag.objects.filter(key__in=demo.worse_flags), demo.worse)
        self._send_back_in_time(appointment_request, demo)

    def _move(self, appointment_request: AppointmentRequest, status: str) -> None:
        by_patient = status == RequestStatus.WITHDRAWN
        booking: dict[str, Any] = {}
        if status == RequestStatus.BOOKED:
            booking = {
                "appointment_starts_at": opening_after(timezone.now() + datetime.timedelta(days=7)) + INTO_THE_DAY,
                "appointment_with": _demo_user(Role.CLINICIAN),
            }
        appointment_request.move_to(
            status,
            by=None if by_patient else _demo_user(Role.CLINICIAN),
            roles=frozenset({Role.PATIENT if by_patient else Role.CLINICIAN}),
            note=NOTES.get(status, ""),
            message=MESSAGES.get(status, ""),
            duplicate_of=appointment_request.same_person_as if status == RequestStatus.DUPLICATE else None,
            **booking,
        )

    def _try_in_vain(self, appointment_request: AppointmentRequest) -> None:
        """As often as the table of moves asks for, each on another day."""
        for days in (4, 3, 2):
            attempt = log_attempt(
                appointment_request,
                Channel.PHONE,
                Outcome.NO_ANSWER,
                by=_demo_user(Role.CLINICIAN),
                roles=frozenset({Role.CLINICIAN}),
            )
            attempt.tried_on -= datetime.timedelta(days=days)
            attempt.save()

    def _send_back_in_time(self, appointment_request: AppointmentRequest, demo: DemoRequest) -> None:
        """Make it look as if it had been sent then: for the eye, so what followed is spread evenly over the time
        that the clinic was open since. What is older than a day, or keyed in by the staff, is reckoned from the
        last moment at which the clinic was open: nobody works at the weekend."""
        hours, now = working_hours(), timezone.now()
        last_open = open_until_now(now)
        is_fresh = demo.hours < 24 and demo.source == RequestSource.WEB
        received_at = (now if is_fresh else last_open) - datetime.timedelta(hours=demo.hours)
        if demo.source != RequestSource.WEB:
            received_at = hours.add_working_time(received_at, datetime.timedelta(seconds=1))
        events = list(appointment_request.events.all())
        record: list[StatusChange | RequestEvent] = [*appointment_request.status_changes.all(), *events]
        record.sort(key=lambda row: row.version)
        worked = max(hours.working_time_between(received_at, last_open), datetime.timedelta())
        for step, row in enumerate(record):
            row.changed_at = hours.add_working_time(received_at, worked * step / len(record))
            row.save(update_fields=["changed_at"])
        for attempt in ContactAttempt.objects.filter(event__in=events).select_related("event"):
            here = attempt.event.changed_at.astimezone(hours.zone)
            attempt.tried_on, attempt.part_of_day = here.date(), part_of_day(here)
            attempt.save(update_fields=["tried_on", "part_of_day"])
        contacts = {move.to_status for move in TRANSITIONS if move.is_contact}
        answered = next((row.changed_at for row in record if getattr(row, "to_status", "") in contacts), None)
        times: dict[str, Any] = {
            **NOBODY,
            "received_at": received_at,
            "reply_by": promised_by(received_at, Urgency(appointment_request.urgency), hours),
            "windows_end_at": windows_end_at(
                received_at,
                appointment_request.windows,
                appointment_request.earliest_date,
                appointment_request.latest_date,
                hours.zone,
            ),
        }
        for event in events:
            if event.kind == EventKind.WORSE:
                times["worse_at"] = times["patient_wrote_at"] = event.changed_at
        if answered:
            times["answered_at"] = answered
            times["answered_after"] = hours.working_time_between(received_at, answered)
        AppointmentRequest.objects.filter(pk=appointment_request.pk).update(**times)


def open_until_now(now: datetime.datetime) -> datetime.datetime:
    """The last moment, up to now, at which the clinic was open; now for one that has no opening hours."""
    hours = working_hours()
    today = now.astimezone(hours.zone).date()
    for days in range(FURTHEST):
        for opens, closes in reversed(openings_of(next_day(today, -days), hours)):
            if opens < now:
                return min(closes, now)
    return now


def opening_after(moment: datetime.datetime) -> datetime.datetime:
    """When the clinic opens on the first open day from this one on; the moment itself without opening hours."""
    hours = working_hours()
    date = moment.astimezone(hours.zone).date()
    days = (openings_of(next_day(date, days), hours) for days in range(FURTHEST))
    return next((openings[0][0] for openings in days if openings), moment)


def _demo_user(role: Role) -> User:
    return User.objects.get(username=role.value)
