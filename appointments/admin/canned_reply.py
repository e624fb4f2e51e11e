"""The texts that staff send often: kept by the staff themselves."""

import hashlib
import json
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from appointments.canned_replies import VARIABLES, stray_braces
from appointments.models import CannedReply
from clinic.admin import StaffAdmin
from conditions.admin.both_versions import Comparison, compare, filled

FIELDS = ("title", "language", "body")


class CannedReplyForm(forms.ModelForm):
    """A reply. What stands in braces must be a variable: a slip would reach a patient as it stands.

    `seen` tells which text the page showed when it was opened: another one that was saved since is not overwritten.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    newer: list[Comparison] | None = None  # where what is kept by now differs, once that stood in the way

    class Meta:
        model = CannedReply
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = _digest(self.instance)

    def clean_body(self) -> str:
        """Refuses braces around anything that is no variable, and braces that stand alone."""
        body: str = self.cleaned_data["body"]
        if stray := stray_braces(body):
            names, known = ", ".join(stray), ", ".join(f"{{{name}}}" for name in VARIABLES)
            raise ValidationError(
                f"{names} {'is' if len(stray) == 1 else 'are'} not filled in: patients would read it as it stands. "
                f"You may write {known}, as here. Leave out any other brace.",
                code="unknown_variable",
            )
        return body

    def clean(self) -> dict[str, Any]:
        """Refuses a title that another reply has, and to save over a text that this page has not shown. Until the
        transaction of the admin ends, nobody else saves this reply."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        same = CannedReply.objects.filter(title__iexact=cleaned.get("title"), language=cleaned.get("language"))
        if same.exclude(pk=self.instance.pk).exists():
            taken = "There is a reply with this title in this language already. Choose another title."
            self.add_error("title", ValidationError(taken, code="title_taken"))
        now_kept = CannedReply.objects.select_for_update().filter(pk=self.instance.pk).first()
        if now_kept is not None and _digest(now_kept) != cleaned.get("seen"):
            theirs, mine = filled(type(self)(instance=now_kept), FIELDS), filled(self, FIELDS)
            compared = [
                compare(theirs.labels[name], mine.only(name), theirs.only(name), None, knows_base=False)
                for name in FIELDS
            ]
            self.newer = [comparison for comparison in compared if comparison]
            # Both versions are shown now: sent once more, it is meant for this one.
            self.data = dict(self.data.items(), seen=_digest(now_kept))
            raise ValidationError("Nothing is saved yet. Compare both versions, then save.", code="newer_edit")
        return cleaned


def _digest(reply: CannedReply) -> str:
    kept = json.dumps([getattr(reply, name) for name in FIELDS])
    return hashlib.sha256(kept.encode()).hexdigest()


@admin.register(CannedReply)
class CannedReplyAdmin(StaffAdmin):
    """The list of replies, by language and title."""

    form = CannedReplyForm
    fields = FIELDS
    list_display = ("title", "language", "beginning")
    list_filter = ("language",)
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    actions = None  # one is deleted on its own page

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: CannedReply | None = None,
    ) -> HttpResponse:
        """The form; with 409 and both versions above it when somebody else has saved first."""
        context["newer"] = context["adminform"].form.newer
        response = super().render_change_form(request, context, add, change, form_url, obj)
        if context["newer"] is not None:
            response.status_code = 409
        return response

    @admin.display(description="Text")
    def beginning(self, reply: CannedReply) -> str:
        """As much of it as tells it from the others."""
        return reply.body if len(reply.body) <= 80 else f"{reply.body[:80].rstrip()}…"
