"""Articles, as editors keep them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from conditions.admin.article_form import ArticleForm, ClinicTimeField, ClinicTimeInput, LineTextField
from conditions.admin.history import HistoryAdmin
from conditions.admin.newer_edit import NewerEditAdmin
from conditions.admin.sign_off import SignOffAdmin
from conditions.admin.work_lists import ArticleListAdmin
from conditions.models import Article, Cause, Condition, Kind, MayHelp, Section, Source, State, Treatment
from conditions.preview import preview_of
from conditions.rendering import to_html
from conditions.writing import HIGHEST_GRADE, LONGEST_SENTENCE, report_on

FieldOptions = Mapping[type[models.Field], Mapping[str, Any]]
LINE_TEXT: FieldOptions = {models.TextField: {"form_class": LineTextField, "widget": AdminTextareaWidget}}
CLINIC_TIME: FieldOptions = {models.DateTimeField: {"form_class": ClinicTimeField, "widget": ClinicTimeInput}}
NATIVE_DATE: FieldOptions = {models.DateField: {"widget": forms.DateInput({"type": "date"}, "%Y-%m-%d")}}


class SourceInline(admin.StackedInline):
    """The evidence of an article. Whoever enters the day of a check is the one who checked."""

    model = Source
    extra = 0
    fields = (
        ("key", "position"),
        "claim",
        "citation",
        "url",
        ("publisher", "year"),
        ("kind", "direction", "strength"),
        ("read_where", "checked_on"),
    )
    formfield_overrides = NATIVE_DATE
    classes = ("collapse",)


class SectionInline(admin.StackedInline):
    """The causes and treatments on a condition's page."""

    model = Section
    fk_name = "condition"
    extra = 0
    formfield_overrides = LINE_TEXT
    classes = ("collapse",)


class MayHelpInline(admin.StackedInline):
    """The treatments that may help with a cause."""

    model = MayHelp
    fk_name = "cause"
    extra = 0
    fields = (("treatment", "position"),)
    classes = ("collapse",)


class ArticleAdmin(NewerEditAdmin, HistoryAdmin, SignOffAdmin, ArticleListAdmin):
    """One kind of article. Deleting is not for the web: withdraw it instead."""

    kind: Kind
    form = ArticleForm
    change_form_template = "admin/conditions/article/change_form.html"
    list_display = ("title", "state", "looked_after_by", "last_changed")
    formfield_overrides = {**LINE_TEXT, **CLINIC_TIME}
    inlines: ClassVar[tuple[type[admin.options.InlineModelAdmin], ...]] = (SourceInline,)
    fieldsets = (
        (None, {"fields": ("title", "short_title", "medical_name", "slug", "summary", "diagram")}),
        ("Text", {"fields": ("body",)}),
        ("Readable", {"fields": ("published_from", "withdrawn_from", "owner")}),
    )

    def panels(self, request: HttpRequest, article: Article) -> dict[str, Any]:
        """What stands beside the form of an article that is there already: a name for each panel template
        admin/conditions/article/panel_<name>.html, with what that template knows as `panel`."""
        return {
            "publishing": self.publishing_panel(article),
            "sign_off": self.sign_off_panel(request, article),
            "writing": self.writing_panel(article),
        }

    def publishing_panel(self, article: Article) -> dict[str, Any]:
        """What panel_publishing.html knows: where the article stands, its page, its history, a link to preview."""
        now = timezone.now()
        return {
            "article": article,
            "state": self.state(article),
            "is_published": article.state_at(now) == State.PUBLISHED,
            "history_url": reverse(f"admin:conditions_{self.opts.model_name}_history", args=[article.pk]),
            "preview": preview_of(article, now),
        }

    def writing_panel(self, article: Article) -> dict[str, Any]:
        """What panel_writing.html knows: how the text reads, what may be missing, how patients see it."""
        sections = article.sections.order_by("position").values_list("text", flat=True)
        sources: list[dict[str, Any]] = [{"key": source.key} for source in article.sources.order_by("position")]
        return {
            "report": report_on(article, [article.body, article.closing, *sections], sources),
            "highest_grade": HIGHEST_GRADE,
            "longest_sentence": LONGEST_SENTENCE,
            "html": to_html(article.body, sources, heading_ids=False),
        }

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form, and the panels beside it."""
        article = self.get_object(request, object_id)
        panels = self.panels(request, article) if article and self.has_view_permission(request, article) else {}
        shown = [(f"admin/conditions/article/panel_{name}.html", panel) for name, panel in panels.items()]
        return super().change_view(request, object_id, form_url, {"panels": shown, **(extra_context or {})})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Whoever writes a new article looks after it, unless they say otherwise."""
        return {"owner": request.user.pk, **super().get_changeform_initial_data(request)}

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField | None:
        """The staff may be owners, and nobody else."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "owner" and field is not None:
            staff: QuerySet = field.queryset  # type: ignore[assignment]
            field.queryset = staff.filter(is_staff=True, is_active=True)
        return field

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """The day of a check and the person who checked go together."""
        for row in formset.forms:
            if formset.model is Source and "checked_on" in row.changed_data:
                row.instance.checked_by = request.user if row.instance.checked_on else None
        super().save_formset(request, form, formset, change)


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
