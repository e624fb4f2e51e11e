"""What the staff's first page says of the queue."""

import secrets
from typing import Any

from django import template
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone

from appointments.lifecycle import TRIAGE, Urgency
from appointments.mail_trouble import unreached
from appointments.models import AppointmentRequest
from appointments.models.sending import OWED_AN_ANSWER
from appointments.roles import roles_of

register = template.Library()


@register.simple_tag
def open_requests(request: HttpRequest) -> dict[str, Any] | None:
    """How many requests wait for the staff, how many of them are urgent, worse or late, and whether this person may
    take one. None for whoever may not see the queue.

    One query, and one for the person's roles.
    """
    if not request.user.has_perm("appointments.view_appointmentrequest"):
        return None
    numbers = AppointmentRequest.objects.in_queue().aggregate(
        count=Count("pk"),
        urgent_count=Count("pk", filter=Q(urgency__lte=Urgency.URGENT)),
        worse_count=Count("pk", filter=Q(worse_at__isnull=False)),
        late_count=Count("pk", filter=OWED_AN_ANSWER & Q(reply_by__lt=timezone.now())),
    )
    return {**numbers, "may_act": bool(roles_of(request.user) & TRIAGE)}


@register.simple_tag
def new_button() -> str:
    """A name for this button of this page, which no other has: see `claims.take_next`."""
    return secrets.token_urlsafe(9)


@register.simple_tag
def patients_to_call(request: HttpRequest) -> int:
    """How many patients do not have our last mail; 0 for whoever may not see the queue. At most five queries, one
    while no mail has failed."""
    if not request.user.has_perm("appointments.view_appointmentrequest"):
        return 0
    return len(unreached())
