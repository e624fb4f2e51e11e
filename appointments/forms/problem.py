"""What is wrong: the questions that tell the staff how soon, and to whom."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from appointments.forms.layout import FreeTextField, any_of, one_of
from appointments.forms.parts import Section
from appointments.models.answers import (
    Course,
    Duration,
    EasedBy,
    LegsAffected,
    Numbness,
    RecordKind,
    SeenBefore,
    WalkingDistance,
)
from appointments.models.patient_answers import PROBLEM_MAX_LENGTH

SOMETHING_ELSE = ("", _("Something else, or I am not sure"))

PROBLEM_SECTIONS = (
    Section("problem", _("What is wrong"), "article", "problem", "duration"),
    Section(
        "walking",
        _("When you walk"),
        *("walking_distance", "eased_by", "legs_affected", "numbness", "course"),
        hint=_(
            "Five quick questions. They help us choose the right visit for you. Leave out what you do not know."
        ),
        is_optional=True,
    ),
    Section("care", _("Care so far"), "seen_before", "records_held", is_optional=True),
)


class TitleSelect(forms.Select):
    """Titles of articles, which are in English: on a page in another language each says so to screen readers."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The usual option; with its language where that is not the page's."""
        option = super().create_option(name, value, *args, **kwargs)
        if value and get_language() != settings.LANGUAGE_CODE:
            option["attrs"]["lang"] = settings.LANGUAGE_CODE
        return option


class ProblemQuestions(forms.Form):
    """The problem itself, in the patient's words and in ours."""

    article = forms.ChoiceField(
        label=_("What is it about?"),
        help_text=_("If one of our pages fits, it tells us who should answer you."),
        required=False,
        widget=TitleSelect,
        error_messages={
            "invalid_choice": _("That page is no longer on our list. Choose another one, or “Something else”")
        },
    )
    problem = FreeTextField(
        label=_("What is wrong, in your own words?"),
        max_length=PROBLEM_MAX_LENGTH,
        help_text=_("What hurts, what makes it worse, what makes it better. A few words are enough."),
        widget=forms.Textarea({"rows": 6}),
        error_messages={
            "required": _("Tell us what is wrong, in a few words"),
            "max_length": _("What is wrong must be 2,000 characters or less. You used %(show_value)s."),
        },
    )
    duration = one_of(
        Duration,
        _("How long have you had it?"),
        _("It helps us see how soon you should come."),
        required=_("Choose how long you have had it"),
    )
    walking_distance = one_of(WalkingDistance, _("How far can you walk before it makes you stop?"))
    eased_by = one_of(EasedBy, _("What makes it better when walking hurts?"))
    legs_affected = one_of(LegsAffected, _("Does it go into your legs?"))
    numbness = one_of(Numbness, _("Is there numbness or weakness in a leg or foot?"))
    course = one_of(Course, _("Is it getting better or worse?"))
    seen_before = one_of(
        SeenBefore,
        _("Has anyone looked at this before?"),
        _("Then you need not tell us everything again: we ask for what they found."),
    )
    records_held = any_of(
        RecordKind,
        _("Do you have any of these at hand?"),
        _("Bring them when you come. You need not send anything now."),
    )
