"""What the staff's first page says of the queue."""

from typing import Any

from django import template
from django.http import HttpRequest

from appointments.lifecycle import Urgency
from appointments.models import AppointmentRequest

register = template.Library()


@register.simple_tag
def open_requests(request: HttpRequest) -> dict[str, Any] | None:
    """How many requests are open, and how many of them are urgent. None for whoever may not see the queue.

    One query.
    """
    if not request.user.has_perm("appointments.view_appointmentrequest"):
        return None
    urgencies = list(AppointmentRequest.objects.open().values_list("urgency", flat=True))
    return {"count": len(urgencies), "urgent_count": sum(urgency <= Urgency.URGENT for urgency in urgencies)}
