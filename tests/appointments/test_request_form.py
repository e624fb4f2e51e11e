"""The form's own rules: what must be answered, what belongs together, what is kept of what was typed."""

import datetime
import re
from collections.abc import Iterator
from typing import Any

import pytest
from crispy_forms.utils import render_crispy_form
from django.conf import settings
from django.http import QueryDict
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from phonenumber_field.phonenumber import PhoneNumber

from appointments.choices import FormChoices
from appointments.fields import FURTHEST
from appointments.forms import AppointmentRequestForm
from appointments.forms.parts import Fold, Group, Part, Section
from appointments.models import AppointmentRequest
from tests.appointments.patients import ANSWERS, MINIMAL, coming

NOW = datetime.datetime(2026, 11, 24, 9, tzinfo=datetime.UTC)
TODAY = NOW.date()
CHOICES = FormChoices(
    articles=[("condition/back", "Back"), ("cause/sciatica", "Sciatica")],
    payments=[(1, "Medicare"), (7, "I pay myself")],
    now=NOW,
    article_ids={"condition/back": 3, "cause/sciatica": 4},
)
PROXY = {"proxy_name": "Testa Daughter", "proxy_relation": "daughter", "has_proxy_consent": "on"}


def form_of(answers: dict[str, Any], choices: FormChoices = CHOICES, /, **changes: Any) -> AppointmentRequestForm:
    data: MultiValueDict[str, Any] = MultiValueDict()
    for name, value in {**answers, **changes}.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return AppointmentRequestForm(choices, data)


def errors_of(form: AppointmentRequestForm) -> dict[str, str | None]:
    """The code of the first error of each field."""
    return {name: errors[0].code for name, errors in form.errors.as_data().items()}


def html_of(form: AppointmentRequestForm) -> str:
    return str(render_crispy_form(form))


# What is asked


def test_minimal_answers_are_enough_and_the_rest_is_empty() -> None:
    form = form_of(MINIMAL)
    assert form.is_valid(), form.errors
    assert form.answers() == {
        "problem": "My back hurts\nwhen I walk downhill.",
        "duration": "under_6_weeks",
        "full_name": "Testa Patient",
        "birth_date": datetime.date(1962, 3, 27),
        "phone": PhoneNumber.from_string("+14245550134"),
        "preferred_contact": "phone",
        "privacy_version": settings.PRIVACY_VERSION,
        "spoken_language": "en",
        "article_id": None,
        "payment_option_id": None,
        "earliest_date": None,
        "latest_date": None,
        **dict.fromkeys(("email", "unsuitable_dates", "proxy_name", "proxy_relation", "other_language"), ""),
        **dict.fromkeys(("walking_distance", "eased_by", "legs_affected", "numbness", "course"), ""),
        **dict.fromkeys(("seen_before", "patient_history", "short_notice"), ""),
        **dict.fromkeys(("has_proxy_consent", "needs_interpreter"), False),
        **dict.fromkeys(("may_leave_voicemail", "may_name_clinic", "may_text"), False),
        **{name: [] for name in ("records_held", "access_needs", "contact_times", "windows")},
    }


def test_answers_are_fields_of_the_request() -> None:
    form = form_of(ANSWERS, article="cause/sciatica", payment_option="7", **PROXY)
    assert form.is_valid(), form.errors
    request = AppointmentRequest(**form.answers())
    assert (request.article_id, request.payment_option_id) == (4, 7)
    assert (request.proxy_name, request.has_proxy_consent) == ("Testa Daughter", True)


def test_every_question_stands_once_and_says_why_it_is_asked() -> None:
    form = AppointmentRequestForm(CHOICES)
    told = {
        name: part for section in form.SECTIONS for part in parts_of(section) if part.hint for name in part.names()
    }
    names = [name for section in form.SECTIONS for name in section.names()]
    assert sorted(names) == sorted(form.fields) and names == list(form.fields)
    assert not [name for name, field in form.fields.items() if not field.help_text and name not in told]


def test_what_may_stay_empty_says_so_in_words_once() -> None:
    """At the question itself, or at the title of the part that holds it; never at both."""
    form = AppointmentRequestForm(CHOICES)
    for section in form.SECTIONS:
        for part in parts_of(section):
            assert not part.is_optional or not any(form.fields[name].required for name in part.names())
    inside = {n for s in form.SECTIONS for p in parts_of(s) if p.is_optional for n in p.names()}
    alone = [name for name, field in form.fields.items() if not field.required and name not in inside]
    titles = [s for s in form.SECTIONS if s.is_optional]
    titles += [p for s in form.SECTIONS if not s.is_optional for p in parts_of(s) if p.is_optional]
    assert html_of(form).count('<span class="optional">(optional)</span>') == len(alone) + len(titles)


def parts_of(section: Part) -> Iterator[Part]:
    """The part and those in it."""
    yield section
    for field in section.fields:
        if isinstance(field, Part):
            yield from parts_of(field)


def test_browser_can_fill_in_name_mail_phone_and_birth_date() -> None:
    html = html_of(AppointmentRequestForm(CHOICES))
    filled_in = {
        "full_name": "name",
        "email": "email",
        "phone": "tel",
        "birth_date_month": "bday-month",
        "birth_date_day": "bday-day",
        "birth_date_year": "bday-year",
        # Not about the patient themself, or nothing that a browser knows.
        "proxy_name": "off",
        "proxy_relation": "off",
        "other_language": "off",
        "earliest_date_month": "off",
        "latest_date_year": "off",
    }
    for name, token in filled_in.items():
        (box,) = re.findall(rf'<input[^>]* name="{name}"[^>]*>', html)
        assert f'autocomplete="{token}"' in box
    (phone,) = re.findall(r'<input[^>]* name="phone"[^>]*>', html)
    (email,) = re.findall(r'<input[^>]* name="email"[^>]*>', html)
    assert 'type="tel"' in phone and 'type="email"' in email


def test_every_box_of_the_week_is_named_in_full() -> None:
    html = html_of(AppointmentRequestForm(CHOICES))
    labels = re.findall(r'<label for="id_windows_\d+"><span class="visually-hidden">([^<]+)</span></label>', html)
    days, parts = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"), ("Morning", "Around noon", "Afternoon")
    assert labels == [f"{day} {part}" for day in days for part in parts]


# What is wrong


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"phone": ""}, {"phone": "no_contact"}),
        ({"phone": "", "email": "a@example.com"}, {"phone": "no_phone"}),
        ({"preferred_contact": "email"}, {"email": "no_email"}),
        ({"phone": "", "email": "a@example.com", "preferred_contact": "text"}, {"phone": "no_text_phone"}),
        ({"phone": "1", "preferred_contact": "text"}, {"phone": "invalid"}),
        ({"spoken_language": "other"}, {"other_language": "no_other_language"}),
        ({"spoken_language": "other", "other_language": "\u200b"}, {"other_language": "no_other_language"}),
        ({"spoken_language": "xx"}, {"spoken_language": "invalid_choice"}),
        ({"other_language": "x" * 61}, {"other_language": "max_length"}),
        ({**PROXY, "proxy_name": ""}, {"proxy_name": "no_proxy_name"}),
        ({**PROXY, "proxy_relation": " "}, {"proxy_relation": "no_proxy_relation"}),
        ({**PROXY, "has_proxy_consent": ""}, {"has_proxy_consent": "no_proxy_consent"}),
        (
            {"has_proxy_consent": "on"},
            {"proxy_name": "no_proxy_name", "proxy_relation": "no_proxy_relation"},
        ),
        (
            {"proxy_relation": "x" * 61},
            {
                "proxy_name": "no_proxy_name",
                "proxy_relation": "max_length",
                "has_proxy_consent": "no_proxy_consent",
            },
        ),
        (coming("earliest_date", TODAY - datetime.timedelta(days=1)), {"earliest_date": "too_early"}),
        (coming("latest_date", TODAY - datetime.timedelta(days=1)), {"latest_date": "too_early"}),
        (coming("latest_date", TODAY + FURTHEST + datetime.timedelta(days=1)), {"latest_date": "too_late"}),
        ({"earliest_date_month": "12"}, {"earliest_date": "incomplete"}),
        ({**coming("earliest_date", TODAY), "earliest_date_year": "26"}, {"earliest_date": "year_digits"}),
        ({**coming("latest_date", TODAY), "latest_date_day": "31"}, {"latest_date": "invalid"}),
        (
            {
                **coming("earliest_date", datetime.date(2026, 12, 2)),
                **coming("latest_date", datetime.date(2026, 12, 1)),
            },
            {"latest_date": "dates_in_order"},
        ),
        ({"article": "cause/gone"}, {"article": "invalid_choice"}),
        ({"payment_option": "2"}, {"payment_option": "invalid_choice"}),
        ({"payment_option": "²"}, {"payment_option": "invalid_choice"}),
        ({"payment_option": "9" * 5_000}, {"payment_option": "invalid_choice"}),
        ({"windows": ["0-morning", "5-morning"]}, {"windows": "invalid_choice"}),
        ({"records_held": ["xray", "x"]}, {"records_held": "invalid_choice"}),
        ({"eased_by": "time"}, {"eased_by": "invalid_choice"}),
        ({"full_name": "\u200b \u3164\u2060"}, {"full_name": "required"}),
        ({"problem": "\u2800\u00a0\r\n\ufeff"}, {"problem": "required"}),
        ({"full_name": "Testa\0"}, {"full_name": "null_characters_not_allowed"}),
        ({"full_name": "\0"}, {"full_name": "null_characters_not_allowed"}),
        ({"proxy_name": "\0"}, {"proxy_name": "null_characters_not_allowed"}),
    ],
)
def test_mistake_has_its_code(changes: dict[str, Any], errors: dict[str, str]) -> None:
    found = errors_of(form_of(MINIMAL, **changes))
    assert {name: found.get(name) for name in errors} == errors
    others = {"proxy_name", "proxy_relation", "has_proxy_consent"}
    assert set(found) - set(errors) <= (others if "\0" in changes.get("proxy_name", "") else set())


def test_mistakes_are_told_without_what_was_typed() -> None:
    """A kind sentence, which nothing that somebody posts becomes a part of."""
    texts = dict.fromkeys(ANSWERS, "<zzz>")
    form = form_of({**texts, "windows": ["<zzz>"], "payment_option": "<zzz>"})
    assert not form.is_valid()
    assert not [error for errors in form.errors.values() for error in errors if "zzz" in error]


def test_dates_at_their_ends_are_taken() -> None:
    form = form_of(MINIMAL, **coming("earliest_date", TODAY), **coming("latest_date", TODAY + FURTHEST))
    assert form.is_valid(), form.errors
    same = form_of(MINIMAL, **coming("earliest_date", TODAY), **coming("latest_date", TODAY))
    assert same.is_valid(), same.errors


def test_month_may_be_a_spanish_name() -> None:
    form = form_of(MINIMAL, earliest_date_month="Ene.", earliest_date_day="4", earliest_date_year="2027")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["earliest_date"] == datetime.date(2027, 1, 4)


@pytest.mark.parametrize("taken_off", ["article", "payment_option"])
def test_choice_that_the_clinic_took_off_meanwhile_is_told_and_all_else_is_kept(taken_off: str) -> None:
    answers = {**ANSWERS, "article": "cause/sciatica", "payment_option": "7"}
    nothing = FormChoices(articles=[], payments=[], now=NOW)
    left = {
        "article": FormChoices(articles=[], payments=CHOICES.payments, now=NOW),
        "payment_option": FormChoices(articles=CHOICES.articles, payments=[(1, "Medicare")], now=NOW),
    }
    form = form_of(answers, left[taken_off])
    assert errors_of(form) == {taken_off: "invalid_choice"}
    html = html_of(form)
    assert html.count("no longer") == 2  # in the summary and at the question
    for kept in ('value="Testa Patient"', 'value="testa@example.com"', "when I walk downhill.", "Thanksgiving Day"):
        assert kept in html
    ticked = re.findall(r'<input[^>]* id="(\w+)"[^>]* checked', html)
    assert {"id_duration_1", "id_course_2", "id_records_held_0", "id_windows_0", "id_windows_9"} <= set(ticked)
    assert errors_of(form_of({**ANSWERS, "payment_option": "7"}, nothing)) == {"payment_option": "invalid_choice"}


def test_form_without_ways_to_pay_does_not_ask() -> None:
    form = form_of(MINIMAL, FormChoices(articles=[], payments=[], now=NOW))
    assert form.is_valid() and form.answers()["payment_option_id"] is None
    assert "How will you pay?" not in html_of(form)


# What is kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Testa  Patient ", "Testa  Patient"),
        ("Testa\r\nPatient", "Testa Patient"),
        ("Testa\n\n\rPatient\u2028", "Testa Patient"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("\u202eTesta", "\u202eTesta"),
        ("Te\u200dsta", "Te\u200dsta"),
        ("<b>Testa</b> & Co", "<b>Testa</b> & Co"),
        ("e" + "\u0301" * 3, "\u00e9\u0301\u0301"),
        ("T", "T"),
    ],
)
@pytest.mark.parametrize(
    "name", ["full_name", "proxy_name", "proxy_relation", "other_language", "unsuitable_dates"]
)
def test_line_is_kept_as_typed_but_for_what_cannot_be_seen(name: str, typed: str, kept: str) -> None:
    form = form_of({**MINIMAL, **PROXY}, **{name: typed})
    assert form.is_valid(), form.errors
    assert form.answers()[name] == kept


@pytest.mark.parametrize("unseen", ["", " ", "\u200b\ufeff", "\u3164", "\u2800\u00ad", "\x07\x1b", "\ufe0f"])
def test_line_of_nothing_to_be_seen_is_empty(unseen: str) -> None:
    form = form_of(MINIMAL, other_language=unseen, unsuitable_dates=unseen, proxy_name=unseen)
    assert form.is_valid(), form.errors
    assert form.answers()["other_language"] == form.answers()["unsuitable_dates"] == ""


def test_text_message_preferred_may_be_sent() -> None:
    form = form_of(MINIMAL, preferred_contact="text")
    assert form.is_valid() and form.answers()["may_text"] is True


def test_language_that_is_named_is_the_one_to_talk_in() -> None:
    form = form_of(MINIMAL, spoken_language="en", other_language="Tagalog")
    assert form.is_valid()
    assert (form.answers()["spoken_language"], form.answers()["other_language"]) == ("other", "Tagalog")


@pytest.mark.parametrize(("page", "spoken"), [("en", "en"), ("es", "es"), ("es-mx", "es"), ("de", "en")])
def test_language_of_the_page_is_that_of_the_talk_unless_said(page: str, spoken: str) -> None:
    with translation.override(page):
        form = form_of(MINIMAL)
        assert form.is_valid() and form.answers()["spoken_language"] == spoken
        assert AppointmentRequestForm(CHOICES)["spoken_language"].value() == spoken


# What is folded away


def open_folds(form: AppointmentRequestForm) -> list[str]:
    return re.findall(r'<details class="fold" id="fold-(\w+)" open>', html_of(form))


def test_folds_open_for_an_answer_a_mistake_and_a_change() -> None:
    assert open_folds(AppointmentRequestForm(CHOICES)) == []
    assert open_folds(AppointmentRequestForm(CHOICES, QueryDict())) == []
    mistake = {**MINIMAL, "consent": ""}
    assert open_folds(form_of(mistake)) == []
    assert open_folds(form_of(mistake, spoken_language="en")) == []
    assert open_folds(form_of(mistake, spoken_language="es")) == ["access"]
    assert open_folds(form_of(mistake, proxy_name="Testa")) == ["proxy"]
    assert open_folds(form_of(mistake, latest_date_day="1")) == ["dates"]
    assert open_folds(form_of(mistake, access_needs=["sight"], unsuitable_dates="x")) == ["access", "dates"]
    assert open_folds(AppointmentRequestForm(CHOICES, initial={"unsuitable_dates": "May"})) == ["dates"]
    assert open_folds(form_of(MINIMAL)) == ["proxy", "access", "dates"]  # back from the page to check it


def test_parts_are_of_three_kinds() -> None:
    kinds = {type(part) for section in AppointmentRequestForm.SECTIONS for part in parts_of(section)}
    assert kinds == {Section, Group, Fold}
