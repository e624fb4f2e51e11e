"""The versions of an article: who made which, what each one changed, and how one comes back.

Read from the events that triggers write, one for each change to a row. All rows that one transaction changed carry
the time at which it began, and every change to a source or a section raises the article's version in the same
transaction: so the article's own events are its versions, and that time ties the other rows to them.
"""

import datetime
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.utils import timezone
from django.utils.dateformat import format as format_date

from conditions.differences import LABELS, Difference, pieces_of
from conditions.models import Article, Section, Source

TEXT_FIELDS = ("title", "short_title", "medical_name", "summary", "diagram", "body", "closing")
FIELDS = (*TEXT_FIELDS, "slug", "published_from", "withdrawn_from", "owner")
SOURCE_FIELDS = tuple(name for name in Source.PUBLIC_FIELDS if name not in {"id", "article", "key"})
SECTION_FIELDS = ("position", "text")
Row = dict[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """An article at one version: its own fields, its sources by key, its sections by the article they name (each
    with the `id` that the row had), and all of it as text, under what editors call the parts."""

    fields: Row
    sources: dict[str, Row]
    sections: dict[int, Row]
    parts: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Version:
    """One version, the one before it (None for the first), who made it and when (an aware time)."""

    number: int
    made_at: datetime.datetime
    made_by: str
    snapshot: Snapshot
    before: Snapshot | None = field(repr=False)

    @property
    def changed_parts(self) -> list[str]:
        """What it changed, by name. Empty for the first version, and when nothing changed that is kept here."""
        return changed_parts(self.before, self.snapshot) if self.before else []

    @property
    def differences(self) -> list[Difference]:
        """What it changed, word by word."""
        return differences_between(self.before, self.snapshot) if self.before else []


def changed_parts(before: Snapshot, after: Snapshot) -> list[str]:
    """The parts in which two versions differ, in the order of the later one."""
    labels = dict.fromkeys([*after.parts, *before.parts])
    return [label for label in labels if before.parts.get(label, "") != after.parts.get(label, "")]


def differences_between(before: Snapshot, after: Snapshot) -> list[Difference]:
    """What changed from one version to another, part by part and word by word."""
    return [
        Difference(label, pieces_of(before.parts.get(label, ""), after.parts.get(label, "")))
        for label in changed_parts(before, after)
    ]


def versions_of(article: Article) -> list[Version]:
    """Every version, oldest first. Five queries; reads the whole text of each version."""
    events = list(article.events.order_by("pgh_id").select_related("pgh_context"))  # type: ignore[attr-defined]
    kept = list({event.version: event for event in events}.values())
    place_of = {event.version: place for place, event in enumerate(kept)}
    starts = {event.pgh_created_at: place_of[event.version] for event in events}
    sources = _rows_at(Source, "article_id", "key", SOURCE_FIELDS, article, starts)
    sections = _rows_at(Section, "condition_id", "article_id", SECTION_FIELDS, article, starts)
    words = _Words()
    versions: list[Version] = []
    for event, its_sources, its_sections in zip(kept, sources, sections, strict=True):
        fields = {name: getattr(event, _column(Article, name)) for name in FIELDS}
        parts = words.parts(fields, its_sources, its_sections)
        snapshot = Snapshot(fields, its_sources, its_sections, parts)
        before = versions[-1].snapshot if versions else None
        made_by = words.maker(event.pgh_context)
        versions.append(Version(event.version, event.pgh_created_at, made_by, snapshot, before))
    return versions


def restore(article: Article, snapshot: Snapshot) -> None:
    """Put the texts of an earlier version over the present ones, with its sources and sections, as a new version.

    Address, dates and owner stay. In one transaction. Raises NewerEdit, and changes nothing, when somebody else has
    edited `article` since it was read.
    """
    with transaction.atomic():
        for name in TEXT_FIELDS:
            setattr(article, name, snapshot.fields[name])
        article.save()
        _restore_rows(article.sources, "key", snapshot.sources)
        _restore_rows(article.sections, "article_id", snapshot.sections)


def _restore_rows(there: Any, identity: str, wanted: dict[Any, Row]) -> None:
    """Make the rows of this relation those that are wanted."""
    rows = {getattr(row, identity): row for row in there.all()}
    for key, row in rows.items():
        if key not in wanted:
            row.delete()
    for key, values in wanted.items():
        row = rows.get(key) or there.model(**{there.field.name: there.instance, identity: key})
        for name, value in values.items():
            if name != "id":
                setattr(row, _column(there.model, name), value)
        row.save()


def _rows_at(
    model: type[models.Model],
    parent: str,
    identity: str,
    names: tuple[str, ...],
    article: Article,
    starts: dict[datetime.datetime, int],
) -> list[dict[Any, Row]]:
    """For each version the rows of `model` that belonged to it. `starts` says which version was made in the
    transaction that began at a time; of several, the last."""
    in_order = sorted(starts)
    changes: list[list[Any]] = [[] for _ in range(max(starts.values(), default=-1) + 1)]
    events = model.pgh_event_model.objects.filter(**{parent: article.pk})  # type: ignore[attr-defined]
    for event in events.order_by("pgh_id") if starts else ():
        start = event.pgh_created_at
        if start not in starts:  # of before versions were counted: with the last version that began before it
            start = in_order[max(bisect_right(in_order, start) - 1, 0)]
        changes[starts[start]].append(event)
    rows: dict[int, tuple[Any, Row]] = {}
    at_versions = []
    for events_of_version in changes:
        for event in events_of_version:
            rows[event.pgh_obj_id] = (
                getattr(event, identity),
                {"id": event.pgh_obj_id, **{name: getattr(event, _column(model, name)) for name in names}},
            )
            if event.pgh_label == "delete":
                del rows[event.pgh_obj_id]
        at_versions.append(dict(rows.values()))
    return at_versions


def _column(model: type[models.Model], name: str) -> str:
    """The attribute that holds a field's own value: for a person or an article, the number."""
    return str(model._meta.get_field(name).attname)  # type: ignore[union-attr]


class _Words:
    """How editors read what is kept in numbers. Two queries."""

    def __init__(self) -> None:
        self.titles = dict(Article.objects.values_list("pk", "title"))
        people = get_user_model().objects.filter(is_staff=True)
        self.people = {person.pk: person.get_full_name() or person.get_username() for person in people}

    def maker(self, context: Any) -> str:
        """Who stands behind an event."""
        metadata = context.metadata if context else {}
        if metadata.get("user") is not None:
            return self.person(metadata["user"])
        return f"The command {metadata['command']}" if metadata.get("command") else "Outside the staff pages"

    def person(self, pk: int) -> str:
        """The name of somebody of the staff."""
        return self.people.get(pk, "Somebody who no longer works here")

    def parts(self, fields: Row, sources: dict[str, Row], sections: dict[int, Row]) -> dict[str, str]:
        """Every part of a version as text, under its name."""
        own = {self.label(Article, name): self.text(Article, name, value) for name, value in fields.items()}
        cited = {f"Source {key}": self.row(Source, row) for key, row in sources.items()}
        shown = {f"Section {self.titles.get(pk, pk)}": self.row(Section, row) for pk, row in sections.items()}
        return own | shown | cited

    def row(self, model: type[models.Model], row: Row) -> str:
        """A source or a section as lines of text."""
        lines = ((name, self.text(model, name, value)) for name, value in row.items() if name != "id")
        return "\n".join(f"{self.label(model, name)}: {text}" for name, text in lines if text)

    def label(self, model: type[models.Model], name: str) -> str:
        """What editors call a field."""
        if model is Article and name in LABELS:
            return LABELS[name]
        return str(model._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]

    def text(self, model: type[models.Model], name: str, value: Any) -> str:
        """A field's value. Times are in the zone that is active, by name."""
        column = model._meta.get_field(name)
        if value is None:
            return ""
        if isinstance(value, datetime.datetime):
            return format_date(timezone.localtime(value), "F j, Y, g:i A T")
        if isinstance(column, models.ForeignKey):
            return self.person(value)
        choices = dict(getattr(column, "flatchoices", ()) or ())
        return str(choices.get(value, value))
