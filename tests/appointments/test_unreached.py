"""Whom our mail did not reach: the list that the staff's first page leads to."""

import datetime
import inspect
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments import emails
from appointments.contact import log_attempt
from appointments.lifecycle import Role
from appointments.mail_trouble import unreached
from appointments.models import AppointmentRequest, Channel, EventKind, Outcome
from clinic.models import OutgoingMail
from clinic.outbox import Message, title_of
from tests.appointments.following import kept
from tests.appointments.test_duplicates import fresh
from tests.form_posts import page, post_form

StaffFactory = Callable[..., User]
UNREACHED = "/admin/appointments/appointmentrequest/unreached/"
RECEPTION = frozenset({Role.RECEPTION})
pytestmark = pytest.mark.django_db


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def in_vain(full_name: str, *, minutes: int = 1) -> AppointmentRequest:
    """A request whose mails failed so many minutes ago."""
    appointment_request = kept(full_name=full_name)
    at = timezone.now() - datetime.timedelta(minutes=minutes)
    OutgoingMail.objects.about(appointment_request.topic).update(failed_at=at, failure="No such mailbox.")
    return appointment_request


def test_first_page_leads_to_the_patients_whom_no_mail_reached(clinic_data: None, staff: StaffFactory) -> None:
    first, second = in_vain("Una Unreached", minutes=9), in_vain("Ugo Unreached")
    kept(full_name="Rita Reached")
    browser = signed_in(staff("reception"))
    assert f'<a href="{UNREACHED}">2 mails reached nobody: call</a>' in page(browser.get("/admin/"))
    html = page(browser.get(UNREACHED))
    assert html.index("Ugo Unreached") < html.index("Una Unreached"), "the latest failure first"
    for shown in (
        *(f"/{first.pk}/change/#reach", second.reference, "(424) 555-0134", 'href="tel:+1-424-555-0134"'),
        *("We have your request", "No such mailbox.", "PST"),
    ):
        assert shown in html, shown
    for hidden in ("Rita Reached", "appointments.emails", first.topic):
        assert hidden not in html, hidden


def test_whoever_was_spoken_with_or_has_another_address_leaves_the_list(
    clinic_data: None, staff: StaffFactory
) -> None:
    reception = staff("reception")
    spoken, unanswered, changed = in_vain("Sam Spoken"), in_vain("Uma Unanswered"), in_vain("Cora Changed")
    for one, outcome in ((spoken, Outcome.REACHED), (unanswered, Outcome.NO_ANSWER)):
        log_attempt(fresh(one), Channel.PHONE, outcome, by=reception, roles=RECEPTION)
    fresh(changed).change(EventKind.CONTACT_CHANGED, by=None, role=Role.PATIENT, email="cora@example.com")
    assert [one.full_name for one, _mail in unreached()] == ["Uma Unanswered"]
    again = timezone.now() + datetime.timedelta(minutes=1)
    OutgoingMail.objects.about(spoken.topic).update(failed_at=again)
    assert {one.full_name for one, _mail in unreached()} == {"Uma Unanswered", "Sam Spoken"}, "a later mail failed"


def test_list_costs_the_same_for_one_and_for_many(clinic_data: None, staff: StaffFactory) -> None:
    with CaptureQueriesContext(
        connection,
    ) as none:
        assert unreached() == []
    in_vain("One")
    with CaptureQueriesContext(connection) as one:
        assert len(unreached()) == 1
    for number in range(5):
        in_vain(f"Other {number}")
    with CaptureQueriesContext(connection) as many:
        assert len(unreached()) == 6
    assert (len(none), len(one), len(many)) == (1, 5, 5)


def test_list_says_when_nobody_has_to_be_called_and_opens_for_the_triage_only(
    clinic_data: None, staff: StaffFactory
) -> None:
    browser = signed_in(staff("reception"))
    assert "Nobody has to be called" in page(browser.get(UNREACHED))
    assert post_form(browser, UNREACHED, {}).status_code == 405
    assert signed_in(staff("editor")).get(UNREACHED).status_code == 403
    assert Client().get(UNREACHED).status_code == 302


def test_every_mail_has_words_for_what_it_tells() -> None:
    functions = [
        function
        for _name, function in inspect.getmembers(emails, inspect.isfunction)
        if function.__module__ == emails.__name__
        and inspect.signature(function).return_annotation is Message
        and not function.__name__.startswith("_")
    ]
    assert len(functions) == 16
    for function in functions:
        path = f"{emails.__name__}.{function.__name__}"
        assert title_of(OutgoingMail(function=path)) != path, path
