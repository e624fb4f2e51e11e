"""The answers of the safety check, on their way to the request: signed, and kept by nobody but the page."""

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.core import signing

from appointments.lifecycle import Urgency, urgency_of
from conditions.models import Article, RedFlag

SALT = "appointments.safety.3"  # raise the number when the fields change; not for a new last one with a default


@dataclass(frozen=True)
class SafetyCheck:
    """What a patient answered, and the one-time key of the request that may follow.

    It begins with the page that asks: whatever is sent from that page, in however many tabs, is one request.
    """

    key: UUID
    article_key: str
    begun_at: int  # seconds since 1970
    red_flag_keys: tuple[str, ...] = ()
    urgency: Urgency = Urgency.ROUTINE
    asked: str = ""  # the digest of the questions that were asked; "" until they are answered
    is_checked_by_clinician: bool = False
    walking_line: str = ""  # the answers of the walking-pattern page, where the patient took them along
    privacy_version: str = ""  # of the text that the page of the form led to; "" until that page is shown

    @classmethod
    def begin(cls, article_key: str = "", walking_line: str = "") -> Self:
        """A check that is not answered yet, with a new one-time key."""
        return cls(uuid4(), article_key, int(time.time()), walking_line=walking_line)

    @classmethod
    def from_token(cls, token: str) -> Self:
        """The check that a page of ours carried, however long it was open. Raises signing.BadSignature for any
        other text."""
        key, article_key, begun_at, red_flag_keys, urgency, *others = signing.loads(token, salt=SALT)
        return cls(UUID(key), article_key, begun_at, tuple(red_flag_keys), Urgency(urgency), *others)

    @classmethod
    def carried_by(cls, fields: Mapping[str, str]) -> Self | None:
        """The check in the posted `fields` of a page of ours, or None: then the way begins there."""
        try:
            return cls.from_token(fields.get("safety", ""))
        except signing.BadSignature:
            return None

    @property
    def token(self) -> str:
        """The check as signed text, for a hidden field."""
        answers = [self.red_flag_keys, self.urgency, self.asked, self.is_checked_by_clinician, self.walking_line]
        everything = [self.key.hex, self.article_key, self.begun_at, *answers, self.privacy_version]
        return signing.dumps(everything, salt=SALT, compress=True)

    @property
    def is_answered(self) -> bool:
        """True once the questions were answered."""
        return bool(self.asked)

    @property
    def needs_help_first(self) -> bool:
        """True when an emergency sign was ticked and nobody has looked at it yet."""
        return self.urgency == Urgency.EMERGENCY and not self.is_checked_by_clinician

    def answered(self, ticked: Iterable[RedFlag], asked: Iterable[RedFlag]) -> Self:
        """The same check with its answers: of the red flags that were `asked`, those that were `ticked`."""
        flags = list(ticked)
        return replace(
            self,
            red_flag_keys=tuple(flag.key for flag in flags),
            urgency=urgency_of(flag.tier for flag in flags),
            asked=_digest(asked),
            is_checked_by_clinician=False,
        )

    def has_asked(self, red_flags: Iterable[RedFlag]) -> bool:
        """True when these are the questions that were asked, in the wording and tier of today."""
        return self.asked == _digest(red_flags)

    def seconds_since_it_began(self) -> float:
        """By the clock of this machine. The patient has had the safety check and the form to read since."""
        return time.time() - self.begun_at

    def checked_by_clinician(self) -> Self:
        """The same check, with the patient's word that a clinician has already looked at it."""
        return replace(self, is_checked_by_clinician=True)

    def without_walking_line(self) -> Self:
        """The same check, once the line stands in the form: from there on it is the patient's to keep or delete."""
        return replace(self, walking_line="")

    def showing_privacy(self) -> Self:
        """The same check on a page that asks for consent, with the version of the privacy page of today."""
        return replace(self, privacy_version=settings.PRIVACY_VERSION)

    @property
    def has_shown_privacy(self) -> bool:
        """True when consent was asked for beside the privacy page of today."""
        return self.privacy_version == settings.PRIVACY_VERSION

    def for_another_request(self) -> Self:
        """The same answers under another one-time key, the same one each time: a page that is loaded twice makes
        one more request, not two."""
        return replace(self, key=uuid5(self.key, "another request"))

    def red_flags(self) -> list[RedFlag]:
        """The red flags that were ticked, in their words of today, asked about today or not. One query."""
        return list(RedFlag.objects.filter(key__in=self.red_flag_keys))

    def article(self) -> Article | None:
        """The article that the patient came from, or None. One query."""
        return Article.objects.published().with_key(self.article_key).first()


def _digest(red_flags: Iterable[RedFlag]) -> str:
    """Equal for equal questions. A version counts the changes of a wording, in any language, and of a tier."""
    asked = ",".join(sorted(f"{flag.key}:{flag.version}" for flag in red_flags))
    return hashlib.sha256(asked.encode()).hexdigest()[:16]
