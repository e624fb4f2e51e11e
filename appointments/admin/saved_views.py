"""Views of the queue under a name: a tab with its filters, kept by one person and open to all by its link."""

from typing import TYPE_CHECKING, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from appointments.lifecycle import Role
from appointments.listing import Listing
from appointments.models import SavedView
from appointments.roles import name_of, roles_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

NAME = "appointments_appointmentrequest"


class SavedViewForm(forms.ModelForm):
    """The name of a view."""

    class Meta:
        model = SavedView
        fields = ("name",)
        error_messages = {"name": {"required": "Give the view a name"}}

    def clean_name(self) -> str:
        """Refuses a name that another view has, in whatever case."""
        name: str = self.cleaned_data["name"]
        if SavedView.objects.filter(name__iexact=name).exists():
            raise ValidationError(
                f"There is a view with the name “{name}” already. Choose another name.", code="name_taken"
            )
        return name


class SavedViewsAdmin(admin.ModelAdmin):
    """The part of the admin that keeps views of the queue."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses, and those of views."""
        site = self.admin_site
        own = [
            path("view/keep/", site.admin_view(self.keep_view_view), name=f"{NAME}_keep_view"),
            path("view/<int:view_id>/", site.admin_view(self.saved_view_view), name=f"{NAME}_saved_view"),
            path("view/<int:view_id>/drop/", site.admin_view(self.drop_view_view), name=f"{NAME}_drop_view"),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def saved_view_view(self, request: HttpRequest, view_id: int) -> HttpResponse:
        """Leads to the list that the view names, as it is now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return _to_list(get_object_or_404(SavedView, pk=view_id).query)

    @method_decorator(require_POST)
    def keep_view_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the list that is shown under a name. Of its address only the parameters of a Listing are kept."""
        if not (self.has_view_permission(request) and request.user.has_perm("appointments.add_savedview")):
            raise PermissionDenied
        listing = Listing.named_by(request.POST)
        view = SavedView(query=listing.query, kept_by=cast("User", request.user))
        form = SavedViewForm(request.POST, instance=view)
        if form.is_valid():
            view = form.save()
            link = request.build_absolute_uri(reverse(f"admin:{NAME}_saved_view", args=[view.pk]))
            self.message_user(request, f"Kept as “{view}”. Its link, for everybody here: {link}")
        else:
            self.message_user(request, f"The view was not kept. {_mistakes(form)}", messages.ERROR)
        return _to_list(listing.query)

    @method_decorator(require_POST)
    @method_decorator(transaction.atomic)
    def drop_view_view(self, request: HttpRequest, view_id: int) -> HttpResponse:
        """Delete a view of one's own; managers delete any, also of somebody who has left. Who did is on record."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        view = get_object_or_404(SavedView, pk=view_id)
        if view.kept_by_id != request.user.pk and not may_drop_any(request.user):
            raise PermissionDenied
        _note_dropped(view, cast("User", request.user))
        view.delete()
        self.message_user(request, f"The view “{view}” is gone.")
        return _to_list("")


def may_drop_any(user: "User | AnonymousUser") -> bool:
    """True for managers."""
    return Role.MANAGER in roles_of(user)


def _note_dropped(view: SavedView, by: "User") -> None:
    words = f"Deleted a view that {name_of(view.kept_by)} kept."
    LogEntry.objects.log_actions(by.pk, [view], DELETION, words, single_object=True)


def _mistakes(form: forms.Form | forms.ModelForm) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)


def _to_list(query: str) -> HttpResponse:
    """To the queue, narrowed by what of the query a Listing knows."""
    known = Listing.named_by(QueryDict(query)).query
    address = reverse(f"admin:{NAME}_changelist")
    return redirect(f"{address}?{known}" if known else address)
