"""The kinds of article, and the drawings that one may carry."""

from django.db import models


class Kind(models.TextChoices):
    """The kinds of article, named as schema.org names them: MedicalCondition, cause, possibleTreatment."""

    CONDITION = "condition", "Condition"
    CAUSE = "cause", "Cause"
    TREATMENT = "treatment", "Treatment"


class Diagram(models.TextChoices):
    """The drawings of templates/conditions/diagrams/."""

    LUMBAR_SPINE = "lumbar-spine", "Lumbar spine"
    STRAINED_MUSCLE = "strained-muscle", "Strained muscle"
    WORN_DISC = "worn-disc", "Worn disc"
    NARROWED_CANAL = "narrowed-canal", "Narrowed canal"
    SCIATIC_NERVE = "sciatic-nerve", "Sciatic nerve"
    FACET_JOINT = "facet-joint", "Facet joint"
    SACROILIAC_JOINT = "sacroiliac-joint", "Sacroiliac joint"
    NARROWED_LEG_ARTERY = "narrowed-leg-artery", "Narrowed leg artery"
    WALKING_UPRIGHT_AND_LEANING = "walking-upright-and-leaning", "Walking upright, and leaning on a cart"
    STANDING_STILL_EASES_CALF = "standing-still-eases-calf", "Standing still eases the calf"
