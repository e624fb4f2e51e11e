"""Mail on its way out. `clinic.outbox` puts it here and delivers it."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class OutgoingMail(models.Model):
    """One mail that has to go out: which function writes it and from what, not its text.

    It is written when it is delivered. So a copy of the database holds no mail, no address and no secret link,
    and a mail that waited for hours says what is true by then.
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
    )
    PRIVATE_FIELDS = ("arguments", "failure")

    message_id = models.UUIDField(unique=True, help_text="The same at each attempt, so that a reader can tell.")
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
    failure = models.CharField(max_length=300, blank=True, help_text="What the mail server last answered.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(failed_at__isnull=True), name="mail_sent_or_failed"
            ),
            models.CheckConstraint(
                condition=Q(next_attempt_at__gte=F("created_at")), name="mail_attempt_after_creation"
            ),
        ]
        indexes = [
            # What is due: clinic.outbox.deliver_next.
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(sent_at__isnull=True, failed_at__isnull=True),
                name="mail_due",
            ),
            # The mails about one request, on its page.
            models.Index(fields=["topic"], condition=~Q(topic=""), name="mail_by_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.function} {self.message_id}"
