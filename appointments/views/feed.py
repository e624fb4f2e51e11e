"""A clinician's calendar, for a program that reads it."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.calendar_feed import read_feed
from appointments.views.following import at_secret_address


@require_safe
@at_secret_address
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The booked appointments of one clinician. What is wrong with an address that leads nowhere is not told."""
    content = read_feed(token, timezone.now())
    if content is None:
        nothing = (
            "There is no calendar at this address.\n"  # for a program: no page, and no other word for any reason
        )
        return HttpResponse(nothing, status=404, content_type="text/plain; charset=utf-8")
    headers = {"Content-Disposition": 'attachment; filename="appointments.ics"'}
    return HttpResponse(content, content_type="text/calendar; charset=utf-8", headers=headers)
