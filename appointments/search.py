"""Requests as the staff look for them: by whatever the patient gives, in one text.

Every way has an index of its own, and a bound: see RequestSearch. What a text may be, `appointments.sought` says.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.contrib.postgres.search import SearchQueryField
from django.db.models import BooleanField, Case, Func, Q, TextChoices, TextField, Value, When
from django.db.models.functions import Cast, Lower
from django.utils import timezone

from appointments.models import AppointmentRequest
from appointments.models.name_keys import WHOLE, keys_like, words_of
from appointments.models.phone_digits import LAST_DIGITS, Digits, last_digits
from appointments.models.sending import IN_QUEUE, QUEUE_ORDER, AppointmentRequestQuerySet
from appointments.sought import Sought, is_one_slip

FEWEST_LETTERS = 3  # that a name may be begun with and nothing else be known
LONGEST_TEXT = 200  # characters that are looked for
EACH = 20  # requests that one way finds at most, unless told otherwise
EVERYBODY = Q()
MOST_TO_SORT = 1_000  # requests of one name; see _of_names
Requests = AppointmentRequestQuerySet


class Way(TextChoices):
    """By what a request was found, the surest first."""

    REFERENCE = "reference", "Reference"
    LOOK_ALIKE = "look_alike", "Reference with a letter that looks alike"
    PHONE = "phone", "Phone number"
    EMAIL = "mail", "Email address"
    PERSON = "person", "Name and date of birth"
    SIMILAR_PERSON = "similar_person", "Similar name and date of birth"
    NAME = "name", "Name"
    SIMILAR = "similar", "Similar name"
    BIRTH_DATE = "birth_date", "Date of birth"


@dataclass(frozen=True)
class Found:
    """Primary keys by what they were found: in each way first what waits, as in the queue, then the latest."""

    ways: dict[Way, list[int]] = field(default_factory=dict)
    more: frozenset[Way] = frozenset()  # the ways that would have found more than was asked for
    is_nothing_sought: bool = False  # the text holds nothing that anybody could be found by

    def __bool__(self) -> bool:
        return any(self.ways.values())


class HasKeys(Func):
    """True where a list of keys has what a tsquery asks for."""

    arg_joiner = " @@ "
    template = "(%(expressions)s)"
    output_field = BooleanField()


def find(text: str, limit: int = EACH) -> Found:
    """Whom the staff may mean by this text: `limit` requests at most for each way, what is open first, then the
    latest. A date of birth beside a name narrows it; where nobody has both, each is looked for by itself.

    Of a text only the first LONGEST_TEXT characters count. At most eight queries, one or two for a text that is
    one thing; twice as many for a name with a title. None writes.
    """
    sought = Sought.read(text[:LONGEST_TEXT], timezone.localdate())
    if sought == Sought():
        return Found(is_nothing_sought=True)
    ways: dict[Way, list[int]] = {}
    for found in _each_way(sought, limit + 1):
        for way, pk in found:
            ways.setdefault(way, []).append(pk)
    more = frozenset(way for way, pks in ways.items() if len(pks) > limit)
    return Found({way: ways[way][:limit] for way in Way if way in ways}, more)


def _each_way(sought: Sought, limit: int) -> Iterator[Iterable[tuple[Way, int]]]:
    if sought.references or sought.look_alikes:
        yield by_reference(sought.references, sought.look_alikes, limit)
    if sought.phone_endings:
        yield _all(Way.PHONE, with_phone(sought.phone_endings), limit)
    if sought.email:
        yield _all(Way.EMAIL, with_email(sought.email), limit)
    if sought.words and sought.birth_dates:
        born = Q(birth_date__in=sought.birth_dates)
        person = _by_words(sought, limit, born, ways=(Way.PERSON, Way.SIMILAR_PERSON))
        yield person
        if person:
            return
    if sought.words:
        yield _by_words(sought, limit)
    if sought.birth_dates:
        yield _all(Way.BIRTH_DATE, born_on(sought.birth_dates), limit)


def by_reference(typed: tuple[str, ...], alike: tuple[str, ...], limit: int) -> list[tuple[Way, int]]:
    """Those with a reference that was typed, else those with one that looks like it. One query."""
    found = _in_order(AppointmentRequest.objects.filter(reference__in=[*typed, *alike])).values_list(
        "pk", "reference"
    )
    kept = list(found[:limit])
    exact = [pk for pk, reference in kept if reference in typed]
    return [(Way.REFERENCE, pk) for pk in exact] or [(Way.LOOK_ALIKE, pk) for pk, _ in kept]


def with_phone(endings: tuple[str, ...]) -> Requests:
    """Those whose number ends with one of these. Its last digits are indexed, where there is a number."""
    numbers = AppointmentRequest.objects.exclude(phone="").alias(
        ending=last_digits("phone"), digits=Digits("phone")
    )
    with_last = numbers.filter(ending__in={ending[-LAST_DIGITS:] for ending in endings})
    whole = Q()
    for ending in endings:
        whole |= Q(digits__endswith=ending)
    return with_last.filter(whole)


def with_email(email: str) -> Requests:
    """Those with this address, in small letters. Indexed where there is an address."""
    with_address = AppointmentRequest.objects.exclude(email="").alias(address=Lower("email"))
    return with_address.filter(address=Lower(Value(email)))


def born_on(dates: Iterable[datetime.date]) -> Requests:
    """Those of patients who were born on one of these days."""
    return AppointmentRequest.objects.filter(birth_date__in=dates)


def _by_words(
    sought: Sought, limit: int, narrowed: Q = EVERYBODY, ways: tuple[Way, Way] = (Way.NAME, Way.SIMILAR)
) -> list[tuple[Way, int]]:
    """By all words of the name, then without those that may be none: Jr may be a part of it, and may be not."""
    found = by_name(sought.words, limit, narrowed, ways)
    if sought.bare_words not in ((), sought.words):
        known = {pk for _, pk in found}
        found += [one for one in by_name(sought.bare_words, limit, narrowed, ways) if one[1] not in known]
    return found


def by_name(
    words: tuple[str, ...],
    limit: int,
    narrowed: Q = EVERYBODY,
    ways: tuple[Way, Way] = (Way.NAME, Way.SIMILAR),
) -> list[tuple[Way, int]]:
    """Those with all these words in their name, in any order, the last one perhaps only begun; then, while there is
    room, those with one slip in each word. Two queries; two more for each half of what is too common to sort."""
    exact = _of_names(with_words(words), narrowed, limit)
    similar: list[int] = []
    if len(exact) < limit:
        with_slips = _of_names(with_words(words, slips=True), narrowed, limit + len(exact), fitting=words)
        similar = [pk for pk in with_slips if pk not in set(exact)][:limit]
    return [*((ways[0], pk) for pk in exact), *((ways[1], pk) for pk in similar)]


def with_words(words: tuple[str, ...], *, slips: bool = False) -> str:
    """A tsquery for the keys of all these words, the last one perhaps only begun. With `slips` it finds more than
    is meant: two words with a key in common may differ by two."""
    *whole, last = words
    asked = [_any_of(keys_like(word) if slips else {WHOLE + word}) for word in whole]
    # A few letters begin a great part of all names: by themselves they are a whole name, such as Ng.
    begun = f"'{WHOLE}{last}'{':*' if whole or len(last) >= FEWEST_LETTERS else ''}"
    return " & ".join([*asked, _any_of(keys_like(last) - {WHOLE + last} if slips else set(), begun)])


def _any_of(keys: Iterable[str], *begun: str) -> str:
    """A part of a tsquery. The keys are letters, digits and the mark, so that quotes are all they need."""
    quoted = [f"'{key}'" for key in sorted(keys)]
    return f"({' | '.join([*quoted, *begun])})"


def _of_names(asked: str, narrowed: Q, limit: int, fitting: tuple[str, ...] = ()) -> list[int]:
    """Those with these keys, in order, and of those with slips the ones whose name does fit.

    The index of names knows no order. So all that it finds are sorted here; where there are too many for that, the
    first ones are soon met by going through the queue, and then the latest first, with the index of each.
    """
    requests = AppointmentRequest.objects.filter(narrowed)
    by_index = HasKeys("name_keys", _tsquery(asked))
    few = list(requests.filter(by_index).values_list("pk", "full_name", _waits(), *QUEUE_ORDER)[: MOST_TO_SORT + 1])
    if len(few) <= MOST_TO_SORT:
        fit = [row for row in few if _fits(fitting, row[1])]
        waiting = sorted((row for row in fit if row[2] == 0), key=lambda row: row[3:])
        closed = sorted((row for row in fit if row[2] == 1), key=lambda row: row[-2:], reverse=True)
        return [row[0] for row in (*waiting, *closed)][:limit]
    bare = Func("name_keys", function="strip", output_field=SearchQueryField())  # the same, but of no index
    many, fields = requests.filter(HasKeys(bare, _tsquery(asked))), ("pk", "full_name")
    found = list(many.in_queue().in_queue_order().values_list(*fields)[:limit])
    if len(found) < limit:
        found += many.exclude(IN_QUEUE).latest_first().values_list(*fields)[: limit - len(found)]
    return [pk for pk, name in found if _fits(fitting, name)]


def _fits(words: tuple[str, ...], name: str) -> bool:
    """Whether the name has each of the words, with one slip in each at most, the last one perhaps only begun."""
    kept = words_of(name)
    near = {word: [other for other in kept if is_one_slip(word, other)] for word in words}
    return all(near[word] or (word == words[-1] and any(o.startswith(word) for o in kept)) for word in words)


def _tsquery(text: str) -> Cast:
    return Cast(Value(text, TextField()), SearchQueryField())


def _all(way: Way, requests: Requests, limit: int) -> list[tuple[Way, int]]:
    return [(way, pk) for pk in _in_order(requests).values_list("pk", flat=True)[:limit]]


def _in_order(requests: Requests) -> Requests:
    """What waits for the staff as in the queue, then the latest."""
    of_queue = [Case(When(IN_QUEUE, then=name)) for name in QUEUE_ORDER]
    return requests.order_by(_waits(), *of_queue, "-received_at", "-id")


def _waits() -> Case:
    """0 for what waits for the staff, else 1."""
    return Case(When(IN_QUEUE, then=Value(0)), default=Value(1))
