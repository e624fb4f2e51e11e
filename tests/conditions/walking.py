"""Answers to the questions about walking, and reading the page that answers them."""

import html
import re
from typing import Any

from conditions.models import ANSWERS
from conditions.patterns import Answer

WALKING = "/walking-pattern/"
STENOSIS, ARTERIES = "spinal-stenosis", "peripheral-artery-disease"
# Written out here a second time: what Nadeau 2013 found to be strong together.
NADEAU_NEUROGENIC = {"eases": ["leaning", "sitting"], "brings_on": ["standing"], "where": ["above_knee"]}
NADEAU_VASCULAR = {"where": ["calf"], "eases": ["standing_still"]}
# What must be found nowhere once a page has been answered: keys of answers, and words of theirs.
SECRETS = ("leaning", "above_knee", "standing_still", "shopping cart", "calf", "My walking pain", "thighs")
EVERY_ANSWER = [(question, answer) for question, answers in ANSWERS.items() for answer in answers]


def given(fields: dict[str, list[str]]) -> set[Answer]:
    """The answers of these fields."""
    return {(question, answer) for question, answers in fields.items() for answer in answers}


def text_of(response: Any) -> str:
    """The page's main part as text, white space as one blank."""
    main = re.search(r"<main.*</main>", response.content.decode(), re.DOTALL)
    assert main
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", main[0])))


def field(response: Any, name: str) -> str:
    """The value of a hidden field or box of the page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found, f"no {name}"
    return html.unescape(found[1])
