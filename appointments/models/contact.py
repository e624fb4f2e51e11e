"""The ledger of attempts to reach a patient."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from appointments.lifecycle import RequestStatus, Role
from appointments.models.answers import PartOfDay
from appointments.models.record import RequestEvent, StatusChange, is_undone
from clinic.ready_query import ReadyQuery, blank

if TYPE_CHECKING:
    from appointments.models.request import AppointmentRequest


class Channel(models.TextChoices):
    """How it was tried."""

    PHONE = "phone", "Phone call"
    TEXT = "text", "Text message"
    EMAIL = "email", "Email of our own"
    IN_PERSON = "in_person", "In person"


class Outcome(models.TextChoices):
    """What came of it. Only REACHED meets the promise. Not all of them can come of every channel: see OUTCOMES."""

    REACHED = "reached", "Spoke with the patient"
    VOICEMAIL = "voicemail", "Left a voice message"
    NO_ANSWER = "no_answer", "No answer, no message left"
    SOMEBODY_ELSE = "somebody_else", "Somebody else answered, nothing was told"
    WRONG_NUMBER = "wrong_number", "Wrong number, or it does not work"
    MESSAGE_SENT = "message_sent", "Message sent, no answer yet"


# By code and not by a constraint of the database: rows of before, which anything could be logged in, stay.
OUTCOMES: Mapping[Channel, frozenset[Outcome]] = MappingProxyType(
    {
        Channel.PHONE: frozenset(Outcome) - {Outcome.MESSAGE_SENT},
        Channel.TEXT: frozenset({Outcome.REACHED, Outcome.MESSAGE_SENT, Outcome.WRONG_NUMBER}),
        Channel.EMAIL: frozenset({Outcome.REACHED, Outcome.MESSAGE_SENT}),
        Channel.IN_PERSON: frozenset({Outcome.REACHED, Outcome.NO_ANSWER, Outcome.SOMEBODY_ELSE}),
    }
)
# A patient who is ill or at work for a day is not unreachable.
LEAST_DAYS = 2


@dataclass(frozen=True)
class Tries:
    """What the attempts that count add up to."""

    attempts: Collection["ContactAttempt"]
    has_phone: bool

    @property
    def times(self) -> int:
        """How many there are at different times, day and part of it."""
        return len({(attempt.tried_on, attempt.part_of_day) for attempt in self.attempts})

    @property
    def lacks(self) -> list[str]:
        """What must still be tried, however often it was, before a patient counts as unreachable: the phone, where
        there is a number (a mail may lie unread for a week), and another day."""
        lacks = []
        if self.has_phone and not any(attempt.channel == Channel.PHONE for attempt in self.attempts):
            lacks.append("one by phone")
        if len({attempt.tried_on for attempt in self.attempts}) < LEAST_DAYS:
            lacks.append("one on another day")
        return lacks


class ContactAttemptQuerySet(models.QuerySet["ContactAttempt"]):
    """Words for which attempts."""

    def standing(self) -> "ContactAttemptQuerySet":
        """Those whose entry in the record was not undone."""
        return self.exclude(is_undone("event__version"))

    def of_request(self, appointment_request: "AppointmentRequest") -> list["ContactAttempt"]:
        """All attempts of this request in their order, each with its entry in the record and with `counts`: see
        `_counts`. One query, and one more where there are any."""
        attempts: list[ContactAttempt] = list(
            self.filter(appointment_request=appointment_request).select_related("event__changed_by").order_by("id")
        )
        counted = {pk for (pk,) in _COUNTED.rows(pk=appointment_request.pk)} if attempts else set()
        for attempt in attempts:
            attempt.counts = attempt.pk in counted
        return attempts

    def in_vain(self) -> "ContactAttemptQuerySet":
        """Those that count, the oldest first."""
        return self.filter(_counts()).order_by("id")

    def tries(self, appointment_request: "AppointmentRequest") -> Tries:
        """What the attempts of this request that count add up to. One query."""
        attempts = self.in_vain().filter(appointment_request=appointment_request)
        return Tries(list(attempts), has_phone=bool(appointment_request.phone))


def _counts() -> Q:
    """Of attempts: those that were in vain and still say that the patient is hard to reach. One that was undone
    does not, nor one from before the patient was last reached or last heard of: by a word of their own, or because
    the staff took them up again after they had counted as unreachable."""
    of_it = {"appointment_request": OuterRef("appointment_request")}
    since = {**of_it, "version__gt": OuterRef("event__version")}
    # The same version, too: an attempt that reached the patient was not in vain.
    reached = ContactAttempt.objects.standing().filter(
        **of_it, event__version__gte=OuterRef("event__version"), outcome=Outcome.REACHED
    )
    wrote = RequestEvent.objects.filter(**since, role=Role.PATIENT)
    taken_up_again = Q(from_status=RequestStatus.UNREACHABLE, undoes=None)
    came_back = StatusChange.objects.filter(Q(role=Role.PATIENT) | taken_up_again, **since)
    return ~is_undone("event__version") & ~Exists(reached) & ~Exists(wrote) & ~Exists(came_back)


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

    counts: bool  # of those that of_request() gives

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


def _counted() -> "models.QuerySet[ContactAttempt, Any]":
    """The attempts of one request that count."""
    of_it = ContactAttempt.objects.filter(_counts(), appointment_request=blank("pk", models.BigIntegerField()))
    return of_it.values_list("pk")


_COUNTED = ReadyQuery(_counted)
