"""The status page: where a request stands, what happens next and by when, and nothing of the person."""

import datetime
import re
from collections.abc import Callable

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client
from django.utils import timezone

from appointments import emails
from appointments.contact import log_attempt
from appointments.lifecycle import NextStep, RequestStatus, Role
from appointments.models import AppointmentRequest, EventKind
from appointments.plan import plan
from clinic import outbox
from clinic.models import OutgoingMail
from tests.appointments.following import PRIVATE, VERBS, WAYS, address, kept, make_late, move_on
from tests.appointments.patients import sent
from tests.form_posts import page, post_form
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

LINKS = {
    "received": {"worse", "contact", "times", "add", "withdraw"},
    "in_review": {"worse", "contact", "times", "add", "withdraw"},
    "awaiting_patient": {"worse", "contact", "times", "add", "withdraw"},
    "unreachable": {"worse", "contact", "times", "add"},
    "booked": {"worse", "contact"},
    "declined": set(),
    "duplicate": {"worse", "add"},  # of its original, which goes on
    "withdrawn": set(),
}


def status_page(client: Client, appointment_request: AppointmentRequest) -> str:
    response = client.get(address(appointment_request))
    assert response.status_code == 200
    return page(response)


@pytest.mark.parametrize("status", RequestStatus.values)
def test_request_status_says_where_it_stands_and_nothing_of_the_person(client: Client, status: str) -> None:
    appointment_request = kept("fever", status=status)
    html = status_page(client, appointment_request)
    assert appointment_request.reference in html
    for private in PRIVATE:
        assert private not in html, private
    assert set(re.findall(r'/appointments/r/[\w-]+/(\w+)/"', html)) == LINKS[status]
    is_request = status not in {"booked", "declined", "duplicate", "withdrawn"}
    assert ("This is a request, not an appointment" in html) == is_request
    assert "In an emergency, call" in html


def test_request_status_has_words_for_every_status(client: Client) -> None:
    headings = set()
    for status in WAYS:
        html = status_page(client, kept(status=status))
        headings |= set(re.findall(r"<h1>(.*?)</h1>", html))
    assert len(headings) == len(RequestStatus)


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_pages_of_a_request_are_kept_nowhere_and_tell_nobody_their_address(client: Client, verb: str) -> None:
    response = client.get(address(kept(), verb))
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["X-Robots-Tag"] == "noindex"
    # With a form on the page the host alone, or the browser would send it as another site's.
    assert response.headers["Referrer-Policy"] == ("strict-origin" if verb else "no-referrer")


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "A", lambda t: t.swapcase(), lambda t: "x"])
@pytest.mark.parametrize("verb", ["", *VERBS, "appointment.ics"])
def test_pages_of_another_token_are_not_found(client: Client, change: Callable[[str], str], verb: str) -> None:
    appointment_request = kept(status="booked")
    prefix, token = address(appointment_request).rstrip("/").rsplit("/", 1)
    rest = verb if verb.endswith(".ics") else f"{verb}/" if verb else ""
    assert client.get(f"{prefix}/{token}/{rest}").status_code == 200
    assert client.get(f"{prefix}/{change(token)}/{rest}").status_code == 404
    assert post_form(client, f"{prefix}/{change(token)}/{rest}", {"none": "on"}).status_code in {404, 405}
    appointment_request.refresh_from_db()
    assert appointment_request.version == 3


def test_page_that_is_not_found_leads_to_the_lost_link(client: Client) -> None:
    response = client.get("/appointments/r/x/")
    assert response.status_code == 404
    assert 'href="/appointments/find/">Lost the link?' in page(response)


def test_request_status_acts_on_nothing_that_is_posted(client: Client) -> None:
    appointment_request = kept()
    assert post_form(client, address(appointment_request), {"is_sure": "on"}).status_code == 405
    appointment_request.refresh_from_db()
    assert (appointment_request.status, appointment_request.version) == ("received", 1)


def test_request_status_shows_the_promise_that_is_stored(client: Client) -> None:
    appointment_request = kept()
    assert appointment_request.reply_by is not None
    shown = re.findall(r'We answer by <strong><time datetime="([^"]+)"', status_page(client, appointment_request))
    assert [datetime.datetime.fromisoformat(text) for text in shown] == [appointment_request.reply_by]


def test_request_status_past_the_promise_says_so_with_the_phone_first(client: Client) -> None:
    appointment_request = kept()
    assert "We are late" not in status_page(client, appointment_request)
    make_late(appointment_request)
    html = status_page(client, appointment_request)
    assert "We answer by" not in html
    main = html[html.index("<main") :]
    assert main.index("We are late") < main.index('href="tel:+14242177463"') < main.index("We are sorry".lower())
    assert main.index('href="tel:+14242177463"') < main.index("<h1>")


def test_request_status_after_our_first_answer_promises_nothing_more(client: Client) -> None:
    appointment_request = kept(status="awaiting_patient")
    make_late(appointment_request)
    move_on(appointment_request, "in_review")
    html = status_page(client, appointment_request)
    assert "We are late" not in html
    assert "We answer by" not in html


def test_request_status_of_a_booking_says_when_where_and_how_to_prepare(client: Client) -> None:
    html = status_page(client, kept(status="booked"))
    assert re.search(r"<time [^>]+>\w+day, \w+ \d+, [^<]+ P[SD]T</time>", html)
    for part in ("Dr. Hooman Melamed", "Before you come", "Can you not come?", "appointment.ics", "tel:+1424"):
        assert part in html, part


def test_request_status_asks_for_new_dates_when_all_have_passed(client: Client) -> None:
    appointment_request = kept()
    assert "We need new dates" not in status_page(client, appointment_request)
    passed = timezone.now() - datetime.timedelta(hours=1)
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(windows_end_at=passed)
    html = status_page(client, appointment_request)
    assert html.index("We need new dates") < html.index("Give us new times") < html.index("<h1>")


# Mail that came back


def mail_to(appointment_request: AppointmentRequest, **end: datetime.datetime) -> None:
    with transaction.atomic():
        mail = outbox.queued(emails.received, topic=appointment_request.topic, request_id=appointment_request.pk)
        outbox.queue(mail)
        OutgoingMail.objects.filter(pk=mail.pk).update(**end)


def test_request_status_says_that_mail_does_not_arrive_and_shows_no_address(client: Client) -> None:
    appointment_request, now = kept(), timezone.now()
    assert "We could not send you mail" not in status_page(client, appointment_request)
    mail_to(appointment_request, failed_at=now)
    html = status_page(client, appointment_request)
    assert "We could not send you mail" in html
    assert "testa@" not in html
    assert "We could not send you mail" not in status_page(client, kept()), "another request's mail"
    mail_to(appointment_request, sent_at=now)
    assert "We could not send you mail" not in status_page(client, appointment_request)


@pytest.mark.parametrize(("email", "is_told"), [("new@example.com", False), ("", True)])
def test_mail_trouble_is_over_with_another_address_only(client: Client, email: str, is_told: bool) -> None:
    appointment_request = kept()
    mail_to(appointment_request, failed_at=timezone.now())
    post_form(client, address(appointment_request, "contact"), {"phone": "424 555 0199", "email": email})
    assert appointment_request.events.filter(kind=EventKind.CONTACT_CHANGED).count() == 1
    assert ("We could not send you mail" in status_page(client, appointment_request)) == is_told


def test_mail_to_the_staff_that_failed_is_no_trouble_of_the_patients(client: Client) -> None:
    appointment_request = kept("fever")
    OutgoingMail.objects.filter(function__endswith="staff_urgent").update(failed_at=timezone.now())
    assert OutgoingMail.objects.failed().count() == 1
    assert "We could not send you mail" not in status_page(client, appointment_request)


def test_old_link_leads_to_the_page_in_the_language_of_its_address(client: Client) -> None:
    path = address(kept())
    response = client.get(f"/es{path}")
    assert response.status_code == 200
    assert 'href="/es/appointments/r/' in page(response)


def test_request_status_tells_once_of_a_word_and_of_a_later_one_too(client: Client) -> None:
    appointment_request = kept()
    post_form(client, address(appointment_request, "worse"), {"none": "on"})
    assert "We got what you last told us" not in status_page(client, appointment_request)
    post_form(client, address(appointment_request, "add"), {"words": "Something more."})
    assert "We got what you last told us" in status_page(client, appointment_request)


@pytest.mark.parametrize("status", ["declined", "withdrawn"])
def test_request_status_of_a_closed_request_leads_to_a_new_one(client: Client, status: str) -> None:
    assert 'href="/appointments/request/">Send a new request' in status_page(client, kept(status=status))


@pytest.mark.parametrize("role", ["editor", "reception", "clinician", "manager"])
def test_staff_are_not_led_to_the_patients_page(client: Client, clinic_data: None, role: str) -> None:
    """Django's admin redirects any staff account to an object's own page, whatever its rights."""
    appointment_request = sent(client)
    kind = ContentType.objects.get_for_model(AppointmentRequest)
    browser = Client()
    browser.force_login(make_staff(role))
    assert browser.get(f"/admin/r/{kind.pk}/{appointment_request.pk}/").status_code == 404


def test_request_in_review_that_was_answered_says_what_comes_next_and_whom_to_ask(client: Client) -> None:
    """No time is promised any more; the day that the staff plan for themselves is none."""
    appointment_request, reception = kept(status="in_review"), make_staff("reception")
    asked = "Do you want to know when? Call us:"
    assert asked not in status_page(client, appointment_request)
    roles = frozenset({Role.RECEPTION})
    log_attempt(appointment_request, "phone", "reached", by=reception, roles=roles)
    on = timezone.localdate() + datetime.timedelta(days=3)
    plan(appointment_request, NextStep.CALL, on, reception, by=reception, roles=roles)
    html = status_page(client, appointment_request)
    assert "We answer by" not in html
    assert "We have been in touch with you." in html
    assert "We reach you again the way that you chose" in html
    assert 'href="tel:+14242177463"' in html.partition(asked)[2].partition("</p>")[0]
    assert f"{on:%B} {on.day}" not in html
    post_form(client, address(appointment_request, "add"), {"words": "My letter is in the mail."})
    html = status_page(client, appointment_request)
    assert "We answer by" in html
    assert asked not in html
