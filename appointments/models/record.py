"""What happened to a request, and what it said at the start. Rows are added, never changed."""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length

from appointments.lifecycle import RequestStatus, Role

NOTE_MAX_LENGTH = 1_000  # characters


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
    )
    PRIVATE_FIELDS = ("note",)

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

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["appointment_request", "version"], name="status_change_version_once"),
            models.CheckConstraint(condition=~Q(from_status=F("to_status")), name="status_change_goes_somewhere"),
            models.CheckConstraint(
                condition=Q(to_status__in=RequestStatus.values), name="status_change_status_exists"
            ),
            # The patient has no account; everybody else is named.
            models.CheckConstraint(
                condition=Q(role=Role.PATIENT, changed_by=None)
                | (~Q(role=Role.PATIENT) & Q(changed_by__isnull=False)),
                name="status_change_staff_are_named",
            ),
            models.CheckConstraint(
                condition=Q(note__length__lte=NOTE_MAX_LENGTH), name="status_change_note_length"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appointment_request_id}: {self.from_status or 'new'} to {self.to_status}"


class RedFlagAnswer(models.Model):
    """One red flag that the patient ticked, in the words that stood on the page."""

    PUBLIC_FIELDS = ("id", "appointment_request", "key", "version", "tier")
    PRIVATE_FIELDS = ("wording", "concern")

    appointment_request = models.ForeignKey(
        "appointments.AppointmentRequest", on_delete=models.CASCADE, related_name="red_flag_answers"
    )
    key = models.SlugField(max_length=40)
    version = models.PositiveSmallIntegerField()
    tier = models.CharField(max_length=10)
    wording = models.CharField(max_length=200)
    concern = models.CharField(max_length=120)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["appointment_request", "key"], name="red_flag_answer_once")]

    def __str__(self) -> str:
        return f"{self.appointment_request_id}: {self.key}"


models.TextField.register_lookup(Length)
