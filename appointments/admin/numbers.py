"""The managers' page of numbers, and each of its tables as a file."""

import csv
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from appointments.admin.export import as_text, may_export
from appointments.models import AppointmentRequest
from appointments.numbers import arrivals, promises
from appointments.numbers.figure import Facts, Figure, facts
from appointments.numbers.period import Period, PeriodForm, presets

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# In the order of the page: what is promised first, then why it fails, then what comes in.
FIGURES: tuple[Callable[[Facts], Figure], ...] = (
    promises.promises,
    promises.missed,
    arrivals.by_day,
    arrivals.backlog,
    promises.waiting,
    promises.first_contact,
    promises.fairness,
    arrivals.by_weekday_and_hour,
    arrivals.by_article,
)


class NumbersAdmin(admin.ModelAdmin):
    """The part of the admin that counts: for managers alone, without a word about any person."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses, the page, and the one of its files."""
        views: dict[str, Callable[..., HttpResponse]] = {
            "numbers": self.numbers_view,
            "numbers/file": self.numbers_file_view,
        }
        own = [
            path(
                f"{address}/",
                self.admin_site.admin_view(view),
                name=f"appointments_appointmentrequest_{address.replace('/', '_')}",
            )
            for address, view in views.items()
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_safe)
    def numbers_view(self, request: HttpRequest) -> HttpResponse:
        """The figures of the days that the address names, `from` and `to`; of the last 30 without them."""
        self._refuse_others(request)
        form = _form(request.GET)
        if not form.is_valid():
            return self._numbers_page(request, form, status=422)
        counted = facts(form.period(), timezone.now())
        figures = [figure(counted) for figure in FIGURES]
        return self._numbers_page(request, form, facts=counted, figures=figures)

    @method_decorator(require_POST)
    def numbers_file_view(self, request: HttpRequest) -> HttpResponse:
        """One table, as CSV that also Excel reads as UTF-8. Who took which is kept."""
        self._refuse_others(request)
        form = _form(request.POST)
        if not form.is_valid():
            return self._numbers_page(request, form, status=422)
        counted = facts(form.period(), timezone.now())
        figures = {figure.key: figure for figure in (figure(counted) for figure in FIGURES)}
        if request.POST.get("table") not in figures:
            raise Http404
        return _file(cast("User", request.user), figures[request.POST["table"]], form.period())

    def _refuse_others(self, request: HttpRequest) -> None:
        if not (self.has_view_permission(request) and may_export(request.user)):
            raise PermissionDenied

    def _numbers_page(
        self, request: HttpRequest, form: PeriodForm, *, status: int = 200, **more: Any
    ) -> TemplateResponse:
        own = {"opts": self.opts, "title": "Numbers", "form": form, "presets": _links(form)}
        context = {**self.admin_site.each_context(request), **own, **more}
        return TemplateResponse(
            request, "admin/appointments/appointmentrequest/numbers.html", context, status=status
        )


def _form(data: QueryDict) -> PeriodForm:
    """The days that are asked for, on the calendar of the clinic: its zone is the current one on staff pages."""
    return PeriodForm(data, today=timezone.localdate(), zone=timezone.get_current_timezone())


def _links(form: PeriodForm) -> list[dict[str, Any]]:
    """The ranges that are often asked for: name and query of each, and whether it is the one on the page."""
    shown = form.period() if form.is_valid() else None
    return [
        {
            "label": label,
            "query": urlencode({"from": period.first, "to": period.last}),
            "is_shown": period == shown,
        }
        for label, period in presets(form.today, form.zone)
    ]


def _file(user: "User", figure: Figure, period: Period) -> HttpResponse:
    """The table of the figure, and the entry in the log that says who took it."""
    days = f"{period.first}-to-{period.last}"
    LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(AppointmentRequest),
        object_repr="Numbers",
        action_flag=CHANGE,
        change_message=f"Downloaded the table “{figure.title}” of {period.first} to {period.last} as a file.",
    )
    response = HttpResponse("\N{ZERO WIDTH NO-BREAK SPACE}", content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{figure.key}-{days}.csv"'
    csv.writer(response).writerows([as_text(cell) for cell in row] for row in figure.table.for_spreadsheets())
    return response
