"""When somebody else has saved first: nothing is saved, and both versions stand side by side above the form."""

from typing import Any, cast, get_args

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, QueryDict

from conditions.admin.both_versions import Choice, Comparison, Filled, Rows, compare, filled, put_together
from conditions.history import Snapshot, Version, versions_of
from conditions.models import Article, NewerEdit, Section, Source

NOT_YET = "_not_yet"  # in a form's data: it is shown, not saved
BUTTONS = ("_save", "_continue", "_addanother", "_fill", "_mine", "csrfmiddlewaretoken", NOT_YET)


class NewerEditAdmin(admin.ModelAdmin):
    """Refuses to save over a newer edit, keeps what was typed, and lets the editor go on from either version."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form. Answered with 409 and both versions when the article is newer than what the form was filled
        from: asked before anything else, and once more by Article.save under its lock."""
        context = extra_context or {}
        article = self._edited(request, object_id)
        if article is None:
            return super().changeform_view(request, object_id, form_url, context)
        if "_fill" in request.POST:
            return self._both_versions(request, article, QueryDict(request.POST.get("_mine", "")), context)
        if request.POST.get("seen_version") == str(article.version):
            try:
                return super().changeform_view(request, object_id, form_url, context)
            except NewerEdit as refusal:
                article = cast(Article, self.get_object(request, str(refusal.newer.pk)))
        return self._both_versions(request, article, request.POST, context)

    def save_model(self, request: HttpRequest, obj: Article, form: forms.ModelForm, change: bool) -> None:
        """Save from the version that the editor saw, not from the one that this request has read."""
        if change:
            obj.version = form.cleaned_data["seen_version"]
        super().save_model(request, obj, form, change)

    def _edited(self, request: HttpRequest, object_id: str | None) -> Article | None:
        """The article that this request would change. None when it shows or adds one, or may not change it."""
        if request.method != "POST" or object_id is None or "_saveasnew" in request.POST:
            return None
        article: Article | None = self.get_object(request, unquote(object_id))
        return article if article and self.has_change_permission(request, article) else None

    def _both_versions(
        self, request: HttpRequest, article: Article, posted: QueryDict, extra_context: dict[str, Any]
    ) -> HttpResponse:
        """The form, filled as the editor chose and not saved, below the comparison."""
        chosen = request.POST.get("_fill", "both")
        choice: Choice = chosen if chosen in get_args(Choice) else "both"  # type: ignore[assignment]
        mine = posted.copy()
        for name in BUTTONS:
            mine.pop(name, None)
        versions = versions_of(article)
        seen = next((version for version in versions if str(version.number) == mine.get("seen_version")), None)
        together = mine.copy()
        together["seen_version"] = str(article.version)
        together[NOT_YET] = "1"
        comparisons = self._fill_form(request, article, mine, together, seen, choice)
        comparisons += self._fill_rows(request, article, mine, together, seen, choice)
        newer = {
            "choice": choice,
            "mine": mine.urlencode(),
            "comparisons": comparisons,
            "versions": [version for version in versions if seen is None or version.number > seen.number][-5:],
            "change_url": request.path,
        }
        request.POST = together  # type: ignore[assignment]
        response = super().changeform_view(request, str(article.pk), "", {**extra_context, "newer": newer})
        response.status_code = 409
        return response

    def _fill_form(
        self,
        request: HttpRequest,
        article: Article,
        mine: QueryDict,
        together: QueryDict,
        seen: Version | None,
        choice: Choice,
    ) -> list[Comparison]:
        """Compare the article's own fields, and write into `together` what the form shall hold."""
        form_class = self.get_form(request, article, change=True)
        names = [name for name in form_class.base_fields if name != "seen_version"]
        theirs = filled(form_class(instance=article), names)
        my_form = filled(form_class(mine, instance=self.model(pk=article.pk, kind=article.kind)), names)
        base = filled(form_class(instance=_article_at(article, seen.snapshot)), names) if seen else None
        for name, value in put_together(my_form, theirs, base, choice).items():
            together[name] = value
        found = [
            compare(
                theirs.labels[name],
                my_form.only(name),
                theirs.only(name),
                base.only(name) if base else None,
                knows_base=base is not None,
            )
            for name in names
        ]
        return [comparison for comparison in found if comparison]

    def _fill_rows(
        self,
        request: HttpRequest,
        article: Article,
        mine: QueryDict,
        together: QueryDict,
        seen: Version | None,
        choice: Choice,
    ) -> list[Comparison]:
        """The same for each kind of row that this person may edit: sources, sections and what else is a part."""
        comparisons = []
        for formset_class, inline in self.get_formsets_with_inlines(request, article):
            if inline.has_change_permission(request, article):
                formset = formset_class(instance=article, queryset=inline.get_queryset(request))
                names = [name for name in formset.form.base_fields if name != formset.fk.name]
                rows = Rows(
                    mine=_posted_rows(formset, mine, names),
                    theirs=[filled(form, names, pk=str(form.instance.pk)) for form in formset.initial_forms],
                    base=_rows_at(formset, names, seen),
                    identity=_what_tells_rows_apart(formset),
                )
                _write_rows(formset, together, *rows.put_together(choice))
                comparisons += rows.compare(str(formset.model._meta.verbose_name).capitalize())
        return comparisons


def _article_at(article: Article, snapshot: Snapshot) -> Article:
    """The article as it was, not to be saved."""
    was = type(article)(pk=article.pk, kind=article.kind)
    for name, value in snapshot.fields.items():
        setattr(was, Article._meta.get_field(name).attname, value)  # type: ignore[union-attr]
    return was


def _posted_rows(formset: BaseInlineFormSet, mine: QueryDict, names: list[str]) -> list[Filled]:
    """The rows as they were sent, but for those that were left empty."""
    rows = []
    total = mine.get(f"{formset.prefix}-TOTAL_FORMS", "")
    for number in range(min(int(total), 1000) if total.isdecimal() else 0):
        prefix = f"{formset.prefix}-{number}"
        form = formset.form(mine, prefix=prefix)
        pk = mine.get(f"{prefix}-{_model(formset)._meta.pk.name}", "")
        row = filled(form, names, pk=pk, is_deleted=bool(mine.get(f"{prefix}-DELETE")))
        if pk or any(row.values.values()):
            rows.append(row)
    return rows


def _rows_at(formset: BaseInlineFormSet, names: list[str], seen: Version | None) -> list[Filled] | None:
    """The rows as they were, or None when nothing was kept of them."""
    if seen is None or formset.model not in (Source, Section):
        return None
    is_source = formset.model is Source
    kept: dict[Any, dict[str, Any]] = dict(seen.snapshot.sources if is_source else seen.snapshot.sections)
    rows = []
    for identity, values in kept.items():
        row: models.Model = formset.model(**{"key" if is_source else "article_id": identity})
        for name, value in values.items():
            setattr(row, formset.model._meta.get_field(name).attname, value)
        rows.append(filled(formset.form(instance=row), names, pk=str(row.pk)))
    return rows


def _what_tells_rows_apart(formset: BaseInlineFormSet) -> list[str]:
    """The fields that, with the article, may not be the same in two rows."""
    constraint = _model(formset)._meta.total_unique_constraints[0]
    return [name for name in constraint.fields if name != formset.fk.name]


def _model(formset: BaseInlineFormSet) -> type[models.Model]:
    """What the rows of a formset are: it always has a model here."""
    return cast(type[models.Model], formset.model)


def _write_rows(formset: BaseInlineFormSet, data: QueryDict, there: list[Filled], added: list[Filled]) -> None:
    """Let the form's data hold these rows alone."""
    prefix, pk_name = formset.prefix, _model(formset)._meta.pk.name
    for name in [name for name in data if name.startswith(f"{prefix}-")]:
        del data[name]
    data[f"{prefix}-TOTAL_FORMS"] = str(len(there) + len(added))
    data[f"{prefix}-INITIAL_FORMS"] = str(len(there))
    for number, row in enumerate([*there, *added]):
        for name, value in row.values.items():
            data[f"{prefix}-{number}-{name}"] = value
        data[f"{prefix}-{number}-{formset.fk.name}"] = str(formset.instance.pk)
        if number < len(there):
            data[f"{prefix}-{number}-{pk_name}"] = row.pk
            if row.is_deleted:
                data[f"{prefix}-{number}-DELETE"] = "on"
