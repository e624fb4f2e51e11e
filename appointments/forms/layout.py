"""What all forms for patients have in common."""

import unicodedata
from collections.abc import Iterator
from typing import Any, Self

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.utils.choices import BaseChoiceIterator, normalize_choices
from django.utils.translation import gettext_lazy as _

# Letters, marks and symbols by category, and yet nothing is seen: joiners, fillers, variation selectors, an empty
# Braille cell.
BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | frozenset(
    map(chr, range(0xFE00, 0xFE10))
)
SHORT = 25  # characters
NOT_LISTED = _("Choose one of the answers in the list")


class FreeTextField(forms.CharField):
    """Text of several lines, its line ends counted once, as the browser counts them."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        """The text with its line ends as \\n; "" when nothing of it can be seen."""
        text = (super().to_python(value) or "").replace("\r\n", "\n")
        return text if is_visible(text) else ""


class OneLineField(forms.CharField):
    """Text of one line, such as a name, as typed but for what cannot be seen on paper: composed as Unicode's NFC,
    its lines joined by blanks."""

    def to_python(self, value: Any) -> str:
        """The text as one line; "" when nothing of it can be seen."""
        typed = unicodedata.normalize("NFC", super().to_python(value) or "")
        text = " ".join(filter(None, (line.strip() for line in typed.splitlines())))
        return text if is_visible(text) else ""


def is_visible(text: str) -> bool:
    """True when somebody sees something of it. The character NUL counts, so that it is refused and not lost."""
    return any(
        character == "\0" or (character not in BLANKS and unicodedata.category(character) not in UNSEEN)
        for character in text
    )


UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})


class FixedChoices(BaseChoiceIterator):
    """Answers that never change. All forms share them, where Django would copy each one for every form."""

    def __init__(self, choices: Any) -> None:
        self.choices = tuple(normalize_choices(choices))

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return iter(self.choices)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def one_of(choices: Any, label: Any, hint: Any = "", *, required: Any = "") -> forms.ChoiceField:
    """A question with one answer out of a list. `required` is the error when there is none; "" lets it be empty."""
    return forms.ChoiceField(
        choices=FixedChoices(choices),
        label=label,
        help_text=hint,
        required=bool(required),
        widget=forms.RadioSelect,
        error_messages={"required": required, "invalid_choice": NOT_LISTED},
    )


def any_of(choices: Any, label: Any, hint: Any = "", widget: Any = forms.CheckboxSelectMultiple) -> Any:
    """A question with any number of answers out of a list, or none."""
    return forms.MultipleChoiceField(
        choices=FixedChoices(choices),
        label=label,
        help_text=hint,
        required=False,
        widget=widget,
        error_messages={"invalid_choice": NOT_LISTED, "invalid_list": NOT_LISTED},
    )


def one_line(
    label: Any, most: int, too_long: Any, hint: Any = "", *, required: Any = "", **attrs: str
) -> OneLineField:
    """A question answered in one line of at most `most` characters, with `attrs` for its box."""
    return OneLineField(
        label=label,
        help_text=hint,
        max_length=most,
        required=bool(required),
        widget=forms.TextInput(attrs),
        error_messages={"required": required, "max_length": too_long},
    )


def form_helper(*layout: Any) -> FormHelper:
    """Crispy draws the fields; the page draws the <form>, its token and its buttons."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout(*layout)
    return helper


class Question(forms.BoundField):
    """A question of the form. Carried on as hidden inputs, it shows no hint that they could point to."""

    @property
    def has_short_choices(self) -> bool:
        """True when every answer to choose fits beside another one on a phone."""
        return all(len(str(label)) <= SHORT for _value, label in getattr(self.field, "choices", ()))

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        """The usual attributes of a control that is shown; of a hidden one, none that describe it."""
        usual: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        if widget is not None and widget.is_hidden:
            usual.pop("aria-describedby", None)
        return usual
