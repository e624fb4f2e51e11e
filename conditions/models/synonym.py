"""Words that patients use, and the words that the articles use."""

from django.db import models


class Synonym(models.Model):
    """Whoever searches for `term` also finds `means`. Kept by editors."""

    PUBLIC_FIELDS = ("id", "term", "means")
    PRIVATE_FIELDS = ()

    term = models.CharField(max_length=60, unique=True, help_text="In small letters, such as: slipped disc.")
    means = models.CharField(max_length=120, help_text="Words of the articles, such as: degenerative disc.")

    class Meta:
        ordering = ["term"]

    def __str__(self) -> str:
        return f"{self.term}: {self.means}"
