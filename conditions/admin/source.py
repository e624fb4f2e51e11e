"""The evidence as a list: what nobody has opened yet, what nobody has opened for long, and the check itself."""

import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from clinic.admin import StaffAdmin
from conditions.models import ReadWhere, Source
from conditions.models.source import SourceQuerySet
from conditions.work_lists import SOURCES_HOLD


class CheckFilter(admin.SimpleListFilter):
    """Which sources wait to be opened."""

    title = "show"
    parameter_name = "list"
    template = "admin/conditions/article/filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Two lists; without a choice, all sources."""
        return [("copy", "Primary source not opened"), ("unchecked", "Not checked for twelve months")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Those of the chosen list."""
        sources = cast(SourceQuerySet, queryset)
        if self.value() == "copy":
            return sources.primary_not_opened()
        if self.value() == "unchecked":
            return sources.unchecked_since(timezone.localdate() - SOURCES_HOLD)
        return queryset


@admin.register(Source)
class SourceAdmin(StaffAdmin):
    """Every source of every article. Its words are kept on the article's page; here somebody says: I opened it."""

    change_form_template = "admin/conditions/source/change_form.html"
    change_list_template = "admin/conditions/article/change_list.html"
    list_display = ("claim", "article", "publisher", "where_read", "checked")
    list_display_links = ("claim",)
    list_filter = (CheckFilter,)
    list_select_related = ("article", "checked_by")
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = ("article__kind", "article__title", "position", "pk")
    actions = None
    fields = ("article", "claim", "citation", "publisher", "year", "link", "kind", "direction", "strength")
    readonly_fields = ("link",)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Narrowed by the two lists only."""
        return lookup == CheckFilter.parameter_name

    def has_add_permission(self, request: HttpRequest) -> bool:
        """On the article's page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Source | None = None) -> bool:
        """On the article's page."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Source | None = None) -> bool:
        """On the article's page."""
        return False

    @admin.display(description="Read")
    def where_read(self, source: Source) -> SafeString:
        """Whether somebody opened the primary source."""
        if source.read_where == ReadWhere.COPY:
            return format_html('<span class="badge note-copy">{}</span>', "Primary source not opened")
        return format_html('<span class="badge">{}</span>', "At the publisher")

    @admin.display(description="Checked")
    def checked(self, source: Source) -> str:
        """When, and by whom; or never."""
        if source.checked_on is None:
            return "Never"
        return f"{_said(source.checked_on)} by {source.checked_by}"

    @admin.display(description="Address")
    def link(self, source: Source) -> SafeString:
        """The address, to be opened."""
        return format_html(
            '<a href="{0}" rel="noreferrer" target="_blank">{0}</a> (opens in a new tab)', source.url
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list."""
        return super().changelist_view(request, {"title": "Sources", **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and the one of the check."""
        check = path(
            "<int:object_id>/check/", self.admin_site.admin_view(self.check_view), name="conditions_source_check"
        )
        return [check, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The source, and the button that says: I opened it."""
        may_check = request.user.has_perm("conditions.change_source")
        return super().change_view(request, object_id, form_url, {"may_check": may_check, **(extra_context or {})})

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Keep that this person opened the source at its publisher today, and found the claim in it."""
        source = get_object_or_404(Source, pk=object_id)
        if not request.user.has_perm("conditions.change_source"):
            raise PermissionDenied
        source.check_at_publisher(by=cast(User, request.user), on=timezone.localdate())
        self.log_change(request, source, "Opened at the publisher; the claim is there.")
        messages.success(request, "Kept. Patients see from now on when this source was checked.")
        return redirect(reverse("admin:conditions_source_changelist"))


def _said(day: datetime.date) -> str:
    return f"{day:%b} {day.day}, {day.year}"
