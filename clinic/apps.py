"""The practice itself."""

from django.apps import AppConfig


class ClinicConfig(AppConfig):
    """Profile, opening hours, announcement."""

    name = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        """Make `manage.py check --deploy` know our own checks."""
        from clinic import checks  # noqa: F401
