"""Two people's edits of one article, field by field and row by row: what each changed, and the two put together.

Works on forms as they are filled in, so that what was typed is kept even where it is not valid.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from django import forms
from django.core.exceptions import ValidationError

from conditions.differences import Piece, pieces_of

Choice = Literal["both", "theirs", "mine"]


@dataclass(frozen=True)
class Filled:
    """A form as filled in: by field what a browser would send, what that means, and how a person reads it."""

    values: dict[str, str]
    meanings: dict[str, Any]
    words: dict[str, str]
    labels: dict[str, str]
    pk: str = ""
    is_deleted: bool = False

    def as_text(self) -> str:
        """All of it in lines that a person can read; one field alone without its label."""
        if len(self.words) == 1:
            return next(iter(self.words.values()))
        return "\n".join(f"{self.labels[name]}: {text}" for name, text in self.words.items() if text)

    def only(self, name: str) -> "Filled":
        """One of its fields, to compare it alone."""
        value, meaning, words, label = (
            {name: part[name]} for part in (self.values, self.meanings, self.words, self.labels)
        )
        return Filled(value, meaning, words, label)


@dataclass(frozen=True)
class Comparison:
    """A part in which the two differ, and who changed it since the version that the editor had opened."""

    label: str
    changed_by: Choice
    theirs: list[Piece]
    mine: list[Piece]


def filled(form: forms.BaseForm, names: Iterable[str], *, pk: str = "", is_deleted: bool = False) -> Filled:
    """Read these fields of a form, bound or not."""
    values: dict[str, str] = {}
    meanings: dict[str, Any] = {}
    words: dict[str, str] = {}
    for name in names:
        bound = form[name]
        value = bound.field.widget.format_value(bound.value())
        value = (value[0] if value else "") if isinstance(value, list | tuple) else value
        values[name] = "" if value is None else str(value).replace("\r\n", "\n")
        try:
            meanings[name] = bound.field.to_python(values[name])
        except ValidationError:
            meanings[name] = values[name]
        choices = {str(key): str(label) for key, label in getattr(bound.field, "choices", ())}
        words[name] = choices.get(values[name], values[name]) if values[name] else ""
    labels = {name: str(form[name].label) for name in values}
    return Filled(values, meanings, words, labels, pk, is_deleted)


def put_together(mine: Filled, theirs: Filled, base: Filled | None, choice: Choice) -> dict[str, str]:
    """The values to go on with. "both": mine where I changed something, theirs elsewhere; all mine when nobody
    knows what I had opened (`base` is None)."""
    if choice == "theirs":
        return theirs.values
    if choice == "mine" or base is None:
        return mine.values
    return {
        name: theirs.values[name] if mine.meanings[name] == base.meanings[name] else value
        for name, value in mine.values.items()
    }


@dataclass(frozen=True)
class Rows:
    """The rows of one kind: as I have them, as they are there now, and as they were when I opened the article
    (None when nobody knows). `identity` names the fields that tell rows apart."""

    mine: Sequence[Filled]
    theirs: Sequence[Filled]
    base: Sequence[Filled] | None
    identity: Sequence[str]

    def partners(self) -> dict[str, Filled]:
        """For the rows that are there now, by their number, the one that I have of each: by number, or by what
        tells rows apart when it was taken away and made anew."""
        by_pk = {row.pk: row for row in self.mine if row.pk}
        by_identity = {self._identity(row): row for row in self.mine}
        found = {row.pk: by_pk.get(row.pk) or by_identity.get(self._identity(row)) for row in self.theirs}
        return {pk: row for pk, row in found.items() if row}

    def put_together(self, choice: Choice) -> tuple[list[Filled], list[Filled]]:
        """The rows to go on with: those that are there now, and those to add.

        A row that they took away comes back only where I had changed it. One that they added stays, but marked as
        deleted when all is to be mine.
        """
        if choice == "theirs":
            return list(self.theirs), []
        partners = self.partners()
        bases = {row.pk: row for row in self.base or ()}
        there = []
        for row in self.theirs:
            my_row = partners.get(row.pk)
            if my_row is None:
                there.append(replace(row, is_deleted=choice == "mine"))
            else:
                values = put_together(my_row, row, bases.get(my_row.pk), choice)
                there.append(replace(row, values=values, is_deleted=my_row.is_deleted))
        changed = [row for row in self._only_mine() if choice == "mine" or not is_same(row, bases.get(row.pk))]
        return there, [row for row in changed if not row.is_deleted]

    def compare(self, name: str) -> list[Comparison]:
        """Both sides of every row in which they differ. `name` says what such a row is."""
        partners = self.partners()
        bases = {row.pk: row for row in self.base or ()}
        pairs = [(partners.get(row.pk), row, bases.get(row.pk)) for row in self.theirs]
        alone = [(row, None, bases.get(row.pk)) for row in self._only_mine()]
        found = []
        for mine, theirs, base in [*pairs, *alone]:
            row = theirs or mine
            label = f"{name} {', '.join(row.words[part] for part in self.identity)}" if row else name
            found.append(compare(label, mine, theirs, base, knows_base=self.base is not None))
        return [comparison for comparison in found if comparison]

    def _only_mine(self) -> list[Filled]:
        taken = {id(row) for row in self.partners().values()}
        return [row for row in self.mine if id(row) not in taken]

    def _identity(self, row: Filled) -> tuple[str, ...]:
        return tuple(row.values[name] for name in self.identity)


def compare(
    label: str, mine: Filled | None, theirs: Filled | None, base: Filled | None, *, knows_base: bool
) -> Comparison | None:
    """Both sides of one field or one row, or None when they say the same. None stands for no such row."""
    if is_same(mine, theirs):
        return None
    changed_by: Choice = "both"
    if knows_base and is_same(mine, base):
        changed_by = "theirs"
    elif knows_base and is_same(theirs, base):
        changed_by = "mine"
    my_text, their_text = (row.as_text() if row and not row.is_deleted else "" for row in (mine, theirs))
    pieces = pieces_of(their_text, my_text)
    return Comparison(
        label,
        changed_by,
        theirs=[piece for piece in pieces if piece.fate != "new"],
        mine=[piece for piece in pieces if piece.fate != "gone"],
    )


def is_same(one: Filled | None, other: Filled | None) -> bool:
    """Whether two rows mean the same. One that is deleted is as none."""
    one = None if one and one.is_deleted else one
    other = None if other and other.is_deleted else other
    if one is None or other is None:
        return one is other
    return one.meanings == other.meanings
