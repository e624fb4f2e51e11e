"""The answers of the safety check, on their way to the request: signed, and kept by nobody but the page."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID, uuid4

from django.core import signing

from appointments.lifecycle import Urgency, urgency_of
from conditions.models import Article, RedFlag

SALT = "appointments.safety.2"  # raise the number when the fields change


@dataclass(frozen=True)
class SafetyCheck:
    """What a patient answered, and the one-time key of the request that may follow."""

    key: UUID
    red_flag_keys: tuple[str, ...]
    urgency: Urgency
    article_key: str
    is_checked_by_clinician: bool = False
    walking_line: str = ""  # the answers of the walking-pattern page, where the patient took them along

    @classmethod
    def of(cls, red_flags: Iterable[RedFlag], article_key: str, walking_line: str = "") -> Self:
        """A new check with a new one-time key."""
        ticked = list(red_flags)
        urgency = urgency_of(flag.tier for flag in ticked)
        return cls(uuid4(), tuple(flag.key for flag in ticked), urgency, article_key, walking_line=walking_line)

    @classmethod
    def from_token(cls, token: str) -> Self:
        """The check that a page of ours carried, however long it was open. Raises signing.BadSignature for any
        other text."""
        key, red_flag_keys, urgency, *others = signing.loads(token, salt=SALT)
        return cls(UUID(key), tuple(red_flag_keys), Urgency(urgency), *others)

    @property
    def token(self) -> str:
        """The check as signed text, for a hidden field."""
        others = [self.article_key, self.is_checked_by_clinician, self.walking_line]
        return signing.dumps([self.key.hex, self.red_flag_keys, self.urgency, *others], salt=SALT, compress=True)

    @property
    def needs_help_first(self) -> bool:
        """True when an emergency sign was ticked and nobody has looked at it yet."""
        return self.urgency == Urgency.EMERGENCY and not self.is_checked_by_clinician

    def checked_by_clinician(self) -> Self:
        """The same check, with the patient's word that a clinician has already looked at it."""
        return replace(self, is_checked_by_clinician=True)

    def without_walking_line(self) -> Self:
        """The same check, once the line stands in the form: from there on it is the patient's to keep or delete."""
        return replace(self, walking_line="")

    def for_another_request(self) -> Self:
        """The same answers under a new one-time key."""
        return replace(self, key=uuid4())

    def red_flags(self) -> list[RedFlag]:
        """The red flags that were ticked, in their words of today. One query."""
        return list(RedFlag.objects.filter(key__in=self.red_flag_keys))

    def article(self) -> Article | None:
        """The article that the patient came from, or None. One query."""
        return Article.objects.published().with_key(self.article_key).first()
