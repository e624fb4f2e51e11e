"""The page on which clinicians get the secret address of their calendar, and managers that of others."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from appointments.calendar_feed import end_feed, make_feed
from appointments.lifecycle import DECIDERS, Role
from appointments.models import CalendarFeed
from appointments.roles import clinicians, roles_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


def keeps_a_feed(user: "User | AnonymousUser") -> bool:
    """True for clinicians, who keep their own, and for managers, who keep all."""
    return bool(roles_of(user) & DECIDERS)


class FeedAdmin(admin.ModelAdmin):
    """The part of the admin that gives out the addresses of calendars: see `appointments.calendar_feed`."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and those of the calendars."""
        views: dict[str, tuple[Callable[..., HttpResponse], str]] = {
            "day/feed/": (self.feed_view, "feed"),
            "day/feed/<int:user_id>/make/": (self.make_feed_view, "make_feed"),
            "day/feed/<int:user_id>/end/": (self.end_feed_view, "end_feed"),
        }
        own = [
            path(address, self.admin_site.admin_view(view), name=f"appointments_appointmentrequest_{name}")
            for address, (view, name) in views.items()
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def feed_view(self, request: HttpRequest) -> HttpResponse:
        """Who has an address, since when, and the buttons that make and end one."""
        return self._feed_page(request)

    @method_decorator(require_POST)
    def make_feed_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Make a secret address, and show it: not after a redirect, for nothing would remember it until then."""
        clinician = self._somebody(request, user_id)
        token = make_feed(clinician, by=cast("User", request.user))
        address = request.build_absolute_uri(reverse("appointments:calendar_feed", args=[token]))
        return self._feed_page(request, address=address, clinician=clinician)

    @method_decorator(require_POST)
    def end_feed_view(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """End a secret address. Done twice, the second time finds it done."""
        clinician = self._somebody(request, user_id)
        had_one = end_feed(clinician, by=cast("User", request.user))
        words = "The address has ended. It shows nothing any more." if had_one else "There was no address to end."
        messages.success(request, words)
        return redirect("admin:appointments_appointmentrequest_feed")

    def _somebody(self, request: HttpRequest, user_id: int) -> "User":
        """This person, for whoever keeps calendars at all: nobody else learns who is there."""
        if not keeps_a_feed(request.user):
            raise PermissionDenied
        return get_object_or_404(get_user_model(), pk=user_id)

    def _feed_page(self, request: HttpRequest, **made: Any) -> TemplateResponse:
        if not (self.has_view_permission(request) and keeps_a_feed(request.user)):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Calendar addresses",
            "calendars": _calendars(cast("User", request.user)),
            **made,
        }
        return TemplateResponse(request, "admin/appointments/appointmentrequest/feed.html", context)


def _calendars(user: "User") -> list[dict[str, Any]]:
    """Whose address this person may make and end, what there is, and whether it shows anything. Two queries."""
    roles = roles_of(user)
    people = {user.pk: user} if Role.CLINICIAN in roles else {}
    feeds = CalendarFeed.objects.select_related("clinician", "made_by")
    if Role.MANAGER in roles:
        people.update((clinician.pk, clinician) for clinician in clinicians())
        found = {feed.clinician_id: feed for feed in feeds}
    else:
        found = {feed.clinician_id: feed for feed in feeds.filter(clinician=user)}
    gone = {pk: feed.clinician for pk, feed in found.items() if pk not in people}
    return [
        {"clinician": person, "feed": found.get(pk), "is_read": pk in people}
        for pk, person in (people | gone).items()
    ]
