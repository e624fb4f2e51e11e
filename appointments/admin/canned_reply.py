"""The texts that staff send often: kept by the staff themselves."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from appointments.canned_replies import VARIABLES, unknown_variables
from appointments.models import CannedReply
from clinic.admin import StaffAdmin


class CannedReplyForm(forms.ModelForm):
    """A reply. What stands in braces must be a variable: a slip would reach a patient as it stands."""

    class Meta:
        model = CannedReply
        fields = ("title", "language", "body")

    def clean_body(self) -> str:
        """Refuses braces around a word that is no variable."""
        body: str = self.cleaned_data["body"]
        if unknown := unknown_variables(body):
            names, known = (", ".join(f"{{{name}}}" for name in some) for some in (unknown, VARIABLES))
            raise ValidationError(f"{names} is not filled in. You may write {known}.", code="unknown_variable")
        return body


@admin.register(CannedReply)
class CannedReplyAdmin(StaffAdmin):
    """The list of replies, by language and title."""

    form = CannedReplyForm
    list_display = ("title", "language", "beginning")
    list_filter = ("language",)
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    actions = None  # one is deleted on its own page

    @admin.display(description="Text")
    def beginning(self, reply: CannedReply) -> str:
        """As much of it as tells it from the others."""
        return reply.body if len(reply.body) <= 80 else f"{reply.body[:80].rstrip()}…"
