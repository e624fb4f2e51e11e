"""The answers of a form as a page of ours carried them: on pages between the form and Send, and where what a
patient says of a request did not get through."""

import hashlib
import json
from collections.abc import Collection, Iterable

from django.http import HttpRequest

# What the pages between have fields of their own for.
NOT_ANSWERS = frozenset(
    {
        *("csrfmiddlewaretoken", "safety", "button", "walking_line", "is_checked_by_clinician", "website"),
        *("emergency", "urgent", "mention", "none"),
    }
)


def typed_answers(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed into the form so far, as names and values for hidden fields, right or wrong; empty before the
    form. It needs no database, so nothing is lost while that is away."""
    return _posted(request, but=NOT_ANSWERS)


def typed_digest(request: HttpRequest, red_flag_keys: Iterable[str]) -> str:
    """Equal for equal answers, whatever has changed on our side since they were first sent: the day, what is
    listed, the privacy page, how we read them."""
    typed = sorted((name, value.replace("\r\n", "\n")) for name, value in typed_answers(request) if value)
    return hashlib.sha256(json.dumps([typed, sorted(red_flag_keys)]).encode()).hexdigest()


def typed_words(request: HttpRequest) -> list[tuple[str, str]]:
    """What was posted to a page of a request that was sent, as `typed_answers` has it: there each field is the
    patient's word."""
    return _posted(request, but={"csrfmiddlewaretoken"})


def _posted(request: HttpRequest, *, but: Collection[str]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, values in request.POST.lists() if name not in but for value in values]
