"""A clinician's approval of exactly one text, and edits that did not change what it says."""

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from conditions.sign_offs import clinical_content, content_hash, signed_hashes

if TYPE_CHECKING:
    from conditions.models.article import Article
    from conditions.models.red_flag import RedFlag

SIGN_OFF_FIELDS = ("id", "content_hash", "name", "credentials", "signed_at", "next_review_on")


class SignOffRefused(Exception):
    """Nothing was signed, marked or confirmed. `code` says which rule, the text says it kindly."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SignOffQuerySet(models.QuerySet["SignOff"]):
    """How a sign-off comes about, and which one counts."""

    def newest_of(self, article: "Article") -> "SignOff | None":
        """The sign-off that counts for the article, or None. One query."""
        return self.filter(article=article).order_by("-signed_at", "-pk").first()

    def sign(
        self,
        article: "Article",
        red_flags: "Iterable[RedFlag]",
        *,
        seen: str,
        by: User,
        name: str,
        credentials: str,
        next_review_on: datetime.date,
    ) -> "SignOff":
        """Keep that `by` signs the text that they were shown, whose hash is `seen`.

        `article` and `red_flags` as `clinical_content` takes them. Raises SignOffRefused ("changed") when the text
        is another one by now. The same person signing the same text until the same day once more (a second click)
        gets the sign-off that is there. At most two queries; no lock: a text that changes meanwhile has another
        hash, and so is not signed.
        """
        content = clinical_content(article, red_flags)
        if content_hash(content) != seen:
            raise SignOffRefused("changed", "The text has changed since you opened this page. Read it again.")
        newest = self.newest_of(article)
        same = {"content_hash": seen, "signed_by": by, "next_review_on": next_review_on}
        if newest and all(getattr(newest, field) == value for field, value in same.items()):
            return newest
        return self.create(
            article=article,
            content=content,
            signed_at=timezone.now(),
            name=name,
            credentials=credentials,
            **same,
        )


class SignOff(models.Model):
    """A clinician has read this text and stands by it until the next review. Never changed, never deleted alone.

    `content` is the text as `clinical_content` gives it, kept to show later what was signed; `content_hash` is its.
    """

    PUBLIC_FIELDS = (
        "id",
        "article",
        "content_hash",
        "content",
        "signed_by",
        "signed_at",
        "name",
        "credentials",
        "next_review_on",
    )
    PRIVATE_FIELDS = ()

    article = models.ForeignKey("conditions.Article", on_delete=models.CASCADE, related_name="sign_offs")
    content_hash = models.CharField(max_length=64, editable=False)
    content = models.JSONField(editable=False)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    name = models.CharField(max_length=80, help_text="As patients read it.")
    credentials = models.CharField(max_length=80, help_text="As patients read them, such as MD, spine surgeon.")
    next_review_on = models.DateField()

    objects = SignOffQuerySet.as_manager()

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


class AmendmentQuerySet(models.QuerySet["Amendment"]):
    """How an edit is marked, and which ones wait."""

    def waiting(self) -> "AmendmentQuerySet":
        """Those that a second person has yet to look at."""
        return self.filter(confirmed_by=None)

    def mark(
        self, article: "Article", red_flags: "Iterable[RedFlag]", *, seen: str, by: User, reason: str
    ) -> "Amendment":
        """Keep that `by` holds all that changed since the newest sign-off not to be clinical. The text that they
        were shown has the hash `seen`.

        `article` comes with `with_evidence()`. The step leads from the signed text itself, not from the last
        confirmed edit, so that the second person sees the whole way. Raises SignOffRefused: "changed" (another
        text by now), "never_signed", "nothing_changed". Marked already: the mark that is there. Two queries.
        """
        current = content_hash(clinical_content(article, red_flags))
        if current != seen:
            raise SignOffRefused("changed", "The text has changed since you opened this page. Look at it again.")
        newest = SignOff.objects.newest_of(article)
        if newest is None:
            raise SignOffRefused("never_signed", "No clinician has signed this article yet.")
        if current in signed_hashes(article):
            raise SignOffRefused("nothing_changed", "The sign-off holds: nothing has changed since.")
        amendment, _ = self.get_or_create(
            sign_off=newest,
            hash_before=newest.content_hash,
            hash_after=current,
            defaults={"reason": reason, "marked_by": by, "marked_at": timezone.now()},
        )
        return amendment


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

    objects = AmendmentQuerySet.as_manager()

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

    def confirm(self, article: "Article", red_flags: "Iterable[RedFlag]", *, by: User) -> None:
        """Keep that `by` agrees: with it the sign-off covers the text as it is now.

        `article` is the one of the sign-off, with `with_evidence()`. Raises SignOffRefused: "same_person",
        "changed" (the text is another one than was marked), "signed_again" (a newer sign-off counts now),
        "confirmed" (somebody was first). Two queries.
        """
        if by == self.marked_by:
            raise SignOffRefused("same_person", "You marked this edit yourself: a second person has to confirm it.")
        if content_hash(clinical_content(article, red_flags)) != self.hash_after:
            raise SignOffRefused("changed", "The text has changed again since this edit was marked.")
        if SignOff.objects.newest_of(article) != self.sign_off:
            raise SignOffRefused("signed_again", "The article has been signed again since this edit was marked.")
        changed = Amendment.objects.waiting().filter(pk=self.pk)
        if not changed.update(confirmed_by=by, confirmed_at=timezone.now()):
            raise SignOffRefused("confirmed", "Somebody else has confirmed this edit already.")
        self.refresh_from_db()
