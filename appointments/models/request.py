"""What a patient sends. It is not an appointment until it is booked."""

import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils import translation

from appointments.lifecycle import OPEN_STATUSES, NextStep, RequestStatus, Urgency
from appointments.models.acting import Acting
from appointments.models.answers import Language, RequestSource
from appointments.models.name_keys import NameKeysField
from appointments.models.patient_answers import PROBLEM_MAX_LENGTH, PatientAnswers
from appointments.models.phone_digits import last_digits
from appointments.models.sending import IN_QUEUE, OWED_AN_ANSWER, QUEUE_ORDER, AppointmentRequestQuerySet
from appointments.status_link import token_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

UNBOOKED = {"appointment_starts_at": None, "appointment_with": None, "appointment_place": ""}
# Stands for "never" in the order of the queue, so that one comparison of rows tells what comes after what.
NEVER = datetime.datetime(9000, 1, 1, tzinfo=datetime.UTC)


def staff_member(name: str = "") -> "models.ForeignKey":
    """Somebody of the staff, or nobody. Without an index of its own: see the indexes of AppointmentRequest."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=name,
    )


class AppointmentRequest(Acting, PatientAnswers):
    """What a patient sends, and where it stands. `Acting` has the only writers of its status."""

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
        "duplicate_of",
        "claimed_by",
        "claimed_until",
        "next_step",
        "next_step_on",
        "next_step_by",
        "second_look_on",
        "worse_rank_at",
        "due_at",
        "is_demo",
        "privacy_version",
    )
    PRIVATE_FIELDS = (
        *PatientAnswers.PRIVATE_FIELDS,
        "name_keys",
        "appointment_starts_at",
        "appointment_with",
        "appointment_place",
    )

    key = models.UUIDField(unique=True, editable=False)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    answers_digest = models.CharField(max_length=64, editable=False)
    reference = models.CharField(max_length=9, unique=True, editable=False)
    status = models.CharField(max_length=20, choices=RequestStatus, default=RequestStatus.RECEIVED)
    version = models.PositiveIntegerField(default=1, editable=False)
    urgency = models.PositiveSmallIntegerField(choices=Urgency)
    source = models.CharField(max_length=10, choices=RequestSource, default=RequestSource.WEB)
    keyed_in_by = staff_member()
    language = models.CharField("pages and mails in", max_length=2, choices=Language, default=Language.ENGLISH)
    received_at = models.DateTimeField()
    reply_by = models.DateTimeField(
        null=True, blank=True, help_text="None when the clinic has not said when it is open."
    )
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="The first real contact: it meets the promise."
    )
    answered_by = staff_member()
    answered_after = models.DurationField(null=True, blank=True, help_text="In the clinic's working time.")
    worse_at = models.DateTimeField(
        null=True, blank=True, help_text="The patient says that it has got worse, and nobody has looked at it yet."
    )
    patient_wrote_at = models.DateTimeField(
        null=True, blank=True, help_text="The patient's last word, until somebody answers it."
    )
    windows_end_at = models.DateTimeField(null=True, blank=True, help_text="When the preferred times have passed.")
    dates_asked_at = models.DateTimeField(null=True, blank=True, help_text="New dates were asked for, once.")
    warned_reply_by = models.DateTimeField(
        null=True, blank=True, help_text="The promise that the staff were told is near."
    )
    same_person_as = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="sent_again", db_index=False
    )
    duplicate_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="duplicates", db_index=False
    )
    claimed_by = staff_member("has it")
    claimed_until = models.DateTimeField(null=True, blank=True, help_text="The claim ends by itself.")
    next_step = models.CharField(max_length=15, choices=NextStep, blank=True)
    next_step_on = models.DateField("on", null=True, blank=True, help_text="Until then nobody else is given it.")
    next_step_by = staff_member("owner")
    second_look_on = models.DateField(null=True, blank=True, help_text="The day on which it is looked at again.")
    is_demo = models.BooleanField("demo", default=False)

    appointment_starts_at = models.DateTimeField("appointment", null=True, blank=True)
    appointment_with = staff_member("with")
    appointment_place = models.CharField("place", max_length=120, blank=True)

    name_keys = NameKeysField(editable=False, default="")
    worse_rank_at = models.GeneratedField(
        expression=Coalesce("worse_at", Value(NEVER)), output_field=models.DateTimeField(), db_persist=True
    )
    due_at = models.GeneratedField(
        expression=Case(When(OWED_AN_ANSWER, then=Coalesce("reply_by", Value(NEVER))), default=Value(NEVER)),
        output_field=models.DateTimeField(),
        db_persist=True,
    )

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
            models.CheckConstraint(
                condition=Q(claimed_by=None, claimed_until=None)
                | Q(claimed_by__isnull=False, claimed_until__isnull=False),
                name="request_claim_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(next_step="", next_step_on=None, next_step_by=None)
                | Q(next_step__in=NextStep.values, next_step_on__isnull=False, next_step_by__isnull=False),
                name="request_next_step_is_whole",
            ),
            # Requests that were marked before there were links have none.
            models.CheckConstraint(
                condition=Q(duplicate_of=None) | (Q(status=RequestStatus.DUPLICATE) & ~Q(duplicate_of=F("id"))),
                name="request_duplicate_of_another",
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
            # The queue and its tabs with their counts: in_queue(), in_queue_order(), appointments.queue.
            models.Index(
                fields=[*QUEUE_ORDER],
                include=[
                    *("status", "worse_at", "answered_at", "patient_wrote_at", "reply_by", "windows_end_at"),
                    *("claimed_by", "claimed_until", "next_step_by", "next_step_on"),
                ],
                condition=IN_QUEUE,
                name="request_queue",
            ),
            # What is closed, the latest first, by status: latest_first().
            models.Index(fields=["status", "received_at", "id"], name="request_by_status"),
            # All requests, the latest first, and those of a range of days: latest_first(), appointments.numbers.
            models.Index(fields=["received_at", "id"], name="request_by_receipt"),
            # The requests of one person: of_same_person(), appointments.search.
            models.Index(fields=["birth_date"], name="request_by_birth_date"),
            # Requests by name, with one slip in each word: appointments.search.
            GinIndex(fields=["name_keys"], name="request_by_name"),
            # Requests by the end of a phone number: appointments.search.
            models.Index(last_digits("phone"), condition=~Q(phone=""), name="request_by_phone"),
            # A lost link: to_follow_by_mail(); appointments.search.
            models.Index(Lower("email"), condition=~Q(email=""), name="request_by_email"),
            # What somebody has: claimed_by(), at log-out.
            models.Index(fields=["claimed_by"], condition=Q(claimed_by__isnull=False), name="request_by_claim"),
            # What somebody will do: the tab of one's own.
            models.Index(fields=["next_step_by"], condition=Q(next_step_by__isnull=False), name="request_by_owner"),
            # Later requests of the same person: admin.marks.known_elsewhere().
            models.Index(
                fields=["same_person_as"], condition=Q(same_person_as__isnull=False), name="request_sent_again"
            ),
            # The duplicates of a request: its page.
            models.Index(fields=["duplicate_of"], condition=Q(duplicate_of__isnull=False), name="request_repeated"),
            # The appointments of a day and of a clinician: the calendar, its feed, the look for a clash.
            models.Index(
                fields=["appointment_starts_at"],
                condition=Q(appointment_starts_at__isnull=False),
                name="request_by_appointment",
            ),
            # What is to be looked at a second time: appointments.second_look.
            models.Index(
                fields=["second_look_on"], condition=Q(second_look_on__isnull=False), name="request_again"
            ),
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

    def status_path(self) -> str:
        """The patient's status page, in the patient's language. Raises LookupError when the secret that made the
        link is gone.

        Not `get_absolute_url`: to whom that name leads, Django's admin leads every staff account (/admin/r/), and
        this address is the patient's alone.
        """
        with translation.override(self.language):
            return reverse("appointments:request_status", args=[token_of(self.key, self.token_digest)])

    @property
    def clinician_name(self) -> str:
        """With whom the appointment is, by the name that patients know; "" when nobody is named. One query, unless
        `appointment_with` was fetched."""
        return self.appointment_with.get_full_name() if self.appointment_with else ""

    @property
    def is_open(self) -> bool:
        """True while work is left to do."""
        return self.status in OPEN_STATUSES

    @property
    def is_in_queue(self) -> bool:
        """True while it waits for the staff: open, or booked and worse since."""
        return self.is_open or (self.status == RequestStatus.BOOKED and self.worse_at is not None)

    @property
    def topic(self) -> str:
        """What the outbox calls the mails about this request."""
        return f"request:{self.pk}"

    @property
    def is_owed_an_answer(self) -> bool:
        """True while the promise stands: nobody of the clinic has reached the patient yet, or nobody has answered
        the patient's last word (see `contact_made`)."""
        return self.is_in_queue and (self.answered_at is None or self.patient_wrote_at is not None)

    @property
    def standing_promise(self) -> datetime.datetime | None:
        """The promise, while it stands."""
        return self.reply_by if self.is_owed_an_answer else None

    def is_late(self, now: datetime.datetime) -> bool:
        """True when the promise has passed, and the patient still waits for what it promised."""
        return self.standing_promise is not None and self.standing_promise < now

    def holder(self, now: datetime.datetime) -> "User | None":
        """Whoever has it at `now`: a claim that has run out holds nothing, nor does that of a closed account."""
        if self.claimed_by is None or self.claimed_until is None or self.claimed_until <= now:
            return None
        return self.claimed_by if self.claimed_by.is_active and self.claimed_by.is_staff else None

    def needs_new_dates(self, now: datetime.datetime) -> bool:
        """True when every time that the patient prefers has passed, and it is still open."""
        return self.is_open and self.windows_end_at is not None and self.windows_end_at < now
