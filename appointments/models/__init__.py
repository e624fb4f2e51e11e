"""Appointment requests and their record."""

from appointments.models.record import RedFlagAnswer, StatusChange
from appointments.models.request import (
    AppointmentRequest,
    Duration,
    PartOfDay,
    PreferredContact,
    RequestSource,
)
from appointments.models.sending import AlreadySent

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
