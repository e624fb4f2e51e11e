"""The answers about walking as one neutral line for the staff."""

import re

import pytest
from django.utils import translation

from appointments.models import AppointmentRequest
from appointments.models.answers import Course, EasedBy, LegsAffected, Numbness, WalkingDistance
from appointments.walking import WORDS, walking_line_of

QUESTIONS = {
    "walking_distance": WalkingDistance,
    "eased_by": EasedBy,
    "legs_affected": LegsAffected,
    "numbness": Numbness,
    "course": Course,
}
ANSWERS = {
    "walking_distance": "one_block",
    "eased_by": "sitting",
    "legs_affected": "both",
    "numbness": "numbness",
    "course": "worse",
}
LINE = "Stops after about one block; sitting eases it; both legs; numbness or tingling; getting worse"


def test_walking_line_of_all_answers() -> None:
    assert walking_line_of(ANSWERS) == LINE
    assert walking_line_of(AppointmentRequest(**ANSWERS)) == LINE
    with translation.override("es"):
        assert walking_line_of(ANSWERS) == LINE


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({}, ""),
        (dict.fromkeys(ANSWERS, ""), ""),
        ({"course": "better"}, "Getting better"),
        ({"numbness": "none of ours", "eased_by": None}, ""),
        ({"walking_distance": "unsure", "legs_affected": "none"}, "Not sure how far; back only, no leg"),
    ],
)
def test_walking_line_of_some_answers(answers: dict[str, str], line: str) -> None:
    assert walking_line_of(answers) == line


def test_every_answer_has_words_that_name_no_cause() -> None:
    assert {question: set(words) for question, words in WORDS.items()} == {
        question: set(choices.values) for question, choices in QUESTIONS.items()
    }
    everything = " ".join(text for words in WORDS.values() for text in words.values())
    assert not re.search(
        "stenosis|claudication|arter|vascul|sciatica|disc|nerve|suggest", everything, re.IGNORECASE
    )
