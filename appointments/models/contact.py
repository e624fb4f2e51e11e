"""The ledger of attempts to reach a patient."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from appointments.models.answers import PartOfDay
from appointments.models.record import RequestEvent, is_undone

if TYPE_CHECKING:
    from appointments.models.request import AppointmentRequest


class Channel(models.TextChoices):
    """How it was tried."""

    PHONE = "phone", "Phone call"
    TEXT = "text", "Text message"
    EMAIL = "email", "Email of our own"
    IN_PERSON = "in_person", "In person"


class Outcome(models.TextChoices):
    """What came of it. Only REACHED meets the promise."""

    REACHED = "reached", "Spoke with the patient"
    VOICEMAIL = "voicemail", "Left a voice message"
    NO_ANSWER = "no_answer", "No answer, no message left"
    SOMEBODY_ELSE = "somebody_else", "Somebody else answered, nothing was told"
    WRONG_NUMBER = "wrong_number", "Wrong number, or it does not work"
    MESSAGE_SENT = "message_sent", "Message sent, no answer yet"


class ContactAttemptQuerySet(models.QuerySet["ContactAttempt"]):
    """Words for which attempts."""

    def standing(self) -> "ContactAttemptQuerySet":
        """Those whose entry in the record was not undone."""
        return self.exclude(is_undone("event__version"))

    def last_in_vain(self, appointment_request: "AppointmentRequest") -> "ContactAttempt | None":
        """The last attempt, when it was in vain: the patient was not reached since. One query."""
        of_it = self.standing().filter(appointment_request=appointment_request)
        last = of_it.select_related("event").order_by("id").last()
        return None if last is None or last.outcome == Outcome.REACHED else last

    def failed_times(self, appointment_request: "AppointmentRequest") -> int:
        """At how many different times (day and part of it) it was tried in vain since the patient was last reached.
        One query."""
        times: set[tuple[object, str]] = set()
        attempts = self.standing().filter(appointment_request=appointment_request).order_by("id")
        for outcome, day, part in attempts.values_list("outcome", "tried_on", "part_of_day"):
            times = set() if outcome == Outcome.REACHED else times | {(day, part)}
        return len(times)


class ContactAttempt(models.Model):
    """One attempt to reach the patient of a request. Who, when and the note stand in its entry of the record."""

    PUBLIC_FIELDS = ("id", "appointment_request", "event", "channel", "outcome", "tried_on", "part_of_day")
    PRIVATE_FIELDS = ()

    appointment_request = models.ForeignKey(
        "appointments.AppointmentRequest", on_delete=models.CASCADE, related_name="contact_attempts"
    )
    event = models.OneToOneField(RequestEvent, on_delete=models.CASCADE, related_name="contact_attempt")
    channel = models.CharField(max_length=10, choices=Channel)
    outcome = models.CharField(max_length=15, choices=Outcome)
    tried_on = models.DateField(help_text="The day on the clinic's calendar.")
    part_of_day = models.CharField(max_length=10, choices=PartOfDay)

    objects = ContactAttemptQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="contact_attempt_channel_exists"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="contact_attempt_outcome_exists"),
            models.CheckConstraint(
                condition=Q(part_of_day__in=PartOfDay.values), name="contact_attempt_part_of_day_exists"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appointment_request_id}: {self.channel}, {self.outcome}"
