"""The managers' page of numbers: single rules, which days, for whom, its files, and what it costs."""

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from appointments.contact import log_attempt
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest
from appointments.numbers.figure import facts
from appointments.numbers.period import last_days
from appointments.worse import report_worse
from conditions.models import Article
from tests.appointments.patients import sent
from tests.appointments.test_admin import signed_in
from tests.appointments.test_numbers import IN_THE_YEAR, NUMBERS, ZONE, StaffFactory, tables
from tests.appointments.test_query_counts import copy_requests, queries
from tests.form_posts import page, post_form
from tests.plans import plans_of_queries, rows_read, steps_of

FILE = f"{NUMBERS}file/"
REQUESTS = AppointmentRequest._meta.db_table


# Single rules, each by itself


def shown_to_a_manager(staff: StaffFactory, days: dict[str, str] | None = None) -> dict[str, dict[str, list[str]]]:
    """The tables of the page."""
    return tables(page(signed_in(staff("manager")).get(NUMBERS, days or {})))


@pytest.mark.django_db
def test_promise_that_was_missed_stays_missed_when_a_later_one_is_told(
    clinic_data: None, client: Client, staff: StaffFactory
) -> None:
    """Answered late, then worse: the new promise on the row lies after the answer, and makes nothing good."""
    appointment_request = sent(client)
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(
        received_at=timezone.now() - timedelta(days=9), reply_by=timezone.now() - timedelta(days=5)
    )
    appointment_request.refresh_from_db()
    appointment_request.move_to("in_review", by=staff("reception"), roles=frozenset({Role.RECEPTION}))
    log_attempt(appointment_request, "phone", "reached", by=staff("reception"), roles=frozenset({Role.RECEPTION}))
    report_worse(appointment_request, [], "It is worse.")
    assert appointment_request.reply_by > appointment_request.answered_at  # type: ignore[operator]
    shown = shown_to_a_manager(staff)
    # Urgent by now, but sent and promised as routine.
    assert shown["promises"]["Routine"] == ["1", "0", "1", "0", "0", "0", "0", "0", "0", "0 %"]
    assert shown["promises"]["Urgent"][0] == "0"
    assert shown["missed"]["Nobody had acted on it in time"] == ["1", "1", "0", "0"]


@pytest.mark.django_db
def test_numbers_of_one_request(clinic_data: None, client: Client, staff: StaffFactory) -> None:
    sent(client)
    shown = shown_to_a_manager(staff)
    assert shown["promises"]["All"] == ["1", "0", "0", "0", "0", "1", "0", "0", "0", "none"]
    assert shown["waiting"]["All"] == ["0", *["none"] * 6]
    assert set(map(tuple, shown["fairness"].values())) == {("too few", "too few", "too few")}
    assert shown["backlog"]["Under 1 day"] == ["1", "0", "1", "0"]


@pytest.mark.django_db
def test_groups_of_fewer_than_ten_people_are_withheld(
    clinic_data: None, client: Client, staff: StaffFactory
) -> None:
    """Ten people are enough; ten requests of nine people are not."""
    by, pattern = staff("reception"), sent(client)
    copy_requests(pattern, 9)
    people = list(AppointmentRequest.objects.order_by("pk"))
    for number, row in enumerate(people):
        AppointmentRequest.objects.filter(pk=row.pk).update(
            full_name=f"Person {number}",
            answered_at=row.received_at + timedelta(hours=number),
            answered_by=by,
            answered_after=timedelta(minutes=number),
        )
    assert shown_to_a_manager(staff)["fairness"]["By web form"] == ["10", "4 min", "4 h"]
    AppointmentRequest.objects.filter(pk=people[0].pk).update(full_name="PERSON 1")  # the case is no difference
    assert shown_to_a_manager(staff)["fairness"]["By web form"] == ["too few"] * 3


# Which days, and for whom


@pytest.mark.django_db
def test_numbers_without_a_request(clinic_data: None, staff: StaffFactory) -> None:
    html = page(signed_in(staff("manager")).get(NUMBERS))
    assert "No request was received in these days." in html
    assert 'aria-current="true">Last 30 days' in html
    assert list(tables(html)) == ["days", "backlog"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2024-02-30", "2024-03-01", "Enter a day of the calendar"),
        ("yesterday", "today", "Enter a day of the calendar"),
        ("01/02/2024", "2024-03-01", "Enter a day of the calendar"),
        ("2024-03-01", "", "Enter both days."),
        ("", "2024-03-01", "Enter both days."),
        ("2024-03-02", "2024-03-01", "Choose a day after the first one."),
        ("2024-03-02", "9999-12-31", "Choose a day up to today."),
        ("0001-01-01", "2024-03-01", "Choose ten years at most."),
        ("<script>", "2024-03-01", "Enter a day of the calendar"),
    ],
)
def test_days_that_cannot_be_are_refused_kindly(
    clinic_data: None, staff: StaffFactory, first: str, last: str, words: str
) -> None:
    browser = signed_in(staff("manager"))
    for response in (
        browser.get(NUMBERS, {"from": first, "to": last}),
        post_form(browser, FILE, {"table": "days", "from": first, "to": last}),
    ):
        html = page(response)
        assert response.status_code == 422
        assert words in html and "These days cannot be shown" in html and "<title>Error: " in html
        assert "<script>" not in html and not tables(html)
    assert not LogEntry.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "last"), [("0001-01-01", "0001-02-01"), ("2020-02-29", "2020-02-29")])
def test_days_long_ago_are_empty(clinic_data: None, staff: StaffFactory, first: str, last: str) -> None:
    response = signed_in(staff("manager")).get(NUMBERS, {"from": first, "to": last})
    assert response.status_code == 200
    assert "No request was received in these days." in page(response)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["reception", "clinician", "editor"])
def test_numbers_are_for_managers_alone(clinic_data: None, staff: StaffFactory, role: str) -> None:
    browser = signed_in(staff(role))
    assert browser.get(NUMBERS).status_code == 403
    assert post_form(browser, FILE, {"table": "days"}).status_code == 403
    assert NUMBERS not in page(browser.get("/admin/"))
    assert not LogEntry.objects.exists()


@pytest.mark.django_db
def test_first_page_leads_managers_to_the_numbers(clinic_data: None, staff: StaffFactory) -> None:
    assert NUMBERS in page(signed_in(staff("manager")).get("/admin/"))


@pytest.mark.django_db
def test_numbers_are_not_for_the_signed_out_and_files_not_by_a_link(clinic_data: None, staff: StaffFactory) -> None:
    assert Client().get(NUMBERS).status_code == 302
    assert post_form(Client(), FILE, {"table": "days"}).status_code == 302
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(staff("manager"))
    assert browser.get(FILE).status_code == 405
    assert post_form(browser, FILE, {"table": "days"}).status_code == 403
    assert post_form(browser, NUMBERS, {}).status_code in {403, 405}
    assert post_form(signed_in(staff("manager")), FILE, {"table": "patients"}).status_code == 404
    assert not LogEntry.objects.exists()


# Files, people, queries


def downloaded(browser: Client, table: str) -> list[list[str]]:
    """The cells of a file, as a spreadsheet reads them."""
    response = post_form(browser, FILE, {"table": table})
    assert response.status_code == 200
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


@pytest.mark.django_db
def test_every_table_is_a_file_and_who_took_it_is_kept(
    clinic_data: None, client: Client, staff: StaffFactory
) -> None:
    appointment_request = sent(client)
    appointment_request.move_to("in_review", by=staff("reception"), roles=frozenset({Role.RECEPTION}))
    AppointmentRequest.objects.update(
        answered_at=appointment_request.received_at + timedelta(minutes=90),
        answered_by=staff("reception"),
        answered_after=timedelta(minutes=45),
    )
    browser = signed_in(staff("manager"))
    keys = list(tables(page(browser.get(NUMBERS))))
    files = {key: downloaded(browser, key) for key in keys}
    assert len(files) == 9
    assert files["contact"][0] == [
        *("Urgency", "Counted", "Half of them within (hours)", "9 of every 10 within (hours)"),
        *("95 of every 100 within (hours)", "Allowed (hours)"),
    ]
    assert files["contact"][1] == ["All", "1", "0.75", "0.75", "0.75", ""]
    assert files["waiting"][1][:3] == ["All", "1", "1.50"]
    entry = LogEntry.objects.order_by("pk").last()
    assert entry is not None and entry.user == staff("manager")
    assert entry.change_message.startswith("Downloaded the table “Articles that requests came from” of 20")
    assert LogEntry.objects.count() == 9


@pytest.mark.django_db
def test_formula_in_a_title_is_text_in_the_file(clinic_data: None, client: Client, staff: StaffFactory) -> None:
    article = Article.objects.published()[0]
    Article.objects.filter(pk=article.pk).update(title='=HYPERLINK("http://evil.example")')
    AppointmentRequest.objects.filter(pk=sent(client).pk).update(article=article)
    rows = downloaded(signed_in(staff("manager")), "articles")
    assert rows[1][0] == '\'=HYPERLINK("http://evil.example")'


@pytest.mark.django_db
def test_no_person_is_on_the_page_nor_in_a_file(clinic_data: None, client: Client, staff: StaffFactory) -> None:
    appointment_request = sent(client, full_name="Zebulon Quartermaine", problem="Xylophone pain.")
    browser = signed_in(staff("manager"))
    html = page(browser.get(NUMBERS))
    texts = [html, *(str(downloaded(browser, key)) for key in tables(html))]
    values = (appointment_request.reference, appointment_request.email, "Zebulon", "Xylophone", "555", "1962")
    for text in texts:
        assert not [value for value in values if value in text]


@pytest.mark.django_db
def test_numbers_cost_the_same_from_1_to_1_000_requests(
    clinic_data: None, client: Client, staff: StaffFactory
) -> None:
    browser, pattern = signed_in(staff("manager")), sent(client)
    few = queries(lambda: browser.get(NUMBERS))
    copy_requests(pattern, 1_000)
    assert queries(lambda: browser.get(NUMBERS)) == few <= 12  # six of them count
    assert queries(lambda: browser.get(NUMBERS, IN_THE_YEAR)) == few


@pytest.mark.django_db
def test_numbers_of_30_days_leave_old_requests_alone(clinic_data: None, client: Client) -> None:
    """Of three thousand old requests they touch none: the range is read by the index of receipt."""
    pattern = sent(client)
    AppointmentRequest.objects.update(received_at=timezone.now() - timedelta(days=400), reply_by=None)
    pattern.refresh_from_db()
    copy_requests(pattern, 3_000)
    # In several statuses, as in life: of one alone, the index by status and receipt would do as well.
    for number, status in enumerate(("declined", "duplicate", "withdrawn")):
        AppointmentRequest.objects.alias(part=F("pk") % 3).filter(part=number).update(status=status)
    today = timezone.localdate(timezone=ZONE)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with plans_of_queries() as plans:
        facts(last_days(30, today, ZONE), timezone.now())
    used = [{step.get("Index Name") for step in steps_of(plan)} for plan in plans]
    assert len(plans) == 6
    assert not [plan for plan in plans if rows_read(plan, REQUESTS)]
    assert sum("request_by_receipt" in names for names in used) == 4, plans
    assert sum("request_answered" in names for names in used) == 1, plans
    assert sum("request_queue" in names for names in used) == 1, plans
