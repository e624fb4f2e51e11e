"""What staff fill in for a move."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from appointments.lifecycle import Move
from appointments.models.record import NOTE_MAX_LENGTH

# Further away is a slip of the keyboard. After the year 9999 a time could be stored, but no longer read.
FURTHEST_BOOKING = datetime.timedelta(days=2 * 365)


class MoveForm(forms.Form):
    """One move of the table: its note, the appointment's time when it books, and the version that was seen."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    note = forms.CharField(
        max_length=NOTE_MAX_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="Kept on the record. The patient does not see it.",
    )
    message = forms.CharField(
        label="Message to the patient",
        max_length=NOTE_MAX_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text="Goes out by mail, as it stands. Without an email address: say it on the phone.",
    )
    appointment_starts_at = forms.SplitDateTimeField(
        label="Date and time",
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date", "aria-label": "Date of the appointment"},
            time_attrs={"type": "time", "aria-label": "Time of the appointment"},
            date_format="%Y-%m-%d",
            time_format="%H:%M",
        ),
        error_messages={"required": "Enter the date and time of the appointment"},
    )

    def __init__(self, move: Move, data: Any = None, *, version: int | None = None) -> None:
        super().__init__(data, auto_id=f"{move.to_status}_%s", initial={"version": version})
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

    def clean_appointment_starts_at(self) -> Any:
        """In the clinic's zone, the current one on staff pages; still to come, and not years away."""
        starts_at = self.cleaned_data["appointment_starts_at"]
        if starts_at <= timezone.now():
            raise ValidationError("The appointment must be in the future", code="past")
        if starts_at > timezone.now() + FURTHEST_BOOKING:
            raise ValidationError("The appointment must be within the next two years", code="far")
        return starts_at
