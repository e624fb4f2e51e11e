"""The clinic's own rooms of the staff pages: the outbox and the ways to pay."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from clinic.models import OutgoingMail, PaymentOption
from tests.form_posts import post_form

OUTBOX = "/admin/clinic/outgoingmail/"
PAYMENT = "/admin/clinic/paymentoption/"


def signed_in_with(*permissions: str) -> Client:
    """A browser of somebody on the staff who has these permissions and no others."""
    person = User.objects.create(username="-".join(permissions) or "nobody", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(person)
    return client


def mail(**values: Any) -> OutgoingMail:
    return OutgoingMail.objects.create(function="tests.clinic.mails.hello", topic="request:7", **values)


def failed_mail() -> OutgoingMail:
    return mail(failed_at=timezone.now(), attempts=9, failure="The mail server answered 550 no mailbox")


@pytest.mark.django_db
def test_outbox_lists_failed_first_and_shows_no_arguments(clinic_data: None) -> None:
    mail(sent_at=timezone.now())
    failed = failed_mail()
    mail(arguments={"number": 424242})
    page = signed_in_with("view_outgoingmail").get(OUTBOX).content.decode()
    assert page.index("Failed") < page.index("Waiting") < page.index("Sent<")
    assert "The mail server answered 550 no mailbox" in page
    record = signed_in_with("view_outgoingmail", "view_announcement").get(f"{OUTBOX}{failed.pk}/change/")
    assert "Try again" in record.content.decode()
    assert "424242" not in page
    assert 'name="_save"' not in record.content.decode()
    assert "Select outgoing mail" not in page
    assert "Request 7" in page, "not request:7"
    assert re.search(r"[0-9] [AP]M P[SD]T", page), "with the zone"


@pytest.mark.django_db
def test_try_again_puts_a_failed_mail_back_and_says_who(clinic_data: None) -> None:
    failed = failed_mail()
    client = signed_in_with("view_outgoingmail")
    answer = post_form(client, f"{OUTBOX}{failed.pk}/try-again/", {}, follow=True)
    assert "The mail is tried again now." in answer.content.decode()
    assert "Try again" not in answer.content.decode()
    assert list(OutgoingMail.objects.due()) == [failed]
    failed.refresh_from_db()
    assert failed.attempts == 0
    assert LogEntry.objects.get().change_message == "Tried again."


@pytest.mark.django_db
def test_try_again_the_second_time_changes_nothing(clinic_data: None) -> None:
    waiting = mail(attempts=3)
    answer = post_form(signed_in_with("view_outgoingmail"), f"{OUTBOX}{waiting.pk}/try-again/", {}, follow=True)
    assert "has not failed" in answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.attempts == 3
    assert not LogEntry.objects.exists()


@pytest.mark.django_db
def test_try_again_refuses_get_and_who_may_not_see_it(clinic_data: None) -> None:
    failed = failed_mail()
    address = f"{OUTBOX}{failed.pk}/try-again/"
    client = signed_in_with("view_outgoingmail")
    assert client.get(address).status_code == 405
    assert post_form(signed_in_with("view_announcement"), address, {}).status_code == 403
    assert post_form(Client(), address, {}).status_code == 302
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(User.objects.get(username="view_outgoingmail"))
    assert post_form(forged, address, {}).status_code == 403
    failed.refresh_from_db()
    assert failed.state == "failed"
    assert (
        post_form(signed_in_with("view_outgoingmail", "add_group"), f"{OUTBOX}0/try-again/", {}).status_code == 404
    )


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["add/", "{}/change/", "{}/delete/"])
def test_outbox_is_read_only_for_everybody(clinic_data: None, verb: str) -> None:
    failed = failed_mail()
    User.objects.create(username="root", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(User.objects.get(username="root"))
    answer = post_form(client, OUTBOX + verb.format(failed.pk), {"attempts": "0", "post": "yes"})
    assert answer.status_code == 403
    failed.refresh_from_db()
    assert failed.attempts == 9


@pytest.mark.django_db
def test_payment_option_is_kept_by_whoever_may(clinic_data: None) -> None:
    client = signed_in_with("view_paymentoption", "add_paymentoption", "change_paymentoption")
    values = {"name": "By check", "name_es": "Con cheque", "position": "9", "is_offered": "on"}
    assert post_form(client, f"{PAYMENT}add/", values).status_code == 302
    added = PaymentOption.objects.get(name="By check")
    assert list(PaymentOption.objects.offered())[-1] == added
    assert post_form(client, f"{PAYMENT}{added.pk}/change/", {**values, "is_offered": ""}).status_code == 302
    assert added not in PaymentOption.objects.offered()
    assert post_form(client, f"{PAYMENT}{added.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "Workers’ compensation" in client.get(PAYMENT).content.decode()
    assert signed_in_with("view_announcement").get(PAYMENT).status_code == 403
