"""When an appointment would suit. No time is held: the staff look for one."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from appointments.choices import FormChoices
from appointments.fields import ComingDateField
from appointments.forms.layout import any_of, one_line, one_of
from appointments.forms.parts import Fold, Section
from appointments.models.answers import WINDOWS, PartOfDay, ShortNotice
from appointments.windows import windows_end_at
from clinic.models import Weekday

WORKING_DAYS = 5  # from Monday on
OFFERED = WINDOWS[: WORKING_DAYS * len(PartOfDay)]

TIMES_SECTIONS = (
    Section(
        "times",
        _("When suits you"),
        *("windows", "short_notice"),
        Fold(
            "dates",
            _("Certain dates, such as when you are away"),
            *("earliest_date", "latest_date", "unsuitable_dates"),
            hint=_("We then look for a time between them. Leave empty what does not matter."),
            is_optional=True,
        ),
        is_optional=True,
    ),
)


class WeekGrid(forms.CheckboxSelectMultiple):
    """The parts of the working week as a table: a row for each day, a box for each part, named in full."""

    template_name = "clinic/widgets/week_grid.html"
    draws_itself = True

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The usual context, with the parts as column heads and the boxes by day."""
        context = super().get_context(name, value, attrs)
        boxes = [option for _group, options, _index in context["widget"]["optgroups"] for option in options]
        width = len(PartOfDay)
        days = [label for _day, label in Weekday.choices[:WORKING_DAYS]]
        context["parts"] = PartOfDay.labels
        context["days"] = [(day, boxes[row * width : (row + 1) * width]) for row, day in enumerate(days)]
        return context


class TimesQuestions(forms.Form):
    """Weekdays by part of the day, and dates. Nothing of it need be answered."""

    windows = any_of(
        OFFERED,
        _("Which times suit you?"),
        _("Tick all that suit. Leave empty if any time is fine."),
        widget=WeekGrid,
    )
    short_notice = one_of(
        ShortNotice,
        _("If a time frees up, how soon could you come?"),
        _("Others cancel at times. Then we may call you."),
    )
    earliest_date = ComingDateField(
        label=_("Earliest date"),
        required=False,
        help_text=_("The first day on which you could come."),
        error_messages={
            "incomplete": _("Earliest date must include %(missing)s"),
            "year_digits": _("Year of the earliest date must have 4 numbers, such as 2027"),
            "invalid": _("Earliest date must be a real date"),
            "too_early": _("Earliest date must be today or later"),
            "too_late": _("Earliest date must be within the next 2 years"),
        },
    )
    latest_date = ComingDateField(
        label=_("Latest date"),
        required=False,
        help_text=_("The last day on which you could come."),
        error_messages={
            "incomplete": _("Latest date must include %(missing)s"),
            "year_digits": _("Year of the latest date must have 4 numbers, such as 2027"),
            "invalid": _("Latest date must be a real date"),
            "too_early": _("Latest date must be today or later"),
            "too_late": _("Latest date must be within the next 2 years"),
        },
    )
    unsuitable_dates = one_line(
        _("Are there dates that do not suit you?"),
        300,
        _("Dates that do not suit you must be 300 characters or less"),
        _("Write them as you like. We keep them free."),
        autocomplete="off",
    )

    now: datetime.datetime  # on the clinic's clock

    def start_dates(self, choices: FormChoices) -> None:
        """Let the dates begin today, and the times now, at the clinic."""
        self.now = choices.now
        for field in self.fields.values():
            if isinstance(field, ComingDateField):
                field.starting(choices.today)

    def clean(self) -> dict[str, Any]:
        """The dates stand in their order, and some of the times is still to come."""
        answers = super().clean() or {}
        earliest, latest = answers.get("earliest_date"), answers.get("latest_date")
        if earliest and latest and latest < earliest:
            message = _("Latest date must not be before the earliest date")
            self.add_error("latest_date", ValidationError(message, code="dates_in_order"))
        elif not {"windows", "earliest_date", "latest_date"} & self.errors.keys():
            self._check_times_to_come(answers["windows"], earliest, latest)
        return answers

    def _check_times_to_come(
        self, windows: list[str], earliest: datetime.date | None, latest: datetime.date | None
    ) -> None:
        """A patient whose times have passed would be asked for new ones as soon as these were kept."""
        if self._have_passed([], earliest, latest):
            message = _("It is too late for an appointment on your latest date. Enter a later one")
            self.add_error("latest_date", ValidationError(message, code="day_has_passed"))
        elif self._have_passed(windows, earliest, latest):
            message = _("The times that you chose have passed by now. Choose more times, or a later latest date")
            self.add_error("windows", ValidationError(message, code="times_have_passed"))

    def _have_passed(
        self, windows: list[str], earliest: datetime.date | None, latest: datetime.date | None
    ) -> bool:
        ends = windows_end_at(self.now, windows, earliest, latest, self.now.tzinfo or datetime.UTC)
        return ends is not None and ends <= self.now
