"""What we ask a patient. Every question is used by the staff who answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from crispy_forms.layout import Fieldset
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import formats
from django.utils.datastructures import MultiValueDict
from phonenumber_field.formfields import PhoneNumberField

from appointments.choices import FormChoices
from appointments.fields import BirthDateField
from appointments.forms.layout import FreeTextField, Question, form_helper
from appointments.models import Duration, PreferredContact
from appointments.models.answers import WINDOWS
from appointments.models.request import PROBLEM_MAX_LENGTH


@dataclass(frozen=True)
class Answer:
    """One line of the page to check one's answers."""

    label: str
    value: str
    focus_id: str  # the first control of the question, for "change"


class AppointmentRequestForm(forms.Form):
    """The request itself. Its cleaned data are the fields of AppointmentRequest."""

    bound_field_class = Question
    SECTIONS: ClassVar = (
        ("About you", ("full_name", "birth_date")),
        ("How to reach you", ("phone", "email", "preferred_contact", "may_leave_voicemail")),
        ("What is wrong", ("article", "problem", "duration")),
        ("When suits you", ("windows", "unsuitable_dates")),
        ("Your agreement", ("consent",)),
    )

    full_name = forms.CharField(
        label="Full name",
        max_length=150,
        widget=forms.TextInput({"autocomplete": "name", "spellcheck": "false"}),
        error_messages={
            "required": "Enter your full name",
            "max_length": "Full name must be 150 characters or less",
        },
    )
    birth_date = BirthDateField(
        label="Date of birth",
        help_text="For example, 3 27 1962. It tells us apart from others with your name.",
    )
    phone = PhoneNumberField(
        label="Phone number",
        required=False,
        max_length=60,
        help_text="Any way of writing it is fine. Start with + for a number outside the United States.",
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        error_messages={
            "invalid": "Enter a phone number with its area code, such as 424 555 0134",
            "max_length": "Phone number must be 60 characters or less",
        },
    )
    email = forms.EmailField(
        label="Email address",
        required=False,
        max_length=254,
        help_text="Give a phone number, an email address, or both.",
        widget=forms.EmailInput({"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "invalid": "Enter an email address such as name@example.com",
            "max_length": "Email address must be 254 characters or less",
        },
    )
    preferred_contact = forms.ChoiceField(
        label="How should we reach you?",
        choices=PreferredContact,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how we should reach you"},
    )
    may_leave_voicemail = forms.BooleanField(
        label="You may leave a voice message that says who is calling",
        required=False,
    )
    problem = FreeTextField(
        label="What is wrong, in your own words?",
        max_length=PROBLEM_MAX_LENGTH,
        help_text="What hurts, what makes it worse, what makes it better. A few words are enough.",
        widget=forms.Textarea({"rows": 6}),
        error_messages={
            "required": "Tell us what is wrong, in a few words",
            "max_length": "What is wrong must be 2,000 characters or less. You used %(show_value)s.",
        },
    )
    article = forms.ChoiceField(label="What is it about?", required=False)
    duration = forms.ChoiceField(
        label="How long have you had it?",
        choices=Duration,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how long you have had it"},
    )
    windows = forms.MultipleChoiceField(
        label="Which times suit you?",
        choices=WINDOWS[:15],
        required=False,
        help_text="Choose all that suit. Leave empty if any time is fine.",
        widget=forms.CheckboxSelectMultiple,
    )
    unsuitable_dates = forms.CharField(
        label="Are there dates that do not suit you?",
        max_length=300,
        required=False,
        error_messages={"max_length": "Dates that do not suit you must be 300 characters or less"},
    )
    consent = forms.BooleanField(
        label="I agree that the clinic uses these answers to reply to my request, as its privacy page says",
        error_messages={"required": "To send a request, agree that the clinic may use your answers to reply"},
    )

    def __init__(
        self, choices: FormChoices, data: MultiValueDict | None = None, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.choices = choices
        self.fields["article"].choices = [("", "Something else"), *choices.articles]
        self.helper = form_helper(*[Fieldset(legend, *names) for legend, names in self.SECTIONS])

    def clean(self) -> dict[str, Any]:
        """There must be a way to answer, and the preferred way must be given."""
        answers = super().clean() or {}
        phone, email = answers.get("phone"), answers.get("email")
        if "phone" not in self.errors and "email" not in self.errors:
            if not phone and not email:
                self.add_error(
                    "phone", ValidationError("Enter a phone number or an email address", code="no_contact")
                )
            elif not phone and answers.get("preferred_contact") == PreferredContact.PHONE:
                self.add_error(
                    "phone", ValidationError("Enter a phone number, or choose email below", code="no_phone")
                )
            elif not email and answers.get("preferred_contact") == PreferredContact.EMAIL:
                self.add_error(
                    "email",
                    ValidationError("Enter an email address, or choose a phone call below", code="no_email"),
                )
        return answers

    def answers(self) -> dict[str, Any]:
        """The fields of an AppointmentRequest. Call it once the form is valid."""
        others = {"consent", "article", "payment_option"}
        return {
            **{name: value for name, value in self.cleaned_data.items() if name not in others},
            "article_id": self.choices.article_id(self.cleaned_data.get("article", "")),
            "payment_option_id": self.cleaned_data.get("payment_option"),
            "privacy_version": settings.PRIVACY_VERSION,
        }

    def sections(self) -> Iterator[tuple[str, list[Answer]]]:
        """The answers as the patient reads them before sending: each section's legend and lines."""
        for legend, names in self.SECTIONS:
            yield legend, [self._answer(name) for name in names]

    def _answer(self, name: str) -> Answer:
        field = self[name]
        value = self.cleaned_data[name]
        choices = dict(getattr(field.field, "choices", ()))
        if choices and isinstance(value, list):
            text = ", ".join(str(choices[item]) for item in value)
        elif choices:
            text = str(choices[value])
        elif isinstance(value, bool):
            text = "Yes" if value else "No"
        elif name == "birth_date":
            text = formats.date_format(value, "F j, Y")
        else:
            text = str(value)
        return Answer(str(field.label), text, field.id_for_label or f"{field.auto_id}_0")
