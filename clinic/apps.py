"""The practice itself."""

from django.apps import AppConfig


class ClinicConfig(AppConfig):
    """Profile, opening hours, announcement."""

    name = "clinic"
    verbose_name = "Clinic"
