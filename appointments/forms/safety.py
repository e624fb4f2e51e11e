"""The warning symptoms, asked before anything else and again when it gets worse."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from appointments.forms.layout import form_helper
from conditions.models import RedFlag, Tier, by_tier


class SafetyCheckForm(forms.Form):
    """Which warning symptoms does the patient have? One list for each tier of the red-flag table, any of them."""

    LEGENDS: ClassVar = {
        Tier.EMERGENCY: _("Do you have any of these?"),
        Tier.URGENT: _("Or any of these?"),
        Tier.MENTION: _("Or any of these?"),
    }

    none = forms.BooleanField(required=False, label=_("None of these"))

    def __init__(self, red_flags: Iterable[RedFlag], data: MultiValueDict | None = None) -> None:
        super().__init__(data)
        self.red_flags = {red_flag.key: red_flag for red_flag in red_flags}
        for tier, flags in by_tier(list(self.red_flags.values())).items():
            if flags:
                self.fields[tier] = forms.MultipleChoiceField(
                    choices=[(flag.key, _in_its_language(flag)) for flag in flags],
                    widget=forms.CheckboxSelectMultiple,
                    required=False,
                    label=self.LEGENDS[Tier(tier)],
                )
        self.order_fields([*Tier.values, "none"])
        self.helper = form_helper(*self.fields)

    def clean(self) -> dict[str, Any]:
        """Some symptom, or none of them: not nothing, and not both."""
        answers = super().clean() or {}
        ticked = [key for tier in Tier.values for key in answers.get(tier, [])]
        if ticked and answers.get("none"):
            self.add_error(
                "none", ValidationError(_("Choose your symptoms or “None of these”, not both"), code="both")
            )
        elif not ticked and not answers.get("none") and not self.errors:
            error = ValidationError(_("Choose every symptom that you have, or “None of these”"), code="required")
            self.add_error(next(iter(self.fields)), error)
        return answers

    def ticked(self) -> list[RedFlag]:
        """The red flags that the patient has. Call it once the form is valid."""
        return [self.red_flags[key] for tier in Tier.values for key in self.cleaned_data.get(tier, [])]


def _in_its_language(red_flag: RedFlag) -> str:
    """What stands beside its box: where there is no Spanish, a voice has to read the English as English."""
    wording, language = capfirst(red_flag.local_wording), red_flag.local_language
    return wording if language == get_language() else format_html('<span lang="{}">{}</span>', language, wording)


class CheckedByClinicianForm(forms.Form):
    """The one way on from the help page: a clinician has already looked at these symptoms."""

    is_checked_by_clinician = forms.BooleanField(
        label=_("A clinician has already checked these symptoms, and I still want to ask for an appointment"),
        error_messages={"required": _("Tick the box only if a clinician has checked these symptoms")},
    )
    helper = form_helper("is_checked_by_clinician")
