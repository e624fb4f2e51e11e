"""The accounts of the staff, as stock Django keeps them: whoever looks after requests no more gives back theirs."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest

from appointments.claims import give_back_of_the_gone

admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):
    """The stock page of an account."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The groups, and in the same transaction what follows for claims."""
        super().save_related(request, form, formsets, change)
        give_back_of_the_gone()
