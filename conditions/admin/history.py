"""The history of an article: every version, what it changed, and the way back to it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from conditions.history import Version, differences_between, restore, versions_of
from conditions.models import Article, NewerEdit


class HistoryAdmin(admin.ModelAdmin):
    """The part of an article's admin page that is about its versions. Looking is GET, restoring is POST."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses, one for each version, and the door back to it."""
        name = f"conditions_{self.opts.model_name}"
        view, restore_view = (self.admin_site.admin_view(each) for each in (self.version_view, self.restore_view))
        return [
            path("<int:object_id>/history/<int:number>/", view, name=f"{name}_version"),
            path("<int:object_id>/history/<int:number>/restore/", restore_view, name=f"{name}_restore"),
            *super().get_urls(),
        ]

    @method_decorator(require_safe)
    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every version, newest first: who made it, when, and which parts it changed."""
        article = self._article(request, object_id)
        versions = list(reversed(versions_of(article)))
        return self._history_page(request, article, "history", "History", {"versions": versions})

    @method_decorator(require_safe)
    def version_view(self, request: HttpRequest, object_id: int, number: int) -> HttpResponse:
        """What one version changed, and how it differs from the present one."""
        return self._version_page(request, self._article(request, object_id), number)

    @method_decorator(require_POST)
    def restore_view(self, request: HttpRequest, object_id: int, number: int) -> HttpResponse:
        """Put the texts of this version over the present ones, as a new version. Refused when the article has
        changed since the page of this version was opened."""
        article = self._article(request, object_id)
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        version = self._find(versions_of(article), number)
        if request.POST.get("seen_version") != str(article.version):
            return self._version_page(request, article, number, refused=True)
        try:
            restore(article, version.snapshot)
        except NewerEdit as refusal:
            return self._version_page(request, refusal.newer, number, refused=True)
        self.log_change(request, article, f"Restored version {number}.")
        messages.success(request, f"The texts of version {number} are back, as a new version.")
        return redirect(self._url_of("change", article))

    def _article(self, request: HttpRequest, object_id: str | int) -> Article:
        article: Article = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.has_view_or_change_permission(request, article):
            raise PermissionDenied
        return article

    def _find(self, versions: list[Version], number: int) -> Version:
        for version in versions:
            if version.number == number:
                return version
        raise Http404

    def _version_page(
        self, request: HttpRequest, article: Article, number: int, *, refused: bool = False
    ) -> TemplateResponse:
        versions = versions_of(article)
        version, present = self._find(versions, number), versions[-1]
        context = {
            "version": version,
            "is_present": version is present,
            "to_present": differences_between(present.snapshot, version.snapshot),
            "may_restore": self.has_change_permission(request, article),
            "refused": refused,
        }
        return self._history_page(
            request, article, "version", f"Version {number}", context, 409 if refused else 200
        )

    def _history_page(
        self,
        request: HttpRequest,
        article: Article,
        name: str,
        title: str,
        extra: dict[str, Any],
        status: int = 200,
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "subtitle": article.title,
            "article": article,
            "change_url": self._url_of("change", article),
            "history_url": self._url_of("history", article),
            **extra,
        }
        return TemplateResponse(request, f"admin/conditions/article/{name}.html", context, status=status)

    def _url_of(self, name: str, article: Article) -> str:
        return reverse(f"admin:conditions_{self.opts.model_name}_{name}", args=[article.pk])
