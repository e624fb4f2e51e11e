"""What changed between two texts, so that a person can read it: by lines first, by words within them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from conditions.models.clue import Question
from conditions.models.red_flag import Tier
from conditions.sign_offs import SOURCE_FIELDS, Content

LABELS = {
    "title": "Title",
    "short_title": "Short title",
    "medical_name": "Medical name",
    "summary": "Summary",
    "diagram": "Drawing",
    "body": "Text",
    "closing": "When to see us",
}
LONG = 300  # characters: more than this that stayed the same is shown by its two ends


@dataclass(frozen=True)
class Piece:
    """A stretch of text that stayed the same, is gone or is new."""

    fate: Literal["same", "gone", "new"]
    text: str


@dataclass(frozen=True)
class Difference:
    """One part of an article that changed."""

    label: str
    pieces: list[Piece]


def differences_of(before: Content, after: Content) -> list[Difference]:
    """What changed from one content to another, as `clinical_content` gives them, part by part."""
    old, new = _parts(before), _parts(after)
    labels = [*new, *(label for label in old if label not in new)]
    return [
        Difference(label, pieces_of(old.get(label, ""), new.get(label, "")))
        for label in labels
        if old.get(label, "") != new.get(label, "")
    ]


def _parts(content: Content) -> dict[str, str]:
    """Each part of the content as text, under what editors call it."""
    fields = {LABELS[field]: content[field] for field in LABELS if field in content}
    sections = {f"Section {row['article']}": f"{row['name']}\n{row['text']}" for row in content.get("sections", [])}
    sources = {
        f"Source {row['key']}": "\n".join(
            f"{field}: {row[field]}" for field in SOURCE_FIELDS if field != "key" and row[field] is not None
        )
        for row in content.get("sources", [])
    }
    flags = {
        f"Warning sign {row['key']}": f"{Tier(row['tier']).label}\n{row['wording']}"
        for row in content.get("red_flags", [])
    }
    clues = {
        f"Clue: {Question(row['question']).label} {row['answer']}": (
            f"{row['wording']}\nsource: {row['source_key']}\nstrength: {row['strength']}"
        )
        for row in content.get("clues", [])
    }
    return fields | sections | sources | flags | clues


def pieces_of(before: str, after: str) -> list[Piece]:
    """Both texts as one: what stayed, what is gone, what is new, in reading order. Long sameness is cut short."""
    found: list[Piece] = []
    for piece in _by_lines(before, after):
        if found and found[-1].fate == piece.fate:
            found[-1] = Piece(piece.fate, found[-1].text + piece.text)
        elif piece.text:
            found.append(piece)
    last = len(found) - 1
    return [
        Piece("same", _ends(piece.text, is_first=place == 0, is_last=place == last))
        if piece.fate == "same"
        else piece
        for place, piece in enumerate(found)
    ]


def _by_lines(before: str, after: str) -> Iterator[Piece]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for fate, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if fate == "equal":
            yield Piece("same", "".join(old[a:b]))
        else:
            yield from _by_words("".join(old[a:b]), "".join(new[c:d]))


def _by_words(before: str, after: str) -> Iterator[Piece]:
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    for fate, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if fate == "equal":
            yield Piece("same", "".join(old[a:b]))
        else:
            yield Piece("gone", "".join(old[a:b]))
            yield Piece("new", "".join(new[c:d]))


def _ends(text: str, *, is_first: bool, is_last: bool) -> str:
    """A long text by the ends that touch a change."""
    if len(text) <= LONG:
        return text
    head = "" if is_first else text[: LONG // 2].rsplit(" ", 1)[0]
    tail = "" if is_last else text[-LONG // 2 :].split(" ", 1)[-1]
    return f"{head} … {tail}"
