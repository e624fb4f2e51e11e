"""Staff find a request by whatever the patient gives; what they typed is left nowhere."""

import datetime
import logging
import re
from collections.abc import Callable

import phonenumbers
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from appointments.lifecycle import Role
from appointments.models import AppointmentRequest
from appointments.models.name_keys import MOST_WORDS, keys_like, keys_of, words_of
from appointments.models.sending import REFERENCE_ALPHABET
from appointments.search import LONGEST_TEXT, MOST_TO_SORT, Way, find
from appointments.sought import Sought, is_one_slip
from tests.appointments.patients import sent
from tests.appointments.test_query_counts import copy_requests
from tests.form_posts import page, post_form
from tests.hostile_strings import OURS

QUEUE = "/admin/appointments/appointmentrequest/"
SEARCH, FOUND = f"{QUEUE}search/", f"{QUEUE}found/"
TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def people(clinic_data: None, client: Client) -> dict[str, AppointmentRequest]:
    """Four patients, each with everything that one may be found by."""
    return {
        "maria": sent(
            client,
            full_name="María-José García López",
            phone="(424) 555-0134 ext. 12",
            email="Maria.Garcia@Example.com",
        ),
        "obrien": sent(
            client,
            full_name="Seán O'Brien",
            phone="310 555 0199",
            email="sean@example.org",
            birth_date_year="1971",
        ),
        "brown": sent(
            client,
            full_name="Martin Brown",
            phone="+49 30 901820",
            email="",
            birth_date_month="12",
            birth_date_day="5",
        ),
        "ng": sent(
            client,
            full_name="Søren Ng",
            phone="",
            email="soren@example.net",
            preferred_contact="email",
            birth_date_day="28",
        ),
    }


@pytest.fixture
def at_work(staff: Callable[[str], User]) -> Client:
    """A browser of the reception; an error of the server comes back as an answer."""
    browser = Client(raise_request_exception=False)
    browser.force_login(staff("reception"))
    return browser


def names_of(people: dict[str, AppointmentRequest], text: str) -> dict[str, list[str]]:
    """Who is found by this text, by what."""
    by_key = {one.pk: name for name, one in people.items()}
    return {way.value: [by_key[pk] for pk in pks] for way, pks in find(text).ways.items()}


# By what


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("María-José García López", {"name": ["maria"]}),
        ("maria jose garcia lopez", {"name": ["maria"]}),
        ("GARCIA, MARIA", {"name": ["maria"]}),
        ("lopez garcia", {"name": ["maria"]}),
        ("gar", {"name": ["maria"]}),
        ("Maria gar", {"name": ["maria"]}),
        ("maria g", {"name": ["maria"]}),
        ("maria q garcia", {"name": ["maria"]}),
        ("Gracia", {"similar": ["maria"]}),
        ("Garzia Maira", {"similar": ["maria"]}),
        ("Garcai Maia", {"similar": ["maria"]}),
        ("Garrcia Mariaa", {"similar": ["maria"]}),
        ("Gracai", {}),
        ("Gar Maria Torres", {}),
        ("OBrien", {"name": ["obrien"]}),
        ("o’brien sean", {"name": ["obrien"]}),
        ("O Brien", {"similar": ["obrien"]}),
        ("obrian", {"similar": ["obrien"]}),
        ("soren ng", {"name": ["ng"]}),
        ("Ng", {"name": ["ng"]}),
        ("sören", {"name": ["ng"]}),
        ("Rowan", {}),  # two slips from Brown, though a key is the same
        ("Marten", {"similar": ["brown"]}),
        ("mart", {"name": ["brown"]}),
        ("Mr Brown", {"name": ["brown"]}),
        ("Martin Brown Jr.", {"name": ["brown"]}),
        ("Garcia Lopez, Ms", {"name": ["maria"]}),
        ("Dr. Gracia", {"similar": ["maria"]}),
    ],
)
def test_name_is_found_with_accents_order_and_slips_forgiven(
    people: dict[str, AppointmentRequest], text: str, found: dict[str, list[str]]
) -> None:
    assert names_of(people, text) == found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("+14245550134", "maria"),
        ("(424) 555-0134", "maria"),
        ("424.555.0134", "maria"),
        ("1 424 555 0134", "maria"),
        ("4245550134", "maria"),
        ("424–555–0134", "maria"),
        ("４２４ ５５５ ０１３４", "maria"),
        ("tel:+1-424-555-0134;ext=12", "maria"),
        ("(424) 555-0134 x12", "maria"),
        ("555-0134", "maria"),
        ("5550134", "maria"),
        ("24 555 0134", "maria"),
        ("310/555/0199", "obrien"),
        ("+49 30 901820", "brown"),
        ("011 49 30 901820", "brown"),
        ("030 901820", "brown"),
        ("0049 (0)30 901820", "brown"),
        ("06 12 34 56 78", "paris"),
        ("06.12.34.56.78", "paris"),
        ("06/12/34/56/78", "paris"),
        ("+33 (0)6 12 34 56 78", "paris"),
        ("0033 6 12 34 56 78", "paris"),
        ("424_555_0134", "maria"),
        ("310 555 0134", ""),
        ("+1 555 0134", ""),
        ("555-013", ""),
    ],
)
def test_phone_is_found_in_any_format(
    people: dict[str, AppointmentRequest], client: Client, text: str, name: str
) -> None:
    people["paris"] = sent(client, full_name="Zoe Petit", phone="+33 6 12 34 56 78", birth_date_day="26")
    assert names_of(people, text) == ({"phone": [name]} if name else {})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("maria.garcia@example.com", "maria"),
        (" MARIA.GARCIA@EXAMPLE.COM ", "maria"),
        ("<soren@example.net>", "ng"),
        ("maria_garcia@example.com", ""),
        ("%@example.com", ""),
        ("@example.com", ""),
    ],
)
def test_mail_is_found_in_any_case(people: dict[str, AppointmentRequest], text: str, name: str) -> None:
    assert names_of(people, text).get("mail", []) == ([name] if name else [])


@pytest.mark.django_db
def test_reference_is_found_as_it_may_be_read_out_or_written(people: dict[str, AppointmentRequest]) -> None:
    AppointmentRequest.objects.filter(pk=people["maria"].pk).update(reference="K7MQ-4XDP")
    AppointmentRequest.objects.filter(pk=people["brown"].pk).update(reference="K7MQ-9XDP")
    cut = ("K7MQ - 4XDP", "K7MQ  4XDP", "K7 MQ 4X DP", "K7MQ/4XDP", "k7mq.4xdp", "K7MQ_4XDP", "k 7 m q 4 x d p")
    beside = ("Mary Anne K7MQ-4XDP", "12 K7M-Q4X-DP", "#k7mq-4xdp.")
    for text in ("K7MQ-4XDP", "k7mq-4xdp", "k7mq4xdp", "K7MQ 4XDP", " k7mq–4xdp ", "ref K7MQ-4XDP", *cut, *beside):
        assert names_of(people, text) == {"reference": ["maria"]}, text
    for text in ("KZMQ-4XDP", "K7M0-4XDP", "K7NQ4XDP", "K7MQ-AXDP", "k1mo-4xdp", "K7MQ-4XDR"):
        assert names_of(people, text).get("look_alike") == ["maria"], text
    for text in ("K7MQ-4XD", "K7MQ-4XDPP", "K7WW-4XDP", "0000-0000"):
        assert not names_of(people, text), text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        *("12/5/1962", "12/05/1962", "12-5-1962", "12.5.1962", "12 5 1962", "12/5/62", "1962-12-05", "1962/12/5"),
        *(
            "12051962",
            "19621205",
            "December 5, 1962",
            "Dec 5 1962",
            "dec. 5th, 1962",
            "5 December 1962",
            "born 12/5/62",
            *(
                "5 Dec 62",
                "Dec 5 62",
                "5-Dec-1962",
                "Dec. 5, '62",
                "5dec1962",
                "1962 Dec 5",
                "5 de diciembre de 1962",
            ),
            *("12 / 5 / 1962", "12 - 5 - 62", "120562"),
        ),
    ],
)
def test_birth_date_is_found_in_the_usual_forms(people: dict[str, AppointmentRequest], text: str) -> None:
    assert names_of(people, text.removeprefix("born ")) == {"birth_date": ["brown"]}
    assert Sought.read(text, TODAY).birth_dates == (datetime.date(1962, 12, 5),)


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("27/3/1962", ["1962-03-27"]),
        ("3/4/20", ["1920-03-04", "2020-03-04"]),
        ("3/4/30", ["1930-03-04"]),
        ("2/30/1962", []),
        ("3/27/1862", []),
        ("11/25/2026", []),  # tomorrow
        ("0/0/1962", []),
        ("1-424-555-0134", []),
        ("Foo 5, 1962", []),
        ("May 1962", []),
        ("June 12 45 55 01 34", []),
    ],
)
def test_only_a_day_on_which_somebody_may_be_born_is_a_birth_date(text: str, dates: list[str]) -> None:
    assert [date.isoformat() for date in Sought.read(text, TODAY).birth_dates] == dates


@pytest.mark.django_db
def test_name_and_birth_date_together_narrow(clinic_data: None, client: Client) -> None:
    people = {
        "one": sent(client, full_name="Ann Lee", birth_date_day="27"),
        "other": sent(client, full_name="Ann Lee", birth_date_day="28"),
        "third": sent(client, full_name="Bob Stone", birth_date_day="29"),
        "near": sent(client, full_name="Anne Leeds", birth_date_day="28", birth_date_month="4"),
    }
    assert names_of(people, "Ann Lee 3/28/1962") == {"person": ["other"]}
    assert names_of(people, "3/28/62, lee ann") == {"person": ["other"]}
    assert names_of(people, "Ane Leeds April 28 1962") == {"similar_person": ["near"]}
    # Nobody has both: the name or the date was wrong.
    assert names_of(people, "Bob Stone 3/28/1962") == {"name": ["third"], "birth_date": ["other"]}


@pytest.mark.django_db
def test_several_things_in_one_text_are_each_looked_for(people: dict[str, AppointmentRequest]) -> None:
    # With a digit in it: one of letters alone, such as MARY-ANNE, may be a name too, and is looked for as both.
    AppointmentRequest.objects.filter(pk=people["ng"].pk).update(reference="K7MQ-4XDP")
    found = names_of(people, "K7MQ-4XDP (310) 555-0199 maria.garcia@example.com brown")
    assert found == {"reference": ["ng"], "phone": ["obrien"], "mail": ["maria"], "name": ["brown"]}


# Any spelling


@st.composite
def phones(draw: st.DrawFn) -> tuple[str, str]:
    """A number that may exist, as the database keeps its digits, and as somebody types it."""
    region = draw(st.sampled_from(["US", "US", "FR", "DE", "GB", "MX", "ES"]))
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    digits = str(example.national_number)
    tail = draw(st.text("0123456789", min_size=6, max_size=6))
    number = phonenumbers.PhoneNumber(
        country_code=example.country_code, national_number=int(f"{digits[:-6]}{tail}")
    )
    form = draw(
        st.sampled_from(
            [
                phonenumbers.PhoneNumberFormat.E164,
                phonenumbers.PhoneNumberFormat.INTERNATIONAL,
                phonenumbers.PhoneNumberFormat.NATIONAL,
                phonenumbers.PhoneNumberFormat.RFC3966,
            ]
        )
    )
    written = phonenumbers.format_number(number, form)
    if form != phonenumbers.PhoneNumberFormat.RFC3966:
        written = re.sub(r"(?<=\d)[ -](?=\d)", draw(st.sampled_from([" ", "-", ".", "/", "", "\u2013"])), written)
    if draw(st.booleans()) and form == phonenumbers.PhoneNumberFormat.NATIONAL:
        pieces = re.findall(r"\d{1,2}", re.sub(r"\D", "", written))  # by twos, as many read it out
        written = draw(st.sampled_from([" ", ".", "-", " - "])).join(pieces)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:], written


@given(phones())
def test_any_spelling_of_a_phone_number_is_one(phone: tuple[str, str]) -> None:
    digits, written = phone
    assert any(digits.endswith(ending) for ending in Sought.read(written, TODAY).phone_endings), written


@st.composite
def references(draw: st.DrawFn) -> tuple[str, str]:
    """A reference, and how somebody types it. In uneven pieces only where it is seen to be one, by a digit."""
    letters = draw(st.text(REFERENCE_ALPHABET, min_size=8, max_size=8).filter(lambda text: not text.isdigit()))
    lengths = [[4, 4], [2, 2, 2, 2], [1] * 8, [8]]
    if any(map(str.isdigit, letters)):
        lengths += [[3, 3, 2], [2, 4, 2], [3, 5]]
    at, pieces = 0, []
    for length in draw(st.sampled_from(lengths)):
        pieces.append(letters[at : at + length])
        at += length
    sign = draw(st.sampled_from(["-", " ", "  ", " - ", "/", ".", "_", "\u2013", " / "]))
    typed = draw(st.sampled_from(["{}", "ref {}", "#{}", "{}.", "Reference: {}", "Lee, {}"])).format(
        sign.join(pieces)
    )
    return f"{letters[:4]}-{letters[4:]}", draw(st.sampled_from([typed, typed.lower()]))


@given(references())
def test_any_spelling_of_a_reference_is_one(reference: tuple[str, str]) -> None:
    kept, typed = reference
    assert kept in Sought.read(typed, TODAY).references, typed


@given(
    st.dates(datetime.date(1930, 1, 1), datetime.date(2024, 12, 31)),
    st.sampled_from(
        [
            *("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%m %d %Y", "%m/%d/%y", "%m / %d / %Y", "%Y-%m-%d", "%Y/%m/%d"),
            *(
                "%m%d%Y",
                "%m%d%y",
                "%Y%m%d",
                "%B %d, %Y",
                "%b %d %Y",
                "%b. %dth, %Y",
                "%d %B %Y",
                "%d %b %y",
                "%b %d '%y",
            ),
            *("%d-%b-%Y", "%d.%b.%y", "%d%b%Y", "%Y %b %d", "dob %m/%d/%Y", "%d of %B, %Y", "Lee, %m/%d/%y"),
        ]
    ),
)
def test_any_spelling_of_a_birth_date_is_one(date: datetime.date, form: str) -> None:
    assert date in Sought.read(date.strftime(form), TODAY).birth_dates


@given(
    st.lists(
        st.sampled_from(["Watson", "García", "O'Brien", "Nguyễn", "Smith-Jones", "Mary", "Lee", "Øst"]), min_size=1
    ),
    st.sampled_from(["{}", "Mrs {}", "Mr. {}", "Dr {}", "{} Jr", "{}, Ms", "{} III", "Miss {} MD"]),
    st.sampled_from([str, str.upper, str.lower]),
)
def test_any_spelling_of_a_name_has_its_words(names: list[str], form: str, case: Callable[[str], str]) -> None:
    kept, sought = set(words_of(" ".join(names))), Sought.read(case(form.format(" ".join(names))), TODAY)
    assert set(sought.bare_words) <= kept or len(sought.words) == MOST_WORDS
    assert {*sought.bare_words} == kept or len(sought.words) == MOST_WORDS


@pytest.mark.django_db
def test_name_that_has_a_title_in_it_is_found_first(clinic_data: None, client: Client) -> None:
    people = {
        "plain": sent(client, full_name="Ann Smith", birth_date_day="1"),
        "junior": sent(client, full_name="Bob Smith Jr", birth_date_day="2"),
    }
    assert names_of(people, "Smith Jr") == {"name": ["junior", "plain"]}
    assert names_of(people, "Mrs Smith 3/1/1962") == {"person": ["plain"]}
    assert names_of(people, "Mrs") == {}


# Which first, and how many


@pytest.mark.django_db
def test_what_waits_comes_first_then_the_latest(clinic_data: None, client: Client) -> None:
    order = [sent(client, *flags, full_name="Ann Lee") for flags in ((), ("fever",), (), ())]
    for closed in (order[0], order[3]):
        closed.refresh_from_db()
        closed.move_to("withdrawn", by=None, roles=frozenset({Role.PATIENT}))
    expected = [order[1].pk, order[2].pk, order[3].pk, order[0].pk]
    for text, way in (
        ("Ann Lee", Way.NAME),
        ("3/27/1962", Way.BIRTH_DATE),
        ("555-0134", Way.PHONE),
        ("testa@example.com", Way.EMAIL),
        ("ann lee 3/27/1962", Way.PERSON),
    ):
        assert find(text).ways == {way: expected}, text
        assert find(text).more == set()
        assert find(text, limit=3).ways == {way: expected[:3]}, text
        assert find(text, limit=3).more == {way}


@pytest.mark.django_db
def test_common_name_is_bounded_and_in_the_same_order(clinic_data: None, client: Client) -> None:
    pattern = sent(client, full_name="Ann Leeds")
    copy_requests(pattern, MOST_TO_SORT + 20)
    AppointmentRequest.objects.exclude(pk=pattern.pk).update(status="withdrawn")
    with CaptureQueriesContext(connection) as captured:
        found = find("Ann Leeds")
    latest = AppointmentRequest.objects.exclude(pk=pattern.pk).latest_first().values_list("pk", flat=True)[:19]
    assert found.ways == {Way.NAME: [pattern.pk, *latest]}
    assert found.more == {Way.NAME}
    assert len(captured) == 3
    assert find("Ann Leedz").ways.keys() == {Way.SIMILAR}


# Any text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [*OURS, "' & | ! ( ) : * <-> \\", "a:*", "'':*", "a' | 'b", "=a =", "x" * 10_000, "1" * 10_000, "a b " * 9_000],
    ids=range(len(OURS) + 8),
)
def test_any_text_is_looked_for_or_refused(
    people: dict[str, AppointmentRequest], at_work: Client, text: str
) -> None:
    if "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text):
        find(text)
    response = post_form(at_work, SEARCH, {"sought": text})
    assert response.status_code in {200, 303, 422}, response.status_code
    if len(text.strip()) > LONGEST_TEXT:
        assert response.status_code == 422


def test_patterns_take_no_longer_for_a_bad_text() -> None:
    before = timezone.now()
    for text in ("(" * 200, "1 " * 100, "a@" * 100, "1-" * 100, "abcd " * 40, "+(1" * 66):
        Sought.read(text, TODAY)
    assert timezone.now() - before < datetime.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("one", "other", "is_so"),
    [
        ("brown", "brown", True),
        ("brown", "bron", True),
        ("bron", "brown", True),
        ("brown", "brawn", True),
        ("brown", "borwn", True),
        ("brown", "rowan", False),
        ("brown", "brwno", False),
        ("", "ab", False),
        ("ab", "ba", True),
        ("abc", "cba", False),
    ],
)
def test_one_slip_and_its_keys(one: str, other: str, is_so: bool) -> None:
    assert is_one_slip(one, other) is is_one_slip(other, one) is is_so
    if is_so and min(len(one), len(other)) > 3:
        assert keys_of(one) & keys_like(other)


# The pages


@pytest.mark.django_db
def test_search_leads_to_an_address_of_numbers(people: dict[str, AppointmentRequest], at_work: Client) -> None:
    response = post_form(at_work, SEARCH, {"sought": "Garcia 310 555 0199"})
    assert response.status_code == 303
    maria, obrien = people["maria"], people["obrien"]
    assert response["Location"] == f"{FOUND}?phone={obrien.pk}&name={maria.pk}"
    text = page(at_work.get(response["Location"]))
    assert "María-José García López" in text
    assert re.search(r"field-ways\">Phone number<", text)
    assert re.search(r"field-ways\">Name<", text)
    assert f"{QUEUE}{maria.pk}/change/" in text
    assert "There are more" not in text


@pytest.mark.django_db
def test_one_row_says_all_that_it_was_found_by(people: dict[str, AppointmentRequest], at_work: Client) -> None:
    response = post_form(at_work, SEARCH, {"sought": "555-0134 garcia"}, follow=True)
    assert "Phone number, Name<" in page(response)
    assert page(response).count('class="field-ways"') == 1
    assert "1 found by phone number and name." in page(response)


@pytest.mark.django_db
def test_more_than_shown_is_said(clinic_data: None, client: Client, at_work: Client) -> None:
    copy_requests(sent(client, full_name="Ann Lee"), 24)
    response = post_form(at_work, SEARCH, {"sought": "lee"})
    assert response["Location"].endswith("&more=name")
    text = page(at_work.get(response["Location"]))
    assert "There are more than these." in text
    assert text.count('class="field-ways"') == 20


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("", 422, "Nothing was typed."),
        ("  ", 422, "Nothing was typed."),
        ("Zephyrine " * 30, 422, "That is too long to look for."),
        ("555", 422, "at least its last 7 digits"),
        ("?!", 422, "Nobody can be found by this."),
        ("a\0b", 422, "This cannot be looked for."),
        ("Zephyrine Nobody", 200, "No request was found by this."),
    ],
)
def test_what_leads_nowhere_is_said_with_what_was_typed(
    people: dict[str, AppointmentRequest], at_work: Client, typed: str, status: int, said: str
) -> None:
    response = post_form(at_work, SEARCH, {"sought": typed})
    assert response.status_code == status
    assert said in page(response)
    kept = typed.strip().replace("\0", "")
    assert f'value="{kept}' in page(response).replace("\0", "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        *("", "?name=", "?name=0", "?name=-1", "?name=abc,,", "?name=99999999999999999999", "?nonsense=1"),
        *("?name=９", "?name=²", f"?name={2**63}", f"?name={2**63 - 1}", "?more=name", "?more=<b>", "?name=1%00"),
        f"?name={','.join(map(str, range(5_000)))}",
    ],
)
def test_address_of_nothing_is_answered(
    people: dict[str, AppointmentRequest], at_work: Client, address: str
) -> None:
    assert at_work.get(FOUND + address).status_code in {200, 400}


@pytest.mark.django_db
def test_search_is_for_whoever_may_see_requests(
    people: dict[str, AppointmentRequest], staff: Callable[[str], User]
) -> None:
    stranger, editor = Client(), Client()
    editor.force_login(staff("editor"))
    for browser, status in ((stranger, 302), (editor, 403)):
        answers = [
            post_form(browser, SEARCH, {"sought": "garcia"}),
            browser.get(SEARCH),
            browser.get(f"{FOUND}?name={people['maria'].pk}"),
        ]
        assert [answer.status_code for answer in answers] == [status] * 3
        assert all("garcia" not in page(answer).lower() for answer in answers)
    assert post_form(editor, FOUND, {"sought": "garcia"}).status_code in {403, 405}


@pytest.mark.django_db
def test_search_by_the_address_stays_off(people: dict[str, AppointmentRequest], at_work: Client) -> None:
    listed = at_work.get(f"{QUEUE}?q=Garcia")
    assert listed.status_code in {302, 400} or page(listed).count("/change/") >= len(people)
    assert "García" not in page(at_work.get(f"{SEARCH}?sought=Garcia"))
    assert 'name="q"' not in page(at_work.get(QUEUE))
    assert 'name="sought"' in page(at_work.get(QUEUE))


@pytest.mark.django_db
def test_what_was_typed_is_left_nowhere(
    people: dict[str, AppointmentRequest], at_work: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    planted = ("García", "garcia", "555-0134", "5550134", "Zephyrine")
    left: list[str] = []
    for typed in ("García 555-0134", "Zephyrine", "garcia\0", "5550134 " * 40):
        response = post_form(at_work, SEARCH, {"sought": typed})
        left += [*response.headers.values(), *map(str, response.cookies.values())]
        title = re.search(r"<title>.*?</title>", page(response), re.DOTALL)
        left.append(title[0] if title else "")
        if response.status_code == 303:
            shown = at_work.get(response["Location"])
            left += [*shown.headers.values(), *re.findall(r'(?:href|action)="([^"]*)"', page(shown))]
            left += re.findall(r"<title>.*?</title>", page(shown), re.DOTALL)
            assert 'value="García' not in page(shown)
    # The log of the database's statements is for whoever debugs: it is never kept (settings.LOGGING).
    left += [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    left += [str(session.get_decoded()) for session in Session.objects.all()]
    left += [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    assert any("requests found" in text.lower() for text in left), "nothing was looked at"
    assert [text for text in left for word in planted if word in text] == []
    assert 'autocomplete="off"' in page(at_work.get(SEARCH))
    assert at_work.get(FOUND)["Cache-Control"] == "no-store, private"


# The database


@pytest.fixture
def thousands(people: dict[str, AppointmentRequest]) -> None:
    """A few thousand requests beside theirs, and a planner that avoids reading a whole table."""
    copy_requests(people["brown"], 3_000)
    AppointmentRequest.objects.exclude(pk__in=[one.pk for one in people.values()]).update(
        status="withdrawn",
        birth_date=datetime.date(1950, 1, 1),
        phone="tel:+1-212-555-0100",
        full_name="Testa Other",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE appointments_appointmentrequest SET name_keys = '=testa' WHERE full_name = 'Testa Other'"
        )
        cursor.execute("ANALYZE appointments_appointmentrequest")
        cursor.execute("SET LOCAL enable_seqscan = off")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("garcia maria", "request_by_name"),
        ("gracia maria", "request_by_name"),
        ("gar", "request_by_name"),
        ("maria g", "request_by_name"),
        ("555-0134", "request_by_phone"),
        ("+14245550134", "request_by_phone"),
        ("maria.garcia@example.com", "request_by_email"),
        ("3/27/1971", "request_by_birth_date"),
        ("K7MQ-4XD4", "appointments_appointmentrequest_reference"),
    ],
)
def test_every_way_uses_its_index(thousands: None, text: str, index: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        find(text)
    assert captured.captured_queries
    for query in captured.captured_queries:
        plan = plan_of(query["sql"])
        # Not only read from one end to the other: asked for what is looked for.
        assert re.search(rf"{index}.*\n.*\(?Index Cond:", plan), (text, plan)


def plan_of(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.django_db
def test_search_and_its_page_cost_the_same_for_one_and_for_many(
    clinic_data: None, client: Client, at_work: Client
) -> None:
    costs: list[tuple[int, int]] = []
    for more in (1, 1, 10):
        copy_requests(sent(client, full_name="Ann Lee", birth_date_day=str(more)), more - 1)
        with CaptureQueriesContext(connection) as searched:
            response = post_form(at_work, SEARCH, {"sought": f"Ann Lee 3/{more}/1962"})
        with CaptureQueriesContext(connection) as shown:
            at_work.get(response["Location"])
        costs.append((len(searched), len(shown)))
    assert costs[1] == costs[2]
    assert costs[1][0] <= 8
    assert costs[1][1] <= 12
