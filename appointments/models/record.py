"""What happened to a request, and what it said at the start. Rows are added, never changed."""

import datetime
from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Length

from appointments.lifecycle import RequestStatus, Role, Urgency
from conditions.models import RedFlag, Tier

NOTE_MAX_LENGTH = 1_000  # characters

# The patient has no account; everybody else is named.
CHANGED_BY_WHOM = Q(role=Role.PATIENT, changed_by=None) | (~Q(role=Role.PATIENT) & Q(changed_by__isnull=False))


class StatusChange(models.Model):
    """One move of one request: from where, to where, when, by whom, and why."""

    PUBLIC_FIELDS = (
        "id",
        "appointment_request",
        "version",
        "from_status",
        "to_status",
        "changed_at",
        "changed_by",
        "role",
        "undoes",
    )
    PRIVATE_FIELDS = ("note", "message", "before", "after")

    appointment_request = models.ForeignKey(
        "appointments.AppointmentRequest", on_delete=models.CASCADE, related_name="status_changes"
    )
    version = models.PositiveIntegerField(help_text="The request's version after this move.")
    from_status = models.CharField(max_length=20, choices=RequestStatus, blank=True)
    to_status = models.CharField(max_length=20, choices=RequestStatus)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, choices=Role)
    note = models.TextField(blank=True, validators=[MaxLengthValidator(NOTE_MAX_LENGTH)])
    message = models.TextField(
        blank=True, validators=[MaxLengthValidator(NOTE_MAX_LENGTH)], help_text="What the patient was told."
    )
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="The fields that it changed.")
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="The same fields, as it left them.")
    undoes = models.PositiveIntegerField(
        null=True, blank=True, help_text="The version of the entry that it undoes."
    )

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["appointment_request", "version"], name="status_change_version_once"),
            models.CheckConstraint(condition=~Q(from_status=F("to_status")), name="status_change_goes_somewhere"),
            models.CheckConstraint(
                condition=Q(to_status__in=RequestStatus.values), name="status_change_status_exists"
            ),
            models.CheckConstraint(condition=CHANGED_BY_WHOM, name="status_change_staff_are_named"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="status_change_role_exists"),
            models.CheckConstraint(
                condition=Q(from_status="") | Q(from_status__in=RequestStatus.values),
                name="status_change_from_status_exists",
            ),
            models.CheckConstraint(
                condition=Q(note__length__lte=NOTE_MAX_LENGTH, message__length__lte=NOTE_MAX_LENGTH),
                name="status_change_note_length",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appointment_request_id}: {self.from_status or 'new'} to {self.to_status}"


class EventKind(models.TextChoices):
    """What can happen to a request beside its moves."""

    WORSE = "worse", "Patient says that it has got worse"
    CONTACT_CHANGED = "contact_changed", "New contact details"
    TIMES_CHANGED = "times_changed", "New times"
    ADDED = "added", "Patient added something"
    URGENCY_SET = "urgency_set", "Urgency set"
    APPOINTMENT_MOVED = "appointment_moved", "Appointment moved"
    CLAIMED = "claimed", "Taken"
    TAKEN_OVER = "taken_over", "Taken over"
    RELEASED = "released", "Given back"
    CONTACT_TRIED = "contact_tried", "Tried to reach the patient"
    PLANNED = "planned", "Next step"
    SECOND_LOOK = "second_look", "Looked at a second time"
    DUPLICATE_LINKED = "duplicate_linked", "A duplicate was linked"
    DUPLICATE_UNLINKED = "duplicate_unlinked", "A duplicate was unlinked"
    UNDONE = "undone", "Undone"


class RequestEvent(models.Model):
    """One thing that happened to one request and was no move: what, when, by whom, and what it changed."""

    PUBLIC_FIELDS = (
        "id",
        "appointment_request",
        "version",
        "kind",
        "changed_at",
        "changed_by",
        "role",
        "undoes",
    )
    PRIVATE_FIELDS = ("note", "before", "after")

    appointment_request = models.ForeignKey(
        "appointments.AppointmentRequest", on_delete=models.CASCADE, related_name="events"
    )
    version = models.PositiveIntegerField(help_text="The request's version after it.")
    kind = models.CharField(max_length=20, choices=EventKind)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, choices=Role)
    note = models.TextField(blank=True, validators=[MaxLengthValidator(NOTE_MAX_LENGTH)])
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="The fields that it changed.")
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="The same fields, as it left them.")
    undoes = models.PositiveIntegerField(
        null=True, blank=True, help_text="The version of the entry that it undoes."
    )

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["appointment_request", "version"], name="request_event_version_once"),
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="request_event_kind_exists"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="request_event_role_exists"),
            models.CheckConstraint(condition=CHANGED_BY_WHOM, name="request_event_staff_are_named"),
            models.CheckConstraint(
                condition=Q(note__length__lte=NOTE_MAX_LENGTH), name="request_event_note_length"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appointment_request_id}: {self.kind}"

    @property
    def lowered_urgency(self) -> bool:
        """True when this made the request less urgent."""
        return int(self.after.get("urgency", 0)) > int(self.before.get("urgency", Urgency.ROUTINE))


class RedFlagAnswer(models.Model):
    """One red flag that the patient ticked: when sending, or later when it got worse."""

    PUBLIC_FIELDS = ("id", "appointment_request", "event", "key", "version", "tier")
    PRIVATE_FIELDS = ("wording", "shown_as", "concern")

    appointment_request = models.ForeignKey(
        "appointments.AppointmentRequest", on_delete=models.CASCADE, related_name="red_flag_answers"
    )
    event = models.ForeignKey(
        RequestEvent,
        null=True,
        on_delete=models.CASCADE,
        help_text="The report that it got worse; none at sending.",
    )
    key = models.SlugField(max_length=40)
    version = models.PositiveSmallIntegerField()
    tier = models.CharField(max_length=10, choices=Tier)
    wording = models.CharField(max_length=200, help_text="In the language of the staff.")
    shown_as = models.CharField(
        max_length=240, blank=True, help_text="In another language, as the patient read it."
    )
    concern = models.CharField(max_length=120)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment_request", "event", "key"],
                nulls_distinct=False,
                name="red_flag_answer_once",
            ),
            models.CheckConstraint(condition=Q(tier__in=Tier.values), name="red_flag_answer_tier_exists"),
        ]

    def __str__(self) -> str:
        return f"{self.appointment_request_id}: {self.key}"

    @classmethod
    def of(cls, red_flags: Iterable[RedFlag], **to: object) -> list[Self]:
        """The unsaved answers that name these red flags, in the words of today."""
        return [
            cls(
                **to,
                key=flag.key,
                version=flag.version,
                tier=flag.tier,
                wording=flag.wording,
                shown_as="" if flag.local_wording == flag.wording else flag.local_wording,
                concern=flag.concern,
            )
            for flag in red_flags
        ]


def is_undone(version: str = "version") -> Exists:
    """For rows with an `appointment_request`: whether somebody took back the entry that has this version."""
    same = {"appointment_request": OuterRef("appointment_request"), "undoes": OuterRef(version)}
    return Exists(RequestEvent.objects.filter(**same))


def plain(value: Any) -> Any:
    """The value as JSON keeps it, for the record; a row of another table is its primary key, a time is in UTC, so
    that equal values are equal text."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, datetime.datetime):
        return str(value.astimezone(datetime.UTC))
    return value if isinstance(value, str | int | float | bool | list | None) else str(value)


def as_recorded(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a request as JSON keeps them, for the record."""
    return {name: plain(value) for name, value in values.items()}


models.TextField.register_lookup(Length)
