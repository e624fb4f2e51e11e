"""How often somebody has done something lately. `clinic.limits` counts."""

from django.db import models


class RateCount(models.Model):
    """How often one action was done by one sender in one window of time. Whoever it was cannot be read from it."""

    PUBLIC_FIELDS = ("id", "sender_digest", "window_ends_at", "count")
    PRIVATE_FIELDS = ()

    sender_digest = models.CharField(max_length=64, unique=True)
    window_ends_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        indexes = [
            # Those whose window has ended, for the hourly purge: clinic.limits.purge.
            models.Index(fields=["window_ends_at"], name="rate_count_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.count} until {self.window_ends_at}"
