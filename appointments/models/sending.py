"""Sending: how a request gets into the queue once, and only once."""

import datetime
import hashlib
import json
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Lower
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from appointments import emails
from appointments.lifecycle import OPEN_STATUSES, RequestStatus, Role, urgency_of
from appointments.models.contact import ContactAttempt
from appointments.models.record import RedFlagAnswer, StatusChange, as_recorded
from appointments.models.waiting import LATE_AT_MOST, called_for_at, has_work, somebody_has
from appointments.promise import promised_by
from appointments.second_look import second_look_day
from appointments.status_link import new_token, token_digest
from appointments.windows import windows_end_at
from clinic import limits, outbox
from clinic.models import working_hours
from clinic.ready_query import ReadyQuery, blank
from conditions.models import RedFlag

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from appointments.models.request import AppointmentRequest

# The most urgent first; of these whoever got worse, the earliest first; then whose promise ends first; then whoever
# has waited longest. None of them is ever null.
QUEUE_ORDER = ("urgency", "worse_rank_at", "due_at", "received_at", "id")
# Work for the staff: what is open, and a booked patient who says that it has got worse.
IN_QUEUE = Q(status__in=OPEN_STATUSES) | Q(status=RequestStatus.BOOKED, worse_at__isnull=False)
# Of these: the promise stands. Nobody has reached the patient, or nobody has answered the patient's last word.
OWED_AN_ANSWER = Q(answered_at=None) | Q(patient_wrote_at__isnull=False)
# What the first entry of the record keeps, so that the record alone tells how a request stands.
FIRST_RECORDED = ("urgency", "received_at", "reply_by", "windows_end_at", "second_look_on")
REFERENCE_ALPHABET = "ABCDEFGHJKMNPQRTUVWXY346789"  # nothing that reads as something else on the phone


class AlreadySent(Exception):
    """This form was sent before, with other answers. The first request stands and is at `appointment_request`."""

    def __init__(self, appointment_request: "AppointmentRequest") -> None:
        super().__init__("this form was already sent with other answers")
        self.appointment_request = appointment_request


class AppointmentRequestQuerySet(models.QuerySet["AppointmentRequest"]):
    """Words for which requests, and in which order."""

    def open(self) -> Self:
        """Those with work left to do."""
        return self.filter(status__in=OPEN_STATUSES)

    def in_queue(self) -> Self:
        """Those that wait for the staff: the open ones, and a booked one that has got worse."""
        return self.filter(IN_QUEUE)

    def in_queue_order(self) -> Self:
        """The most urgent first; of these who got worse; then whose promise ends first; then the longest wait."""
        return self.order_by(*QUEUE_ORDER)

    def latest_first(self) -> Self:
        """As they came in, the latest first."""
        return self.order_by("-received_at", "-id")

    def unclaimed(self, now: datetime.datetime) -> Self:
        """Those that nobody has at `now`."""
        return self.exclude(somebody_has(now))

    def claimed_by(self, user: "User", now: datetime.datetime) -> Self:
        """Those that this person has at `now`."""
        return self.filter(claimed_by=user, claimed_until__gt=now)

    def not_put_off(self, today: datetime.date) -> Self:
        """Those with work for today, on the clinic's calendar: no step on a later day, or no way to wait for it."""
        return self.with_work(timezone.now(), today, today + LATE_AT_MOST)

    def with_work(self, now: datetime.datetime, today: datetime.date, latest: datetime.date) -> Self:
        """The same, in the terms of `has_work`."""
        return self.alias(called_for_at=called_for_at(now)).filter(has_work(now, today, latest))

    def of_same_person(self, birth_date: Any, full_name: Any, phone: Any, email: Any) -> Self:
        """Those that may be of this person: the same date of birth, and the same name, phone number or address.

        Each as the database keeps it, or an expression for it; phone and address may be empty.
        """
        same_phone, same_email = Q(phone=phone) & ~Q(phone=""), Q(email__iexact=email) & ~Q(email="")
        return self.filter(Q(full_name__iexact=full_name) | same_phone | same_email, birth_date=birth_date)

    def to_follow_by_mail(self, email: str) -> Self:
        """Those with this address that still lead somewhere, the latest first: for a link that was lost."""
        still = [*OPEN_STATUSES, RequestStatus.BOOKED, RequestStatus.UNREACHABLE]
        # With the words of the index: the database does not see by itself that no lost address is empty.
        with_address = self.exclude(email="").alias(address=Lower("email")).filter(address=Lower(Value(email)))
        return with_address.filter(status__in=still).order_by("-received_at", "-id")

    def in_need_of_dates(self, now: datetime.datetime) -> Self:
        """Open, every preferred time has passed, and the patient was not asked for new ones yet."""
        return self.open().filter(windows_end_at__lt=now, dates_asked_at=None)

    def owed_an_answer(self) -> Self:
        """The promise stands, as `is_owed_an_answer` says of one."""
        return self.in_queue().filter(OWED_AN_ANSWER)

    def with_unwarned_promise(self) -> Self:
        """The promise stands, and the staff were not told that it is near; a new promise is one of its own."""
        unwarned = Q(warned_reply_by=None) | ~Q(warned_reply_by=F("reply_by"))
        return self.owed_an_answer().filter(unwarned, reply_by__isnull=False)

    def to_look_at_again(self, today: datetime.date) -> Self:
        """Those whose second look is due on this day of the clinic's calendar, the longest due first."""
        return self.in_queue().filter(second_look_on__lte=today).order_by("second_look_on", "received_at", "id")

    def appointments_from(self, start: datetime.datetime, end: datetime.datetime | None = None) -> Self:
        """Those with an appointment at `start` or later, before `end` if one is given; in order of their time."""
        booked = self.filter(appointment_starts_at__gte=start).select_related("appointment_with")
        if end is not None:
            booked = booked.filter(appointment_starts_at__lt=end)
        return booked.order_by("appointment_starts_at", "id")

    def with_clinician(self, clinician: "User") -> Self:
        """Those whose appointment is with this person."""
        return self.filter(appointment_with=clinician)

    def with_token(self, token: str) -> Self:
        """The one whose status page has this token, or none."""
        return self.filter(token_digest=token_digest(token))

    def noting_attempts(self) -> Self:
        """The same, each with `was_tried`: whether somebody has tried to reach the patient. No query more."""
        return self.annotate(was_tried=Exists(ContactAttempt.objects.filter(appointment_request=OuterRef("pk"))))

    def submit(
        self,
        answers: dict[str, Any],
        *,
        key: UUID,
        red_flags: Iterable[RedFlag],
        is_checked_by_clinician: bool,
        source: str,
        keyed_in_by: "User | None" = None,
        role: Role = Role.PATIENT,
        limited_by: Iterable[limits.Limit] = (),
        digest: str = "",
        **marks: Any,
    ) -> "AppointmentRequest":
        """Keep a request that a patient sends, once for each one-time key.

        `answers` are what AppointmentRequestForm.answers() gives; `keyed_in_by` and `role` are those of the staff
        member who writes for a caller; `digest` is that of what was typed, else that of the answers is taken. In
        one transaction: the request, the red flags that were ticked in the words of today, the first row of its
        record, its mails, and a count under each of `limited_by`. The promise is reckoned from the clinic's opening
        hours. An open request of the same person is linked, and raised when this one says that it has got worse
        (see `appointments.worse`). Sent again with the same key and digest, also at the same moment: returns the
        request that is there, and counts nothing. Raises AlreadySent when the digest differs, and
        clinic.limits.LimitReached.
        """
        flags = list(red_flags)
        now = timezone.now()
        hours = working_hours()
        digest = digest or _answers_digest(answers, flags)
        first: dict[str, Any] = {
            "key": key,
            "token_digest": token_digest(new_token(key)),
            "answers_digest": digest,
            "urgency": urgency_of(flag.tier for flag in flags),
            "source": source,
            "keyed_in_by": keyed_in_by,
            "is_checked_by_clinician": is_checked_by_clinician,
            "received_at": now,
            "windows_end_at": windows_end_at(
                now,
                answers.get("windows", ()),
                answers.get("earliest_date"),
                answers.get("latest_date"),
                hours.zone,
            ),
        }
        first["reply_by"] = promised_by(now, first["urgency"], hours)
        first["second_look_on"] = second_look_day(answers, first["urgency"], now, hours)
        for _ in range(5):  # a new reference each time, should one be taken already
            new = self.model(**answers, **marks, **first, reference=_new_reference())
            try:
                with transaction.atomic():
                    new.save(force_insert=True)
                    limits.count(*limited_by)
                    self._begin_record(new, flags, by=keyed_in_by, role=role)
            except IntegrityError:
                kept = self.sent_before(key, digest)
                if kept is not None:
                    return kept
                if not self.filter(reference=new.reference).exists():
                    raise
                continue
            return new
        raise RuntimeError("no free reference was found")

    def sent_before(self, key: UUID, digest: str) -> "AppointmentRequest | None":
        """The request with this one-time key, or None. Raises AlreadySent when it was sent with other answers."""
        kept = self.filter(key=key).first()
        if kept is not None and kept.answers_digest != digest:
            raise AlreadySent(kept) from None
        return kept

    def _begin_record(
        self, kept: "AppointmentRequest", flags: list[RedFlag], *, by: "User | None", role: Role
    ) -> None:
        """What stands beside a new request: its red flags, the first row of its record, its mails, its links."""
        RedFlagAnswer.objects.bulk_create(RedFlagAnswer.of(flags, appointment_request=kept))
        StatusChange.objects.create(
            appointment_request=kept,
            version=kept.version,
            to_status=kept.status,
            changed_at=kept.received_at,
            changed_by=by,
            role=role,
            after=as_recorded({name: getattr(kept, name) for name in FIRST_RECORDED}),
        )
        outbox.queue(*emails.after_sending(kept, raised=self._link_to_earlier(kept)))

    def _link_to_earlier(self, kept: "AppointmentRequest") -> "AppointmentRequest | None":
        """Tell the staff of an open request by the same person, and raise that one when this one says that it has
        got worse. Returns what was raised.

        The sender learns nothing of it: a stranger could find out who has asked.
        """
        from appointments.worse import report_worse_by_second  # it needs the models

        found = EARLIER.rows(
            pk=kept.pk,
            birth_date=kept.birth_date,
            full_name=kept.full_name,
            phone=PhoneNumberField().get_prep_value(kept.phone),
            email=kept.email,
        )
        if not found:
            return None
        earlier = self.get(pk=found[0][0])
        self.filter(pk=kept.pk).update(same_person_as=earlier)
        kept.same_person_as = earlier
        return earlier if report_worse_by_second(earlier, kept) else None


def _earlier() -> models.QuerySet["AppointmentRequest", Any]:
    """Which request of the same person has been in the queue for longest, other than `pk`; locked."""
    from appointments.models.request import AppointmentRequest

    same = AppointmentRequest.objects.in_queue().of_same_person(
        birth_date=blank("birth_date", models.DateField()),
        full_name=blank("full_name", models.TextField()),
        phone=blank("phone", models.TextField()),
        email=blank("email", models.TextField()),
    )
    others = same.exclude(pk=blank("pk", models.BigIntegerField())).order_by("received_at", "id")
    return others.select_for_update().values_list("pk")[:1]


EARLIER = ReadyQuery(_earlier)


def _answers_digest(answers: dict[str, Any], red_flags: list[RedFlag]) -> str:
    """Equal for equal answers: tells a form that is sent again from one that was changed in between. The version of
    the privacy page is ours, and no answer."""
    everything = {**answers, "privacy_version": "", "red_flags": sorted(flag.key for flag in red_flags)}
    text = json.dumps(everything, cls=DjangoJSONEncoder, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _new_reference() -> str:
    """Eight characters that can be read out on the phone, such as K7MQ-4XDP."""
    letters = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
