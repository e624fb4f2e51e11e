"""A clinician's calendar at a secret address: read by a calendar library, made, renewed and ended by its page."""

import datetime
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from appointments.calendar_feed import make_feed, read_feed
from appointments.calendar_file import clinicians_file
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest, CalendarFeed, EventKind
from appointments.status_link import token_digest
from appointments.undo import undo_last
from tests.appointments.following import PRIVATE, address, kept
from tests.appointments.test_day_calendar import LOS_ANGELES, book
from tests.form_posts import page as text_of
from tests.form_posts import post_form
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

FEEDS = "/admin/appointments/appointmentrequest/day/feed/"


def in_days(days: int) -> datetime.datetime:
    """Nine in the morning by UTC, so many days from today."""
    today = timezone.now().replace(hour=9, minute=0, second=0, microsecond=0)
    return today + datetime.timedelta(days=days)


def feed_of(clinician: User) -> str:
    """The path of this clinician's calendar, newly made."""
    return f"/appointments/feed/{make_feed(clinician, by=clinician)}.ics"


def read(path: str) -> dict[str, Any]:
    """The events at this address, by their summary."""
    response = Client().get(path)
    assert response.status_code == 200
    events = Calendar.from_ical(response.content).walk("VEVENT")
    return {str(event["SUMMARY"]): event for event in events}


def signed_in(role: str, username: str = "") -> Client:
    client = Client()
    client.force_login(make_staff(role, username))
    return client


def made_in(response: Any) -> str:
    """The address that the page shows."""
    found = re.search(r'id="feed-address" type="text" value="http://testserver([^"]+)"', text_of(response))
    assert found, text_of(response)
    return found[1]


def move_to_the_past(appointment_request: AppointmentRequest, days: float) -> None:
    then = timezone.now() - datetime.timedelta(days=days)
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(appointment_starts_at=then)


# What the calendar says


def test_feed_holds_the_appointments_of_its_clinician_and_nothing_of_a_patient() -> None:
    clinician, other = make_staff("clinician"), make_staff("clinician", "ade")
    mine = book(in_days(3), clinician, "At Mrs Patient's home, 12 Elm St")
    plain = book(in_days(4), clinician)
    book(in_days(3), other)
    book(in_days(3))
    path = feed_of(clinician)
    events = read(path)
    assert sorted(events) == sorted([f"Appointment {mine.reference}", f"Appointment {plain.reference}"])
    event = events[f"Appointment {mine.reference}"]
    assert event["DTSTART"].dt == in_days(3)
    assert event["DTEND"].dt - event["DTSTART"].dt == datetime.timedelta(minutes=30)
    assert (event["SEQUENCE"], event["CLASS"], event["STATUS"]) == (mine.version, "PRIVATE", "CONFIRMED")
    text = Client().get(path).content.decode()
    secrets = (
        *PRIVATE,
        address(mine).rstrip("/").rsplit("/", 1)[1],
        "back",
        "pain",
        "DESCRIPTION",
        "URL",
        "LOCATION",
        "Elm",
    )
    assert not [private for private in secrets if private in text]


def test_feed_is_a_calendar_that_is_published_whole_and_kept_nowhere() -> None:
    clinician = make_staff("clinician")
    book(in_days(3), clinician)
    response = Client().get(feed_of(clinician))
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.headers["Referrer-Policy"] == "strict-origin"
    assert response.cookies == {}
    lines = response.content.split(b"\r\n")
    assert b"\n" not in response.content.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert {b"METHOD:PUBLISH", b"VERSION:2.0"} <= set(lines)


def test_feed_without_appointments_is_an_empty_calendar() -> None:
    assert read(feed_of(make_staff("clinician"))) == {}


def test_feed_and_the_patients_file_are_of_the_same_event() -> None:
    clinician = make_staff("clinician")
    appointment_request = book(in_days(3), clinician)
    (event,) = read(feed_of(clinician)).values()
    file = Client().get(address(appointment_request) + "appointment.ics")
    (patients,) = Calendar.from_ical(file.content).walk("VEVENT")
    for name in ("UID", "SEQUENCE", "DTSTART", "DTEND"):
        assert event[name] == patients[name], name


def test_feed_shows_the_last_thirty_days_and_all_that_is_to_come() -> None:
    clinician = make_staff("clinician")
    recent, old = book(in_days(3), clinician), book(in_days(3), clinician)
    far = book(in_days(700), clinician)
    move_to_the_past(recent, 29.9)
    move_to_the_past(old, 30.1)
    assert sorted(read(feed_of(clinician))) == sorted(f"Appointment {one.reference}" for one in (recent, far))


def test_feed_follows_an_appointment_that_is_moved() -> None:
    clinician = make_staff("clinician")
    appointment_request = book(in_days(3), clinician)
    path = feed_of(clinician)
    (before,) = read(path).values()
    appointment_request.change(
        EventKind.APPOINTMENT_MOVED, by=clinician, role=Role.CLINICIAN, appointment_starts_at=in_days(9)
    )
    (after,) = read(path).values()
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTSTART"].dt == in_days(9)


def test_feed_drops_a_booking_that_was_undone() -> None:
    clinician = make_staff("clinician")
    appointment_request = book(in_days(3), clinician)
    path = feed_of(clinician)
    assert len(read(path)) == 1
    undo_last(appointment_request, by=clinician, roles=frozenset({Role.CLINICIAN}))
    assert read(path) == {}


def test_feed_drops_what_another_clinician_took_over() -> None:
    clinician, other = make_staff("clinician"), make_staff("clinician", "ade")
    appointment_request = book(in_days(3), clinician)
    mine, theirs = feed_of(clinician), feed_of(other)
    appointment_request.change(
        EventKind.APPOINTMENT_MOVED, by=clinician, role=Role.CLINICIAN, appointment_with=other
    )
    assert (len(read(mine)), len(read(theirs))) == (0, 1)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2027-03-13 09:00", "20270313T170000Z"),
        ("2027-03-14 09:00", "20270314T160000Z"),
        ("2027-11-06 09:00", "20271106T160000Z"),
        ("2027-11-07 09:00", "20271107T170000Z"),
    ],
)
def test_feed_is_right_on_both_sides_of_a_clock_change(local: str, utc: str) -> None:
    clinician = make_staff("clinician")
    book(datetime.datetime.fromisoformat(local).replace(tzinfo=LOS_ANGELES), clinician)
    assert f"\r\nDTSTART:{utc}\r\n".encode() in Client().get(feed_of(clinician)).content


def test_file_of_what_is_not_booked_is_refused() -> None:
    with pytest.raises(ValueError, match="only a booked request"):
        clinicians_file([kept()], timezone.now())


# The address


def test_feed_address_is_known_to_nobody_but_its_reader() -> None:
    clinician = make_staff("clinician")
    token = make_feed(clinician, by=clinician)
    feed = CalendarFeed.objects.get()
    assert feed.token_digest == token_digest(token)
    assert len(token) == 27
    kept_of_it = " ".join(
        str(value) for row in (*CalendarFeed.objects.values(), *LogEntry.objects.values()) for value in row.values()
    )
    assert token not in kept_of_it
    assert token not in text_of(signed_in("clinician").get(FEEDS))


def test_unknown_address_leads_nowhere_and_costs_as_much_as_any_other() -> None:
    """Not the time, which a busy machine sets, but the work: the same statements, whatever the address."""
    make_feed(make_staff("clinician"), by=make_staff("clinician"))
    known = CalendarFeed.objects.get().token_digest
    seen = set()
    for token in ("x", "no-such-token", "A" * 27, "A" * 4_000, known, "%27%20OR%201=1"):
        with CaptureQueriesContext(connection) as captured:
            response = Client().get(f"/appointments/feed/{token}.ics")
        assert response.status_code == 404, token
        assert response.headers["Cache-Control"] == "no-store, private"
        assert response.headers["X-Robots-Tag"] == "noindex"
        seen.add(tuple(re.sub(r"'[0-9a-f]{64}'", "digest", query["sql"]) for query in captured))
    assert len(seen) == 1, seen


@pytest.mark.parametrize("change", ["inactive", "no staff", "no clinician", "gone"])
def test_feed_of_somebody_who_is_no_clinician_any_more_leads_nowhere(change: str) -> None:
    clinician = make_staff("clinician")
    book(in_days(3), clinician)
    AppointmentRequest.objects.update(claimed_by=None, claimed_until=None)
    path = feed_of(clinician)
    assert Client().get(path).status_code == 200
    if change == "inactive":
        User.objects.filter(pk=clinician.pk).update(is_active=False)
    elif change == "no staff":
        User.objects.filter(pk=clinician.pk).update(is_staff=False)
    elif change == "no clinician":
        clinician.groups.set([Group.objects.get(name="reception")])
    else:
        CalendarFeed.objects.all().delete()
    assert Client().get(path).status_code == 404
    assert b"Appointment" not in Client().get(path).content


def test_feed_is_only_read() -> None:
    path = feed_of(make_staff("clinician"))
    assert post_form(Client(), path, {}).status_code == 405
    head = Client().head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert CalendarFeed.objects.count() == 1


def test_feed_costs_the_same_with_more_appointments() -> None:
    clinician = make_staff("clinician")
    token = make_feed(clinician, by=clinician)
    for _ in range(2):
        book(in_days(3), clinician)
        with CaptureQueriesContext(connection) as captured:
            read_feed(token, timezone.now())
        assert len(captured) == 3


# Its page


def test_make_shows_the_address_once_and_it_works() -> None:
    clinician = make_staff("clinician")
    book(in_days(3), clinician)
    browser = signed_in("clinician")
    response = post_form(browser, f"{FEEDS}{clinician.pk}/make/", {})
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store, private"
    path = made_in(response)
    assert len(read(path)) == 1
    again = text_of(browser.get(FEEDS))
    assert path not in again
    assert "Has an address since" in again
    entry = LogEntry.objects.latest("pk")
    assert (entry.user_id, entry.change_message) == (clinician.pk, "Made a calendar address.")


def test_make_again_ends_the_old_address() -> None:
    clinician = make_staff("clinician")
    browser = signed_in("clinician")
    old = made_in(post_form(browser, f"{FEEDS}{clinician.pk}/make/", {}))
    new = made_in(post_form(browser, f"{FEEDS}{clinician.pk}/make/", {}))
    assert old != new
    assert Client().get(old).status_code == 404
    assert Client().get(new).status_code == 200
    assert CalendarFeed.objects.count() == 1


def test_end_ends_it_and_the_second_time_finds_it_done() -> None:
    clinician = make_staff("clinician")
    browser = signed_in("clinician")
    path = feed_of(clinician)
    for words in ("The address has ended.", "There was no address to end."):
        response = post_form(browser, f"{FEEDS}{clinician.pk}/end/", {})
        assert (response.status_code, response.headers["Location"]) == (302, FEEDS)
        assert words in text_of(browser.get(FEEDS))
        assert Client().get(path).status_code == 404
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == [
        "Made a calendar address.",
        "Ended a calendar address.",
    ]


@pytest.mark.parametrize("verb", ["make", "end"])
def test_verbs_of_a_calendar_refuse_get(verb: str) -> None:
    clinician = make_staff("clinician")
    path = feed_of(clinician)
    for client in (signed_in("clinician"), signed_in("manager")):
        assert client.get(f"{FEEDS}{clinician.pk}/{verb}/").status_code == 405
    assert Client().get(path).status_code == 200


@pytest.mark.parametrize("verb", ["make", "end"])
@pytest.mark.parametrize("role", ["reception", "editor", "clinician"])
def test_verbs_of_a_calendar_refuse_the_wrong_person(verb: str, role: str) -> None:
    """Reception and editors keep none; a clinician keeps no other clinician's."""
    clinician = make_staff("clinician", "ade")
    path = feed_of(clinician)
    assert post_form(signed_in(role), f"{FEEDS}{clinician.pk}/{verb}/", {}).status_code == 403
    assert Client().get(path).status_code == 200
    assert LogEntry.objects.count() == 1


def test_reception_does_not_learn_who_is_there() -> None:
    browser = signed_in("reception")
    assert browser.get(FEEDS).status_code == 403
    assert post_form(browser, f"{FEEDS}999999/make/", {}).status_code == 403
    assert post_form(signed_in("manager"), f"{FEEDS}999999/make/", {}).status_code == 404


def test_manager_keeps_those_of_others_and_clinicians_see_only_their_own() -> None:
    clinician, other = make_staff("clinician"), make_staff("clinician", "ade")
    browser = signed_in("manager")
    path = made_in(post_form(browser, f"{FEEDS}{other.pk}/make/", {}))
    assert Client().get(path).status_code == 200
    assert CalendarFeed.objects.get().made_by.username == "manager"
    assert f"{FEEDS}{clinician.pk}/make/" in text_of(browser.get(FEEDS))
    assert f"{FEEDS}{other.pk}/end/" in text_of(browser.get(FEEDS))
    own = text_of(signed_in("clinician").get(FEEDS))
    assert f"{FEEDS}{clinician.pk}/make/" in own
    assert "ade" not in re.sub(r"(?s).*content-main", "", own)
    post_form(browser, f"{FEEDS}{other.pk}/end/", {})
    assert Client().get(path).status_code == 404


def test_nobody_makes_one_for_somebody_who_is_no_clinician() -> None:
    reception, manager = make_staff("reception"), make_staff("manager")
    for person in (reception, manager):
        assert post_form(signed_in("manager"), f"{FEEDS}{person.pk}/make/", {}).status_code == 403
    assert not CalendarFeed.objects.exists()


def test_manager_can_end_one_of_somebody_who_left() -> None:
    gone = make_staff("clinician", "gone")
    feed_of(gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    browser = signed_in("manager")
    html = text_of(browser.get(FEEDS))
    assert "No clinician now: it shows nothing" in html
    assert f"{FEEDS}{gone.pk}/make/" not in html
    assert post_form(browser, f"{FEEDS}{gone.pk}/make/", {}).status_code == 403
    assert post_form(browser, f"{FEEDS}{gone.pk}/end/", {}).status_code == 302
    assert not CalendarFeed.objects.exists()


def test_page_of_calendars_costs_the_same_with_more_clinicians() -> None:
    browser = signed_in("manager")

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(FEEDS)
        return len(captured)

    cost()
    none = cost()
    for number in range(5):
        feed_of(make_staff("clinician", f"clinician-{number}"))
    assert cost() == none


def test_day_calendar_leads_to_the_address_for_whoever_may_have_one() -> None:
    day = "/admin/appointments/appointmentrequest/day/"
    for role, may in (("clinician", True), ("manager", True), ("reception", False)):
        assert (f'href="{FEEDS}"' in text_of(signed_in(role).get(day))) is may, role
