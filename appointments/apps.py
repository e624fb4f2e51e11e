"""Asking and triage."""

from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.contrib.auth import user_logged_out

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class AppointmentsConfig(AppConfig):
    """Appointment requests, from the safety check to the staff's queue."""

    name = "appointments"
    verbose_name = "Appointment requests"

    def ready(self) -> None:
        """Whoever logs out gives back what they have."""
        user_logged_out.connect(give_back_at_log_out, dispatch_uid="appointments.give_back_at_log_out")


def give_back_at_log_out(sender: Any, user: "User | None", **more: Any) -> None:
    """Give back the requests of this person; nobody's, when the session had ended before."""
    from appointments.claims import give_back_all

    if user is not None:
        give_back_all(user)
