"""What a patient looks for, made of what the patient typed."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conditions.spelling import ORDINARY, closest
from conditions.vocabulary import Stems, Vocabulary, words_of

MAX_LENGTH = 100  # characters; what comes after them is not read
# Words that tell no article from another: sides, and what is left of "can't" and "I'm" without the apostrophe.
SAY_NOTHING = frozenset({"left", "right", *(word.replace("'", "") for word in ORDINARY if "'" in word)})
MAX_TERMS = 12  # the rarest of them: more do not find better


@dataclass(frozen=True)
class Term:
    """One thing that is looked for. An article has it that has all stems of one of the ways to say it."""

    ways: tuple[Stems, ...]
    weight: float  # 0 and up: the fewer articles have it, the more it tells


@dataclass(frozen=True)
class Understood:
    """What a text asks for."""

    terms: list[Term]
    did_you_mean: str  # the text with its misspelled words mended; "" when there is nothing to mend
    is_mended: bool  # the terms are those of `did_you_mean`


@dataclass(frozen=True)
class Word:
    """A typed word, and what it may be instead."""

    typed: str
    stems: Stems  # to look for: none for a word such as "the", or for one that no article has
    mended: str = ""  # how it was probably meant
    mended_stems: Stems = ()
    is_sure: bool = False  # it was surely meant so


def understand(text: str) -> Understood:
    """The terms of a text, by the words that the published articles and the synonyms have now. One query."""
    typed = words_of(text[:MAX_LENGTH])
    vocabulary, stems = Vocabulary.current(typed)
    typed = _joined(typed, vocabulary)
    stems |= {word: vocabulary.stems[word] for word in typed if word not in stems}
    in_synonyms = {stem for _, used in _synonyms_in(stems.values(), vocabulary) for stem in used}
    words = [_read(word, stems[word], vocabulary, in_synonyms) for word in typed]
    mended = [word for word in words if word.mended]
    terms = _terms(
        [stem for word in words for stem in (word.mended_stems if word.is_sure else word.stems)], vocabulary
    )
    is_mended = bool(mended) and all(word.is_sure for word in mended)
    if mended and not terms:
        terms = _terms([stem for word in words for stem in word.mended_stems or word.stems], vocabulary)
        is_mended = True
    did_you_mean = " ".join(word.mended or word.typed for word in words) if mended else ""
    return Understood(terms, did_you_mean, is_mended)


def _joined(typed: list[str], vocabulary: Vocabulary) -> list[str]:
    """The words, with one in place of two that together are a word of a title or a synonym, such as "foot wear"."""
    words: list[str] = []
    for word in typed:
        if words and words[-1] + word in vocabulary.heads:
            words[-1] += word
        else:
            words.append(word)
    return words


def _read(typed: str, stem: str, vocabulary: Vocabulary, in_synonyms: set[str]) -> Word:
    """One word: as it stands when an article or a synonym has it, else as the beginning of one, else mended."""
    is_part_of_synonym = typed in vocabulary.stems and stem not in vocabulary.pages and stem not in in_synonyms
    if not stem or typed.isdecimal() or typed in SAY_NOTHING or is_part_of_synonym:
        return Word(typed, ())
    if stem in vocabulary.pages or stem in in_synonyms:
        return Word(typed, (stem,))
    is_ordinary = typed in ORDINARY or stem in ORDINARY
    if not is_ordinary and vocabulary.pages_with_all([beginning := f"{stem}:*"]) and len(stem) >= 4:
        return Word(typed, (beginning,))
    halves = [] if is_ordinary else _halves(typed, vocabulary)
    meant, is_sure = (" ".join(halves), True) if halves else closest(typed, vocabulary, is_ordinary=is_ordinary)
    return Word(typed, (), meant, vocabulary.stems_of(meant.split()), is_sure)


def _halves(typed: str, vocabulary: Vocabulary) -> list[str]:
    """Two words of the vocabulary that were typed without the space between them; [] when it is not so."""
    cuts = [(typed[:at], typed[at:]) for at in range(3, len(typed) - 2)]
    return next((list(halves) for halves in cuts if vocabulary.stems.keys() >= set(halves)), [])


def _synonyms_in(stems: Iterable[str], vocabulary: Vocabulary) -> list[tuple[Stems, frozenset[str]]]:
    """The terms of the synonyms that a text with these stems holds, wherever in it, and its stems that they use.

    The longest terms come first. One word may stand for another: who types "herniated disk" is understood by
    "disk: disc" and "herniated disc: ..." together.
    """
    said_by = {stem: stem for stem in stems}
    for stem in list(said_by):
        for way in vocabulary.synonyms.get((stem,), []):
            if len(way) == 1:
                said_by.setdefault(way[0], stem)
    found = [term for term in vocabulary.synonyms if said_by.keys() >= set(term)]
    return [(term, frozenset(said_by[stem] for stem in term)) for term in sorted(found, key=len, reverse=True)]


def _terms(stems: Sequence[str], vocabulary: Vocabulary) -> list[Term]:
    """What is looked for with these stems: first the synonyms, then what they have left."""
    left = dict.fromkeys(stems)
    found: list[tuple[Stems, ...]] = []
    for term, used in _synonyms_in(stems, vocabulary):
        if used <= left.keys():
            found.append((term, *vocabulary.synonyms[term]))
            left = {stem: None for stem in left if stem not in used}
    found += [((stem,),) for stem in left]
    terms = [Term(ways, weight) for ways in found if (weight := _weight(ways, vocabulary))]
    return sorted(terms, key=lambda term: term.weight, reverse=True)[:MAX_TERMS]


def _weight(ways: Sequence[Stems], vocabulary: Vocabulary) -> float:
    """How much it tells that an article has one of these: the inverse document frequency of BM25."""
    having = len(frozenset().union(*[vocabulary.pages_with_all(way) for way in ways]))
    return math.log(1 + (vocabulary.page_count - having + 0.5) / (having + 0.5)) if having else 0.0
