"""The practice itself: who we are, when we are open, and what the whole house shares."""

from clinic.models.opening import ClosedDate, OpeningHours, Weekday, working_hours
from clinic.models.outgoing_mail import OutgoingMail
from clinic.models.payment import PaymentOption
from clinic.models.profile import Announcement, ClinicProfile, clinic_today, validate_local_path, validate_time_zone
from clinic.models.rate_count import RateCount

__all__ = [
    "Announcement",
    "ClinicProfile",
    "ClosedDate",
    "OpeningHours",
    "OutgoingMail",
    "PaymentOption",
    "RateCount",
    "Weekday",
    "clinic_today",
    "validate_local_path",
    "validate_time_zone",
    "working_hours",
]
