"""The Spanish of the request journey: whole, true to the English in what must not change, and plain."""

import re
import tomllib
from collections import Counter
from gettext import GNUTranslations

import pytest
from babel.messages.catalog import Message

from conditions.article_files import CONTENT
from tests import messages

MARKED = {messages.key(message): message for message in messages.marked() if message.id}
SPANISH = {messages.key(message): message for message in messages.spanish() if message.id}
RED_FLAGS = tomllib.loads((CONTENT / "red_flags.toml").read_text())["red_flag"]

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}")
TAG = re.compile(r"<[^>]+>")
NUMBER = re.compile(r"\d[\d,]*")
# What a patient would hear in an office, and not at a kitchen table; and whatever is not "usted".
STIFF = re.compile(
    r"\b(?:asimismo|conforme a|dich[oa]s?|mediante|no obstante|a fin de|en virtud|el presente|la presente|sírvase"
    r"|proporcion\w+|favor de|efectuar|llevar a cabo|con el objeto|haga clic|cumpliment\w+)\b",
    re.IGNORECASE,
)
NOT_USTED = re.compile(
    r"\b(?:tú|tus?|ti|contigo|vosotros|vuestr[oa]s?|puedes|tienes|quieres|debes|eres|estás|llámanos|escribe|elige)\b",
    re.IGNORECASE,
)
MOST_WORDS = 25


def english(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def test_there_is_spanish_for_every_marked_text_and_for_nothing_else() -> None:
    assert len(MARKED) > 300, "the marks were not found"
    assert sorted(map(str, MARKED.keys() - SPANISH.keys())) == [], "not in the file: make messages"
    assert sorted(map(str, SPANISH.keys() - MARKED.keys())) == [], "marked nowhere any more: make messages"


def test_every_translation_is_there_and_none_is_a_guess() -> None:
    for message in SPANISH.values():
        assert all(text.strip() for text in messages.strings(message)), message.id
        assert len(messages.strings(message)) == len(english(message)), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("pattern", [PLACEHOLDER, TAG, NUMBER], ids=["placeholders", "tags", "numbers"])
def test_translations_keep_what_is_filled_in_the_links_and_the_numbers(pattern: re.Pattern[str]) -> None:
    for message in SPANISH.values():
        for source, text in zip(english(message), messages.strings(message), strict=True):
            assert Counter(pattern.findall(text)) == Counter(pattern.findall(source)), source


def test_translations_begin_and_end_as_the_english_does() -> None:
    """A phone number or a time follows a colon, so what stands before it must lead there."""
    for message in SPANISH.values():
        for source, text in zip(english(message), messages.strings(message), strict=True):
            assert text == text.strip() and source == source.strip(), source
            assert text.endswith(":") == source.endswith(":") or text.endswith("a más tardar el"), source


def test_what_is_compiled_is_what_is_written() -> None:
    """As Django reads it: with gettext of the standard library."""
    with messages.MO.open("rb") as file:
        compiled = GNUTranslations(file)
    for (context, text), message in SPANISH.items():
        if isinstance(message.id, tuple):
            singular, plural = message.id
            found = tuple(compiled.ngettext(singular, plural, count) for count in (1, 2))
        else:
            found = (compiled.pgettext(context, text) if context else compiled.gettext(text),)
        assert found == messages.strings(message)


def test_spanish_is_plain() -> None:
    for message in SPANISH.values():
        for text in messages.strings(message):
            assert_plain(TAG.sub("", text))


@pytest.mark.parametrize("row", RED_FLAGS, ids=lambda row: row["key"])
def test_red_flag_has_spanish_that_completes_the_question(row: dict[str, str]) -> None:
    wording = row["wording_es"]
    assert 0 < len(wording) <= 240
    assert wording[0].islower() and not wording.endswith(".")
    assert NUMBER.findall(wording) == NUMBER.findall(row["wording"])
    assert_plain(wording, most_words=30)


def assert_plain(text: str, most_words: int = MOST_WORDS) -> None:
    assert not STIFF.search(text), text
    assert not NOT_USTED.search(text), text
    for sentence in re.split(r"(?<=[.!?:;])\s+", text):
        assert len(sentence.split()) <= most_words, sentence


@pytest.mark.parametrize("text", ["Favor de proporcionar su teléfono.", "Elige una hora.", "a " * 26])
def test_what_is_not_plain_is_found(text: str) -> None:
    with pytest.raises(AssertionError):
        assert_plain(text)
