"""What patients read, for translation: found in the code and the templates, and kept in clinic/locale/.

`make messages` brings the Spanish file up to date and compiles it. All of it in Python: no machine needs gettext.
"""

import datetime
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "clinic" / "locale" / "es" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
TEMPLATE_SUFFIXES = {".html", ".txt", ".ics", ".xml", ".svg"}
HEADER = """\
# Spanish of the request journey: plain Latin American Spanish as patients in Los Angeles read it.
# How to write it, and the words that we keep to: docs/spanish.md. Brought up to date by: make messages
# No clinician has read it. One who speaks Spanish has to confirm it before real patients rely on it."""
BEGUN = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)  # always the same, so that nothing but words differs
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


def sources() -> Iterator[tuple[str, str]]:
    """Each file of ours in which text may be marked, by its name, as Python source: a template's marks as calls."""
    for room in ("appointments", "clinic", "conditions"):
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text()
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in TEMPLATE_SUFFIXES:
            calls = templatize(path.read_text())
            # Only the calls count, each on one line: without their place in the page they are Python.
            yield str(path.relative_to(ROOT)), "\n".join(line.strip() for line in calls.splitlines())


def marked() -> Catalog:
    """Every text that is marked for translation, with the files in which it stands."""
    catalog = Catalog()
    for name, source in sources():
        found = extract("python", io.BytesIO(source.encode()), KEYWORDS, (), {"encoding": "utf-8"})
        for _, texts, _, context in found:
            catalog.add(texts, locations=[(name, 0)], context=context)
    return catalog


def spanish() -> Catalog:
    """What the Spanish file holds."""
    with PO.open("rb") as file:
        return read_po(file, locale="es")


def key(message: Message) -> tuple[str | None, str]:
    """What tells a text from every other: its context, and its English words."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def update() -> list[str]:
    """Write both files anew: new texts are added empty, those that are gone leave. Returns what has no Spanish."""
    known = spanish() if PO.exists() else Catalog(locale="es")
    kept = {key(message): message.string for message in known if message.id}
    fresh = Catalog(locale="es", header_comment=HEADER, creation_date=BEGUN, revision_date=BEGUN, fuzzy=False)
    for message in marked():
        if message.id:
            string = kept.get(key(message)) or None
            fresh.add(message.id, string, message.locations, message.flags, context=message.context)
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, fresh, width=0, sort_output=True, include_lineno=False)
    with MO.open("wb") as file:
        write_mo(file, fresh)
    return [key(message)[1] for message in fresh if message.id and not all(strings(message))]


def strings(message: Message) -> tuple[str, ...]:
    """The translation of a text, in each of its numbers."""
    return (message.string or "",) if isinstance(message.string, str | None) else tuple(message.string)


if __name__ == "__main__":
    sys.exit("\n".join(f"No Spanish yet: {text}" for text in update()) or None)
