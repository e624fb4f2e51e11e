"""The forms that patients fill in."""

from appointments.forms.following import WithdrawForm
from appointments.forms.request import AppointmentRequestForm
from appointments.forms.safety import CheckedByClinicianForm, SafetyCheckForm

__all__ = ["AppointmentRequestForm", "CheckedByClinicianForm", "SafetyCheckForm", "WithdrawForm"]
