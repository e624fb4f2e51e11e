"""What a screen reader says, and in which order: from the accessibility tree that Chromium hands to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django import forms
from playwright.sync_api import Page, expect

from appointments.choices import form_choices
from appointments.fields import DateBoxesField
from appointments.forms import AppointmentRequestForm
from appointments.forms.parts import Fold, Group, Section
from tests.browser import Faults
from tests.journeys.steps import (
    SAFETY_CHECK,
    answer_safety_check,
    box,
    make_mistakes_in_folded_parts,
    press,
)

CONTROLS = {"textbox", "combobox", "radio", "checkbox"}


@dataclass(frozen=True)
class Said:
    """One thing that is said."""

    role: str
    name: str
    description: str


def tree_of(page: Page) -> list[Said]:
    """All that is said of a page, in order."""
    found = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    nodes = {node["nodeId"]: node for node in found}
    return list(_said(nodes, found[0]))


def _said(nodes: dict[str, Any], node: dict[str, Any]) -> Iterator[Said]:
    if not node["ignored"]:
        role, name, description = (node.get(key, {}).get("value", "") for key in ("role", "name", "description"))
        yield Said(role, " ".join(str(name).split()), " ".join(str(description).split()))
    for child in node.get("childIds", ()):
        yield from _said(nodes, nodes[child])


class Reader:
    """Goes through what is said, never back."""

    def __init__(self, said: list[Said]) -> None:
        self.said = said
        self.place = 0

    def hear(self, name: str, *roles: str) -> Said:
        """The next thing with this role whose name begins so, before any control that was not asked for."""
        for place in range(self.place, len(self.said)):
            said = self.said[place]
            if said.role in roles and said.name.startswith(name):
                self.place = place + 1
                return said
            assert said.role not in CONTROLS, f"{said} is said before {name!r}"
        raise AssertionError(f"{name!r} is not said as {roles} after {self.said[self.place - 1]}")


@pytest.fixture
def form_page(site: str, page: Page) -> Page:
    """The form as it comes back with a mistake in nearly every question, its folded parts open."""
    page.goto(site + SAFETY_CHECK)
    answer_safety_check(page)
    make_mistakes_in_folded_parts(page)
    box(page, "Phone number").fill("1")
    box(page, "Email address").fill("at home")
    press(page, "Check your answers")
    expect(page.locator(".error-summary")).to_be_focused()
    return page


def test_every_question_is_said_as_label_hint_error_control(form_page: Page, faults: Faults) -> None:
    said = tree_of(form_page)
    first = next(place for place, one in enumerate(said) if (one.role, one.name) == ("heading", "What is wrong"))
    form = AppointmentRequestForm(form_choices())
    reader = Reader(said[first:])
    wrong = 0
    for section in form.SECTIONS:
        reader.hear(str(section.title), "heading")
        for part in section.fields:
            if isinstance(part, str):
                wrong += hear_question(reader, form[part], form_page)
                continue
            assert isinstance(part, Group | Fold)
            title = reader.hear(str(part.title), "StaticText", "DisclosureTriangle", "group")
            hint = reader.hear(str(part.hint), "StaticText")
            assert title is not hint
            wrong += sum(hear_question(reader, form[name], form_page) for name in part.names())
    assert wrong == 13


def hear_question(reader: Reader, question: forms.BoundField, page: Page) -> int:
    """Hear it whole. Returns 1 when it has an error, which must come between the hint and the control."""
    errors = page.locator(f"#id_{question.name}_error p").all_inner_texts()
    told = [str(question.help_text), *(error.removeprefix("Error:").strip() for error in errors)]
    group = reader.hear(str(question.label), "group", "radiogroup") if question.use_fieldset else None
    if not isinstance(question.field, forms.BooleanField):
        reader.hear(str(question.label), "StaticText")
    for words in filter(None, told):
        reader.hear(words, "StaticText")
    controls = [reader.hear(name, role) for role, name in controls_of(question)]
    described = group or controls[0]
    assert all(words in described.description for words in told), described
    return len(errors)


def controls_of(question: forms.BoundField) -> list[tuple[str, str]]:
    """The role and the name of each of its boxes."""
    field = question.field
    if isinstance(field, DateBoxesField):
        return [("textbox", part) for part in ("Month", "Day", "Year")]
    if question.use_fieldset:
        role = "checkbox" if isinstance(field, forms.MultipleChoiceField) else "radio"
        return [(role, str(label)) for _value, label in field.choices]  # type: ignore[attr-defined]
    roles = {forms.BooleanField: "checkbox", forms.ChoiceField: "combobox"}
    return [
        (next((role for kind, role in roles.items() if isinstance(field, kind)), "textbox"), str(question.label))
    ]


def test_closed_part_says_its_title_and_nothing_in_it(site: str, page: Page) -> None:
    page.goto(site + SAFETY_CHECK)
    answer_safety_check(page)
    expect(page.locator("details.fold")).to_have_count(3)
    page.wait_for_load_state()  # before, the tree of a page may be its root alone
    names = [one.name for one in tree_of(page) if one.role != "StaticText"]
    assert "I am asking for someone else (optional)" in names
    assert "Your own name" not in names
    folds = [
        part for section in AppointmentRequestForm.SECTIONS for part in section.fields if isinstance(part, Fold)
    ]
    assert page.locator("details.fold:not([open])").count() == len(folds) == 3
    assert all(isinstance(section, Section) for section in AppointmentRequestForm.SECTIONS)
