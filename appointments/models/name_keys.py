"""Names as they are looked for: without accents, in any order of their words, and with one slip in each word.

Each word is kept, marked as whole, with what is left of it when any one letter is taken out. Two words that differ
by one letter too many, too few, wrong, or swapped with its neighbor have one of these in common, so that an index
finds them. By the mark, whole words are found apart from such remains, and so are words that begin alike.
"""

import re
import unicodedata
from typing import Any

from django.contrib.postgres.search import SearchVectorField

MOST_WORDS = 8  # of a name; nobody is looked for by more
LONGEST_WORD = 24  # letters; the rest of a longer one counts for nothing
SHORTEST_TO_SLIP_IN = 4  # letters; in shorter words a slip makes another name
WHOLE = "="  # stands before a whole word: no letter, no digit, and nothing that a list of lexemes is written with
# Letters that are no other letter with a mark.
SPELLED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "\u0131": "i"})
APOSTROPHES = re.compile("['\u2019`]")


def words_of(name: str) -> list[str]:
    """The words of a name in small letters, without accents; O'Brien is one word, Saint-Just are two."""
    apart = unicodedata.normalize("NFKD", name.casefold().translate(SPELLED))
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return [word[:LONGEST_WORD] for word in re.findall(r"[^\W_]+", APOSTROPHES.sub("", plain))[:MOST_WORDS]]


def keys_of(word: str) -> set[str]:
    """What a word is found by: itself as a whole, and what is left of it without any one of its letters."""
    return {WHOLE + word, *_remains(word)}


def keys_like(word: str) -> set[str]:
    """What is looked for to find a word with one slip at most: some that differ by two are found with them."""
    alike = {word, *_remains(word)}
    return alike | {WHOLE + each for each in alike}


def _remains(word: str) -> set[str]:
    if len(word) < SHORTEST_TO_SLIP_IN:
        return set()
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


class NameKeysField(SearchVectorField):
    """The keys of all words of the field `full_name` beside it, reckoned whenever a row is saved."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        """The keys as PostgreSQL reads a list of lexemes: letters, digits and the mark, so none needs quotes."""
        keys = " ".join(sorted({key for word in words_of(model_instance.full_name) for key in keys_of(word)}))
        setattr(model_instance, self.attname, keys)
        return keys
