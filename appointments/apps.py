"""Asking and triage."""

from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    """Appointment requests, from the safety check to the staff's queue."""

    name = "appointments"
    verbose_name = "Appointment requests"
