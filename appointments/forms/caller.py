"""The same questions, asked on the phone or at the desk and keyed in by the staff. In English."""

from typing import Any, ClassVar

from django import forms

from appointments.forms.parts import Section
from appointments.forms.request import AppointmentRequestForm
from appointments.models.answers import Language, RequestSource

SOURCES = [(source.value, source.label) for source in (RequestSource.PHONE, RequestSource.WALK_IN)]
NAMES = ("source", "language")


class CallerForm(AppointmentRequestForm):
    """What a caller answers, how the request came in, and the language of the caller's own pages and mails."""

    SECTIONS: ClassVar[tuple[Section, ...]] = (
        Section("call", "This call", *NAMES),
        *AppointmentRequestForm.SECTIONS,
    )

    source = forms.ChoiceField(
        label="How did the request come in?",
        choices=SOURCES,
        initial=RequestSource.PHONE,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how the request came in"},
    )
    language = forms.ChoiceField(
        label="Language of the status page and the mails",
        choices=[(Language.ENGLISH.value, "English"), (Language.SPANISH.value, "Spanish")],
        initial=Language.ENGLISH,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the language of the status page and the mails"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        consent = self.fields["consent"]
        consent.label = (
            "The caller agrees that the clinic uses these answers to reply to the request, as its privacy page says"
        )
        consent.help_text = "Read it out, and tick it when the caller says yes."
        consent.error_messages["required"] = "A request can be kept only if the caller agrees"
        for field in self.fields.values():
            for widget in (field.widget, *getattr(field.widget, "widgets", ())):
                # The browser knows the person at the desk, not the caller.
                widget.attrs["autocomplete"] = "off"

    def answers(self) -> dict[str, Any]:
        """The fields of an AppointmentRequest that the caller answered."""
        return {name: value for name, value in super().answers().items() if name not in NAMES}
