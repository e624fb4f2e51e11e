"""Synonyms, as editors keep them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from clinic.admin import StaffAdmin
from conditions.models import Synonym
from conditions.search import find
from conditions.vocabulary import Vocabulary, words_of


class SynonymForm(forms.ModelForm):
    """A term that says something, once."""

    class Meta:
        model = Synonym
        fields = ("term", "means", "is_in_a_to_z")

    def clean_term(self) -> str:
        """Something that the search looks at: not punctuation, and not only words such as "the"."""
        term: str = self.cleaned_data["term"]
        _, stems = Vocabulary.current(words_of(term))
        if not any(stems.values()):
            raise ValidationError(
                "Give a word that says something: the search passes over words such as “the”.", code="says_nothing"
            )
        return term


@admin.register(Synonym)
class SynonymAdmin(StaffAdmin):
    """What patients say, and what it means in the words of the articles."""

    form = SynonymForm
    list_display = ("term", "means", "is_in_a_to_z")
    list_filter = ("is_in_a_to_z",)
    search_fields = ("term", "means")
    readonly_fields = ("finds",)

    def get_fields(self, request: Any, obj: Synonym | None = None) -> tuple[str, ...]:
        """What it finds is known once it is saved."""
        return ("term", "means", "is_in_a_to_z", "finds") if obj else ("term", "means", "is_in_a_to_z")

    @admin.display(description="What readers find now")
    def finds(self, synonym: Synonym) -> str:
        """The articles that a search for the term shows, the best first. Two queries."""
        names = [hit.card["short_title"] or hit.card["title"] for hit in find(synonym.term).hits]
        return "; ".join(names) or "Nothing: no published article has the words of its meaning."
