"""Asking for an appointment, and following the request."""

from appointments.views.asking import get_help_now, request_appointment, safety_check
from appointments.views.feed import calendar_feed
from appointments.views.finding import find_request
from appointments.views.following import (
    add_note,
    appointment_calendar,
    change_contact,
    change_times,
    report_worse,
    request_status,
    withdraw_request,
)

__all__ = [
    "add_note",
    "appointment_calendar",
    "calendar_feed",
    "change_contact",
    "change_times",
    "find_request",
    "get_help_now",
    "report_worse",
    "request_appointment",
    "request_status",
    "safety_check",
    "withdraw_request",
]
