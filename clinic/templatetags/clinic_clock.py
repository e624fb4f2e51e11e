"""Moments on the clinic's clock, in the hour that it shows twice as well: there Django's own `date` leaves out the
zone, and its `localtime` forgets which of the two was meant."""

import datetime

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def zone_name(when: datetime.datetime) -> str:
    """What the current time zone is called at this moment: "PDT", and "PST" an hour later."""
    return timezone.localtime(when).tzname() or ""


@register.simple_tag
def zone_now() -> str:
    """What the current time zone is called now."""
    return zone_name(timezone.now())


@register.filter
def machine_time(when: datetime.datetime) -> str:
    """The moment as HTML's `time` element wants it, in the current time zone, to the second, with its offset."""
    return f"{timezone.localtime(when):%Y-%m-%dT%H:%M:%S%z}"
