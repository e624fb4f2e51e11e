"""The practice, as managers keep it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from clinic.models import Announcement, ClinicProfile, ClosedDate, OpeningHours

admin.site.site_header = "Clinic staff"
admin.site.site_title = "Clinic staff"
admin.site.index_title = "Today"
admin.site.empty_value_display = "Not given"


class StaffAdmin(admin.ModelAdmin):
    """A room of the staff pages whose list is narrowed by its own filters only.

    Stock Django takes any lookup from the address, such as ?title__regex=[ which PostgreSQL cannot run.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """True for what the links of `list_filter` ask for; anything else is answered with 400."""
        named = {getattr(by, "parameter_name", by) for by in self.list_filter}
        return lookup.removesuffix("__exact") in named


@admin.register(ClinicProfile)
class ClinicProfileAdmin(StaffAdmin):
    """The one profile: changed, never added to or deleted."""

    list_display = ("name", "clinician", "phone_display", "time_zone")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The installation makes the one row."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ClinicProfile | None = None) -> bool:
        """Every page needs it."""
        return False


@admin.register(Announcement)
class AnnouncementAdmin(StaffAdmin):
    """Banners; the profile names the one that is up."""

    list_display = ("message", "link_path")


@admin.register(OpeningHours)
class OpeningHoursAdmin(StaffAdmin):
    """When the clinic works. Promises to patients are reckoned from it."""

    list_display = ("weekday", "opens", "closes")


@admin.register(ClosedDate)
class ClosedDateAdmin(StaffAdmin):
    """When it does not."""

    list_display = ("date", "reason")
