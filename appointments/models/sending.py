"""Sending: how a request gets into the queue once, and only once."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone

from appointments.lifecycle import OPEN_STATUSES, Role, urgency_of
from appointments.models.record import RedFlagAnswer, StatusChange
from appointments.promise import promise
from appointments.status_link import new_token, token_digest
from conditions.models import Article, RedFlag

if TYPE_CHECKING:
    from appointments.models.request import AppointmentRequest

QUEUE_ORDER = ("urgency", "received_at", "id")
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

    def in_queue_order(self) -> Self:
        """The most urgent first, and of these the one that has waited longest."""
        return self.order_by(*QUEUE_ORDER)

    def with_token(self, token: str) -> Self:
        """The one whose status page has this token, or none."""
        return self.filter(token_digest=token_digest(token))

    def submit(
        self,
        answers: dict[str, Any],
        *,
        key: UUID,
        red_flags: Iterable[RedFlag],
        is_checked_by_clinician: bool,
        article: Article | None,
        source: str,
        **marks: Any,
    ) -> "AppointmentRequest":
        """Keep a request that a patient sends, once for each one-time key.

        `answers` are the cleaned fields of AppointmentRequestForm. In one transaction: the request, the red flags
        that were ticked in the words of today, the first row of its record. The promise is reckoned from the
        clinic's opening hours. Sent again with the same key and answers, also at the same moment: returns the
        request that is there. Raises AlreadySent when the answers differ.
        """
        flags = list(red_flags)
        now = timezone.now()
        urgency = urgency_of(flag.tier for flag in flags)
        reply_by = promise(now, urgency)
        digest = _answers_digest(answers, flags)
        with transaction.atomic():
            for _ in range(5):  # a new reference each time, should one be taken already
                candidate = self.model(
                    **answers,
                    **marks,
                    key=key,
                    token_digest=token_digest(new_token(key)),
                    answers_digest=digest,
                    reference=_new_reference(),
                    urgency=urgency,
                    source=source,
                    article=article,
                    is_checked_by_clinician=is_checked_by_clinician,
                    received_at=now,
                    reply_by=reply_by,
                )
                self.bulk_create([candidate], ignore_conflicts=True)
                kept = self.filter(key=key).first()
                if kept is not None:
                    break
            else:
                raise RuntimeError("no free reference was found")
            if kept.reference != candidate.reference:
                if kept.answers_digest != digest:
                    raise AlreadySent(kept)
                return kept
            RedFlagAnswer.objects.bulk_create(
                RedFlagAnswer(
                    appointment_request=kept,
                    key=flag.key,
                    version=flag.version,
                    tier=flag.tier,
                    wording=flag.wording,
                    concern=flag.concern,
                )
                for flag in flags
            )
            StatusChange.objects.create(
                appointment_request=kept,
                version=kept.version,
                to_status=kept.status,
                changed_at=now,
                role=Role.PATIENT,
            )
        return kept


def _answers_digest(answers: dict[str, Any], red_flags: list[RedFlag]) -> str:
    """Equal for equal answers: tells a form that is sent again from one that was changed in between."""
    everything = {**answers, "red_flags": sorted(flag.key for flag in red_flags)}
    text = json.dumps(everything, cls=DjangoJSONEncoder, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _new_reference() -> str:
    """Eight characters that can be read out on the phone, such as K7MQ-4XDP."""
    letters = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
