"""Booking with a clinician and a place: the clash, the mail shown before it goes, and what patients read."""

import datetime
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from appointments.booking import book, move_appointment
from appointments.clashes import clashes
from appointments.lifecycle import MoveRefused, Role
from appointments.models import AppointmentRequest
from clinic.models import OpeningHours, OutgoingMail
from clinic.outbox import written
from tests.appointments.test_admin import (
    HERE,
    QUEUE,
    date_and_time,
    facts,
    in_days,
    in_status,
    move_path,
    signed_in,
)
from tests.form_posts import page, post_form
from tests.staff import make_staff

StaffFactory = Callable[[str], User]
CLINICIAN = frozenset({Role.CLINICIAN})


@pytest.fixture(autouse=True)
def clinics_clock() -> Iterator[None]:
    """The zone of the staff pages."""
    with timezone.override(HERE):
        yield


def booked(clinician: User, starts_at: datetime.datetime, **more: Any) -> AppointmentRequest:
    """A request with an appointment at that time, with this clinician."""
    appointment_request = in_status("in_review", clinician)
    book(appointment_request, starts_at, by=clinician, roles=CLINICIAN, clinician=clinician, **more)
    return appointment_request


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes", "is_clash"), [(-30, False), (-29, True), (0, True), (29, True), (30, False), (2 * 60, False)]
)
def test_appointments_of_one_clinician_clash_when_they_begin_too_close(
    clinic_data: None, staff: StaffFactory, minutes: int, is_clash: bool
) -> None:
    clinician, starts_at = staff("clinician"), in_days(5)
    first, second = booked(clinician, starts_at), in_status("in_review", clinician)
    wanted = starts_at + datetime.timedelta(minutes=minutes)
    assert list(clashes(clinician, wanted, besides=second)) == ([first] if is_clash else [])
    assert not clashes(clinician, starts_at, besides=first)
    if is_clash:
        with pytest.raises(MoveRefused) as refusal:
            book(second, wanted, by=clinician, roles=CLINICIAN, clinician=clinician)
        assert refusal.value.code == "clash"
        assert first.reference in str(refusal.value) and first.full_name not in str(refusal.value)
        second.refresh_from_db()
        assert second.status == "in_review"
        book(second, wanted, by=clinician, roles=CLINICIAN, clinician=clinician, despite_clash=True)
    else:
        book(second, wanted, by=clinician, roles=CLINICIAN, clinician=clinician)
    assert second.status == "booked"


@pytest.mark.django_db
def test_appointments_with_different_clinicians_or_cancelled_ones_do_not_clash(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician, starts_at = staff("clinician"), in_days(5)
    other = User.objects.create_user("other", is_staff=True)
    other.groups.set(clinician.groups.all())
    first = booked(clinician, starts_at)
    another = in_status("in_review", clinician, birth_date_year="1950")
    book(another, starts_at, by=clinician, roles=CLINICIAN, clinician=other)
    undo = signed_in(clinician)
    assert post_form(undo, f"{QUEUE}{first.pk}/undo/", {"version": first.version}).status_code == 302
    booked(clinician, starts_at)


def booked_at_once(
    requests: list[AppointmentRequest], starts_at: datetime.datetime, *, by: User, clinician: User | None = None
) -> list[str]:
    """What became of each when all of them are booked for this time at one moment."""
    start = threading.Barrier(len(requests))

    def run(appointment_request: AppointmentRequest) -> str:
        start.wait(10)
        try:
            book(appointment_request, starts_at, by=by, roles=CLINICIAN, clinician=clinician)
        except MoveRefused as refusal:
            return refusal.code
        finally:
            connection.close()
        return "booked"

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(run, requests))


@pytest.mark.django_db(transaction=True)
def test_two_who_book_the_same_time_at_once_do_not_both_get_it(clinic_data: None, staff: StaffFactory) -> None:
    clinician, starts_at = staff("clinician"), in_days(5)
    requests = [in_status("in_review", clinician) for _ in range(4)]
    outcomes = booked_at_once(requests, starts_at, by=clinician, clinician=clinician)
    assert sorted(outcomes) == ["booked", "clash", "clash", "clash"]


@pytest.mark.django_db
def test_clash_by_http_is_booked_only_by_whoever_ticks_the_box(clinic_data: None, staff: StaffFactory) -> None:
    clinician = staff("clinician")
    browser = signed_in(clinician)
    first, second = (in_status("in_review", clinician) for _ in range(2))
    fields = {**date_and_time(5), "clinician": clinician.pk, "place": "Room <2>"}
    assert "Book anyway" not in page(browser.get(f"{QUEUE}{first.pk}/change/"))
    path = move_path(first, "booked")
    assert post_form(browser, path, {**fields, "version": first.version}).status_code == 302
    for button in ("", "show"):
        before = facts(second)
        typed = {**fields, "version": second.version, "button": button}
        response = post_form(browser, move_path(second, "booked"), typed)
        assert response.status_code == 409
        assert "Book anyway" in page(response) and 'value="Room &lt;2&gt;"' in page(response)
        assert facts(second) == before
    typed = {**fields, "version": second.version, "despite_clash": "on"}
    assert post_form(browser, move_path(second, "booked"), typed).status_code == 302


# What else speaks against it


def refusal_of(appointment_request: AppointmentRequest, starts_at: datetime.datetime, **more: Any) -> str:
    """Why it was not booked, and that it is booked by whoever says so; nothing when it was."""
    by, before = User.objects.get(username="clinician"), facts(appointment_request)
    try:
        with timezone.override(HERE):  # as on the staff's pages
            book(appointment_request, starts_at, by=by, roles=CLINICIAN, **more)
        return ""
    except MoveRefused as error:
        refusal = error
    assert refusal.code == "clash" and "tick “Book anyway”" in str(refusal)
    assert facts(appointment_request) == before
    book(appointment_request, starts_at, by=by, roles=CLINICIAN, **more, despite_clash=True)
    return str(refusal)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("local", "said"),
    [
        ("2027-05-02T02:30", "The clinic is closed on Sunday, May 2 at 2:30 AM PDT."),
        ("2027-05-01T10:00", "The clinic is closed on Saturday, May 1 at 10:00 AM PDT."),
        ("2027-05-03T08:29", "The clinic is closed on Monday, May 3 at 8:29 AM PDT."),
        ("2027-05-03T12:30", "The clinic is closed on Monday, May 3 at 12:30 PM PDT."),
        ("2027-05-31T10:00", "The clinic is closed on Monday, May 31 at 10:00 AM PDT."),  # Memorial Day
        ("2027-05-03T08:30", ""),
        ("2027-05-03T16:59", ""),
    ],
)
def test_time_when_the_clinic_is_closed_is_booked_only_by_whoever_says_so(
    clinic_data: None, staff: StaffFactory, local: str, said: str
) -> None:
    clinician = staff("clinician")
    starts_at = datetime.datetime.fromisoformat(local).replace(tzinfo=HERE)
    refused = refusal_of(in_status("in_review", clinician), starts_at, clinician=clinician)
    assert refused == (f"{said} Choose another time, or tick “Book anyway”." if said else "")


@pytest.mark.django_db
def test_clinic_that_has_not_said_when_it_is_open_is_not_closed(clinic_data: None, staff: StaffFactory) -> None:
    OpeningHours.objects.all().delete()
    sunday = datetime.datetime(2027, 5, 2, 2, 30, tzinfo=HERE)
    assert refusal_of(in_status("in_review", staff("clinician")), sunday) == ""


@pytest.mark.django_db
def test_appointment_that_stays_at_its_time_is_not_asked_about_it_again(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician, sunday = staff("clinician"), datetime.datetime(2027, 5, 2, 10, tzinfo=HERE)
    appointment_request = booked(clinician, sunday, despite_clash=True)
    to_nobody: dict[str, Any] = {"appointment_with": None}
    move_appointment(appointment_request, sunday, by=clinician, roles=CLINICIAN, **to_nobody)
    with pytest.raises(MoveRefused, match="closed on Sunday, May 2 at 11:00 AM PDT"):
        move_appointment(appointment_request, sunday.replace(hour=11), by=clinician, roles=CLINICIAN)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answers", "is_same"),
    [
        ({}, True),
        ({"full_name": "PATIENT, Testa", "phone": "310 555 0199", "email": ""}, True),
        ({"full_name": "T. Patient", "email": ""}, True),
        ({"full_name": "T. P.", "phone": "", "email": "TESTA@example.com", "preferred_contact": "email"}, True),
        ({"full_name": "Other Person", "phone": "310 555 0199", "email": ""}, False),
        ({"birth_date_year": "1950"}, False),
    ],
)
def test_same_patient_is_not_booked_twice_at_one_time_without_a_word(
    clinic_data: None, staff: StaffFactory, answers: dict[str, str], is_same: bool
) -> None:
    clinician, starts_at = staff("clinician"), in_days(5)
    other = make_staff("clinician", "other")
    first, second = booked(clinician, starts_at), in_status("in_review", clinician, **answers)
    then = starts_at + datetime.timedelta(minutes=20)
    refused = refusal_of(second, then, clinician=other)
    said = f"The same patient has an appointment at 10:00 AM {starts_at:%Z} on that day: {first.reference}."
    assert (said in refused) is bool(refused) is is_same
    assert second.full_name not in refused


@pytest.mark.django_db
def test_linked_request_is_of_the_same_patient_whatever_it_says(clinic_data: None, staff: StaffFactory) -> None:
    clinician, other = staff("clinician"), make_staff("clinician", "other")
    first = booked(clinician, in_days(5))
    second = in_status("in_review", clinician, birth_date_year="1950", full_name="Other Person")
    for one, two in ((first, second), (second, first)):
        AppointmentRequest.objects.update(same_person_as=None)
        AppointmentRequest.objects.filter(pk=one.pk).update(same_person_as=two)
        second.refresh_from_db()
        with pytest.raises(MoveRefused, match="The same patient"):
            book(second, in_days(5), by=clinician, roles=CLINICIAN, clinician=other)


@pytest.mark.django_db
def test_appointments_with_nobody_named_need_a_clinician_each(clinic_data: None, staff: StaffFactory) -> None:
    clinician, starts_at = staff("clinician"), in_days(5)
    one, two, three, four = (
        in_status("in_review", clinician, birth_date_year=str(1950 + number)) for number in range(4)
    )
    minutes = datetime.timedelta(minutes=1)
    assert refusal_of(one, starts_at) == ""  # there is one clinician, so it is theirs
    assert refusal_of(two, starts_at + 30 * minutes) == ""
    named = refusal_of(three, starts_at + 10 * minutes, clinician=clinician)
    assert named.startswith(f"No clinician is free then: {one} at 10:00 AM PST, {two} at 10:30 AM PST.")
    make_staff("clinician", "other")
    # The new one may see the one before and the one after.
    AppointmentRequest.objects.filter(pk=two.pk).update(appointment_starts_at=starts_at + 39 * minutes)
    assert refusal_of(four, starts_at + 15 * minutes).startswith("No clinician is free then")
    AppointmentRequest.objects.filter(pk=three.pk).update(appointment_starts_at=starts_at - 60 * minutes)
    fifth = in_status("in_review", clinician, birth_date_year="1960")
    AppointmentRequest.objects.filter(pk=four.pk).update(appointment_starts_at=starts_at - 60 * minutes)
    assert refusal_of(fifth, starts_at + 15 * minutes, clinician=clinician) == ""


@pytest.mark.django_db(transaction=True)
def test_two_who_book_with_nobody_named_at_once_do_not_both_do_so(clinic_data: None, staff: StaffFactory) -> None:
    clinician, starts_at = staff("clinician"), in_days(5)
    requests = [in_status("in_review", clinician, birth_date_year=str(1950 + number)) for number in range(3)]
    outcomes = booked_at_once(requests, starts_at, by=clinician)
    assert sorted(outcomes) == ["booked", "clash", "clash"]


@pytest.mark.django_db
def test_closed_time_by_http_is_booked_by_whoever_ticks_the_box(clinic_data: None, staff: StaffFactory) -> None:
    clinician = staff("clinician")
    browser, appointment_request = signed_in(clinician), in_status("in_review", clinician)
    fields = {"appointment_starts_at_0": "2027-05-02", "appointment_starts_at_1": "02:30", "button": ""}
    for button in ("", "show"):
        typed = {**fields, "version": appointment_request.version, "button": button}
        response = post_form(browser, move_path(appointment_request, "booked"), typed)
        assert response.status_code == 409
        assert "closed on Sunday, May 2 at 2:30 AM" in page(response) and "Book anyway" in page(response)
    typed = {**fields, "version": appointment_request.version, "despite_clash": "on"}
    assert post_form(browser, move_path(appointment_request, "booked"), typed).status_code == 302


# The mail before it goes


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("target", "fields", "shown"),
    [
        ("booked", {**date_and_time(3), "place": "Hill House"}, ("Your appointment is booked", "Hill House")),
        ("awaiting_patient", {"message": "Send <us> it."}, ("We need something from you", "Send &lt;us&gt; it.")),
        ("declined", {"note": "x", "message": "See <another>."}, ("We cannot offer you", "See &lt;another&gt;.")),
    ],
)
def test_mail_is_shown_as_it_would_go_out_and_nothing_stays(
    clinic_data: None, staff: StaffFactory, target: str, fields: dict[str, str], shown: tuple[str, ...]
) -> None:
    clinician = staff("clinician")
    browser, appointment_request = signed_in(clinician), in_status("in_review", clinician)
    before, mails = facts(appointment_request), OutgoingMail.objects.count()
    typed = {**fields, "version": appointment_request.version}
    path = move_path(appointment_request, target)
    response = post_form(browser, path, {**typed, "button": "show"})
    html = page(response)
    assert response.status_code == 200
    for text in (*shown, "Nothing has gone out yet", "testa@example.com", appointment_request.reference):
        assert text in html, text
    assert (facts(appointment_request), OutgoingMail.objects.count()) == (before, mails)
    secret = appointment_request.status_path().removesuffix("/").rpartition("/")[2]
    assert len(secret) == 27 and secret not in html and "/appointments/r/…" in html  # the patient's alone
    changed = page(post_form(browser, path, {**typed, "button": "change"}))
    assert "Nothing was changed" not in changed
    assert all(value in changed for value in fields.values() if "<" not in value)
    assert facts(appointment_request) == before
    # What is confirmed is what was shown.
    assert post_form(browser, path, {**typed, "button": "confirm"}).status_code == 302
    mail = OutgoingMail.objects.last()
    assert mail is not None and OutgoingMail.objects.count() == mails + 1
    told = written(mail).text
    assert all(line in html.replace("&lt;", "<").replace("&gt;", ">") for line in told.splitlines()[:4])
    # Pressed twice: once.
    assert post_form(browser, path, {**typed, "button": "confirm"}).status_code == 409
    assert OutgoingMail.objects.count() == mails + 1


@pytest.mark.django_db
def test_form_offers_the_mail_where_there_is_an_address_and_the_verb_where_there_is_none(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    with_mail, without = in_status("in_review", clinician), in_status("in_review", clinician, email="")
    browser = signed_in(clinician)
    assert "Show the mail" in page(browser.get(f"{QUEUE}{with_mail.pk}/change/"))
    html = page(browser.get(f"{QUEUE}{without.pk}/change/"))
    assert "Show the mail" not in html and '<button type="submit" class="button">Book</button>' in html
    fields = {**date_and_time(3), "version": without.version, "button": "show"}
    assert "No mail goes out" in page(post_form(browser, move_path(without, "booked"), fields))


# What the patient reads


@pytest.mark.django_db
def test_place_and_clinician_stand_on_the_page_in_the_mail_and_in_the_calendar(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    clinician.first_name, clinician.last_name = "Ada", "Able"
    clinician.save()
    appointment_request = booked(clinician, in_days(5), place="Hill House, 3rd floor")
    mail = OutgoingMail.objects.last()
    assert mail is not None
    path = appointment_request.status_path()
    patients_page = page(Client().get(path))
    for text in (patients_page, written(mail).text, written(mail).html):
        assert "Hill House, 3rd floor" in text and "Ada Able" in text
    assert "Hawthorne" not in patients_page[patients_page.index("<main") : patients_page.index("</main>")]
    calendar = Client().get(f"{path}appointment.ics")
    assert "Hill House" in page(calendar).replace("\r\n ", "")


@pytest.mark.django_db
def test_appointment_is_moved_to_another_place_and_the_mail_says_what_is_new(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    appointment_request = booked(clinician, in_days(5))
    browser, path = signed_in(clinician), f"{QUEUE}{appointment_request.pk}/appointment/"
    starts_at = appointment_request.appointment_starts_at
    same = {"clinician": clinician.pk, "place": ""}
    html = page(browser.get(f"{QUEUE}{appointment_request.pk}/change/"))
    html = html[html.index("/appointment/") :]
    same["appointment_starts_at_0"] = html.split('name="appointment_starts_at_0" value="')[1].split('"')[0]
    same["appointment_starts_at_1"] = html.split('name="appointment_starts_at_1" value="')[1].split('"')[0]
    fields = {**same, "version": appointment_request.version}
    assert post_form(browser, path, fields).status_code == 422  # nothing is new
    fields["place"] = "Hill House"
    shown = page(post_form(browser, path, {**fields, "button": "show"}))
    assert "Your appointment has changed" in shown and "The time is the same" in shown and "Hill House" in shown
    assert post_form(browser, path, fields).status_code == 302
    appointment_request.refresh_from_db()
    assert appointment_request.appointment_place == "Hill House"
    assert appointment_request.appointment_starts_at == starts_at
    mail = OutgoingMail.objects.last()
    assert mail is not None and "Your appointment has changed" in written(mail).text


@pytest.mark.django_db
def test_person_who_is_no_clinician_is_not_booked_with(clinic_data: None, staff: StaffFactory) -> None:
    reception = staff("reception")
    appointment_request = in_status("in_review", staff("clinician"))
    fields = {**date_and_time(5), "clinician": reception.pk, "version": appointment_request.version}
    assert post_form(signed_in(reception), move_path(appointment_request, "booked"), fields).status_code == 422
