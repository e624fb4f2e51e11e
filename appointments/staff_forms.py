"""What staff fill in on the record of a request. Each form carries the version of the request that was seen."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from appointments.lifecycle import Move, Urgency
from appointments.models import AppointmentRequest
from appointments.models.record import NOTE_MAX_LENGTH

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
            error_messages={"required": "Enter the date and time of the appointment"},
        )

    def validate(self, value: Any) -> None:
        """Refuses a time that has passed or is too far away."""
        super().validate(value)
        if value <= timezone.now():
            raise ValidationError("The appointment must be in the future", code="past")
        if value > timezone.now() + FURTHEST_BOOKING:
            raise ValidationError("The appointment must be within the next two years", code="far")


class SeenForm(forms.Form):
    """A form about the version of a request that was seen, with a note for the record."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    note = forms.CharField(
        max_length=NOTE_MAX_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="Kept on the record. The patient does not see it.",
    )

    def __init__(self, data: Any = None, *, name: str, version: int | None = None) -> None:
        super().__init__(data, auto_id=f"{name}_%s", initial={"version": version})
        self.name = name


class MoveForm(SeenForm):
    """One move of the table: its note, its message to the patient, and the appointment's time when it books."""

    message = forms.CharField(
        label="Message to the patient",
        max_length=NOTE_MAX_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text="Goes out by mail, as it stands. Without an email address: say it on the phone.",
    )
    appointment_starts_at = AppointmentTimeField()

    def __init__(self, move: Move, data: Any = None, *, version: int | None = None) -> None:
        super().__init__(data, name=move.to_status, version=version)
        self.move = move
        if move.needs_note:
            self.fields["note"].required = True
            self.fields["note"].error_messages["required"] = f"“{move.verb}” needs a note that says why"
        if move.needs_message:
            self.fields["message"].error_messages["required"] = f"“{move.verb}” needs a message to the patient"
        else:
            del self.fields["message"]
        if not move.needs_appointment_time:
            del self.fields["appointment_starts_at"]


class MoveAppointmentForm(SeenForm):
    """Another time for a booked appointment."""

    appointment_starts_at = AppointmentTimeField()

    def __init__(self, data: Any = None, *, version: int | None = None) -> None:
        super().__init__(data, name="appointment", version=version)


class UrgencyForm(SeenForm):
    """Another urgency, and why: `appointments.urgency` says who may, and when a reason is needed."""

    urgency = forms.TypedChoiceField(coerce=int, choices=Urgency, error_messages={"required": "Choose an urgency"})

    def __init__(self, data: Any = None, *, version: int | None = None) -> None:
        super().__init__(data, name="urgency", version=version)
        self.fields["note"].label = "Reason"


class LowerUrgencyForm(UrgencyForm):
    """To lower the urgency of a request, or to clear its report that it is worse by keeping the urgency."""

    def __init__(self, appointment_request: AppointmentRequest, data: Any = None) -> None:
        current = Urgency(appointment_request.urgency)
        kept = [(current.value, f"Keep “{current.label}”")] if appointment_request.worse_at else []
        lower = [(urgency.value, f"Lower to “{urgency.label}”") for urgency in Urgency if urgency > current]
        self.choices = kept + lower
        is_of_this_form = data is not None and data.get("urgency") in {str(value) for value, _ in self.choices}
        super().__init__(data if is_of_this_form else None, version=appointment_request.version)
        self.fields["urgency"] = forms.TypedChoiceField(label="Set it to", coerce=int, choices=self.choices)
        self.fields["note"].required = True
