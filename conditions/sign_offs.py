"""Whether a clinician stands by exactly the text that a page shows now.

Reckoned at each request from what the database holds then: no flag is kept that somebody could forget to clear, so
a change by the admin, by a command or by SQL counts from the next request on.
"""

import datetime
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import TextChoices

if TYPE_CHECKING:
    from conditions.models import Article, RedFlag

# What a clinician answers for. Not here: addresses, dates, owners, when a source was last opened.
TEXT_FIELDS = ("title", "short_title", "medical_name", "summary", "diagram", "body", "closing")
SOURCE_FIELDS = ("key", "claim", "citation", "publisher", "year", "url", "kind", "direction", "strength")
RED_FLAG_FIELDS = ("key", "tier", "wording")
CLUE_FIELDS = ("question", "answer", "wording", "source_key", "strength")

Content = dict[str, Any]


class ReviewStatus(TextChoices):
    """How a page stands to its newest sign-off."""

    SIGNED = "signed", "Signed off as it is"
    OVERDUE = "overdue", "Signed off, but its review is overdue"
    CHANGED = "changed", "Changed since it was signed off"
    NEVER = "never", "Never signed off"


@dataclass(frozen=True)
class ReviewState:
    """What the page says of its review. Without a sign-off, name, credentials and dates are empty.

    The dates are days of the clinic's zone. `content_hash` is that of the text as it is now.
    """

    status: ReviewStatus
    content_hash: str
    name: str = ""
    credentials: str = ""
    signed_on: datetime.date | None = None
    next_review_on: datetime.date | None = None

    @property
    def holds(self) -> bool:
        """Whether the page may say who reviewed it, and when."""
        return self.status == ReviewStatus.SIGNED


def clinical_content(article: "Article", red_flags: "Iterable[RedFlag]") -> Content:
    """All that a clinician answers for on the article's page, as plain values for JSON. No query.

    `article` comes with `with_evidence()`, a condition also with `with_sections()`; `red_flags` are those shown on
    its page. What has no fixed order on the page (sources, red flags, clues) is in the order of its keys, so that
    two rows with the same position cannot change places between two requests.
    """
    sections = article.section_list if article.kind == "condition" else []
    sources = [_only(SOURCE_FIELDS, source) for source in article.source_list]
    clues = [_only(CLUE_FIELDS, clue) for clue in article.clue_list]
    return {
        **{field: getattr(article, field) for field in TEXT_FIELDS},
        "sections": [
            {"article": section.article.key, "name": section.article.name, "text": section.text}
            for section in sections
        ],
        "sources": sorted(sources, key=lambda source: source["key"]),
        "red_flags": sorted(
            ({field: getattr(flag, field) for field in RED_FLAG_FIELDS} for flag in red_flags),
            key=lambda flag: flag["key"],
        ),
        "clues": sorted(clues, key=lambda clue: (clue["question"], clue["answer"])),
    }


def _only(fields: tuple[str, ...], row: dict[str, Any]) -> dict[str, Any]:
    return {field: row[field] for field in fields}


def content_hash(content: Content) -> str:
    """SHA-256 over the content as canonical JSON, in hexadecimal digits: equal for equal content alone."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def signed_hashes(article: "Article") -> set[str]:
    """The hashes of the texts that the newest sign-off covers: the one that was signed, and what confirmed edits
    that were not clinical have made of it, one after the other. Empty without a sign-off. No query."""
    if not article.sign_off_list:
        return set()
    (newest,) = article.sign_off_list
    covered = {newest["content_hash"]}
    steps = [step for step in article.amendment_list if step["sign_off"] == newest["id"]]
    for _ in steps:  # each round adds at least one step, or there is none to add, whatever order they came in
        covered |= {step["after"] for step in steps if step["before"] in covered}
    return covered


def is_signed(article: "Article", red_flags: "Iterable[RedFlag]") -> bool:
    """Whether a clinician has signed the text as it is now, overdue or not. Arguments as `clinical_content`."""
    return content_hash(clinical_content(article, red_flags)) in signed_hashes(article)


def review_state(article: "Article", red_flags: "Iterable[RedFlag]", now: datetime.datetime) -> ReviewState:
    """How the article's page stands to its newest sign-off at `now`, an aware time in the clinic's zone.

    On the day of the next review the sign-off still holds; from the day after it is overdue. A text that changed
    is not called overdue as well: nobody has signed it. Arguments else as `clinical_content`. No query.
    """
    current = content_hash(clinical_content(article, red_flags))
    if not article.sign_off_list:
        return ReviewState(ReviewStatus.NEVER, current)
    (newest,) = article.sign_off_list
    next_review_on = datetime.date.fromisoformat(newest["next_review_on"])
    if current not in signed_hashes(article):
        status = ReviewStatus.CHANGED
    else:
        status = ReviewStatus.OVERDUE if now.date() > next_review_on else ReviewStatus.SIGNED
    return ReviewState(
        status=status,
        content_hash=current,
        name=newest["name"],
        credentials=newest["credentials"],
        signed_on=datetime.datetime.fromisoformat(newest["signed_at"]).astimezone(now.tzinfo).date(),
        next_review_on=next_review_on,
    )
