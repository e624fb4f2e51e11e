"""What a walking pattern may point to: one answer, one cause, one source."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from conditions.models.edits import edits_article
from conditions.models.source import Strength

CLUE_FIELDS = ("question", "answer", "wording", "source_key", "strength")


class Question(models.TextChoices):
    """What the walking-pattern page asks."""

    BRINGS_ON = "brings_on", "What brings the pain on?"
    EASES = "eases", "What eases it?"
    WHERE = "where", "Where do you feel it?"
    SIDES = "sides", "Is it in one leg or both?"
    DISTANCE = "distance", "How far can you walk before it starts?"


ANSWERS: dict[str, dict[str, str]] = {
    Question.BRINGS_ON: {
        "walking": "Walking",
        "standing": "Just standing still",
        "rising": "Getting up from a chair",
        "bending": "Bending or lifting",
        "sneezing": "Coughing or sneezing",
    },
    Question.EASES: {
        "sitting": "Sitting down",
        "leaning": "Leaning forward, as on a shopping cart",
        "standing_still": "Standing still for a few minutes",
        "lying": "Lying down",
        "nothing": "Nothing that I have noticed",
    },
    Question.WHERE: {
        "low_back": "In the low back",
        "one_side": "Low down on one side, near the pelvis",
        "above_knee": "In the buttocks or thighs, above the knees",
        "calf": "In the calf",
        "to_foot": "Down the leg to the foot",
    },
    Question.SIDES: {
        "one": "One leg",
        "both": "Both legs",
        "no_leg": "Not in the legs",
    },
    Question.DISTANCE: {
        "steps": "A few steps",
        "block": "About a block",
        "far": "Half a mile or more",
        "varies": "It changes from day to day",
    },
}


class Clue(models.Model):
    """One answer that may point to one cause. What it points to is never a diagnosis."""

    PUBLIC_FIELDS = ("id", "cause", "question", "answer", "wording", "source_key", "strength", "position")
    PRIVATE_FIELDS = ()

    cause = models.ForeignKey("conditions.Article", on_delete=models.CASCADE, related_name="clues")
    question = models.CharField(max_length=10, choices=Question)
    answer = models.CharField(max_length=20)
    wording = models.CharField(max_length=200, help_text="What the reader is told, such as: sitting eases it.")
    source_key = models.SlugField(max_length=60, help_text="The key of one of the cause's sources.")
    strength = models.CharField(max_length=10, choices=Strength)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        triggers = [edits_article("cause_id")]
        constraints = [
            models.UniqueConstraint(fields=["cause", "question", "answer"], name="clue_once"),
            models.CheckConstraint(condition=Q(question__in=Question.values), name="clue_question_exists"),
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.answer}"

    def clean(self) -> None:
        """The answer is one of the question's own."""
        if self.question in ANSWERS and self.answer not in ANSWERS[self.question]:
            answers = ", ".join(ANSWERS[self.question])
            raise ValidationError({"answer": ValidationError(f"Choose one of: {answers}.", code="unknown_answer")})
