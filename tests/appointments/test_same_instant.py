"""The promise that patients read on the page and in the mail, and staff in the queue: one stored instant."""

import datetime
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client

from appointments import emails
from appointments.models import AppointmentRequest
from clinic.models import ClinicProfile, OpeningHours
from tests.appointments.mails import Reading
from tests.appointments.patients import sent
from tests.form_posts import page

QUEUE = "/admin/appointments/appointmentrequest/"
DAY = datetime.timedelta(days=1)
# Just before and after the clock of Los Angeles goes back, then forward; an afternoon in summer and one in winter.
PROMISES = [
    "2027-11-07T07:30+00:00",
    "2027-11-07T10:30+00:00",
    "2027-03-14T09:30+00:00",
    "2027-03-14T10:30+00:00",
    "2027-07-01T22:45+00:00",
    "2027-12-01T20:00+00:00",
]


def told_in_words(text: str, zone: ZoneInfo, year: int) -> datetime.datetime:
    """The one moment that a text tells after "We answer by", as a person on the clinic's clock reads it."""
    found = re.findall(r"We answer by\s+\w+, (\w+ \d+), (\d+:\d\d) ([ap])\.m\. ([A-Z]{3,4})\b", text)
    assert len(found) == 1, text
    ((day, clock, half, name),) = found
    read = datetime.datetime.strptime(f"{year} {day} {clock} {half}m", "%Y %B %d %I:%M %p")
    both = [read.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    (moment,) = {moment.astimezone(datetime.UTC) for moment in both if f"{moment:%Z}" == name}
    return moment


@pytest.mark.django_db
@pytest.mark.parametrize("promised", PROMISES)
@pytest.mark.parametrize("zone_name", ["America/Los_Angeles", "America/New_York"])
def test_page_mail_and_queue_show_the_same_instant(
    clinic_data: None, client: Client, staff: Callable[[str], User], promised: str, zone_name: str
) -> None:
    reply_by = datetime.datetime.fromisoformat(promised)
    appointment_request = sent(client)
    AppointmentRequest.objects.update(reply_by=reply_by, received_at=reply_by - DAY)
    ClinicProfile.objects.update(time_zone=zone_name)
    zone = ZoneInfo(zone_name)

    status_page = page(client.get(appointment_request.status_path()))
    words = " ".join(re.sub(r"<[^>]+>", " ", status_page).split())
    assert told_in_words(words, zone, reply_by.year) == reply_by
    stamps = re.findall(r'We answer by\W+<strong>\s*<time datetime="([^"]+)"', status_page)
    assert [datetime.datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S%z") for stamp in stamps] == [reply_by]

    message = emails.received(appointment_request.pk)
    assert told_in_words(message.text, zone, reply_by.year) == reply_by
    assert told_in_words(Reading(message.html).text, zone, reply_by.year) == reply_by

    client.force_login(staff("reception"))
    queue = page(client.get(QUEUE))
    (cell,) = re.findall(r'class="field-promise[^"]*"[^>]*>(.*?)</td>', queue, re.DOTALL)
    local = reply_by.astimezone(zone)
    assert f"{local:%b %-d, %-I:%M %p}" in cell


@pytest.mark.django_db
def test_promise_is_the_one_that_was_stored_not_one_reckoned_anew(clinic_data: None, client: Client) -> None:
    """Opening hours that change afterwards change no promise."""
    appointment_request = sent(client)
    assert appointment_request.reply_by is not None
    before = emails.received(appointment_request.pk).text
    OpeningHours.objects.all().delete()
    assert emails.received(appointment_request.pk).text == before
    zone = ClinicProfile.objects.get().zone
    assert told_in_words(before, zone, appointment_request.reply_by.year) == appointment_request.reply_by
