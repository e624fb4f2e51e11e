"""What a text may be that somebody of the staff looks for a patient by. No database, no HTTP.

One text may be several things, such as a name and a date of birth. One part of it may be read in two ways: eight
letters as names or a reference, digits as a date of birth or a part of a phone number, Jr as a name or none.
"""

import datetime
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Self

import phonenumbers

from appointments.fields import FIRST_YEAR, MONTHS
from appointments.models.name_keys import words_of
from appointments.models.sending import REFERENCE_ALPHABET

FEWEST_DIGITS = 7  # of a phone number: fewer are the end of too many
MOST_DIGITS = 15  # that a phone number has anywhere (ITU-T E.164), its country included
MOST_CANDIDATES = 128  # references that eight letters may stand for; with more, they are none
MOST_READINGS = 4  # places of a text that are read as a reference
REGION = "US"
# Letters and digits that are read, or written by hand, for each other. Some are in no reference at all.
LOOK_ALIKES = ("0OQD", "1IJLT7", "2Z7", "5S8B3", "6G", "9G", "4A", "UV", "MN", "EF", "PR", "CG", "XKY", "VY")

EMAIL = re.compile(r"[^\s<>(),;:]+@[^\s<>(),;:]+")
REFERENCE = re.compile(r"(?<![\w-])([A-Za-z0-9]{4})[\s\u2010-\u2015-]?([A-Za-z0-9]{4})(?![\w-])")
# The same in other pieces: as it was read out, or with other signs in it.
CUT = r"[\s._/\u2010-\u2015-]*"
CUT_REFERENCE = re.compile(rf"(?<![^\W_])(?=([A-Za-z0-9](?:{CUT}[A-Za-z0-9]){{7}})(?![^\W_]))")
PHONE = re.compile(
    r"(?<!\w)(?:tel:)?(\+?[\d(][\d\s()._\u2010-\u2015/-]{5,}\d)(?:\s*;?\s*(?:ext\.?=?|x|#)\s*\d{1,7})?(?!\w)",
    re.I,
)
ISO_DATE = re.compile(r"(?<!\d)(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)")
US_DATE = re.compile(
    r"(?<![\d-])(?P<month>\d{1,2})(\s?[-/.]\s?|\s)(?P<day>\d{1,2})\2(?P<year>\d{4}|\d{2})(?![\d-])"
)
BETWEEN = r"(?:[\s,./\u2010-\u2015-]|\b(?:de|of)\b)"
NAMED_MONTH, NAMED_DAY = r"(?P<month>[A-Za-z]{3,10})", r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
# Two digits that others follow are the middle of a number.
NAMED_YEAR = rf"['\u2019]?(?P<year>\d{{4}}\b|\d{{2}}\b(?!{BETWEEN}*\d))"
NAMED_DATES = (
    re.compile(rf"\b{NAMED_MONTH}{BETWEEN}*{NAMED_DAY}{BETWEEN}+{NAMED_YEAR}"),
    re.compile(rf"\b{NAMED_DAY}{BETWEEN}*{NAMED_MONTH}{BETWEEN}*{NAMED_YEAR}"),
    re.compile(rf"\b(?P<year>\d{{4}}){BETWEEN}*{NAMED_MONTH}{BETWEEN}*{NAMED_DAY}\b"),
)
# Written without signs it may be the end of a phone number too.
BARE_DATES = (
    re.compile(r"(?<!\S)(?P<month>\d\d)(?P<day>\d\d)(?P<year>\d{4})(?!\S)"),
    re.compile(r"(?<!\S)(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?!\S)"),
    re.compile(r"(?<!\S)(?P<month>\d\d)(?P<day>\d\d)(?P<year>\d\d)(?!\S)"),
)
# What people are called before and after their name, and what is written before what they gave. Some may be a name.
NO_NAMES = frozenset(
    {
        *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "madam", "sr", "sra", "srta", "senor", "senora"),
        *("jr", "ii", "iii", "iv", "md", "phd", "esq", "dob", "born", "ref", "reference", "tel", "phone", "name"),
    }
)


@dataclass(frozen=True)
class Sought:
    """Everything that a text may be. What it is not is empty."""

    references: tuple[str, ...] = ()  # as they were typed
    look_alikes: tuple[str, ...] = ()  # other references that may have been meant
    phone_endings: tuple[str, ...] = ()  # digits, FEWEST_DIGITS or more
    email: str = ""
    birth_dates: tuple[datetime.date, ...] = ()
    words: tuple[str, ...] = ()  # of a name, as `words_of` writes them

    @classmethod
    def read(cls, text: str, today: datetime.date) -> Self:
        """Read what was typed. `today` is that of the clinic's calendar: nobody is born later."""
        rest = _plain(text)
        email = EMAIL.search(rest)
        rest = _without(rest, email)
        birth_dates, found = _birth_dates(rest, today)
        around = _phone_around(rest, found)
        cut = list(_cut_references(rest if _goes_on(rest, found) else _without(rest, found)))
        rest = _without(rest, found)
        reference = next((one for one in REFERENCE.finditer(rest) if _candidates((one[1] + one[2]).upper())), None)
        whole = [(reference[1] + reference[2]).upper()] if reference else []
        if reference and not reference[0].isdigit() and any(map(str.isdigit, reference[0])):
            rest = _without(rest, reference)
        endings, found = _phone(rest)
        rest = _without(rest, found)
        return cls(
            *_references([*dict.fromkeys((*whole, *cut))][:MOST_READINGS]),
            phone_endings=tuple(sorted({*endings, *around})),
            email=email[0].lower() if email else "",
            birth_dates=birth_dates,
            words=tuple(_words(rest)),
        )

    @property
    def bare_words(self) -> tuple[str, ...]:
        """The words of a name but for those that may be none, such as Mrs or Jr."""
        return tuple(word for word in self.words if word not in NO_NAMES)


def is_one_slip(one: str, other: str) -> bool:
    """True when the words differ by nothing, or by one letter too many, wrong, or swapped with its neighbor."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    one, other = one[start:], other[start:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    is_swapped = len(one) == len(other) == 2 and one == other[::-1]
    return is_swapped or max(len(one), len(other)) <= 1


def _plain(text: str) -> str:
    """Wide digits as digits, and nothing that cannot be seen."""
    letters = unicodedata.normalize("NFKC", text)
    return "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in letters)


def _without(text: str, found: re.Match[str] | None) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}" if found else text


def _birth_dates(text: str, today: datetime.date) -> tuple[tuple[datetime.date, ...], re.Match[str] | None]:
    """The dates that the first date in the text may be, and where it stands, unless it may be something else."""
    for pattern in (ISO_DATE, US_DATE, *NAMED_DATES):
        for found in pattern.finditer(text):
            if dates := tuple(_dates(found["year"], found["month"], found["day"], today)):
                return dates, found
    for pattern in BARE_DATES:
        for found in pattern.finditer(text):
            if dates := tuple(_dates(found["year"], found["month"], found["day"], today)):
                return dates, None
    return (), None


def _goes_on(text: str, date: re.Match[str] | None) -> bool:
    """Whether the date may be the middle of something longer: what stands around it is what stands in it."""
    signs = set(re.sub(r"\w", "", date[0])) if date else set()
    return date is not None and not signs.isdisjoint(
        text[max(date.start() - 1, 0) : date.start()] + text[date.end() : date.end() + 1]
    )


def _dates(year: str, month: str, day: str, today: datetime.date) -> Iterator[datetime.date]:
    """Month first, as here; day first where that alone can be. Of two digits for a year, both years that end so."""
    years = [int(year)] if len(year) == 4 else [century + int(year) for century in (1900, 2000)]
    months, days = (_month(month), int(day)), (int(day), _month(month))
    for each in years:
        for number, of_month in (months, days) if int(day) > 0 and months[0] > 12 else (months,):
            try:
                date = datetime.date(each, number, of_month)
            except ValueError:
                continue
            if date.year >= FIRST_YEAR and date <= today:
                yield date


def _month(text: str) -> int:
    """1 to 12 for the name of a month, the number for a number, 0 for anything else."""
    if text.isdigit():
        return int(text)
    return next((at for at, names in enumerate(MONTHS, 1) if any(n.startswith(text.lower()) for n in names)), 0)


def _references(readings: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The references that were typed, and those that may have been meant."""
    typed, alike = [], []
    for letters in readings:
        candidates = [f"{one[:4]}-{one[4:]}" for one in _candidates(letters)]
        is_one = all(letter in REFERENCE_ALPHABET for letter in letters)
        typed += candidates[:1] if is_one else []
        alike += candidates[1:] if is_one else candidates
    return tuple(typed), tuple(one for one in alike if one not in typed)


def _cut_references(text: str) -> Iterator[str]:
    """Every eight letters in a row, whatever stands between them. Without a digit they are names, unless they stand
    in pieces of the same length."""
    for found in CUT_REFERENCE.finditer(text):
        pieces = re.findall(r"[A-Za-z0-9]+", found[1])
        letters = "".join(pieces).upper()
        has_digit, is_even = any(map(str.isdigit, letters)), len({len(piece) for piece in pieces}) == 1
        if not letters.isdigit() and (has_digit or is_even):
            yield letters


def _candidates(typed: str) -> list[str]:
    """The references that these eight letters may stand for: what is in none is read as what looks like it; else
    one letter may be one that looks like it. None when they may stand for too many."""
    choices = [_alike(letter) if letter not in REFERENCE_ALPHABET else [letter] for letter in typed]
    count = 1
    for choice in choices:
        count *= len(choice)
    if not 0 < count <= MOST_CANDIDATES:
        return []
    read = ["".join(letters) for letters in product(*choices)]
    if count > 1:
        return read
    others = [typed[:at] + other + typed[at + 1 :] for at, letter in enumerate(typed) for other in _alike(letter)]
    return [typed, *others]


def _alike(letter: str) -> list[str]:
    return sorted(
        {other for group in LOOK_ALIKES if letter in group for other in group if other in REFERENCE_ALPHABET}
        - {letter}
    )


def _phone(text: str) -> tuple[tuple[str, ...], re.Match[str] | None]:
    """How the digits of the first number in the text may end, and where it stands."""
    for found in PHONE.finditer(text):
        if fitting := _endings(found[1]):
            return fitting, found
    return (), None


def _phone_around(text: str, date: re.Match[str] | None) -> tuple[str, ...]:
    """How the digits may end of a number that the date is a part of: 06 12 34 56 78 is no day in June alone."""
    for found in PHONE.finditer(text) if date else ():
        if date and found.start(1) <= date.start() and date.end() <= found.end(1) and found[1] != date[0]:
            return _endings(found[1])
    return ()


def _endings(number: str) -> tuple[str, ...]:
    """How its digits may end: as it was typed, and whole with its country."""
    digits = re.sub(r"\D", "", number)
    endings = {digits.lstrip("0"), _whole(number), _whole(f"+{digits[2:]}") if digits.startswith("00") else ""}
    return tuple(sorted(ending for ending in endings if FEWEST_DIGITS <= len(ending) <= MOST_DIGITS))


def _whole(text: str) -> str:
    """All digits of a number with its country, as one dials it from here; "" for the end of one."""
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


def _words(text: str) -> Iterator[str]:
    """The words of a name. A single letter that is not the last is an initial, which few names are kept with."""
    words = [word for word in words_of(text) if not any(letter.isdigit() for letter in word)]
    for at, word in enumerate(words, 1):
        if len(word) > 1 or at == len(words):
            yield word
