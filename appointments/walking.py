"""What a patient says about walking, as one line for the staff. It names no cause."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.text import capfirst

from appointments.models.answers import Course, EasedBy, LegsAffected, Numbness, WalkingDistance

if TYPE_CHECKING:
    from appointments.models import AppointmentRequest

# For staff, so in English whatever language the patient reads. An empty answer says nothing; "not sure" is one.
WORDS: dict[str, dict[str, str]] = {
    "walking_distance": {
        WalkingDistance.FEW_STEPS: "stops after a few steps",
        WalkingDistance.ONE_BLOCK: "stops after about one block",
        WalkingDistance.SEVERAL_BLOCKS: "stops after several blocks",
        WalkingDistance.MILE_OR_MORE: "stops after a mile or more",
        WalkingDistance.NEVER_STOPS: "does not have to stop",
        WalkingDistance.UNSURE: "not sure how far",
    },
    "eased_by": {
        EasedBy.SITTING: "sitting eases it",
        EasedBy.LEANING: "leaning forward eases it",
        EasedBy.STANDING_STILL: "standing still eases it",
        EasedBy.LYING: "lying down eases it",
        EasedBy.NOTHING: "nothing eases it",
        EasedBy.UNSURE: "not sure what eases it",
    },
    "legs_affected": {
        LegsAffected.NONE: "back only, no leg",
        LegsAffected.ONE: "one leg",
        LegsAffected.BOTH: "both legs",
        LegsAffected.UNSURE: "not sure about the legs",
    },
    "numbness": {
        Numbness.NEITHER: "no numbness, no weakness",
        Numbness.NUMBNESS: "numbness or tingling",
        Numbness.WEAKNESS: "weakness",
        Numbness.BOTH: "numbness and weakness",
        Numbness.UNSURE: "not sure about numbness or weakness",
    },
    "course": {
        Course.BETTER: "getting better",
        Course.SAME: "staying the same",
        Course.WORSE: "getting worse",
        Course.UNSURE: "not sure where it is heading",
    },
}


def walking_line_of(answers: "Mapping[str, Any] | AppointmentRequest") -> str:
    """The five answers about walking as one neutral line in English; "" when none was given.

    `answers` are those of the form, or a request that was kept: "Stops after about one block; sitting eases it;
    one leg; numbness or tingling; getting worse". A value that is no answer of ours is left out.
    """
    given = answers if isinstance(answers, Mapping) else vars(answers)
    parts = (words.get(given.get(question) or "") for question, words in WORDS.items())
    return str(capfirst("; ".join(filter(None, parts))))
