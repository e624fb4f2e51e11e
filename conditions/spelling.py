"""What a reader may have meant by a word that no article has: one that is spelled, or sounds, nearly so."""

import re
from importlib.resources import files

from rapidfuzz import process
from rapidfuzz.distance import OSA

from conditions.vocabulary import Vocabulary

SURE = 0.8  # closeness from which one word is taken for the other
LIKELY = 0.7  # closeness from which the other one is offered
LETTERS = 0.4  # closeness of the letters below which the sound is not asked

# Three thousand words that everybody reads and writes: the list of Dale and Chall, as textstat ships it. What is
# nearest to one of them was meant so, even if no article has it; and who typed one has rarely meant another.
ORDINARY = frozenset(files("textstat").joinpath("resources/en/easy_words.txt").read_text().lower().split())
SURE_FOR_ORDINARY = 0.9  # "message" for "massage", but not "smile" for "small"

# How a word sounds, roughly: each spelling on the left gives way to the sound on the right, in this order.
_SOUNDS = [
    (re.compile(spelling), sound)
    for spelling, sound in (
        (r"^(?:kn|gn)", "n"),
        (r"^wr", "r"),
        (r"^ps", "s"),
        (r"ph", "f"),
        (r"gh", ""),
        (r"ck|ch|q", "k"),
        (r"s?c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"(?<=[rtw])h", ""),
        (r"e$", ""),
        (r"[aeiouy]+", "a"),
        (r"(.)\1+", r"\1"),
    )
]


def sound_of(word: str) -> str:
    """The same for spellings that one would say alike, such as `siatica` and `sciatica`."""
    for spelling, sound in _SOUNDS:
        word = spelling.sub(sound, word)
    return word


def closest(typed: str, vocabulary: Vocabulary, *, is_ordinary: bool) -> tuple[str, bool]:
    """The word that may have been meant by one that no article has, and whether it surely was; "" if there is none.

    Closeness is from 0 to 1 (the same): by the letters, or by these and the sound. Of an ordinary word more is
    asked, as it is a word already.
    """
    words = vocabulary.heads if is_ordinary else {*vocabulary.stems, *ORDINARY}
    best = max(
        (
            (max(letters, (letters + _alike(typed, word)) / 2), vocabulary.page_count_of(word), word)
            for word, letters, _ in process.extract(
                typed, words, scorer=OSA.normalized_similarity, score_cutoff=LETTERS, limit=50
            )
        ),
        default=(0.0, 0, ""),
    )
    closeness, _, word = best
    if closeness < (SURE_FOR_ORDINARY if is_ordinary else LIKELY) or word not in vocabulary.stems:
        return "", False
    return word, closeness >= SURE


def _alike(typed: str, word: str) -> float:
    return OSA.normalized_similarity(sound_of(typed), sound_of(word))
