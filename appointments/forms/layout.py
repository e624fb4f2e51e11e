"""What all forms for patients have in common."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms


class FreeTextField(forms.CharField):
    """Text of several lines, its line ends counted once, as the browser counts them."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        """The text with its line ends as \\n."""
        return (super().to_python(value) or "").replace("\r\n", "\n")


def form_helper(*layout: Any) -> FormHelper:
    """Crispy draws the fields; the page draws the <form>, its token and its buttons."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout(*layout)
    return helper


class Question(forms.BoundField):
    """A question of the form. Carried on as hidden inputs, it shows no hint that they could point to."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        """The usual attributes of a control that is shown; of a hidden one, none that describe it."""
        usual: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        if widget is not None and widget.is_hidden:
            usual.pop("aria-describedby", None)
        return usual
