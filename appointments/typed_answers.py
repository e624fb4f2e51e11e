"""The answers of the form as a page of ours carried them, on pages between the form and Send."""

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
