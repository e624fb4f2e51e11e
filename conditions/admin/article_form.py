"""The form of an article: which version it was opened at, and times that the clinic's clock really shows."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.dateparse import parse_datetime

from conditions.admin.newer_edit import NOT_YET
from conditions.models import Article


class LineTextField(forms.CharField):
    """Text of several lines. Browsers send Windows line ends; the same text must stay the same text."""

    def to_python(self, value: Any) -> Any:
        """The text with single line feeds."""
        return (super().to_python(value) or "").replace("\r\n", "\n")


class ClinicTimeField(forms.DateTimeField):
    """A time of the zone that is active: on staff pages the clinic's. Twice a year some times are refused."""

    widget = forms.DateTimeInput

    def to_python(self, value: Any) -> datetime.datetime | None:
        """An aware time. Raises ValidationError with code `ambiguous_timezone` for a time that the clock skips or
        shows twice."""
        try:
            return super().to_python(value)
        except ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            raise ValidationError(_why_refused(str(value)), code=error.code) from error


def _why_refused(typed: str) -> str:
    """What is wrong with this time, and what to do."""
    naive = parse_datetime(typed.strip())
    if naive is None:
        return "The clocks change at that time. Choose a time an hour earlier or later."
    said = format_date(naive, "g:i A")
    day = format_date(naive, "F j, Y")
    zone = timezone.get_current_timezone()
    there_and_back = naive.replace(tzinfo=zone).astimezone(datetime.UTC).astimezone(zone).replace(tzinfo=None)
    if there_and_back != naive:
        return f"There is no {said} on {day}: the clocks go forward. Choose a time an hour earlier or later."
    return f"{said} comes twice on {day}: the clocks go back. Choose a time an hour earlier or later."


class ClinicTimeInput(forms.DateTimeInput):
    """The browser's own control for a date and a time, without a script."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M:%S")


class ArticleForm(forms.ModelForm):
    """An article as staff edit it. `seen_version` is the version that the page showed when it was opened."""

    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Article
        fields = "__all__"  # noqa: DJ007 -- ArticleAdmin.fieldsets names them

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen_version"] = self.instance.version
        else:
            self.instance.kind = type(self.instance).KIND
        zone = timezone.get_current_timezone_name()
        for name in ("published_from", "withdrawn_from"):
            if name in self.fields:
                field = self.fields[name]
                field.help_text = f"{field.help_text} Clinic time: {zone}."

    def clean(self) -> dict[str, Any]:
        """Each address once; withdrawn only after it was published; and a filled-in comparison is not saved yet."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if NOT_YET in self.data:
            raise ValidationError("Nothing is saved yet. Compare both versions, then save.", code="newer_edit")
        slug, start, end = (cleaned.get(name) for name in ("slug", "published_from", "withdrawn_from"))
        same_address = Article.objects.filter(kind=self.instance.kind, slug=slug).exclude(pk=self.instance.pk)
        if slug and same_address.exists():
            self.add_error("slug", ValidationError("Another article has this address.", code="not_unique"))
        if start and end and end < start:
            wrong_way = ValidationError("It would be withdrawn before it is published.", code="wrong_way_round")
            self.add_error("withdrawn_from", wrong_way)
        return cleaned
