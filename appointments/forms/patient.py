"""Who the patient is, who asks for them, and what the clinic gets ready."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from appointments.fields import BirthDateField
from appointments.forms.layout import any_of, one_line, one_of
from appointments.forms.parts import Fold, Section
from appointments.models.answers import AccessNeed, PatientHistory, SpokenLanguage

PATIENT_SECTIONS = (
    Section(
        "patient",
        _("About you"),
        *("full_name", "birth_date", "patient_history"),
        Fold(
            "proxy",
            _("I am asking for someone else"),
            *("proxy_name", "proxy_relation", "has_proxy_consent"),
            hint=_("Then all other questions are about the patient. We may talk to you only if they agree."),
            is_optional=True,
        ),
        Fold(
            "access",
            _("Language, hearing, sight or moving around"),
            *("spoken_language", "other_language", "needs_interpreter", "access_needs"),
            hint=_("Tell us what you need, and we get ready for it."),
            is_optional=True,
        ),
    ),
)
# What is missing where one of the three is given: the code of the error, and its words.
PROXY = {
    "proxy_name": ("no_proxy_name", _("Enter your own name, because you ask for someone else")),
    "proxy_relation": ("no_proxy_relation", _("Enter who you are to the patient, such as their daughter")),
    "has_proxy_consent": (
        "no_proxy_consent",
        _("Tick the box if the patient agrees that you ask. If they have not, talk to them first."),
    ),
}


class PatientQuestions(forms.Form):
    """The patient. Somebody who asks for them is named whole, with the patient's consent, or not at all."""

    full_name = one_line(
        _("Full name"),
        150,
        _("Full name must be 150 characters or less"),
        _("The name of the patient, as on an ID. Your chart is filed under it."),
        required=_("Enter your full name"),
        autocomplete="name",
        spellcheck="false",
    )
    birth_date = BirthDateField(
        label=_("Date of birth"),
        help_text=_("For example, 3 27 1962. It tells us apart from others with your name."),
    )
    patient_history = one_of(
        PatientHistory, _("Have you been to our clinic before?"), _("Then we have a chart for you already.")
    )
    proxy_name = one_line(
        _("Your own name"),
        150,
        _("Your own name must be 150 characters or less"),
        _("So that we know who is on the phone."),
        autocomplete="off",
        spellcheck="false",
    )
    proxy_relation = one_line(
        _("Who are you to the patient?"),
        60,
        _("Who you are to the patient must be 60 characters or less"),
        _("Such as daughter, husband, or friend."),
        autocomplete="off",
    )
    has_proxy_consent = forms.BooleanField(
        label=_("The patient agrees that I ask for them, and that you talk to me about it"), required=False
    )
    spoken_language = one_of(SpokenLanguage, _("Which language should we talk in?"))
    other_language = one_line(
        _("Which other language?"),
        60,
        _("The other language must be 60 characters or less"),
        _("Only if you chose “Another language”."),
        autocomplete="off",
    )
    needs_interpreter = forms.BooleanField(label=_("I need an interpreter"), required=False)
    access_needs = any_of(AccessNeed, _("Do any of these apply to you?"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["spoken_language"].initial = _language_of_the_page()

    def clean_spoken_language(self) -> str:
        """The language that was chosen, or that of the page where none was."""
        return self.cleaned_data["spoken_language"] or _language_of_the_page()

    def clean(self) -> dict[str, Any]:
        """Another language has a name, and one that is named is meant. The proxy is whole."""
        answers = super().clean() or {}
        if answers.get("other_language"):
            answers["spoken_language"] = SpokenLanguage.OTHER
        elif answers.get("spoken_language") == SpokenLanguage.OTHER and "other_language" not in self.errors:
            message = _("Enter which other language you speak")
            self.add_error("other_language", ValidationError(message, code="no_other_language"))
        if any(answers.get(name) for name in PROXY) or any(name in self.errors for name in PROXY):
            for name, (code, message) in PROXY.items():
                if not answers.get(name) and name not in self.errors:
                    self.add_error(name, ValidationError(message, code=code))
        return answers


def _language_of_the_page() -> str:
    """The spoken language that goes with it."""
    language = (get_language() or "")[:2]
    return language if language in SpokenLanguage else SpokenLanguage.ENGLISH
