"""Reading: conditions, causes, treatments."""

from django.apps import AppConfig


class ConditionsConfig(AppConfig):
    """Articles, their evidence, and the red flags."""

    name = "conditions"
    verbose_name = "Articles"
