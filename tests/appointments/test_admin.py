"""The queue and the moves, by HTTP, as each role meets them."""

import datetime
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments.lifecycle import RequestStatus, Role, find_move
from appointments.models import AppointmentRequest, StatusChange
from clinic.models import ClinicProfile
from tests.appointments.moves import let_go, prepare, try_in_vain
from tests.appointments.patients import sent
from tests.appointments.test_lifecycle import EXPECTED
from tests.form_posts import page, post_form

QUEUE = "/admin/appointments/appointmentrequest/"
STAFF = ("reception", "clinician", "editor", "manager")
# From where a request comes to each status.
WAYS = {
    "received": (),
    "in_review": ("in_review",),
    "awaiting_patient": ("in_review", "awaiting_patient"),
    "booked": ("in_review", "booked"),
    "declined": ("in_review", "declined"),
    "unreachable": ("in_review", "unreachable"),
    "duplicate": ("in_review", "duplicate"),
    "withdrawn": ("withdrawn",),
}

StaffFactory = Callable[[str], User]
SHIPPED = tomllib.loads((Path(__file__).parents[2] / "clinic/content/clinic.toml").read_text())
HERE = ZoneInfo(SHIPPED["profile"]["time_zone"])
CLOSED = {closed["date"] for closed in SHIPPED["closed_dates"]}


def signed_in(person: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(person)
    return client


def in_status(status: str, by: User, **changes: Any) -> AppointmentRequest:
    """A new request that has come to this status by its own moves."""
    appointment_request = sent(Client(), **changes)
    for step in WAYS[status]:
        move = find_move(appointment_request.status, step)
        assert move is not None
        more = prepare(appointment_request, step, by)
        appointment_request.move_to(
            step,
            by=by,
            roles=frozenset({Role.CLINICIAN}),
            note="Because." if move.needs_note else "",
            message="Please ask elsewhere." if move.needs_message else "",
            appointment_starts_at=in_days(7) if move.needs_appointment_time else None,
            **more,
        )
        let_go(appointment_request)
    return appointment_request


def in_days(days: int) -> datetime.datetime:
    """Ten o'clock at the clinic, that many days from now of those on which it is open."""
    day = datetime.datetime.now(HERE).replace(hour=10, minute=0, second=0, microsecond=0)
    for _ in range(days):
        day += datetime.timedelta(days=1)
        while day.weekday() > 4 or day.date() in CLOSED:
            day += datetime.timedelta(days=1)
    return day


def date_and_time(days: int) -> dict[str, str]:
    """The two boxes of a booking, that many days from now."""
    return {
        "appointment_starts_at_0": f"{in_days(days):%Y-%m-%d}",
        "appointment_starts_at_1": "14:30",
    }


def move_path(appointment_request: AppointmentRequest, status: str) -> str:
    return f"{QUEUE}{appointment_request.pk}/move/{status}/"


def record_path(appointment_request: AppointmentRequest) -> str:
    return f"{QUEUE}{appointment_request.pk}/change/"


def move(client: Client, appointment_request: AppointmentRequest, status: str, **fields: Any) -> Any:
    """Press the button of a move, with the version that the object was read with."""
    return post_form(
        client, move_path(appointment_request, status), {"version": appointment_request.version, **fields}
    )


def facts(appointment_request: AppointmentRequest) -> tuple[Any, ...]:
    """Everything that a move could change."""
    fresh = AppointmentRequest.objects.get(pk=appointment_request.pk)
    record = StatusChange.objects.filter(appointment_request=fresh).values_list()
    return fresh.status, fresh.version, fresh.appointment_starts_at, list(record)


# Moves: what works, for whom


@pytest.mark.django_db
@pytest.mark.parametrize("status", RequestStatus.values)
def test_every_move_from_a_status_by_every_role(clinic_data: None, staff: StaffFactory, status: str) -> None:
    """Against the table written out by hand: what it allows works, everything else changes nothing."""
    people = {role: staff(role) for role in STAFF}
    clinician, browsers = people["clinician"], {role: signed_in(person) for role, person in people.items()}
    appointment_request = in_status(status, clinician)
    for target in RequestStatus.values:
        allowed, needs = EXPECTED.get((status, target), (set(), ""))
        if "duplicate" in (status, target):  # two requests change at once: see test_duplicates
            allowed = set()
        for role, browser in browsers.items():
            fields = {"note": f"Said {role}."} if "n" in needs else {}
            fields |= {"message": f"From {role}."} if "w" in needs else {}
            # The same patient at the same time, each time anew: that asks for a word.
            fields |= {**date_and_time(3), "despite_clash": "on"} if "t" in needs else {}
            if "a" in needs and role in allowed:
                try_in_vain(appointment_request, clinician)
                let_go(appointment_request)
            before = facts(appointment_request)
            response = move(browser, appointment_request, target, **fields)
            if role in allowed:
                assert response.status_code == 302, (status, target, role)
                last = StatusChange.objects.filter(appointment_request=appointment_request).last()
                assert last is not None
                assert (last.from_status, last.to_status, last.role) == (status, target, role)
                assert last.changed_by == response.wsgi_request.user
                assert (last.note, last.message) == (fields.get("note", ""), fields.get("message", ""))
                appointment_request = in_status(status, clinician)
            else:
                assert response.status_code in {403, 409, 422}, (status, target, role)
                if role == "editor":
                    assert response.status_code == 403
                assert facts(appointment_request) == before, (status, target, role)


@pytest.mark.django_db
def test_record_page_offers_exactly_the_moves_of_the_role(clinic_data: None, staff: StaffFactory) -> None:
    people = {role: staff(role) for role in STAFF if role != "editor"}
    clinician, browsers = people["clinician"], {role: signed_in(person) for role, person in people.items()}
    for status in RequestStatus.values:
        appointment_request = in_status(status, clinician)
        for role, browser in browsers.items():
            html = page(browser.get(record_path(appointment_request)))
            offered = set(re.findall(rf'action="{QUEUE}\d+/move/([a-z_]+)/"', html))
            assert offered == {
                to
                for (from_, to), (roles, _) in EXPECTED.items()
                if from_ == status and role in roles and "duplicate" not in (from_, to)
            }


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_move_by_anything_but_post_is_refused(clinic_data: None, staff: StaffFactory, method: str) -> None:
    browser = signed_in(staff("reception"))
    appointment_request = sent(Client())
    before = facts(appointment_request)
    for target in RequestStatus.values:
        assert getattr(browser, method)(move_path(appointment_request, target)).status_code == 405
    assert facts(appointment_request) == before


@pytest.mark.django_db
def test_move_without_the_token_of_its_page_is_refused(clinic_data: None, staff: StaffFactory) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(staff("reception"))
    appointment_request = sent(Client())
    before = facts(appointment_request)
    assert move(browser, appointment_request, "in_review").status_code == 403
    assert facts(appointment_request) == before


@pytest.mark.django_db
def test_move_by_nobody_goes_to_the_sign_in(clinic_data: None) -> None:
    appointment_request = sent(Client())
    before = facts(appointment_request)
    for path in (QUEUE, record_path(appointment_request), move_path(appointment_request, "in_review")):
        response = Client().get(path)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/admin/login/?next=")
    response = move(Client(), appointment_request, "in_review")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/?next=")
    assert facts(appointment_request) == before


@pytest.mark.django_db
def test_editor_sees_no_request(clinic_data: None, staff: StaffFactory) -> None:
    appointment_request = sent(Client())
    editor = signed_in(staff("editor"))
    for path in (QUEUE, record_path(appointment_request)):
        response = editor.get(path)
        assert response.status_code == 403
        assert "Testa" not in page(response)
    assert "Appointment requests" not in page(editor.get("/admin/"))


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}], ids=["inactive", "no longer staff"])
def test_person_who_left_makes_no_move(clinic_data: None, staff: StaffFactory, change: dict[str, bool]) -> None:
    """From the next request on, though the session is still there."""
    browser = signed_in(staff("reception"))
    appointment_request = sent(Client())
    User.objects.update(**change)
    before = facts(appointment_request)
    assert move(browser, appointment_request, "in_review").status_code == 302
    assert facts(appointment_request) == before


@pytest.mark.django_db
def test_person_who_lost_the_role_makes_no_move(clinic_data: None, staff: StaffFactory) -> None:
    reception = staff("reception")
    browser = signed_in(reception)
    appointment_request = sent(Client())
    reception.groups.clear()
    assert move(browser, appointment_request, "in_review").status_code == 403


# Moves: what they need


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("target", "fields", "message"),
    [
        ("declined", {}, "needs a note that says why"),
        ("declined", {"note": " \n\t"}, "needs a note that says why"),
        ("declined", {"message": "Please ask elsewhere."}, "needs a note that says why"),
        ("declined", {"note": "Not for us.", "message": "x" * 1_001}, "at most 1000 characters"),
        ("awaiting_patient", {}, "needs a message to the patient"),
        ("awaiting_patient", {"message": " \n\t"}, "needs a message to the patient"),
        ("awaiting_patient", {"message": "a\0b"}, "Null characters are not allowed"),
        ("declined", {"note": "x" * 1_001}, "at most 1000 characters"),
        ("declined", {"note": "a\0b"}, "Null characters are not allowed"),
        ("booked", {}, "Enter the date and time of the appointment"),
        ("booked", {"appointment_starts_at_0": "2027-01-05"}, "time"),
        ("booked", {"appointment_starts_at_0": "²027-01-05", "appointment_starts_at_1": "14:30"}, "valid date"),
        ("booked", {"appointment_starts_at_0": "2027-02-30", "appointment_starts_at_1": "14:30"}, "valid date"),
        ("booked", {"appointment_starts_at_0": "2027-01-05", "appointment_starts_at_1": "25:00"}, "valid time"),
        ("booked", {"appointment_starts_at_0": "2020-01-06", "appointment_starts_at_1": "14:30"}, "in the future"),
        ("booked", {"appointment_starts_at_0": "0001-01-01", "appointment_starts_at_1": "00:00"}, "in the future"),
        ("booked", {"appointment_starts_at_0": "9999-12-31", "appointment_starts_at_1": "23:59"}, "within"),
        ("booked", {**date_and_time(3), "note": "x" * 1_001}, "at most 1000 characters"),
    ],
)
def test_move_that_lacks_something_is_refused_and_keeps_what_was_typed(
    clinic_data: None, staff: StaffFactory, target: str, fields: dict[str, str], message: str
) -> None:
    clinician = staff("clinician")
    browser = signed_in(clinician)
    appointment_request = in_status("in_review", clinician)
    before = facts(appointment_request)
    response = move(browser, appointment_request, target, **fields)
    assert response.status_code == 422
    assert "Nothing was changed" in page(response)
    assert message in page(response)
    assert facts(appointment_request) == before
    for typed in fields.values():
        assert typed.replace("\0", "").strip() in page(response).replace("\0", "")
    assert browser.get(QUEUE).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("date", "time"),
    [("2027-03-14", "02:30"), ("2027-11-07", "01:30")],
    ids=["an hour that the clock leaves out", "an hour that the clock shows twice"],
)
def test_booking_at_a_time_that_is_not_one_moment_is_refused(
    clinic_data: None, staff: StaffFactory, date: str, time: str
) -> None:
    clinician = staff("clinician")
    browser = signed_in(clinician)
    appointment_request = in_status("in_review", clinician)
    before = facts(appointment_request)
    response = move(
        browser, appointment_request, "booked", appointment_starts_at_0=date, appointment_starts_at_1=time
    )
    assert response.status_code == 422
    assert "America/Los_Angeles" in page(response)
    assert "may be ambiguous or it may not exist" in page(response)
    assert facts(appointment_request) == before


@pytest.mark.django_db
def test_booking_is_read_in_the_clinics_zone(clinic_data: None, staff: StaffFactory) -> None:
    ClinicProfile.objects.update(time_zone="America/New_York")
    clinician = staff("clinician")
    browser = signed_in(clinician)
    appointment_request = in_status("in_review", clinician)
    day = f"{in_days(30):%Y-%m-%d}"
    fields = {"appointment_starts_at_0": day, "appointment_starts_at_1": "09:15"}
    assert move(browser, appointment_request, "booked", **fields).status_code == 302
    starts_at = AppointmentRequest.objects.get(pk=appointment_request.pk).appointment_starts_at
    assert starts_at is not None
    assert starts_at.astimezone(ClinicProfile.objects.get().zone).isoformat().startswith(f"{day}T09:15:00-0")
    assert "9:15 AM E" in page(browser.get(record_path(appointment_request)))


# Moves: two people


@pytest.mark.django_db
def test_move_from_a_page_that_is_out_of_date_is_refused_and_keeps_what_was_typed(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    browser = signed_in(clinician)
    seen = in_status("in_review", clinician)
    elsewhere = AppointmentRequest.objects.get(pk=seen.pk)
    elsewhere.move_to("awaiting_patient", by=clinician, roles=frozenset({Role.CLINICIAN}), message="Call us.")
    elsewhere.move_to("in_review", by=clinician, roles=frozenset({Role.CLINICIAN}))
    before = facts(seen)

    typed = {"note": "Not a spine problem at all.", "message": "Your family doctor is the right person."}
    response = move(browser, seen, "declined", **typed)

    assert response.status_code == 409
    assert "has changed since you opened it" in page(response)
    assert all(text in page(response) for text in typed.values())
    assert facts(seen) == before
    # The page now carries the version of today, so that the same button, pressed on purpose, works.
    assert f'name="version" value="{before[1]}"' in page(response)
    seen.version = before[1]
    assert move(browser, seen, "declined", **typed).status_code == 302


@pytest.mark.django_db
def test_move_that_somebody_else_has_made_impossible_still_shows_what_was_typed(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    browser = signed_in(clinician)
    seen = in_status("in_review", clinician)
    AppointmentRequest.objects.get(pk=seen.pk).move_to("withdrawn", by=None, roles=frozenset({Role.PATIENT}))
    typed = {"note": "Long and carefully written <reason>.", "message": "And <kind> words."}
    response = move(browser, seen, "declined", **typed)
    assert response.status_code == 409
    assert "Long and carefully written &lt;reason&gt;." in page(response)
    assert "And &lt;kind&gt; words." in page(response)


@pytest.mark.django_db
def test_move_twice_by_a_double_click_is_made_once(clinic_data: None, staff: StaffFactory) -> None:
    browser = signed_in(staff("reception"))
    appointment_request = sent(Client())
    assert move(browser, appointment_request, "in_review").status_code == 302
    assert move(browser, appointment_request, "in_review").status_code == 409
    assert [change.version for change in appointment_request.status_changes.all()] == [1, 2]


@pytest.mark.django_db
@pytest.mark.parametrize("version", ["", "0", "2", "-1", "1.0", "one", "１", "²", "9" * 5_000, "1\0", None])
def test_move_with_another_version_is_refused(clinic_data: None, staff: StaffFactory, version: str | None) -> None:
    browser = signed_in(staff("reception"))
    appointment_request = sent(Client())
    fields = {} if version is None else {"version": version}
    response = post_form(browser, move_path(appointment_request, "in_review"), fields)
    assert response.status_code == 409
    assert appointment_request.status_changes.count() == 1


# The record and the queue


@pytest.mark.django_db
def test_record_shows_the_request_and_who_did_what(clinic_data: None, staff: StaffFactory) -> None:
    clinician = staff("clinician")
    browser = signed_in(clinician)
    safety_flags = ("both-legs", "fever")
    appointment_request = sent(Client(), *safety_flags)
    move(browser, appointment_request, "in_review", note="Called, no answer yet.")
    html = page(browser.get(record_path(appointment_request)))
    for shown in (
        "Testa Patient",
        "March 27, 1962",
        "testa@example.com",
        "My back hurts\nwhen I walk downhill.",
        "2 to 6 weeks",
        "Pain, tingling, weakness or numbness in both legs",
        "The patient says that a clinician has already checked these.",
        "Monday: morning</span>",
        "Not on Thanksgiving Day",
        "Called, no answer yet.",
        "(Clinician)",
        "Emergency",
    ):
        assert shown in html, shown
    assert clinician.username in html or clinician.get_full_name() in html


@pytest.mark.django_db
def test_record_cannot_be_edited_added_or_deleted(clinic_data: None, staff: StaffFactory) -> None:
    appointment_request = sent(Client())
    before = facts(appointment_request)
    superuser = User.objects.create_superuser("root-of-the-test")
    browser = signed_in(superuser)
    fields = {"status": "booked", "full_name": "Somebody Else", "urgency": "4", "post": "yes"}
    assert post_form(browser, record_path(appointment_request), fields).status_code == 405
    assert post_form(browser, f"{QUEUE}add/", fields).status_code == 422
    assert post_form(browser, f"{QUEUE}{appointment_request.pk}/delete/", fields).status_code == 403
    action = {"action": "delete_selected", "_selected_action": appointment_request.pk, "form-0-status": "booked"}
    assert post_form(browser, QUEUE, action).status_code < 500
    assert facts(appointment_request) == before
    assert AppointmentRequest.objects.get().full_name == "Testa Patient"


@pytest.mark.django_db
def test_record_that_does_not_exist_is_not_found(clinic_data: None, staff: StaffFactory) -> None:
    browser = signed_in(staff("reception"))
    for pk in ("0", "999999999", "9" * 30, "9" * 5_000, "-1", "1.5", "x", "١"):
        assert browser.get(f"{QUEUE}{pk}/change/").status_code == 404, pk
        moved = post_form(browser, f"{QUEUE}{pk}/move/in_review/", {"version": 1})
        assert moved.status_code == 404 or moved.headers["Location"].endswith("/move/in_review/change/"), pk


@pytest.mark.django_db
def test_queue_opens_on_open_requests_most_urgent_then_longest_waiting(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    browser = signed_in(clinician)
    names = {
        "Routine Newer": (),
        "Routine Older": (),
        "Urgent Newer": ("fever",),
        "Urgent Older": ("weight-loss",),
        "Soon": ("calf-pain",),
        "Emergency": ("bladder",),
    }
    now = timezone.now()
    for number, (name, flags) in enumerate(names.items()):
        # Of different people: a second request by the same person would raise the first.
        appointment_request = sent(Client(), *flags, full_name=name, birth_date_year=f"{1950 + number}")
        age = datetime.timedelta(hours=9 if "Older" in name else 1)
        AppointmentRequest.objects.filter(pk=appointment_request.pk).update(received_at=now - age)
    in_status("booked", clinician, full_name="Booked Person")
    in_status("withdrawn", clinician, full_name="Withdrawn Person")

    rows = queue_names(browser, "")
    assert rows == ["Emergency", "Urgent Older", "Urgent Newer", "Soon", "Routine Older", "Routine Newer"]
    assert queue_names(browser, "?status=booked") == ["Booked Person"]
    assert queue_names(browser, "?urgency=2") == ["Urgent Older", "Urgent Newer"]
    assert set(queue_names(browser, "?status=all")) == {*rows, "Booked Person", "Withdrawn Person"}
    assert queue_names(browser, "?o=-1.2") == rows  # one order for everybody
    html = page(browser.get(QUEUE))
    assert html.count('class="badge urgency-urgent"') == 2
    assert html.count('class="badge note-waiting"') == 6


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        "full_name__regex=[",
        "full_name=x",
        "birth_date__year=99999999",
        "article__title__regex=[",
        "status__regex=[",
    ],
)
def test_queue_is_narrowed_by_its_own_filters_only(clinic_data: None, staff: StaffFactory, query: str) -> None:
    """Stock Django would hand the first and third to PostgreSQL, which cannot run them."""
    response = signed_in(staff("reception")).get(f"{QUEUE}?{query}")
    assert response.status_code == 400


@pytest.mark.django_db
def test_queue_marks_the_late_ones_and_those_without_a_promise(clinic_data: None, staff: StaffFactory) -> None:
    browser = signed_in(staff("reception"))
    past = timezone.now() - datetime.timedelta(days=5)
    late, never, right = sent(Client()), sent(Client()), sent(Client())
    AppointmentRequest.objects.filter(pk=late.pk).update(received_at=past, reply_by=past)
    AppointmentRequest.objects.filter(pk=never.pk).update(reply_by=None)
    html = page(browser.get(QUEUE))
    assert html.count("note-late") == 1
    assert html.count("Not promised") == 1
    assert right.reference in html


def queue_names(browser: Client, query: str) -> list[str]:
    """The names in the list, from top to bottom."""
    response = browser.get(QUEUE + query)
    assert response.status_code == 200
    return re.findall(r'/change/[^"]*"><bdi>([^<]*)</bdi>', page(response))
