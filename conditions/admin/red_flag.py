"""Warning symptoms, as clinicians keep them."""

from typing import Any

from django.contrib import admin, messages
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

    def save_model(self, request: HttpRequest, obj: RedFlag, form: Any, change: bool) -> None:
        """Keep it. Whoever changes the wording in one language alone is told to look at the other."""
        super().save_model(request, obj, form, change)
        changed = {"wording", "wording_es"} & set(form.changed_data)
        if change and len(changed) == 1 and obj.wording_es:
            other = "English" if changed == {"wording_es"} else "Spanish"
            messages.warning(request, f"Does the {other} wording still say the same? It was not changed.")
