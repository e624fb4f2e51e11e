"""The lists of articles: each opens on what is to be done, with how much of it there is."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.admin import StaffAdmin
from conditions.models import Article, Kind
from conditions.work_lists import WORK_LISTS


class WorkListFilter(admin.SimpleListFilter):
    """One list of work at a time, each with its count."""

    title = "work"
    parameter_name = "list"
    template = "admin/conditions/article/filter.html"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        self.person = request.user
        self.articles = model_admin.get_queryset(request)
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every list."""
        return [(work.key, work.label) for work in WORK_LISTS]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The stock choices, with counts."""
        counts = [self.articles, *(work.of(self.articles, self.person) for work in WORK_LISTS)]
        for choice, articles in zip(super().choices(changelist), counts, strict=True):
            yield {**choice, "display": f"{choice['display']} ({articles.count()})"}

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those of the chosen list."""
        for work in WORK_LISTS:
            if work.key == self.value():
                return work.of(queryset, request.user)
        return queryset


def state_badge(article: Article) -> SafeString:
    """Where the article stands now, in words, with the time at which that changes by itself."""
    now = timezone.now()
    state = article.state_at(now)
    badge = format_html('<span class="badge state-{}">{}</span>', state, state.label)
    if article.published_from and article.published_from > now:
        return format_html("{} {}", badge, _said(article.published_from))
    if article.withdrawn_from and article.withdrawn_from > now:
        return format_html("{} until {}", badge, _said(article.withdrawn_from))
    return badge


def _said(moment: Any) -> str:
    return timezone.localtime(moment).strftime("%b %-d, %Y, %-I:%M %p %Z")


class ArticleListAdmin(StaffAdmin):
    """What the list of one kind and the list of all have in common."""

    change_list_template = "admin/conditions/article/change_list.html"
    list_filter = (WorkListFilter,)
    list_select_related = ("owner",)
    search_fields = ("title", "summary", "slug")
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    sortable_by = ()  # by title: what to do first is said by the lists of work
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Without the search index, which no list shows."""
        return super().get_queryset(request).defer("search_vector")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Narrowed by the lists of work only."""
        return lookup == WorkListFilter.parameter_name

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, under its own name."""
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    @admin.display(description="State")
    def state(self, article: Article) -> SafeString:
        """Draft, scheduled, published or withdrawn, as of now."""
        return state_badge(article)

    @admin.display(description="Looked after by", empty_value="Nobody yet")
    def looked_after_by(self, article: Article) -> str | None:
        """The owner's name."""
        return (article.owner.get_full_name() or article.owner.get_username()) if article.owner else None


@admin.register(Article)
class AllArticlesAdmin(ArticleListAdmin):
    """Articles of every kind in one list. Each is kept on the page of its own kind, where the links lead."""

    list_display = ("name_and_link", "kind", "state", "looked_after_by", "last_changed")
    list_display_links = None

    @admin.display(description="Title", ordering="title")
    def name_and_link(self, article: Article) -> SafeString:
        """The title, leading to the page on which the article is kept."""
        return format_html('<a href="{}">{}</a>', change_url(article), article.title)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Leads to the page of the article's own kind."""
        return redirect(change_url(get_object_or_404(Article, pk=object_id)))

    def has_view_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        """For whoever may look at articles of each kind."""
        return request.user.has_perms([f"conditions.view_{kind}" for kind in Kind.values])

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As for looking."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """An article is added to the list of its kind."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        """An article is changed on the page of its kind."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        """Withdrawn instead."""
        return False


def change_url(article: Article) -> str:
    """The page on which this article is kept."""
    return reverse(f"admin:conditions_{article.kind}_change", args=[article.pk])
