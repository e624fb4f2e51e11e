"""Whether the staff's first page leads to the numbers."""

from django import template
from django.http import HttpRequest

from appointments.admin.export import may_export

register = template.Library()


@register.simple_tag
def may_see_numbers(request: HttpRequest) -> bool:
    """True for managers who may see the queue. At most one query."""
    return request.user.has_perm("appointments.view_appointmentrequest") and may_export(request.user)
