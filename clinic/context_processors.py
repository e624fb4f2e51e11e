"""What every template knows."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from clinic.models import ClinicProfile


def clinic(request: HttpRequest) -> dict[str, Any]:
    """`clinic`: the ClinicProfile, read when a template first asks for it. One query a page."""
    return {"clinic": SimpleLazyObject(ClinicProfile.objects.current)}
