"""The practice, as managers keep it."""

from django.contrib import admin
from django.http import HttpRequest

from clinic.admin.staff import StaffAdmin
from clinic.models import Announcement, ClinicProfile, ClosedDate, OpeningHours, PaymentOption


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


@admin.register(PaymentOption)
class PaymentOptionAdmin(StaffAdmin):
    """The ways to pay that the form lists, in its order. One that is no longer offered is taken off the form."""

    list_display = ("name", "name_es", "position", "is_offered")

    def has_delete_permission(self, request: HttpRequest, obj: PaymentOption | None = None) -> bool:
        """Requests name it."""
        return False
