"""What the validator of the W3C found in these pages once."""

import datetime
import re

import pytest
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict

from appointments.choices import form_choices
from appointments.forms import AppointmentRequestForm
from clinic.models import ClinicProfile


@pytest.mark.django_db
def test_carried_answers_describe_nothing() -> None:
    form = AppointmentRequestForm(
        form_choices(), MultiValueDict({"phone": ["(424) 555-0134"], "birth_date_month": ["3"]})
    )

    carried = "".join(field.as_hidden() for field in form)

    assert 'value="(424) 555-0134"' in carried
    assert "aria-" not in carried
    assert 'aria-describedby="id_phone_helptext"' in str(form["phone"])


def test_moment_is_one_that_browsers_can_read() -> None:
    when = datetime.datetime(2026, 11, 24, 22, 0, 28, 23986, tzinfo=datetime.UTC)
    clinic = ClinicProfile(time_zone="America/Los_Angeles")

    shown = render_to_string("includes/clinic_time.html", {"when": when, "clinic": clinic})

    assert re.findall(r'datetime="([^"]+)"', shown) == ["2026-11-24T14:00:28-0800"]


def test_hour_that_the_clock_shows_twice_is_told_apart() -> None:
    clinic = ClinicProfile(time_zone="America/Los_Angeles")
    first = datetime.datetime(2026, 11, 1, 8, 30, tzinfo=datetime.UTC)

    shown = [
        render_to_string("includes/clinic_time.html", {"when": when, "clinic": clinic})
        for when in (first, first + datetime.timedelta(hours=1))
    ]

    assert [re.sub("<[^>]+>", "", one) for one in shown] == [
        "Sunday, November 1, 1:30 a.m. PDT",
        "Sunday, November 1, 1:30 a.m. PST",
    ]
    assert re.findall(r'datetime="([^"]+)"', "".join(shown)) == [
        "2026-11-01T01:30:00-0700",
        "2026-11-01T01:30:00-0800",
    ]
