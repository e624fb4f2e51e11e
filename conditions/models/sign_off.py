"""A clinician's approval of exactly one text, and edits that did not change what it says."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

SIGN_OFF_FIELDS = ("id", "content_hash", "name", "credentials", "signed_at", "next_review_on")


class SignOff(models.Model):
    """A clinician has read this text and stands by it until the next review. `content_hash` says which text."""

    PUBLIC_FIELDS = (
        "id",
        "article",
        "content_hash",
        "signed_by",
        "signed_at",
        "name",
        "credentials",
        "next_review_on",
    )
    PRIVATE_FIELDS = ()

    article = models.ForeignKey("conditions.Article", on_delete=models.CASCADE, related_name="sign_offs")
    content_hash = models.CharField(max_length=64, editable=False)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    name = models.CharField(max_length=80, help_text="As patients read it.")
    credentials = models.CharField(max_length=80, help_text="As patients read them, such as MD, spine surgeon.")
    next_review_on = models.DateField()

    class Meta:
        ordering = ["-signed_at"]
        permissions = [("sign_off", "Can sign off articles as a clinician")]
        constraints = [
            models.CheckConstraint(
                condition=Q(next_review_on__gt=F("signed_at__date")), name="sign_off_reviewed_again_later"
            )
        ]
        indexes = [
            # ArticleQuerySet.with_sign_off: the newest of one article.
            models.Index(fields=["article", "-signed_at"], name="sign_off_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} by {self.name}"


class Amendment(models.Model):
    """An edit after a sign-off that an editor holds not to be clinical. It counts once a second person agrees."""

    PUBLIC_FIELDS = (
        "id",
        "sign_off",
        "hash_before",
        "hash_after",
        "reason",
        "marked_by",
        "marked_at",
        "confirmed_by",
        "confirmed_at",
    )
    PRIVATE_FIELDS = ()

    sign_off = models.ForeignKey(SignOff, on_delete=models.CASCADE, related_name="amendments")
    hash_before = models.CharField(max_length=64, editable=False)
    hash_after = models.CharField(max_length=64, editable=False)
    reason = models.CharField(max_length=300)
    marked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sign_off", "hash_before", "hash_after"], name="amendment_once"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="amendment_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("marked_by")),
                name="amendment_confirmed_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sign_off_id}: {self.reason}"
