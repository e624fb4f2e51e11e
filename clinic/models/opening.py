"""When the clinic is open."""

import json
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from clinic.hours import WorkingHours
from clinic.models.profile import ClinicProfile
from clinic.ready_query import ReadyQuery


class Weekday(models.IntegerChoices):
    """Days as `date.weekday()` counts them."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class OpeningHours(models.Model):
    """One period on one day of the week, in the clinic's zone. A day may have several."""

    PUBLIC_FIELDS = ("id", "weekday", "opens", "closes")
    PRIVATE_FIELDS = ()

    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name_plural = "opening hours"
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(condition=Q(opens__lt=F("closes")), name="opening_hours_open_before_close"),
            models.CheckConstraint(condition=Q(weekday__range=(0, 6)), name="opening_hours_weekday_exists"),
            models.UniqueConstraint(fields=["weekday", "opens"], name="opening_hours_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M} to {self.closes:%H:%M}"


class ClosedDate(models.Model):
    """A day on which the clinic stays closed whatever the weekday says."""

    PUBLIC_FIELDS = ("id", "date", "reason")
    PRIVATE_FIELDS = ()

    date = models.DateField(unique=True)
    reason = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date}"


def working_hours() -> WorkingHours:
    """The clinic's calendar as `clinic.hours` reckons with it, its times in the clinic's zone. One query.

    Raises ClinicProfile.DoesNotExist before the clinic's profile is loaded.
    """
    found = _CALENDAR.rows()
    if not found:
        raise ClinicProfile.DoesNotExist("load_clinic was not run")
    ((zone, opening_rows, closed_dates),) = found
    periods: dict[int, list[tuple[time, time]]] = {}
    for row in map(json.loads, opening_rows):
        opens, closes = time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"])
        day = periods.setdefault(row["day"], [])
        if day and opens <= day[-1][1]:  # overlapping rows are one opening
            day[-1] = (day[-1][0], max(day[-1][1], closes))
        else:
            day.append((opens, closes))
    return WorkingHours(periods=periods, closed_dates=frozenset(closed_dates), zone=ZoneInfo(zone))


def _calendar() -> models.QuerySet[ClinicProfile, Any]:
    rows = OpeningHours.objects.order_by("weekday", "opens")
    return ClinicProfile.objects.values_list(
        "time_zone",
        ArraySubquery(rows.values(json=JSONObject(day="weekday", opens="opens", closes="closes"))),
        ArraySubquery(ClosedDate.objects.values("date")),
    )


_CALENDAR = ReadyQuery(_calendar)
