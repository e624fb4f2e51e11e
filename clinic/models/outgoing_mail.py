"""Mail on its way out. `clinic.outbox` puts it here and delivers it."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    """Words about mail."""

    def waiting(self) -> Self:
        """Those that still have to go out, the one to be tried next first."""
        unended = Q(sent_at__isnull=True, failed_at__isnull=True, dropped_at__isnull=True)
        return self.filter(unended).order_by("next_attempt_at", "id")

    def due(self, now: datetime | None = None) -> Self:
        """Those waiting that may be tried at `now`, or by the database's own clock."""
        return self.waiting().filter(next_attempt_at__lte=now or Now())

    def failed(self) -> Self:
        """Those that did not reach anybody and are tried no more, the latest first: somebody has to call."""
        return self.filter(failed_at__isnull=False).order_by("-failed_at", "-id")

    def about(self, topic: str) -> Self:
        """Those about one thing, such as request:12, in the order in which they were queued."""
        return self.filter(topic=topic).order_by("id")

    def in_work_order(self) -> Self:
        """What somebody has to act on first: failed, then waiting, then what is done with, the latest first."""
        done = F("sent_at").asc(nulls_first=True), F("dropped_at").asc(nulls_first=True)
        return self.order_by(F("failed_at").desc(nulls_last=True), *done, "-id")


class OutgoingMail(models.Model):
    """One mail that has to go out: which function writes it and from what, not its text.

    It is written when it is delivered. So a copy of the database holds no mail, no address and no secret link,
    and a mail that waited for hours says what is true by then.

    It waits until it comes to one of three ends: sent (the mail server has taken it), failed (nobody got it, and
    it is tried no more) or dropped (by then there was nobody to write to, or nothing to say). A dropped mail keeps
    its row: were it deleted, nobody could tell it from one that was never queued.
    """

    PUBLIC_FIELDS = (
        "id",
        "message_id",
        "function",
        "topic",
        "created_at",
        "next_attempt_at",
        "attempts",
        "sent_at",
        "failed_at",
        "dropped_at",
    )
    PRIVATE_FIELDS = ("arguments", "failure")

    message_id = models.UUIDField(
        default=uuid.uuid4, unique=True, help_text="The same at each attempt, so that a reader can tell."
    )
    function = models.CharField(
        max_length=100, help_text="Where it is written, such as appointments.emails.received."
    )
    arguments = models.JSONField(default=dict)
    topic = models.CharField(max_length=40, blank=True, help_text="What it is about, such as request:12.")
    created_at = models.DateTimeField(db_default=Now())
    next_attempt_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True, help_text="Why it did not go out at the last attempt.")

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True, failed_at__isnull=True)
                | Q(sent_at__isnull=True, dropped_at__isnull=True)
                | Q(failed_at__isnull=True, dropped_at__isnull=True),
                name="mail_has_one_end",
            ),
            models.CheckConstraint(
                condition=Q(next_attempt_at__gte=F("created_at")), name="mail_attempt_after_creation"
            ),
        ]
        indexes = [
            # What is due: clinic.outbox.deliver_next.
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(sent_at__isnull=True, failed_at__isnull=True, dropped_at__isnull=True),
                name="mail_due",
            ),
            # Those that reached nobody, few among all that went out: failed(), on the staff's first page and in the
            # daily summary.
            models.Index(fields=["-failed_at", "-id"], condition=Q(failed_at__isnull=False), name="mail_failed"),
            # The mails about one request, on its page.
            models.Index(fields=["topic"], condition=~Q(topic=""), name="mail_by_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.function} {self.message_id}"

    @property
    def state(self) -> str:
        """Where it stands, in one word: waiting, sent, failed or dropped."""
        ends = {"sent": self.sent_at, "failed": self.failed_at, "dropped": self.dropped_at}
        return next((end for end, moment in ends.items() if moment), "waiting")
