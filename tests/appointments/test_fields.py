"""The date of birth in three boxes."""

import datetime
from html.parser import HTMLParser

import pytest
from crispy_forms.utils import render_crispy_form
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from appointments.fields import BirthDateField

NAUGHTY = [
    "\0", "1\0", "²", "٣", "१", "１２", "Ⅻ", "½", "-1", "+1", "1.0", "1e1", "0x1", "1_0", "0", "00", "32",
    "NaN", "inf", "None", "true", "\ud800", "\u202e12", "\u200b1", "1 2", "1\n2", "<script>", "' OR 1=1 --",
    "%s%d%(missing)s", "{0}", "{{ 7*7 }}", "mars", "ma", "junes", "marchapril", "9" * 5_000, "jan" * 50_000,
    "12\u0301",
    "🦴", "\ufeff", "\\", '"', "İ", "ſeptember",
]  # fmt: skip


class BirthDateForm(forms.Form):
    date_of_birth = BirthDateField(help_text="For example, 4 27 1962")


class Tags(HTMLParser):
    """The attributes of each tag of some HTML, by tag name."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]


def form_with(month: str, day: str, year: str) -> BirthDateForm:
    data = QueryDict(mutable=True)
    data.update({"date_of_birth_month": month, "date_of_birth_day": day, "date_of_birth_year": year})
    return BirthDateForm(data)


def error_of(month: str, day: str, year: str) -> tuple[str, str]:
    """The code and the text of the one error."""
    form = form_with(month, day, year)
    errors = form.errors.as_data()["date_of_birth"]
    assert len(errors) == 1
    return errors[0].code or "", str(form.errors["date_of_birth"][0])


@pytest.mark.parametrize(
    "month", ["4", "04", " 4 ", "April", "april", "APRIL", "Apr", "apr.", "april ", "Apri", "\u00a0April"]
)
def test_birth_date_field_month_as_people_write_it(month: str) -> None:
    form = form_with(month, "27", "1962")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["date_of_birth"] == datetime.date(1962, 4, 27)


def test_birth_date_field_every_month_name() -> None:
    for number in range(1, 13):
        name = datetime.date(2000, number, 1).strftime("%B")
        for month in (name, name[:3], name[:4]):
            assert BirthDateField().clean([month, "1", "1970"]) == datetime.date(1970, number, 1)


@pytest.mark.parametrize(
    ("parts", "code", "text"),
    [
        (("", "", ""), "required", "Enter your date of birth"),
        ((" ", "\t", "\n"), "required", "Enter your date of birth"),
        (("4", "27", ""), "incomplete", "Date of birth must include a year"),
        (("", "27", "1962"), "incomplete", "Date of birth must include a month"),
        (("4", "", "1962"), "incomplete", "Date of birth must include a day"),
        (("4", "", ""), "incomplete", "Date of birth must include a day and a year"),
        (("4", "27", "62"), "year_digits", "Year of birth must have 4 numbers, such as 1962"),
        (("2", "30", "1962"), "invalid", "Date of birth must be a real date"),
        (("2", "29", "1900"), "invalid", "Date of birth must be a real date"),
        (("13", "1", "1962"), "invalid", "Date of birth must be a real date"),
        (("0", "1", "1962"), "invalid", "Date of birth must be a real date"),
        (("4", "27", "0000"), "invalid", "Date of birth must be a real date"),
        (("4", "27", "19620"), "invalid", "Date of birth must be a real date"),
        (("12", "31", "1899"), "too_early", "Year of birth must be 1900 or later"),
        (("1", "1", "2999"), "too_late", "Date of birth must be in the past"),
    ],
)
def test_birth_date_field_error(parts: tuple[str, str, str], code: str, text: str) -> None:
    assert error_of(*parts) == (code, text)


def test_birth_date_field_bounds() -> None:
    today = timezone.localdate()
    yesterday = today - datetime.timedelta(days=1)
    assert BirthDateField().clean([str(yesterday.month), str(yesterday.day), str(yesterday.year)]) == yesterday
    assert error_of(str(today.month), str(today.day), str(today.year))[0] == "too_late"
    assert BirthDateField().clean(["1", "1", "1900"]) == datetime.date(1900, 1, 1)
    assert BirthDateField().clean(["2", "29", "2000"]) == datetime.date(2000, 2, 29)


def test_birth_date_field_missing_from_the_data() -> None:
    assert BirthDateForm(QueryDict()).errors.as_data()["date_of_birth"][0].code == "required"


def test_birth_date_field_optional_is_none() -> None:
    assert BirthDateField(required=False).clean(["", None, " "]) is None


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
@pytest.mark.parametrize("box", [0, 1, 2])
def test_birth_date_field_naughty_text_is_an_error(box: int, text: str) -> None:
    parts = ["4", "27", "1962"]
    parts[box] = text
    form = form_with(*parts)
    assert not form.is_valid()
    assert len(Tags(str(form["date_of_birth"])).named("input")) == 3  # what was typed is shown again, as text


@given(month=st.text(), day=st.text(), year=st.text())
def test_birth_date_field_any_text_is_a_date_or_an_error(month: str, day: str, year: str) -> None:
    try:
        date = BirthDateField(required=False).clean([month, day, year])
    except ValidationError:
        return
    assert date is None or date.year >= 1900


def test_birth_date_widget_keeps_what_was_typed() -> None:
    boxes = Tags(str(form_with('Febtember<"', "31st", "62")["date_of_birth"])).named("input")
    assert [box["value"] for box in boxes] == ['Febtember<"', "31st", "62"]


def test_birth_date_widget_boxes_have_labels_and_hints_for_the_browser() -> None:
    tags = Tags(str(BirthDateForm()["date_of_birth"]))
    boxes = tags.named("input")
    assert [box["name"] for box in boxes] == [
        "date_of_birth_month",
        "date_of_birth_day",
        "date_of_birth_year",
    ]
    assert [box["autocomplete"] for box in boxes] == ["bday-month", "bday-day", "bday-year"]
    assert all(box["inputmode"] == "numeric" and "required" in box for box in boxes)
    assert [label["for"] for label in tags.named("label")] == [box["id"] for box in boxes]


def test_birth_date_widget_shows_a_stored_date() -> None:
    form = BirthDateForm(initial={"date_of_birth": datetime.date(1962, 4, 27)})
    boxes = Tags(str(form["date_of_birth"])).named("input")
    assert [box["value"] for box in boxes] == ["4", "27", "1962"]


def test_birth_date_field_is_carried_on_hidden() -> None:
    first = form_with("Apr", "27", "1962")
    boxes = Tags(first["date_of_birth"].as_hidden()).named("input")
    assert all(box["type"] == "hidden" for box in boxes)
    second = form_with(*(str(box["value"]) for box in boxes))
    assert second.is_valid() and second.cleaned_data == {"date_of_birth": datetime.date(1962, 4, 27)}


class EveryKindForm(forms.Form):
    """One field of each kind that the form pack draws."""

    name = forms.CharField(help_text="As on your ID")
    date_of_birth = BirthDateField(help_text="For example, 4 27 1962")
    contact = forms.ChoiceField(choices=[("phone", "Phone"), ("email", "Email")], widget=forms.RadioSelect)
    days = forms.MultipleChoiceField(choices=[("1", "Monday")], widget=forms.CheckboxSelectMultiple)
    problem = forms.CharField(widget=forms.Textarea)
    agreed = forms.BooleanField()
    note = forms.CharField(required=False)


def test_form_pack_every_line_of_the_summary_leads_to_a_control() -> None:
    tags = Tags(render_crispy_form(EveryKindForm(QueryDict())))
    controls = {attrs["id"]: attrs for tag, attrs in tags.found if tag in {"input", "textarea"} and "id" in attrs}
    targets = [(link["href"] or "").removeprefix("#") for link in tags.named("a")]
    assert targets == [
        "id_name",
        "id_date_of_birth_0",
        "id_contact_0",
        "id_days_0",
        "id_problem",
        "id_agreed",
    ]
    assert all(controls[target]["aria-invalid"] == "true" for target in targets)


def test_form_pack_hints_and_errors_are_tied_to_their_controls() -> None:
    html = render_crispy_form(EveryKindForm(QueryDict()))
    tags = Tags(html)
    ids = [attrs["id"] for _, attrs in tags.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    described = [attrs["aria-describedby"] or "" for _, attrs in tags.found if "aria-describedby" in attrs]
    assert len(described) == 6  # a group is described as a whole, on its fieldset
    assert {name for names in described for name in names.split()} <= set(ids)
    assert html.count('<span class="visually-hidden">Error: </span>') == 6
    assert html.index('id="id_name_error"') < html.index('<input type="text" name="name"')
    assert html.count("(optional)") == 1 and "novalidate" in tags.named("form")[0]
