"""What a patient may still say of a request that was sent."""

from collections.abc import Iterable
from copy import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from appointments.choices import FormChoices
from appointments.forms.contact import ContactQuestions
from appointments.forms.layout import FreeTextField, any_of, form_helper, one_of
from appointments.forms.parts import Section
from appointments.forms.safety import SafetyCheckForm
from appointments.forms.times import TIMES_SECTIONS, TimesQuestions
from appointments.models import AppointmentRequest, PreferredContact
from appointments.models.answers import ShortNotice
from appointments.models.record import NOTE_MAX_LENGTH
from conditions.models import RedFlag

KEEP = ("", _("Keep what I said before"))


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


class ContactForm(ContactQuestions):
    """Other ways to reach the patient. What is left empty stays as it is, and what we have is not shown.

    It knows the request only to see that one way remains.
    """

    PERMISSIONS = ("may_leave_voicemail", "may_name_clinic", "may_text")

    no_longer = any_of(
        [("phone", _("Stop using my phone number")), ("email", _("Stop using my email address"))],
        _("Should we stop using one that we have?"),
        _("Choose this if it is not yours any more, or if others can see it."),
    )

    def __init__(self, appointment_request: AppointmentRequest, data: MultiValueDict | None = None) -> None:
        super().__init__(data)
        self.appointment_request = appointment_request
        self.fields["phone"].label, self.fields["email"].label = _("New phone number"), _("New email address")
        self.fields["email"].help_text = self.fields["contact_times"].help_text = ""
        preferred = one_of([KEEP, *PreferredContact.choices], self.fields["preferred_contact"].label)
        self.fields["preferred_contact"] = preferred
        for name in self.PERMISSIONS:
            # A box that is not ticked could not tell "no" from "as it was".
            self.fields[name] = one_of([KEEP, ("yes", _("Yes")), ("no", _("No"))], self.fields[name].label)
        self.helper = form_helper(
            *("phone", "email", "no_longer", "preferred_contact", "contact_times"),
            Section("discretion", _("If you do not pick up, what may we do?"), *self.PERMISSIONS),
        )

    def clean(self) -> dict[str, Any]:
        """Something was filled in, one way to reach the patient remains, and the preferred one is among them and
        not forbidden."""
        answers = self.cleaned_data
        if not self.errors and not any(answers.values()):
            raise ValidationError(_("Fill in what has changed"), code="nothing")
        if not self.errors:
            changed = self.changes()
            self._check_ways(bool(changed["phone"]), bool(changed["email"]), changed["preferred_contact"])
            if changed["preferred_contact"] == PreferredContact.TEXT and answers["may_text"] == "no":
                message = _("Choose another way, or allow text messages")
                self._refuse("preferred_contact", "no_texts", message)
        return answers

    def changes(self) -> dict[str, Any]:
        """How to reach the patient from now on: the fields of the request. Call it once the form is valid."""
        answers, current = self.cleaned_data, self.appointment_request
        changes: dict[str, Any] = {}
        for name in ("phone", "email"):
            changes[name] = answers[name] or ("" if name in answers["no_longer"] else getattr(current, name))
        changes["preferred_contact"] = answers["preferred_contact"] or current.preferred_contact
        if answers["contact_times"]:
            changes["contact_times"] = answers["contact_times"]
        changes |= {name: answers[name] == "yes" for name in self.PERMISSIONS if answers[name]}
        if answers["preferred_contact"] == PreferredContact.TEXT:
            changes["may_text"] = True
        return changes


class TimesForm(TimesQuestions):
    """Other times. What is left empty stays as it is, and what we have is not shown.

    Parts of the week and the dates between which they count belong together: new ones take the place of all of
    them, or a day that has passed would still end what the patient wants now.
    """

    TOGETHER = ("windows", "earliest_date", "latest_date")
    ALONE = ("short_notice", "unsuitable_dates")

    no_longer = any_of(
        [
            ("times", _("The days and dates that suited me. Any time is fine now.")),
            ("short_notice", _("How soon I could come")),
            ("unsuitable_dates", _("The dates that did not suit me")),
        ],
        _("Should we forget something that you told us before?"),
    )

    def __init__(self, choices: FormChoices, data: MultiValueDict | None = None) -> None:
        super().__init__(data)
        self.start_dates(choices)
        self.fields["windows"].help_text = _("Tick all that suit.")
        short_notice = self.fields["short_notice"]
        kept = one_of([KEEP, *ShortNotice.choices], short_notice.label, short_notice.help_text)
        self.fields["short_notice"] = kept
        names = [name for section in TIMES_SECTIONS for name in section.names()]
        self.helper = form_helper(*names, "no_longer")

    def clean(self) -> dict[str, Any]:
        """Something was filled in."""
        answers = super().clean()
        if not self.errors and not any(answers.values()):
            raise ValidationError(_("Fill in what has changed"), code="nothing")
        return answers

    def changes(self) -> dict[str, Any]:
        """What changes of the request: its fields. Call it once the form is valid."""
        answers, no_longer = self.cleaned_data, self.cleaned_data["no_longer"]
        given = [name for name in self.ALONE if answers[name] or name in no_longer]
        if "times" in no_longer or any(answers[name] for name in self.TOGETHER):
            given += self.TOGETHER
        return {name: answers[name] for name in given}


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

    email = copy(ContactQuestions.base_fields["email"])
    helper = form_helper("email")

    def __init__(self, data: MultiValueDict | None = None) -> None:
        super().__init__(data)
        field = self.fields["email"]
        field.help_text, field.required = _("The one that you gave us."), True
        field.error_messages["required"] = _("Enter your email address")
        field.widget.is_required = True
