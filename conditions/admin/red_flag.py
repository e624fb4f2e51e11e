"""Warning symptoms, as clinicians keep them."""

from django.contrib import admin
from django.http import HttpRequest

from clinic.admin import StaffAdmin
from conditions.models import RedFlag


@admin.register(RedFlag)
class RedFlagAdmin(StaffAdmin):
    """Warning symptoms. One that is no longer asked is taken out of use, not deleted: old requests name it."""

    list_display = ("wording", "wording_es", "tier", "concern", "version", "is_in_use")
    list_filter = ("tier", "is_in_use")
    readonly_fields = ("version",)

    def has_delete_permission(self, request: HttpRequest, obj: RedFlag | None = None) -> bool:
        """Taken out of use instead."""
        return False
