"""The viewer of a developer's machine, and that no other has it."""

import html
import sys

import pytest
from django.test import Client

from clinic.models import OutgoingMail
from tests.commands import PRODUCTION, SECRET, run
from tests.form_posts import page, post_form

VIEWER = ["outbox", "mail_html"]  # its addresses


def put(function: str, **values: object) -> OutgoingMail:
    return OutgoingMail.objects.create(function=f"tests.clinic.mails.{function}", **values)


@pytest.mark.django_db
@pytest.mark.urls("tests.clinic.debug_urls")
def test_outbox_shows_the_mails_as_written_now(clinic_data: None, client: Client) -> None:
    first = put("hello", arguments={"number": 41})
    second = put("hello", arguments={"number": 42}, topic="request:7")
    shown = page(client.get("/mail/"))
    assert shown.index("Number 42") < shown.index("Number 41")
    for part in ("reader42@mail.example", "Hello 42.", "about request:7", "waiting", f"/mail/{second.pk}/html/"):
        assert part in shown
    first.refresh_from_db()
    assert (first.attempts, first.state) == (0, "waiting")


@pytest.mark.django_db
@pytest.mark.urls("tests.clinic.debug_urls")
def test_outbox_shows_the_latest_fifty(clinic_data: None, client: Client) -> None:
    rows = [OutgoingMail(function="tests.clinic.mails.hello", arguments={"number": n}) for n in range(100, 151)]
    OutgoingMail.objects.bulk_create(rows)
    shown = page(client.get("/mail/"))
    assert "Number 150" in shown
    assert "Number 101" in shown
    assert "Number 100" not in shown


@pytest.mark.django_db
@pytest.mark.urls("tests.clinic.debug_urls")
def test_outbox_shows_why_there_is_no_mail(clinic_data: None, client: Client) -> None:
    dropped = put("nothing")
    broken = put("broken")
    put("broken_statement")
    shown = html.unescape(page(client.get("/mail/")))
    assert "Nothing to send." in shown
    assert "KeyError: 'Ana Lopez'" in shown
    assert "division by zero" in shown
    for mail in (dropped, broken):
        assert client.get(f"/mail/{mail.pk}/html/").status_code == 404


@pytest.mark.django_db
@pytest.mark.urls("tests.clinic.debug_urls")
def test_outbox_that_is_empty_says_so(clinic_data: None, client: Client) -> None:
    assert "The outbox is empty." in page(client.get("/mail/"))


@pytest.mark.django_db
@pytest.mark.urls("tests.clinic.debug_urls")
def test_mail_html_is_the_mail_itself(clinic_data: None, client: Client) -> None:
    mail = put("hello", arguments={"number": 42})
    answer = client.get(f"/mail/{mail.pk}/html/")
    assert page(answer) == "<p>Hello 42.</p>"
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.get(f"/mail/{mail.pk + 1}/html/").status_code == 404


@pytest.mark.django_db
@pytest.mark.urls("tests.clinic.debug_urls")
@pytest.mark.parametrize("path", ["/mail/", "/mail/1/html/"])
def test_outbox_and_mail_html_only_show(client: Client, path: str) -> None:
    assert post_form(client, path, {}).status_code == 405


@pytest.mark.parametrize(("values", "names"), [(PRODUCTION, []), ({"DEBUG": "true", "SECRET_KEY": SECRET}, VIEWER)])
def test_outbox_and_mail_html_exist_with_debug_only(values: dict[str, str], names: list[str]) -> None:
    """Asked in a process of its own: here, addresses may have been read while the test runner's DEBUG was on."""
    code = """
import django; django.setup()
from django.urls import get_resolver
print([name for name in ("outbox", "mail_html") if name in get_resolver().reverse_dict])
"""
    result = run(sys.executable, "-c", code, DJANGO_SETTINGS_MODULE="clinic.settings", **values)
    assert result.stdout == f"{names}\n", result.stderr
