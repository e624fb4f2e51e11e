"""The forms that patients fill in."""

from appointments.forms.following import ContactForm, FindForm, NoteForm, TimesForm, WithdrawForm, WorseForm
from appointments.forms.request import AppointmentRequestForm
from appointments.forms.safety import CheckedByClinicianForm, SafetyCheckForm

__all__ = [
    "AppointmentRequestForm",
    "CheckedByClinicianForm",
    "ContactForm",
    "FindForm",
    "NoteForm",
    "SafetyCheckForm",
    "TimesForm",
    "WithdrawForm",
    "WorseForm",
]
