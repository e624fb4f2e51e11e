"""Keeping out programs without keeping out patients: the hidden box, the time, the limits. Nobody is dropped."""

import re
import subprocess
import sys
import time

import pytest
from django.conf import LazySettings
from django.test import Client

from appointments.models import AppointmentRequest
from appointments.sending_limits import MOST_PER_ADDRESS, MOST_PER_CONTACT
from clinic.models import OutgoingMail, RateCount
from tests.appointments.patients import ANSWERS, post, safety_check
from tests.environment import PROJECT
from tests.form_posts import page

TRAP = r'<input type="text" name="website"[^>]*>'
QUICK = "That was very quick. Please look at your answers and press Send once more."


# The box that people do not see


@pytest.mark.django_db
@pytest.mark.parametrize("button", ["change", "check"])
def test_hidden_box_is_out_of_everybodys_way(clinic_data: None, client: Client, button: str) -> None:
    html = page(post(client, safety_check(), button))
    (box,) = re.findall(TRAP, html)
    assert 'tabindex="-1"' in box and 'autocomplete="off"' in box and "value" not in box
    assert '<div class="visually-hidden" aria-hidden="true"><label for="id_website">' in html


@pytest.mark.django_db
@pytest.mark.parametrize("button", ["check", "send"])
def test_filled_hidden_box_comes_to_sight_and_nothing_is_sent(
    clinic_data: None, client: Client, button: str
) -> None:
    safety = safety_check()
    response = post(client, safety, button, website="http://spam.example")
    html = page(response)
    assert response.status_code == 422
    assert "<h1>Check your answers</h1>" in html and "Leave this box empty" in html
    (box,) = re.findall(TRAP, html)
    assert "tabindex" not in box and 'value="http://spam.example"' in box
    assert "aria-hidden" not in html.partition("Leave this box empty")[0].rpartition("<div")[2]
    assert 'name="full_name" value="Testa Patient"' in html
    assert QUICK not in html
    assert not AppointmentRequest.objects.exists()

    assert post(client, safety, website="").status_code == 302
    assert AppointmentRequest.objects.count() == 1


# The time


@pytest.mark.django_db
def test_send_within_three_seconds_asks_to_press_once_more(
    clinic_data: None, client: Client, settings: LazySettings
) -> None:
    settings.FORM_MINIMUM_SECONDS = 3
    safety = safety_check()
    response = post(client, safety)
    assert (response.status_code, QUICK in page(response)) == (422, True)
    assert 'name="full_name" value="Testa Patient"' in page(response)
    assert not AppointmentRequest.objects.exists()
    assert QUICK not in page(post(client, safety, "check"))

    settings.FORM_MINIMUM_SECONDS = 0.2
    time.sleep(0.2)
    token = re.findall(r'name="safety" value="([^"]+)"', page(response))[0]
    assert post(client, token).status_code == 302, "the page that it came back with must not start the clock anew"
    assert AppointmentRequest.objects.get().key == safety.key


def test_production_has_its_minimum_time_and_its_limits() -> None:
    """A test run changes them, so what the settings say is read in a process of its own."""
    code = "from clinic import settings; print(settings.FORM_MINIMUM_SECONDS, settings.SENDING_IS_LIMITED)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "True"]


# The limits


@pytest.fixture
def with_limits(settings: LazySettings) -> None:
    settings.SENDING_IS_LIMITED = True


def contact(number: int) -> dict[str, str]:
    """A phone number and a mail address of somebody else."""
    return {"phone": f"424 555 01{number:02}", "email": f"somebody-{number}@example.com"}


@pytest.mark.django_db
def test_one_address_sends_as_many_as_allowed_and_then_reads_the_phone_number(
    clinic_data: None, client: Client, with_limits: None
) -> None:
    answers = [post(client, safety_check(), **contact(number)) for number in range(MOST_PER_ADDRESS + 2)]
    assert [answer.status_code for answer in answers] == [302] * MOST_PER_ADDRESS + [429] * 2
    assert AppointmentRequest.objects.count() == MOST_PER_ADDRESS
    html = page(answers[-1])
    assert "<h1>Please call us</h1>" in html and 'href="tel:+14242177463"' in html
    for shown in ('value="Testa Patient"', 'value="somebody-21@example.com"', 'value="send">Send again'):
        assert shown in html
    assert re.search(r'name="safety" value="[^"]+"', html)
    assert "no-store" not in answers[-1].headers["Cache-Control"]

    assert post(Client(REMOTE_ADDR="192.0.2.7"), safety_check(), **contact(50)).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("same", ["phone", "email"])
def test_one_contact_sends_as_many_as_allowed_from_wherever(
    clinic_data: None, client: Client, with_limits: None, same: str
) -> None:
    """However it is written."""
    ways = {"phone": ["(424) 555-0134", "4245550134"], "email": ["T@example.com", "t@EXAMPLE.com"]}
    for number in range(MOST_PER_CONTACT + 1):
        changes = {**contact(number), same: ways[same][number % 2]}
        sender = Client(REMOTE_ADDR=f"192.0.2.{number}")
        status = post(sender, safety_check(), **changes).status_code
        assert status == (302 if number < MOST_PER_CONTACT else 429), number
    assert post(client, safety_check(), **contact(60)).status_code == 302


@pytest.mark.django_db
def test_what_is_refused_or_sent_again_is_not_counted_and_leaves_nothing(
    clinic_data: None, client: Client, with_limits: None
) -> None:
    safety = safety_check("fever")
    for _ in range(MOST_PER_ADDRESS + 5):
        assert post(client, safety).status_code == 302  # the same form, again and again
    assert post(client, safety, problem="Something else").status_code == 409
    assert set(RateCount.objects.values_list("count", flat=True)) == {1}
    RateCount.objects.update(count=MOST_PER_ADDRESS)
    mails = OutgoingMail.objects.count()
    refused = safety_check("fever")
    assert post(client, refused).status_code == 429
    assert set(RateCount.objects.values_list("count", flat=True)) == {MOST_PER_ADDRESS}
    assert (AppointmentRequest.objects.count(), OutgoingMail.objects.count()) == (1, mails)

    RateCount.objects.all().delete()  # the window has passed
    assert post(client, refused).status_code == 302


@pytest.mark.django_db
def test_counter_holds_neither_address_nor_contact(clinic_data: None, client: Client, with_limits: None) -> None:
    assert post(client, safety_check()).status_code == 302
    assert RateCount.objects.count() == 3
    kept = " ".join(RateCount.objects.values_list("sender_digest", flat=True))
    for personal in ("127.0.0.1", "4245550134", ANSWERS["email"]):
        assert personal not in kept
