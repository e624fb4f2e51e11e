"""What we ask a patient. Every question is used by the staff who answer, and says what for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from appointments.choices import FormChoices
from appointments.forms.answers import answer_text
from appointments.forms.contact import CONTACT_SECTIONS, ContactQuestions
from appointments.forms.layout import Question, form_helper
from appointments.forms.parts import Section
from appointments.forms.patient import PATIENT_SECTIONS, PatientQuestions
from appointments.forms.problem import PROBLEM_SECTIONS, SOMETHING_ELSE, ProblemQuestions
from appointments.forms.times import TIMES_SECTIONS, TimesQuestions


@dataclass(frozen=True)
class Answer:
    """One line of the page to check one's answers."""

    label: str
    value: str
    focus_id: str  # the first control of the question, for "change"
    is_in_english: bool = False  # the title of an article, in whatever language the page is


@dataclass(frozen=True)
class CheckedSection:
    """A section of that page: what was answered, and what was left out, each in the order of the form."""

    title: str
    given: list[Answer]
    left_out: list[Answer]


class AppointmentRequestForm(ProblemQuestions, PatientQuestions, ContactQuestions, TimesQuestions):
    """The request itself. `answers()` gives the fields of an AppointmentRequest.

    `choices` are what the form lists today; `initial` may hold the key of the `article` that the patient came from.
    """

    bound_field_class = Question
    SECTIONS: ClassVar[tuple[Section, ...]] = (
        *PROBLEM_SECTIONS,
        *PATIENT_SECTIONS,
        *CONTACT_SECTIONS,
        *TIMES_SECTIONS,
        Section("cover", _("Cover and consent"), "payment_option", "consent"),
    )

    payment_option = forms.TypedChoiceField(
        label=_("How will you pay?"),
        help_text=_("No numbers, please. We only want to have the right papers ready."),
        required=False,
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("We no longer list that way to pay. Choose another one")},
    )
    consent = forms.BooleanField(
        label=_("I agree that the clinic uses these answers to reply to my request, as its privacy page says"),
        help_text=_("Only the staff who reply to you read your answers."),
        error_messages={"required": _("To send a request, agree that the clinic may use your answers to reply")},
    )

    def __init__(
        self, choices: FormChoices, data: MultiValueDict | None = None, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.choices = choices
        self.fields["article"].choices = [SOMETHING_ELSE, *choices.articles]  # type: ignore[attr-defined]
        self.fields["payment_option"].choices = choices.payments  # type: ignore[attr-defined]
        if not choices.payments and not self.data.get("payment_option"):
            del self.fields["payment_option"]
        self.start_dates(choices)
        self.order_fields([name for section in self.SECTIONS for name in section.names()])
        self.helper = form_helper(*self.SECTIONS)

    def ask_consent_again(self) -> None:
        """The page that was filled in led to another privacy text than today's: that consent does not count."""
        data = cast("MultiValueDict", self.data).copy()
        data.pop("consent", None)
        self.data = data
        self.fields["consent"].error_messages["required"] = _(
            "Our privacy page may have changed since you opened this form. Look at it, then tick this box again"
        )

    def answers(self) -> dict[str, Any]:
        """The fields of an AppointmentRequest. Call it once the form is valid."""
        others = {"consent", "article", "payment_option"}
        return {
            **{name: value for name, value in self.cleaned_data.items() if name not in others},
            "article_id": self.choices.article_id(self.cleaned_data["article"]),
            "payment_option_id": self.cleaned_data.get("payment_option"),
            "privacy_version": settings.PRIVACY_VERSION,
        }

    def sections(self) -> Iterator[CheckedSection]:
        """The answers as the patient reads them before sending."""
        for section in self.SECTIONS:
            answers = [self._answer(self[name]) for name in section.names() if name in self.fields]
            given, left_out = (
                [one for one in answers if bool(one.value) == is_given] for is_given in (True, False)
            )
            yield CheckedSection(section.title, given, left_out)

    def _answer(self, question: forms.BoundField) -> Answer:
        value = self.cleaned_data[question.name]
        # Whoever asks for themselves was not asked whether a patient agrees; "No" would look like a mistake.
        is_answered = value or question.name != "has_proxy_consent"
        text = answer_text(question.field, value) if is_answered else ""
        is_title = question.name == "article" and bool(self.cleaned_data["article"])
        return Answer(str(question.label), text, question.id_for_label or f"{question.auto_id}_0", is_title)
