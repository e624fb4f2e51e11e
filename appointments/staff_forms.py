"""What staff fill in on the record of a request. Each form carries the version of the request that was seen."""

import datetime
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from appointments.lifecycle import Move, NextStep, RequestStatus, Urgency
from appointments.models import AppointmentRequest, Channel, Outcome
from appointments.models.record import NOTE_MAX_LENGTH
from appointments.roles import clinicians, name_of, who_triages
from appointments.told import closes, told_before

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Further away is a slip of the keyboard. After the year 9999 a time could be stored, but no longer read.
FURTHEST_BOOKING = datetime.timedelta(days=2 * 365)


class AppointmentTimeField(forms.SplitDateTimeField):
    """A date and a time in the clinic's zone, the current one on staff pages; to come, and not years away."""

    widget = forms.SplitDateTimeWidget(
        date_attrs={"type": "date", "aria-label": "Date of the appointment"},
        time_attrs={"type": "time", "aria-label": "Time of the appointment"},
        date_format="%Y-%m-%d",
        time_format="%H:%M",
    )

    def __init__(self) -> None:
        super().__init__(
            label="Date and time",
            error_messages={
                "required": "Enter the date and time of the appointment",
                "invalid_date": "Enter a valid date of the appointment",
                "invalid_time": "Enter a valid time of the appointment",
            },
        )

    def validate(self, value: Any) -> None:
        """Refuses a time that has passed or is too far away."""
        super().validate(value)
        if value <= timezone.now():
            raise ValidationError("The appointment must be in the future", code="past")
        if value > timezone.now() + FURTHEST_BOOKING:
            raise ValidationError("The appointment must be within the next two years", code="far")


class PersonField(forms.TypedChoiceField):
    """One of these people of the staff, or nobody where `nobody` says what that is called."""

    def __init__(self, people: Iterable["User"], *, label: str, nobody: str = "", required: str = "") -> None:
        by_pk = {str(person.pk): person for person in people}
        choices = [("", nobody)] if nobody else []
        super().__init__(
            label=label,
            required=not nobody,
            choices=[*choices, *((pk, name_of(person)) for pk, person in by_pk.items())],
            coerce=by_pk.__getitem__,
            empty_value=None,
            error_messages={"required": required, "invalid_choice": "Choose a person of the list"},
        )


class SeenForm(forms.Form):
    """A form about the version of a request that was seen, with a note for the record.

    `name` tells it from the others of the page.
    """

    name = "seen"
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    note = forms.CharField(
        max_length=NOTE_MAX_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="Kept on the record. The patient does not see it.",
    )

    def __init__(
        self, appointment_request: AppointmentRequest, data: Any = None, *, initial: dict[str, Any] | None = None
    ) -> None:
        initial = {"version": appointment_request.version, **(initial or {})}
        super().__init__(data, auto_id=f"{self.name}_%s", initial=initial)
        self.appointment_request = appointment_request
        self.is_kept = False  # what was typed stands in it, and nothing is wrong with it

    @property
    def is_open(self) -> bool:
        """Whether the page shows it unfolded."""
        return self.is_bound or self.is_kept

    @property
    def id_of_take_over(self) -> str:
        """The id of the field beside it that says why one takes the request over."""
        return f"{self.name}_take_over"

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """What is wrong with it, each with the id of the box to mend: "" for what belongs to no box."""
        for field in self:
            box = f"{field.auto_id}_0" if isinstance(field.field, forms.MultiValueField) else field.id_for_label
            for error in field.errors if self.is_bound else ():
                yield ("" if field.is_hidden else str(box)), str(error)

    def typed(self) -> Iterator[tuple[str, str]]:
        """What somebody filled in, valid or not: the name of each field and what it says in words."""
        for field in self.visible_fields():
            value = field.value()
            parts = value if isinstance(value, list | tuple) else [value]
            choices = {str(key): str(label) for key, label in getattr(field.field, "choices", ())}
            text = " ".join(choices.get(str(part), str(part)) for part in parts if part not in (None, "", False))
            if isinstance(field.field, forms.BooleanField):
                text = "yes" if value else ""
            if text:
                yield str(field.label), text


class BookingForm(SeenForm):
    """When, with whom and where. What something speaks against is booked only by whoever says so."""

    appointment_starts_at = AppointmentTimeField()
    place = forms.CharField(
        max_length=120, required=False, help_text="Leave it empty for the address of the clinic."
    )
    despite_clash = forms.BooleanField(label="Book anyway", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = list(clinicians())
        with_whom = self.appointment_request.appointment_with
        if with_whom is not None and with_whom not in people:  # since then they left
            people.append(with_whom)
        self.fields["clinician"] = PersonField(people, label="With", nobody="Not decided")
        if len(people) == 1:
            self.initial.setdefault("clinician", people[0].pk)


# What the button of a move says, where its verb, which is the heading of its form, does not say enough.
BUTTONS = {
    RequestStatus.AWAITING_PATIENT: "Ask the patient",
    RequestStatus.UNREACHABLE: "Close as unreachable",
    RequestStatus.DECLINED: "Decline the request",
    RequestStatus.WITHDRAWN: "Withdraw the request",
}


class MoveForm(SeenForm):
    """One move of the table: its note, and its message to the patient where it has one."""

    message = forms.CharField(
        label="Message to the patient",
        max_length=NOTE_MAX_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text="Goes out by mail, as it stands. Without an email address: say it on the phone.",
    )

    def __init__(self, move: Move, *args: Any, **kwargs: Any) -> None:
        self.move = move
        self.name = move.to_status
        super().__init__(*args, **kwargs)
        self.button = BUTTONS.get(move.to_status, move.verb)
        self.told = told_before(self.appointment_request, move.to_status)
        self.closes = closes(move.to_status)
        if move.needs_note:
            self.fields["note"].required = True
            self.fields["note"].error_messages["required"] = f"“{move.verb}” needs a note that says why"
        if move.needs_message:
            self.fields["message"].error_messages["required"] = f"“{move.verb}” needs a message to the patient"
        else:
            del self.fields["message"]


class BookForm(BookingForm, MoveForm):
    """The move that books."""


def form_of_move(move: Move) -> type[MoveForm]:
    """The form that asks for what this move needs."""
    return BookForm if move.needs_appointment_time else MoveForm


class MoveAppointmentForm(BookingForm):
    """Another time, place or clinician for a booked appointment."""

    name = "appointment"

    def __init__(self, appointment_request: AppointmentRequest, data: Any = None) -> None:
        initial = {
            "appointment_starts_at": appointment_request.appointment_starts_at,
            "place": appointment_request.appointment_place,
            "clinician": appointment_request.appointment_with_id or "",
        }
        super().__init__(appointment_request, data, initial=initial)


class LogCallForm(SeenForm):
    """An attempt to reach the patient that was just made."""

    name = "log-call"
    channel = forms.ChoiceField(
        label="How", choices=Channel, error_messages={"required": "Say how you tried to reach the patient"}
    )
    outcome = forms.ChoiceField(
        label="How did it go?",
        choices=[("", "Choose"), *Outcome.choices],
        error_messages={"required": "Say how it went"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.appointment_request.may_leave_voicemail:
            # Not offered. Whoever sends it all the same reads why: see `appointments.contact`.
            outcomes = [(value, label) for value, label in Outcome.choices if value != Outcome.VOICEMAIL]
            self.fields["outcome"].widget.choices = [("", "Choose"), *outcomes]


class PlanForm(SeenForm):
    """What comes next, on which day, and whose work it is."""

    name = "plan"
    step = forms.ChoiceField(
        label="Next step", choices=NextStep, error_messages={"required": "Choose the next step"}
    )
    on = forms.DateField(
        label="On",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Enter the day of the next step",
            "invalid": "Enter the day of the next step as a date",
        },
    )

    def __init__(self, appointment_request: AppointmentRequest, data: Any = None, *, by: "User") -> None:
        initial = {
            "step": appointment_request.next_step,
            "on": appointment_request.next_step_on or timezone.localdate(),
            "owner": appointment_request.next_step_by_id or by.pk,
        }
        super().__init__(appointment_request, data, initial=initial)
        self.fields["owner"] = PersonField(
            who_triages(), label="Who does it", required="Choose who does the next step"
        )


class UndoForm(SeenForm):
    """Taking back the last step."""

    name = "undo"


class UrgencyForm(SeenForm):
    """Another urgency, and why: `appointments.urgency` says who may, and when a reason is needed."""

    name = "urgency"
    urgency = forms.TypedChoiceField(coerce=int, choices=Urgency, error_messages={"required": "Choose an urgency"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].label = "Reason"


class LowerUrgencyForm(UrgencyForm):
    """To lower the urgency of a request, or to clear its report that it is worse by keeping the urgency."""

    def __init__(self, appointment_request: AppointmentRequest, data: Any = None) -> None:
        current = Urgency(appointment_request.urgency)
        kept = [(current.value, f"Keep “{current.label}”")] if appointment_request.worse_at else []
        lower = [(urgency.value, f"Lower to “{urgency.label}”") for urgency in Urgency if urgency > current]
        self.choices = kept + lower
        is_of_this_form = data is not None and data.get("urgency") in {str(value) for value, _ in self.choices}
        super().__init__(appointment_request, data if is_of_this_form else None)
        self.fields["urgency"] = forms.TypedChoiceField(
            label="Set it to", coerce=int, choices=self.choices, error_messages={"required": "Choose an urgency"}
        )
        self.fields["note"].required = True
        self.fields["note"].error_messages["required"] = "Say why you change the urgency"
