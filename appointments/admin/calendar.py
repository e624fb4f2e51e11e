"""The day calendar of booked appointments."""

import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from appointments.admin.feed import FeedAdmin, keeps_a_feed
from appointments.day_calendar import Booked, Day, Free, day_of, next_day

# What the page can show. Far from the ends of the calendar, before and after which there is no day.
FIRST, LAST = datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)


class CalendarAdmin(FeedAdmin):
    """The part of the admin that shows who sees whom on a day."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and the one of the day."""
        view = self.admin_site.admin_view(self.day_view)
        return [path("day/", view, name="appointments_appointmentrequest_day"), *super().get_urls()]

    @method_decorator(require_safe)
    def day_view(self, request: HttpRequest) -> HttpResponse:
        """The appointments of one date, `?date=YYYY-MM-DD`; today's for none, and for what is no date."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        today = timezone.localdate(now)  # on staff pages the clinic's
        asked = request.GET.get("date", "").strip()
        date = date_in(asked) if asked else today
        day = day_of(date or today, now)
        zones = _zones_of(day)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Appointments on {date_format(day.date, 'l, F j, Y')}",
            "day": day,
            "columns": [
                (column, [_line(entry, with_zone=len(zones) > 1) for entry in column.entries])
                for column in day.columns
            ],
            "zone": zones.pop() if len(zones) == 1 else "",
            "today": today,
            "before": next_day(day.date, -1) if day.date > FIRST else None,
            "after": next_day(day.date) if day.date < LAST else None,
            "is_unreadable": date is None,
            "may_keep_feed": keeps_a_feed(request.user),
        }
        return TemplateResponse(request, "admin/appointments/appointmentrequest/day.html", context)


def date_in(text: str) -> datetime.date | None:
    """The date as YYYY-MM-DD, None for anything else and for years that no appointment is in."""
    try:
        date = datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        return None
    return date if FIRST <= date <= LAST else None


def _zones_of(day: Day) -> set[str]:
    """The names of the zones that its times are in, such as PST: two on the days on which the clocks change."""
    times = (
        time for column in day.columns for entry in column.entries for time in (entry.starts_at, entry.ends_at)
    )
    return {f"{timezone.localtime(time):%Z}" for time in times}


def _line(entry: Booked | Free, *, with_zone: bool) -> dict[str, Any]:
    """What the page says of an entry: when it is, in the current zone, and whose it is if anybody's.

    On one night of the year every time of an hour comes twice: then each is told with its zone. Not by
    `date_format`, which says no zone in just that hour.
    """
    starts_at, ends_at = timezone.localtime(entry.starts_at), timezone.localtime(entry.ends_at)
    clock = "%-I:%M %p %Z" if with_zone else "%-I:%M %p"
    line: dict[str, Any] = {
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "from": starts_at.strftime(clock),
        "until": ends_at.strftime(clock),
    }
    if isinstance(entry, Booked):
        line.update(appointment_request=entry.appointment_request, clashes=entry.clashes)
    return line
