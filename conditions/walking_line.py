"""The answers about walking as one neutral line of text, signed, on its way to a request if the patient says so.

It names no cause. Nobody keeps it but the page that carries it.
"""

from collections.abc import Iterable

from django.core import signing

from conditions.models import ANSWERS, Question
from conditions.patterns import Answer

SALT = "conditions.walking_line.1"  # raise the number when the form of the line changes
MAX_LENGTH = 400  # characters; every answer ticked at once is shorter
BEGINNINGS = {
    Question.BRINGS_ON: "Brought on by",
    Question.EASES: "Eased by",
    Question.WHERE: "Felt",
    Question.SIDES: "Legs",
    Question.DISTANCE: "Distance",
}


def line_of(answers: Iterable[Answer]) -> str:
    """The answers in the words that the patient chose, without what explains them; "" where there are none."""
    given = set(answers)
    parts = []
    for question, beginning in BEGINNINGS.items():
        words = [
            words.partition(",")[0].lower() for key, words in ANSWERS[question].items() if (question, key) in given
        ]
        if words:
            parts.append(f"{beginning}: {'; '.join(words)}.")
    return f"My walking pain. {' '.join(parts)}" if parts else ""


def sign(line: str) -> str:
    """The line as signed text, for a field of a form."""
    return signing.dumps(line, salt=SALT, compress=True)


def read(token: str) -> str:
    """The line that a page of ours carried, or "" for any other text."""
    try:
        line = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return ""
    return str(line)[:MAX_LENGTH]
