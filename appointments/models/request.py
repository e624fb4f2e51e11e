"""What a patient sends. It is not an appointment until it is booked."""

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone, translation

from appointments import emails
from appointments.lifecycle import (
    OPEN_STATUSES,
    MoveRefused,
    RequestStatus,
    Role,
    Urgency,
    acting_role,
    check_move,
)
from appointments.models.answers import (
    Language,
    RequestSource,
)
from appointments.models.patient_answers import PROBLEM_MAX_LENGTH, PatientAnswers
from appointments.models.record import EventKind, RedFlagAnswer, RequestEvent, StatusChange, plain
from appointments.models.sending import IN_QUEUE, QUEUE_ORDER, AppointmentRequestQuerySet
from appointments.status_link import token_of
from clinic import outbox
from clinic.models import working_hours
from conditions.models import RedFlag

if TYPE_CHECKING:
    from django.contrib.auth.models import User


UNBOOKED = {"appointment_starts_at": None}
STALE = "Somebody else has changed this request since you opened it. Nothing was saved."


class AppointmentRequest(PatientAnswers):
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
        "keyed_in_by",
        "language",
        "received_at",
        "reply_by",
        "answered_at",
        "answered_by",
        "answered_after",
        "worse_at",
        "patient_wrote_at",
        "windows_end_at",
        "dates_asked_at",
        "warned_reply_by",
        "same_person_as",
        "is_demo",
        "privacy_version",
    )
    PRIVATE_FIELDS = (*PatientAnswers.PRIVATE_FIELDS, "appointment_starts_at")

    key = models.UUIDField(unique=True, editable=False)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    answers_digest = models.CharField(max_length=64, editable=False)
    reference = models.CharField(max_length=9, unique=True, editable=False)
    status = models.CharField(max_length=20, choices=RequestStatus, default=RequestStatus.RECEIVED)
    version = models.PositiveIntegerField(default=1, editable=False)
    urgency = models.PositiveSmallIntegerField(choices=Urgency)
    source = models.CharField(max_length=10, choices=RequestSource, default=RequestSource.WEB)
    keyed_in_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    language = models.CharField("pages and mails in", max_length=2, choices=Language, default=Language.ENGLISH)
    received_at = models.DateTimeField()
    reply_by = models.DateTimeField(
        null=True, blank=True, help_text="None when the clinic has not said when it is open."
    )
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="The first real contact: it meets the promise."
    )
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_after = models.DurationField(null=True, blank=True, help_text="In the clinic's working time.")
    worse_at = models.DateTimeField(
        null=True, blank=True, help_text="The patient says that it has got worse, and nobody has looked at it yet."
    )
    patient_wrote_at = models.DateTimeField(
        null=True, blank=True, help_text="The patient's last word, until somebody of the staff acts."
    )
    windows_end_at = models.DateTimeField(null=True, blank=True, help_text="When the preferred times have passed.")
    dates_asked_at = models.DateTimeField(null=True, blank=True, help_text="New dates were asked for, once.")
    warned_reply_by = models.DateTimeField(
        null=True, blank=True, help_text="The promise that the staff were told is near."
    )
    same_person_as = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="sent_again"
    )
    is_demo = models.BooleanField("demo", default=False)

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
            models.CheckConstraint(condition=Q(language__in=Language.values), name="request_language_exists"),
            models.CheckConstraint(
                condition=Q(source=RequestSource.WEB, keyed_in_by=None)
                | (~Q(source=RequestSource.WEB) & Q(keyed_in_by__isnull=False)),
                name="request_keyed_in_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, answered_after=None)
                | Q(answered_at__isnull=False, answered_by__isnull=False, answered_after__isnull=False),
                name="request_answer_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(proxy_name="", proxy_relation="", has_proxy_consent=False)
                | (~Q(proxy_name="") & ~Q(proxy_relation="") & Q(has_proxy_consent=True)),
                name="request_proxy_has_consent",
            ),
            models.CheckConstraint(
                condition=Q(latest_date__gte=F("earliest_date"))
                | Q(latest_date__isnull=True)
                | Q(earliest_date__isnull=True),
                name="request_dates_in_order",
            ),
        ]
        permissions = [("lower_urgency", "Can lower the urgency of a request")]
        indexes = [
            # The queue as it opens: in_queue(), in_queue_order().
            models.Index(fields=[*QUEUE_ORDER], condition=IN_QUEUE, name="request_queue"),
            # The queue under a filter by status, and the list of all: in_queue_order().
            models.Index(fields=["status", *QUEUE_ORDER], name="request_by_status"),
            # The open requests of one person: of_same_person().
            models.Index(fields=["birth_date"], condition=IN_QUEUE, name="request_same_person"),
            # A lost link: to_follow_by_mail().
            models.Index(Lower("email"), condition=~Q(email=""), name="request_by_email"),
            # How soon requests were answered lately: track_record.answered_lately().
            models.Index(fields=["answered_at"], condition=Q(answered_at__isnull=False), name="request_answered"),
            # Whose preferred times have passed: in_need_of_dates().
            models.Index(
                fields=["windows_end_at"],
                condition=Q(status__in=OPEN_STATUSES, windows_end_at__isnull=False, dates_asked_at=None),
                name="request_windows_end",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        """The patient's status page, in the patient's language. Raises LookupError when the secret that made the
        link is gone."""
        with translation.override(self.language):
            return reverse("appointments:request_status", args=[token_of(self.key, self.token_digest)])

    @property
    def is_open(self) -> bool:
        """True while work is left to do."""
        return self.status in OPEN_STATUSES

    @property
    def topic(self) -> str:
        """What the outbox calls the mails about this request."""
        return f"request:{self.pk}"

    @property
    def is_owed_an_answer(self) -> bool:
        """True while the promise stands: nobody of the clinic has reached the patient yet, or nobody has looked at
        the patient's last word."""
        waits = self.is_open or (self.status == RequestStatus.BOOKED and self.worse_at is not None)
        return waits and (self.answered_at is None or self.patient_wrote_at is not None)

    @property
    def standing_promise(self) -> datetime.datetime | None:
        """The promise, while it stands."""
        return self.reply_by if self.is_owed_an_answer else None

    def is_late(self, now: datetime.datetime) -> bool:
        """True when the promise has passed, and the patient still waits for what it promised."""
        return self.standing_promise is not None and self.standing_promise < now

    def needs_new_dates(self, now: datetime.datetime) -> bool:
        """True when every time that the patient prefers has passed, and it is still open."""
        return self.is_open and self.windows_end_at is not None and self.windows_end_at < now

    def move_to(
        self,
        status: str,
        *,
        by: "User | None",
        roles: frozenset[Role],
        note: str = "",
        message: str = "",
        appointment_starts_at: datetime.datetime | None = None,
    ) -> StatusChange:
        """Make one move of the table, from the status and version that this object was read with.

        `by` is the staff member, None for the patient; `roles` are those that `by` acts under; `message` is what
        the patient is told; `appointment_starts_at` is an aware time, for booking. In one transaction: the new
        status, the row of its record, which is returned, and the mail to the patient. The first move that is a
        contact meets the promise. Raises MoveRefused and changes nothing when the table has no such move, the role
        may not, something that it needs is missing (see `lifecycle.check_move`), or, with code `stale`, when
        somebody else was faster.
        """
        note, message = note.strip(), message.strip()
        move = check_move(
            self.status,
            status,
            roles,
            note=note,
            message=message,
            has_appointment_time=appointment_starts_at is not None,
        )
        role = Role.PATIENT if by is None else acting_role(move.roles & roles)
        now = timezone.now()
        values: dict[str, Any] = {"appointment_starts_at": appointment_starts_at}
        if move.is_contact and self.answered_at is None:
            values.update(self._answer(now, by))
        if by is not None:
            values["patient_wrote_at"] = None
        with transaction.atomic():
            moved = AppointmentRequest.objects.filter(
                pk=self.pk, status=move.from_status, version=self.version
            ).update(status=move.to_status, version=F("version") + 1, **values)
            if moved != 1:
                raise MoveRefused("stale", STALE)
            change = StatusChange.objects.create(
                appointment_request=self,
                version=self.version + 1,
                from_status=move.from_status,
                to_status=move.to_status,
                changed_at=now,
                changed_by=by,
                role=role,
                note=note,
                message=message,
            )
            outbox.queue(*emails.after_move(self, change, appointment_starts_at))
        self.status, self.version = move.to_status, self.version + 1
        self._take(values)
        return change

    def change(
        self,
        kind: EventKind,
        *,
        by: "User | None",
        role: Role,
        note: str = "",
        red_flags: Iterable[RedFlag] = (),
        **values: Any,
    ) -> RequestEvent:
        """Change what is no status, from the version that this object was read with. The only writer of it.

        In one transaction: the `values`, the row of the record with what they were before, the `red_flags` that
        were ticked with it. The mails that follow are the caller's, in the same transaction. Raises MoveRefused
        with code `stale` and changes nothing when somebody else was faster.
        """
        now = timezone.now()
        before = {name: getattr(self, name) for name in values}
        marks: dict[str, Any] = {"patient_wrote_at": now if by is None else None}
        with transaction.atomic():
            changed = AppointmentRequest.objects.filter(pk=self.pk, version=self.version).update(
                version=F("version") + 1, **values, **marks
            )
            if changed != 1:
                raise MoveRefused("stale", STALE)
            event = RequestEvent.objects.create(
                appointment_request=self,
                version=self.version + 1,
                kind=kind,
                changed_at=now,
                changed_by=by,
                role=role,
                note=note.strip(),
                before={name: plain(value) for name, value in before.items()},
                after={name: plain(value) for name, value in values.items()},
            )
            RedFlagAnswer.objects.bulk_create(RedFlagAnswer.of(red_flags, appointment_request=self, event=event))
        self.version += 1
        self._take({**values, **marks})
        return event

    def _answer(self, now: datetime.datetime, by: "User | None") -> dict[str, Any]:
        after = working_hours().working_time_between(self.received_at, now)
        return {"answered_at": now, "answered_by": by, "answered_after": after}

    def _take(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, value)
