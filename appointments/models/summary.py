"""The daily summary to the staff, sent once."""

from django.db import models


class DailySummary(models.Model):
    """A day on which the summary was sent. Of several that would send it, the one that made the row does."""

    PUBLIC_FIELDS = ("id", "date")
    PRIVATE_FIELDS = ()

    date = models.DateField(unique=True, help_text="On the clinic's calendar.")

    class Meta:
        verbose_name_plural = "daily summaries"

    def __str__(self) -> str:
        return f"{self.date}"
