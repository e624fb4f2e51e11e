"""Articles, as editors keep them."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from clinic.admin import StaffAdmin
from conditions.admin.sign_off import SignOffAdmin
from conditions.models import Article, Cause, Condition, Kind, MayHelp, Section, Source, Treatment


class SourceInline(admin.StackedInline):
    """The evidence of an article."""

    model = Source
    extra = 0


class SectionInline(admin.StackedInline):
    """The causes and treatments on a condition's page."""

    model = Section
    fk_name = "condition"
    extra = 0


class MayHelpInline(admin.TabularInline):
    """The treatments that may help with a cause."""

    model = MayHelp
    fk_name = "cause"
    extra = 0


class ArticleAdmin(SignOffAdmin, StaffAdmin):
    """One kind of article. Deleting is not for the web: withdraw it instead."""

    kind: Kind
    change_form_template = "admin/conditions/article/change_form.html"
    list_display = ("title", "slug", "state")
    inlines: ClassVar[tuple[type[admin.options.InlineModelAdmin], ...]] = (SourceInline,)
    fieldsets = (
        (None, {"fields": ("title", "short_title", "medical_name", "slug", "summary", "diagram")}),
        ("Text", {"fields": ("body",)}),
        ("Readable", {"fields": ("published_from", "withdrawn_from")}),
    )

    @admin.display(description="State")
    def state(self, article: Article) -> str:
        """Draft, scheduled, published or withdrawn, as of now."""
        now = timezone.now()
        if article.withdrawn_from and article.withdrawn_from <= now:
            return "Withdrawn"
        if article.published_from is None:
            return "Draft"
        return "Published" if article.published_from <= now else "Scheduled"

    def panels(self, request: HttpRequest, article: Article) -> dict[str, Any]:
        """What stands beside the form of an article that is there already: a name for each panel template
        admin/conditions/article/panel_<name>.html, with what that template knows as `panel`."""
        return {"sign_off": self.sign_off_panel(request, article)}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form, and the panels beside it."""
        article = self.get_object(request, object_id)
        panels = self.panels(request, article) if article else {}
        shown = [(f"admin/conditions/article/panel_{name}.html", panel) for name, panel in panels.items()]
        return super().change_view(request, object_id, form_url, {"panels": shown, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Article, form: object, change: bool) -> None:
        """Each list adds articles of its own kind."""
        obj.kind = self.kind
        super().save_model(request, obj, form, change)


@admin.register(Condition)
class ConditionAdmin(ArticleAdmin):
    """Conditions, with their sections."""

    kind = Kind.CONDITION
    inlines = (SectionInline, SourceInline)
    fieldsets = (
        ArticleAdmin.fieldsets[0],
        ("Text", {"fields": ("body", "closing")}),
        ArticleAdmin.fieldsets[2],
    )


@admin.register(Cause)
class CauseAdmin(ArticleAdmin):
    """Causes, with what may help."""

    kind = Kind.CAUSE
    inlines = (MayHelpInline, SourceInline)


@admin.register(Treatment)
class TreatmentAdmin(ArticleAdmin):
    """Treatments."""

    kind = Kind.TREATMENT
