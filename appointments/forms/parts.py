"""The parts of a long form: sections with a heading, groups with a question, and what is folded away."""

from collections.abc import Iterator
from copy import copy
from typing import Any

from crispy_forms.layout import LayoutObject
from crispy_forms.utils import TEMPLATE_PACK
from django import forms
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString


class Part(LayoutObject):
    """Some questions under one title. Where the whole part is optional, its title says so and its questions do not.

    `hint` says why these are asked; `key` names the part in the page.
    """

    template = ""

    def __init__(
        self, key: str, title: Any, *fields: "str | Part", hint: Any = "", is_optional: bool = False
    ) -> None:
        self.key = key
        self.title = title
        self.fields = list(fields)
        self.hint = hint
        self.is_optional = is_optional

    def names(self) -> Iterator[str]:
        """The questions in it, also those of its own parts, in order."""
        for field in self.fields:
            if isinstance(field, Part):
                yield from field.names()
            else:
                yield field

    def render(
        self, form: forms.BaseForm, context: Context, template_pack: str = TEMPLATE_PACK, **kwargs: Any
    ) -> SafeString:
        """The part as HTML. A question that the form does not have is left out."""
        says_optional = self.is_optional and not context.get("hide_optional")
        shown = [field for field in self.fields if isinstance(field, Part) or field in form.fields]
        inside = copy(context)  # crispy leaves things behind in it
        inside.push(hide_optional=self.is_optional or context.get("hide_optional", False))
        fields = _Fields(shown).get_rendered_fields(form, inside, template_pack, **kwargs)
        drawn = {"part": self, "fields": fields, "says_optional": says_optional, "is_open": self.is_open(form)}
        return render_to_string(self.template, drawn)

    def is_open(self, form: forms.BaseForm) -> bool:
        """Whether its questions are in sight."""
        return True


class Section(Part):
    """A part with a heading, so that readers can jump to it."""

    template = "clinic/layout/section.html"


class Group(Part):
    """A few boxes to tick that answer one question."""

    template = "clinic/layout/group.html"


class Fold(Part):
    """What few patients need, folded away until one opens it."""

    template = "clinic/layout/fold.html"

    def is_open(self, form: forms.BaseForm) -> bool:
        """Open when something in it was answered or is wrong; and all are when the patient comes back to change
        an answer, which may be in any of them."""
        questions = [form[name] for name in self.names() if name in form.fields]
        if form.is_bound and not form.errors:
            return True
        return any(question.errors or _is_answered(question) for question in questions)


class _Fields(LayoutObject):
    """Those of a part that the form has."""

    def __init__(self, fields: "list[str | Part]") -> None:
        self.fields = fields


def _is_answered(question: forms.BoundField) -> bool:
    """True when it holds something other than what stands there from the start."""
    value = question.value()
    if isinstance(value, list):
        return any(value)
    return bool(value) and value != question.field.initial
