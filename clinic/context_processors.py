"""What every template knows."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from clinic.models import ClinicProfile


def clinic(request: HttpRequest) -> dict[str, Any]:
    """`clinic`: the ClinicProfile, read when a template first asks for it. One query a page."""
    return {"clinic": SimpleLazyObject(ClinicProfile.objects.current)}


def canonical(request: HttpRequest) -> dict[str, Any]:
    """`canonical`: the page's own address with scheme and host, without what follows a question mark.

    A callable, so that a page that never shows it, such as the answer to a host that is not ours, never asks.
    """
    return {"canonical": lambda: request.build_absolute_uri(request.path)}
