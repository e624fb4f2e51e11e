"""What the staff's first page says of the safety nets."""

from typing import Any

from django import template
from django.http import HttpRequest

from appointments.left_behind import Moment, left_behind
from appointments.models import AppointmentRequest, DaySignOff

register = template.Library()


@register.simple_tag
def safety_nets(request: HttpRequest) -> dict[str, Any] | None:
    """How many second looks are due, how many requests are left behind, and whether today is signed off. None for
    whoever may not see the queue. Four queries."""
    if not request.user.has_perm("appointments.view_appointmentrequest"):
        return None
    moment = Moment()
    day = moment.day
    return {
        "second_looks": AppointmentRequest.objects.to_look_at_again(day).count(),
        "left_behind": left_behind(day, moment).count(),
        "is_signed": DaySignOff.objects.filter(date=day).exists(),
    }
