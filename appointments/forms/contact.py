"""How to reach a patient, and what is safe to leave or say."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appointments.forms.layout import any_of, one_of
from appointments.forms.parts import Group, Section
from appointments.models.answers import PartOfDay, PreferredContact
from appointments.phone_field import TypedNumberField

CONTACT_SECTIONS = (
    Section(
        "contact",
        _("Reaching you safely"),
        *("phone", "email", "preferred_contact", "contact_times"),
        Group(
            "discretion",
            _("If you do not pick up, what may we do?"),
            *("may_leave_voicemail", "may_name_clinic", "may_text"),
            hint=_("Others may hear or see it. Tick only what is safe for you."),
            is_optional=True,
        ),
        hint=_("Give us at least one of the two: a phone number or an email address."),
    ),
)


class ContactQuestions(forms.Form):
    """At least one way to reach the patient, and the preferred one among them."""

    phone = TypedNumberField(
        label=_("Phone number"),
        required=False,
        max_length=60,
        help_text=_("Any way of writing it is fine. Start with + for a number outside the United States."),
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        error_messages={
            "invalid": _("Enter a phone number with its area code, such as 424 555 0134"),
            "max_length": _("Phone number must be 60 characters or less"),
        },
    )
    email = forms.EmailField(
        label=_("Email address"),
        required=False,
        max_length=254,
        help_text=_("Give a phone number, an email address, or both."),
        widget=forms.EmailInput({"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "invalid": _("Enter an email address such as name@example.com"),
            "max_length": _("Email address must be 254 characters or less"),
        },
    )
    preferred_contact = one_of(
        PreferredContact,
        _("How should we reach you?"),
        _("We try this way first."),
        required=_("Choose how we should reach you"),
    )
    contact_times = any_of(
        PartOfDay,
        _("When is a good time to call?"),
        _("We call when we are open. Leave empty if any time is fine."),
    )
    may_leave_voicemail = forms.BooleanField(label=_("You may leave a voice message"), required=False)
    may_name_clinic = forms.BooleanField(label=_("You may say that the clinic is calling"), required=False)
    may_text = forms.BooleanField(label=_("You may send a text message"), required=False)

    def clean(self) -> dict[str, Any]:
        """There must be a way to answer, and the preferred way must be given. Who prefers text messages may get
        them."""
        answers = super().clean() or {}
        if "phone" not in self.errors and "email" not in self.errors:
            self._check_ways(
                bool(answers.get("phone")), bool(answers.get("email")), answers.get("preferred_contact")
            )
        if answers.get("preferred_contact") == PreferredContact.TEXT:
            answers["may_text"] = True
        return answers

    def _check_ways(self, has_phone: bool, has_email: bool, preferred: str | None) -> None:
        if not has_phone and not has_email:
            self._refuse("phone", "no_contact", _("Enter a phone number or an email address"))
        elif not has_phone and preferred == PreferredContact.PHONE:
            self._refuse("phone", "no_phone", _("Enter a phone number, or choose email below"))
        elif not has_phone and preferred == PreferredContact.TEXT:
            self._refuse(
                "phone", "no_text_phone", _("Enter a phone number for text messages, or choose email below")
            )
        elif not has_email and preferred == PreferredContact.EMAIL:
            self._refuse("email", "no_email", _("Enter an email address, or choose a phone call below"))

    def _refuse(self, name: str, code: str, message: Any) -> None:
        self.add_error(name, ValidationError(message, code=code))
