"""The open queue as a file: for managers alone, every cell as text, and noted in the log."""

import csv
import datetime
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments.contact import log_attempt
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest, Channel, Outcome
from tests.appointments.patients import sent
from tests.appointments.test_admin import QUEUE, in_status, queue_names, signed_in
from tests.form_posts import page, post_form
from tests.hostile_strings import ALL, as_received

EXPORT = f"{QUEUE}export/"
StaffFactory = Callable[[str], User]


def downloaded(client: Client) -> list[list[str]]:
    """The cells of the file, as a spreadsheet reads them."""
    response = post_form(client, EXPORT, {})
    assert response.status_code == 200
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


@pytest.mark.django_db
def test_export_holds_the_open_queue_in_its_order_and_nothing_more(clinic_data: None, staff: StaffFactory) -> None:
    manager, clinician = staff("manager"), staff("clinician")
    browser = signed_in(manager)
    sent(Client(), full_name="Routine Person", birth_date_year="1950")
    sent(Client(), "fever", full_name="Urgent Person", birth_date_year="1951", spoken_language="es")
    in_status("booked", clinician, full_name="Booked Person", birth_date_year="1952")
    rows = downloaded(browser)
    assert rows[0] == [
        *("Patient", "Urgency", "Marks", "Status", "Waiting", "Answer by", "Reference", "Phone", "Email")
    ]
    assert [row[0] for row in rows[1:]] == queue_names(browser, "") == ["Urgent Person", "Routine Person"]
    assert rows[1][1:4] == ["Urgent", "Spanish", "Received"]
    assert rows[1][7:] == ["(424) 555-0134", "testa@example.com"]
    text = str(rows)
    for untold in ("1951", "walk downhill", "Think of", "high temperature"):
        assert untold not in text


@pytest.mark.django_db
def test_export_is_noted_with_who_and_how_many(clinic_data: None, staff: StaffFactory) -> None:
    manager = staff("manager")
    for year in ("1950", "1951", "1952"):
        sent(Client(), birth_date_year=year)
    downloaded(signed_in(manager))
    entry = LogEntry.objects.get()
    assert (entry.user, entry.change_message) == (manager, "Downloaded 3 open requests as a file.")
    assert "The open queue" in page(signed_in(manager).get("/admin/"))


@pytest.mark.django_db
def test_export_says_of_the_promise_what_the_row_says(clinic_data: None, staff: StaffFactory) -> None:
    """Answered, but the patient wrote since and nobody looked: the promise stands again, and has passed here."""
    clinician, now = staff("clinician"), timezone.now()
    long_ago = {"received_at": now - datetime.timedelta(days=5), "reply_by": now - datetime.timedelta(days=3)}
    answered = in_status("in_review", clinician, birth_date_year="1950")
    worse = in_status("booked", clinician, birth_date_year="1951")
    log_attempt(answered, Channel.PHONE, Outcome.REACHED, by=clinician, roles=frozenset({Role.CLINICIAN}))
    AppointmentRequest.objects.filter(pk=answered.pk).update(**long_ago)
    browser = signed_in(staff("manager"))
    assert downloaded(browser)[1][5].endswith(" (answered)") and ">Answered<" in page(browser.get(QUEUE))
    AppointmentRequest.objects.filter(pk__in=[answered.pk, worse.pk]).update(**long_ago, patient_wrote_at=now)
    AppointmentRequest.objects.filter(pk=worse.pk).update(worse_at=now)
    rows, html = downloaded(browser)[1:], page(browser.get(QUEUE))
    assert [row[5].rpartition(" (")[2] for row in rows] == ["late)", "late)"]
    assert html.count(">Late<") == 2 and ">Answered<" not in html
    assert "Closed" not in {row[4] for row in rows}  # booked, and worse since: the row says how long they wait


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["reception", "clinician", "editor"])
def test_export_is_for_managers_alone(clinic_data: None, staff: StaffFactory, role: str) -> None:
    sent(Client())
    browser = signed_in(staff(role))
    assert post_form(browser, EXPORT, {}).status_code == 403
    assert EXPORT not in page(browser.get(QUEUE))
    assert not LogEntry.objects.exists()


@pytest.mark.django_db
def test_export_is_not_for_the_signed_out_nor_by_a_link(clinic_data: None, staff: StaffFactory) -> None:
    assert post_form(Client(), EXPORT, {}).status_code == 302
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(staff("manager"))
    assert browser.get(EXPORT).status_code == 405
    assert post_form(browser, EXPORT, {}).status_code == 403
    assert EXPORT in page(browser.get(QUEUE))
    assert not LogEntry.objects.exists()


@pytest.mark.django_db
def test_export_gives_hostile_strings_as_text(clinic_data: None, staff: StaffFactory) -> None:
    """No cell begins as a formula; but for the mark of text, each comes out as it was typed."""
    pattern = sent(Client())
    now = timezone.now()
    names = [as_received(text)[:150] for text in ALL if text and "\0" not in text]
    names += ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", 'a"b,c;d']
    values = {field.name: getattr(pattern, field.name) for field in AppointmentRequest._meta.concrete_fields}
    AppointmentRequest.objects.bulk_create(
        AppointmentRequest(**{**values, **identity(number, now), "full_name": name})
        for number, name in enumerate(names)
    )
    pattern.move_to("withdrawn", by=None, roles=frozenset({"patient"}))  # type: ignore[arg-type]
    rows = downloaded(signed_in(staff("manager")))[1:]
    cells = [row[0] for row in rows]
    assert not [
        cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"))
    ]
    assert [cell.removeprefix("'") for cell in cells] == [name.removeprefix("'") for name in names]
    assert cells[-9:-1] == [f"'{name}" for name in names[-9:-1]]


def identity(number: int, now: datetime.datetime) -> dict[str, Any]:
    """What two requests never share; later numbers arrived later."""
    return {
        "id": None,
        "key": f"00000000-0000-4000-8000-{number:012}",
        "token_digest": f"{number:064}",
        "reference": f"{number:09}",
        "received_at": now - datetime.timedelta(minutes=100_000 - number),
        "same_person_as": None,
    }
