"""What a patient sends. It is not an appointment until it is booked."""

import datetime
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from appointments.lifecycle import (
    OPEN_STATUSES,
    MoveRefused,
    RequestStatus,
    Role,
    Urgency,
    check_move,
)
from appointments.models.record import StatusChange
from appointments.models.sending import AppointmentRequestQuerySet
from appointments.status_link import token_of
from clinic.models import Weekday
from conditions.models import Article

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PROBLEM_MAX_LENGTH = 2_000  # characters
UNBOOKED = {"appointment_starts_at": None}


class Duration(models.TextChoices):
    """For how long the problem has been there. Acute and chronic as in the fact sheets: 4 and 12 weeks."""

    UNDER_2_WEEKS = "under_2_weeks", "Less than 2 weeks"
    UNDER_6_WEEKS = "under_6_weeks", "2 to 6 weeks"
    UNDER_12_WEEKS = "under_12_weeks", "6 to 12 weeks"
    OVER_12_WEEKS = "over_12_weeks", "More than 12 weeks"
    UNSURE = "unsure", "I am not sure"


class PreferredContact(models.TextChoices):
    """How the patient wants to be reached."""

    PHONE = "phone", "Phone call"
    EMAIL = "email", "Email"


class PartOfDay(models.TextChoices):
    """Parts of a day, for when an appointment would suit."""

    MORNING = "morning", "Morning"
    MIDDAY = "midday", "Around noon"
    AFTERNOON = "afternoon", "Afternoon"


class RequestSource(models.TextChoices):
    """How a request came in."""

    WEB = "web", "Web form"
    PHONE = "phone", "Phone"
    WALK_IN = "walk_in", "Walk-in"


class AppointmentRequest(models.Model):
    """What a patient sends, and where it stands. `move_to` is the only writer of its status."""

    PUBLIC_FIELDS = (
        "id",
        "key",
        "token_digest",
        "answers_digest",
        "reference",
        "status",
        "version",
        "urgency",
        "source",
        "received_at",
        "reply_by",
        "is_demo",
        "privacy_version",
    )
    PRIVATE_FIELDS = (
        "article",
        "is_checked_by_clinician",
        "full_name",
        "birth_date",
        "phone",
        "email",
        "preferred_contact",
        "may_leave_message",
        "problem",
        "duration",
        "preferred_days",
        "preferred_times",
        "availability",
        "appointment_starts_at",
    )

    key = models.UUIDField(unique=True, editable=False)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    answers_digest = models.CharField(max_length=64, editable=False)
    reference = models.CharField(max_length=9, unique=True, editable=False)
    status = models.CharField(max_length=20, choices=RequestStatus, default=RequestStatus.RECEIVED)
    version = models.PositiveIntegerField(default=1, editable=False)
    urgency = models.PositiveSmallIntegerField(choices=Urgency)
    source = models.CharField(max_length=10, choices=RequestSource, default=RequestSource.WEB)
    received_at = models.DateTimeField()
    reply_by = models.DateTimeField(
        null=True, blank=True, help_text="None when the clinic has not said when it is open."
    )
    is_demo = models.BooleanField("demo", default=False)

    article = models.ForeignKey(
        Article, null=True, blank=True, on_delete=models.SET_NULL, verbose_name="came from the page"
    )
    is_checked_by_clinician = models.BooleanField("a clinician has already checked it", default=False)

    full_name = models.CharField(max_length=150)
    birth_date = models.DateField("date of birth")
    phone = PhoneNumberField(blank=True)
    email = models.EmailField(blank=True)
    preferred_contact = models.CharField(max_length=5, choices=PreferredContact)
    may_leave_message = models.BooleanField("may leave a voice message")
    problem = models.TextField(validators=[MaxLengthValidator(PROBLEM_MAX_LENGTH)])
    duration = models.CharField("since", max_length=20, choices=Duration)
    preferred_days = ArrayField(models.PositiveSmallIntegerField(choices=Weekday), default=list, blank=True)
    preferred_times = ArrayField(models.CharField(max_length=10, choices=PartOfDay), default=list, blank=True)
    availability = models.CharField("dates that do not suit", max_length=300, blank=True)
    privacy_version = models.CharField("agreed to the privacy page of", max_length=10)

    appointment_starts_at = models.DateTimeField(null=True, blank=True)

    objects = AppointmentRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=RequestStatus.values), name="request_status_exists"),
            models.CheckConstraint(condition=Q(urgency__in=Urgency.values), name="request_urgency_exists"),
            models.CheckConstraint(condition=Q(source__in=RequestSource.values), name="request_source_exists"),
            models.CheckConstraint(condition=Q(version__gte=1), name="request_version_positive"),
            models.CheckConstraint(
                condition=Q(reply_by__gte=F("received_at")), name="request_promise_after_receipt"
            ),
            models.CheckConstraint(condition=~Q(phone="") | ~Q(email=""), name="request_can_be_answered"),
            models.CheckConstraint(condition=~Q(full_name=""), name="request_has_a_name"),
            models.CheckConstraint(
                condition=Q(birth_date__gte=datetime.date(1900, 1, 1)), name="request_birth_date_plausible"
            ),
            models.CheckConstraint(
                condition=Q(problem__length__range=(1, PROBLEM_MAX_LENGTH)), name="request_problem_length"
            ),
            models.CheckConstraint(
                condition=Q(status=RequestStatus.BOOKED, appointment_starts_at__isnull=False)
                | (~Q(status=RequestStatus.BOOKED) & Q(**UNBOOKED)),
                name="request_booked_has_its_time",
            ),
        ]
        indexes = [
            # The queue as it opens: open(), in_queue_order().
            models.Index(
                fields=["urgency", "received_at", "id"],
                condition=Q(status__in=OPEN_STATUSES),
                name="request_queue",
            ),
            # The queue under a filter by status, and the list of all: in_queue_order().
            models.Index(fields=["status", "urgency", "received_at", "id"], name="request_by_status"),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        """The patient's status page. Raises LookupError when the secret that made the link is gone."""
        return reverse("appointments:request_status", args=[token_of(self.key, self.token_digest)])

    @property
    def is_open(self) -> bool:
        """True while work is left to do."""
        return self.status in OPEN_STATUSES

    def is_late(self, now: datetime.datetime) -> bool:
        """True when the promise has passed and nobody has answered: the request still waits for its review."""
        return self.is_open and self.reply_by is not None and self.reply_by < now

    def move_to(
        self,
        status: str,
        *,
        by: "User | None",
        roles: frozenset[Role],
        note: str = "",
        appointment_starts_at: datetime.datetime | None = None,
    ) -> StatusChange:
        """Make one move of the table, from the status and version that this object was read with.

        `by` is the staff member, None for the patient; `roles` are those that `by` acts under;
        `appointment_starts_at` is an aware time, for booking. In one transaction: the request's new status and the
        row of its record, which is returned. Raises MoveRefused and changes nothing when the table has no such
        move, the role may not, something that it needs is missing (see `lifecycle.check_move`), or, with code
        `stale`, when somebody else was faster.
        """
        note = note.strip()
        move = check_move(
            self.status, status, roles, note=note, has_appointment_time=appointment_starts_at is not None
        )
        role = Role.PATIENT if by is None else next(role for role in Role if role in move.roles & roles)
        with transaction.atomic():
            moved = AppointmentRequest.objects.filter(
                pk=self.pk, status=move.from_status, version=self.version
            ).update(
                status=move.to_status,
                version=F("version") + 1,
                appointment_starts_at=appointment_starts_at,
            )
            if moved != 1:
                raise MoveRefused(
                    "stale", "Somebody else has changed this request since you opened it. Nothing was saved."
                )
            change = StatusChange.objects.create(
                appointment_request=self,
                version=self.version + 1,
                from_status=move.from_status,
                to_status=move.to_status,
                changed_at=timezone.now(),
                changed_by=by,
                role=role,
                note=note,
            )
        self.status, self.version = move.to_status, self.version + 1
        self.appointment_starts_at = appointment_starts_at
        return change
