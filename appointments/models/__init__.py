"""Appointment requests and their record."""

from appointments.models.record import RedFlagAnswer, StatusChange
from appointments.models.request import (
    AlreadySent,
    AppointmentRequest,
    Duration,
    PartOfDay,
    PreferredContact,
    RequestSource,
)

__all__ = [
    "AlreadySent",
    "AppointmentRequest",
    "Duration",
    "PartOfDay",
    "PreferredContact",
    "RedFlagAnswer",
    "RequestSource",
    "StatusChange",
]
