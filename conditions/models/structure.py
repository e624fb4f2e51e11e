"""How articles hang together: the sections of a condition, and which treatments may help with which cause."""

import pghistory
from django.core.validators import MaxLengthValidator
from django.db import models

from conditions.models.edits import edits_article


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Section(models.Model):
    """One cause or treatment on a condition's page, with a short text of its own."""

    PUBLIC_FIELDS = ("id", "condition", "article", "position", "text")
    PRIVATE_FIELDS = ()

    condition = models.ForeignKey("conditions.Article", on_delete=models.CASCADE, related_name="sections")
    article = models.ForeignKey("conditions.Article", on_delete=models.PROTECT, related_name="section_of")
    position = models.PositiveSmallIntegerField()
    text = models.TextField(validators=[MaxLengthValidator(4_000)], help_text="Markdown.")

    class Meta:
        ordering = ["position"]
        triggers = [edits_article("condition_id")]
        constraints = [
            models.UniqueConstraint(fields=["condition", "article"], name="section_article_once"),
            models.UniqueConstraint(
                fields=["condition", "position"],
                name="section_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.article_id}"


class MayHelp(models.Model):
    """A treatment may help with a cause. Read from both ends."""

    PUBLIC_FIELDS = ("id", "cause", "treatment", "position")
    PRIVATE_FIELDS = ()

    cause = models.ForeignKey("conditions.Article", on_delete=models.CASCADE, related_name="helped_by")
    treatment = models.ForeignKey("conditions.Article", on_delete=models.CASCADE, related_name="helps")
    position = models.PositiveSmallIntegerField(help_text="Best supported first.")

    class Meta:
        verbose_name_plural = "may help"
        ordering = ["position"]
        triggers = [edits_article("cause_id")]
        constraints = [models.UniqueConstraint(fields=["cause", "treatment"], name="may_help_once")]

    def __str__(self) -> str:
        return f"{self.treatment_id} may help {self.cause_id}"
