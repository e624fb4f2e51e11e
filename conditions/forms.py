"""What readers are asked. Nothing of it is kept."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict

from conditions.models import ANSWERS, Question
from conditions.patterns import Answer
from conditions.search_terms import MAX_LENGTH

UNKNOWN = "unknown"
ONE_ANSWER = {Question.SIDES, Question.DISTANCE}
ALONE = {UNKNOWN, "nothing"}  # answers that leave no room for another


class WalkingPatternForm(forms.Form):
    """What brings the pain on, what eases it, where it is. Every question may be left out or not known."""

    def __init__(self, data: MultiValueDict | None = None) -> None:
        super().__init__(data)
        for question in Question:
            self.fields[question] = _field(question)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(*self.fields)

    def clean(self) -> dict[str, Any]:
        """Some answer, and no answer together with one that leaves no room for it."""
        cleaned = super().clean() or {}
        for question in Question:
            chosen = cleaned.get(question, "")
            if question not in ONE_ANSWER and len(chosen) > 1 and ALONE.intersection(chosen):
                words = next(words for answer, words in _choices(question) if answer in ALONE.intersection(chosen))
                error = ValidationError(f"Choose the answers that fit or “{words}”, not both", code="both")
                self.add_error(question, error)
        if not any(cleaned.values()) and not self.errors:
            error = ValidationError("Answer at least one question", code="required")
            self.add_error(next(iter(self.fields)), error)
        return cleaned

    def answers(self) -> frozenset[Answer]:
        """What the reader knows. Call it once the form is valid."""
        return frozenset(
            (question, answer)
            for question, chosen in self.cleaned_data.items()
            for answer in (chosen if isinstance(chosen, list) else [chosen])
            if answer not in {"", UNKNOWN}
        )


def _field(question: Question) -> forms.ChoiceField:
    """The question with its answers: one of them for radio buttons, any of them for boxes."""
    choices = _choices(question)
    if question in ONE_ANSWER:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, required=False, label=question.label)
    return forms.MultipleChoiceField(
        choices=choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=question.label,
        help_text="Choose all that fit.",
    )


def _choices(question: Question) -> list[tuple[str, str]]:
    return [*ANSWERS[question].items(), (UNKNOWN, "I do not know")]


class SearchForm(forms.Form):
    """What a patient looks for. An empty search is none."""

    q = forms.CharField(
        label="Search this site",
        required=False,
        max_length=MAX_LENGTH,
        widget=forms.TextInput({"type": "search", "enterkeyhint": "search", "autocomplete": "off"}),
        error_messages={
            "max_length": "Search for %(limit_value)d characters or less. You used %(show_value)d.",
            "null_characters_not_allowed": "Search for letters and digits",
        },
    )
