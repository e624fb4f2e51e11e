"""What a patient may still say of a request that was sent."""

import copy
import datetime
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from appointments.fields import FURTHEST
from appointments.forms.layout import FreeTextField, form_helper
from appointments.forms.request import AppointmentRequestForm
from appointments.forms.safety import SafetyCheckForm
from appointments.models import AppointmentRequest, PreferredContact
from appointments.models.record import NOTE_MAX_LENGTH
from conditions.models import RedFlag


def asked_again(name: str, **attributes: Any) -> Any:
    """The question of the request form with this name, with some of its `attributes` changed."""
    question = copy.deepcopy(AppointmentRequestForm.base_fields[name])
    for attribute, value in attributes.items():
        setattr(question, attribute, value)
    question.widget.is_required = question.required
    return question


def permission(name: str) -> forms.ChoiceField:
    """Yes, no, or as it was: a box that is not ticked could not tell no from "as it was"."""
    return forms.ChoiceField(
        label=AppointmentRequestForm.base_fields[name].label,
        choices=[("", _("Keep what I said before")), ("yes", _("Yes")), ("no", _("No"))],
        required=False,
        widget=forms.RadioSelect,
    )


def words(label: Any, **options: Any) -> FreeTextField:
    """Up to NOTE_MAX_LENGTH characters in the patient's own words."""
    too_long = _("Write 1,000 characters or less. You used %(show_value)s.")
    return FreeTextField(
        label=label,
        max_length=NOTE_MAX_LENGTH,
        widget=forms.Textarea({"rows": 5}),
        error_messages={"max_length": too_long, "required": _("Write what you want to add")},
        **options,
    )


class WorseForm(SafetyCheckForm):
    """It has got worse: the safety check again, and what there is to say about it."""

    words = words(
        _("What has changed?"), required=False, help_text=_("A few words are enough. You can leave this empty.")
    )

    def __init__(self, red_flags: Iterable[RedFlag], data: MultiValueDict | None = None) -> None:
        super().__init__(red_flags, data)
        self.helper = form_helper(*self.fields)


class ContactForm(forms.Form):
    """Other ways to reach the patient. What is left empty stays as it is, and what we have is not shown.

    It knows the request only to see that one way remains.
    """

    phone = asked_again("phone", label=_("New phone number"))
    email = asked_again("email", label=_("New email address"), help_text="")
    no_longer = forms.MultipleChoiceField(
        label=_("Should we stop using one that we have?"),
        choices=[("phone", _("Stop using my phone number")), ("email", _("Stop using my email address"))],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose this if the number or the address is not yours any more, or if others can see it."),
    )
    preferred_contact = asked_again("preferred_contact", required=False)

    PERMISSIONS = ("may_leave_voicemail", "may_name_clinic", "may_text")

    def __init__(self, appointment_request: AppointmentRequest, data: MultiValueDict | None = None) -> None:
        super().__init__(data)
        self.appointment_request = appointment_request
        for name in self.PERMISSIONS:
            if name in AppointmentRequestForm.base_fields:
                self.fields[name] = permission(name)
        preferred = self.fields["preferred_contact"]
        preferred.choices = [("", _("Keep what I said before")), *PreferredContact.choices]  # type: ignore[attr-defined]
        self.helper = form_helper(*self.fields)

    def clean(self) -> dict[str, Any]:
        """Something was filled in, one way to reach the patient remains, and the preferred one is among them."""
        answers = super().clean() or {}
        if self.errors:
            return answers
        if not any(answers.values()):
            raise ValidationError(_("Fill in what has changed"), code="nothing")
        changed = self.changes()
        phone, email, preferred = changed["phone"], changed["email"], changed["preferred_contact"]
        if not phone and not email:
            one_way = _("Give us one way to reach you: a phone number or an email address")
            self.add_error("phone", ValidationError(one_way, code="no_contact"))
        elif not phone and preferred in {PreferredContact.PHONE, PreferredContact.TEXT}:
            error = ValidationError(_("Give a new phone number, or choose email"), code="no_phone")
            self.add_error("preferred_contact", error)
        elif not email and preferred == PreferredContact.EMAIL:
            error = ValidationError(_("Give a new email address, or choose a phone call"), code="no_email")
            self.add_error("preferred_contact", error)
        return answers

    def changes(self) -> dict[str, Any]:
        """How to reach the patient from now on: the fields of the request. Call it once the form is valid."""
        answers, current = self.cleaned_data, self.appointment_request
        changes: dict[str, Any] = {}
        for name in ("phone", "email"):
            kept = "" if name in answers["no_longer"] else getattr(current, name)
            changes[name] = answers[name] or kept
        changes["preferred_contact"] = answers["preferred_contact"] or current.preferred_contact
        for name in self.PERMISSIONS:
            if answers.get(name):
                changes[name] = answers[name] == "yes"
        return changes


class TimesForm(forms.Form):
    """Other times. They take the place of all that was said before, so empty means any time."""

    QUESTIONS = ("windows", "unsuitable_dates", "earliest_date", "latest_date", "short_notice")

    def __init__(self, today: datetime.date, data: MultiValueDict | None = None) -> None:
        super().__init__(data)
        for name in self.QUESTIONS:
            if name in AppointmentRequestForm.base_fields:
                self.fields[name] = asked_again(name)
        for name in ("earliest_date", "latest_date"):
            if name in self.fields:
                self.fields[name].first, self.fields[name].last = today, today + FURTHEST  # type: ignore[attr-defined]
        self.helper = form_helper(*self.fields)

    def clean(self) -> dict[str, Any]:
        """The last date is not before the first."""
        answers = super().clean() or {}
        earliest, latest = answers.get("earliest_date"), answers.get("latest_date")
        if earliest and latest and latest < earliest:
            error = ValidationError(_("The last date must not be before the first date"), code="order")
            self.add_error("latest_date", error)
        return answers


class NoteForm(forms.Form):
    """Something more to know."""

    words = words(_("What do you want to add?"))
    helper = form_helper("words")


class WithdrawForm(forms.Form):
    """The patient takes the request back, and says so twice: by opening this page and by the box."""

    is_sure = forms.BooleanField(
        label=_("Yes, I no longer want an appointment"),
        error_messages={"required": _("Tick the box if you want to withdraw your request")},
    )
    helper = form_helper("is_sure")


class FindForm(forms.Form):
    """The link is lost: where shall we send it?"""

    email = asked_again(
        "email", label=_("Your email address"), required=True, help_text=_("The one that you gave us.")
    )
    helper = form_helper("email")
