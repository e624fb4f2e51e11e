"""Asking for an appointment, and following the request."""

from appointments.views.asking import get_help_now, request_appointment, safety_check
from appointments.views.following import request_status

__all__ = ["get_help_now", "request_appointment", "request_status", "safety_check"]
