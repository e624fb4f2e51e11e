"""What the staff keep for themselves: texts that they send often, views of the queue, calendars, and sign-offs."""

from typing import Self

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from appointments.models.answers import Language
from appointments.models.record import NOTE_MAX_LENGTH
from appointments.status_link import token_digest


class CannedReply(models.Model):
    """A text for patients that is written once. `appointments.canned_replies` knows the variables in it."""

    PUBLIC_FIELDS = ("id", "title", "body", "language")
    PRIVATE_FIELDS = ()

    title = models.CharField(max_length=60)
    body = models.TextField(
        validators=[MaxLengthValidator(NOTE_MAX_LENGTH)],
        help_text="You may write {reference}, {phone}, {promise} and {clinic}: they are filled in.",
    )
    language = models.CharField(max_length=2, choices=Language, default=Language.ENGLISH)

    class Meta:
        verbose_name_plural = "canned replies"
        ordering = ["language", "title"]
        constraints = [
            models.UniqueConstraint(Lower("title"), "language", name="canned_reply_title_once"),
            models.CheckConstraint(condition=Q(language__in=Language.values), name="canned_reply_language_exists"),
        ]

    def __str__(self) -> str:
        return self.title


class SavedView(models.Model):
    """A view of the queue under a name: its tab and filters. Whoever of the staff has the link may use it."""

    PUBLIC_FIELDS = ("id", "name", "query", "kept_by")
    PRIVATE_FIELDS = ()

    name = models.CharField(max_length=60)
    query = models.CharField(
        max_length=200, blank=True, help_text="The part of the address after the question mark."
    )
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="saved_view_name_once")]

    def __str__(self) -> str:
        return self.name


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    """Words for which calendars."""

    def with_token(self, token: str) -> Self:
        """The one at this secret address, with its clinician, or none. Costs the same for every token."""
        return self.filter(token_digest=token_digest(token)).select_related("clinician")


class CalendarFeed(models.Model):
    """The secret address under which a clinician's calendar program reads the booked appointments.

    The database keeps a digest of the address alone: `appointments.calendar_feed` shows it once.
    """

    PUBLIC_FIELDS = ("id", "clinician", "token_digest", "made_at", "made_by")
    PRIVATE_FIELDS = ()

    clinician = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = CalendarFeedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Calendar of {self.clinician_id}"


class DaySignOff(models.Model):
    """A named person's word, at the end of a day, that nobody was left behind, and how many were listed then."""

    PUBLIC_FIELDS = ("id", "date", "signed_at", "signed_by", "open_count", "listed_count")
    PRIVATE_FIELDS = ("note",)

    date = models.DateField(unique=True, help_text="On the clinic's calendar.")
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    open_count = models.PositiveIntegerField(help_text="Requests that were open.")
    listed_count = models.PositiveIntegerField(help_text="Of these, without owner, next step or day.")
    note = models.TextField(blank=True, validators=[MaxLengthValidator(NOTE_MAX_LENGTH)])

    class Meta:
        ordering = ["-date"]
        constraints = [
            models.CheckConstraint(condition=Q(listed_count__lte=models.F("open_count")), name="sign_off_counts"),
            models.CheckConstraint(condition=Q(listed_count=0) | ~Q(note=""), name="sign_off_with_listed_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.date}"
