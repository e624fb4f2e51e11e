"""The answers of the form as a page of ours carried them, on pages between the form and Send."""

import hashlib
import json
from collections.abc import Iterable

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
    return [
        (name, str(value)) for name, values in request.POST.lists() if name not in NOT_ANSWERS for value in values
    ]


def typed_digest(request: HttpRequest, red_flag_keys: Iterable[str]) -> str:
    """Equal for equal answers, whatever has changed on our side since they were first sent: the day, what is
    listed, the privacy page, how we read them."""
    typed = sorted((name, value.replace("\r\n", "\n")) for name, value in typed_answers(request) if value)
    return hashlib.sha256(json.dumps([typed, sorted(red_flag_keys)]).encode()).hexdigest()
