"""Appointment requests and their record."""

from appointments.models.answers import (
    AccessNeed,
    Course,
    Duration,
    EasedBy,
    Language,
    LegsAffected,
    Numbness,
    PartOfDay,
    PatientHistory,
    PreferredContact,
    RecordKind,
    RequestSource,
    SeenBefore,
    ShortNotice,
    SpokenLanguage,
    WalkingDistance,
)
from appointments.models.contact import Channel, ContactAttempt, Outcome
from appointments.models.desk import CalendarFeed, CannedReply, DaySignOff, SavedView
from appointments.models.record import EventKind, RedFlagAnswer, RequestEvent, StatusChange
from appointments.models.request import AppointmentRequest
from appointments.models.sending import AlreadySent
from appointments.models.summary import DailySummary

__all__ = [
    "AccessNeed",
    "AlreadySent",
    "AppointmentRequest",
    "CalendarFeed",
    "CannedReply",
    "Channel",
    "ContactAttempt",
    "Course",
    "DailySummary",
    "DaySignOff",
    "Duration",
    "EasedBy",
    "EventKind",
    "Language",
    "LegsAffected",
    "Numbness",
    "Outcome",
    "PartOfDay",
    "PatientHistory",
    "PreferredContact",
    "RecordKind",
    "RedFlagAnswer",
    "RequestEvent",
    "RequestSource",
    "SavedView",
    "SeenBefore",
    "ShortNotice",
    "SpokenLanguage",
    "StatusChange",
    "WalkingDistance",
]
