"""What else a patient says of a request: other contact details, other times, something more, or that it is off."""

import datetime
import html
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import AppointmentRequest, EventKind
from appointments.patient_word import MOST_ADDED, MOST_IN_AN_HOUR
from appointments.promise import promise
from appointments.windows import windows_end_at
from clinic.models import ClinicProfile, OutgoingMail, RateCount
from tests.appointments.following import PRIVATE, address, kept, make_late
from tests.appointments.patients import coming
from tests.form_posts import carried, page, post_form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

SAID: dict[str, dict[str, Any]] = {
    "contact": {"phone": "424 555 0199"},
    "times": {"windows": ["1-afternoon"]},
    "add": {"words": "My letter is in the mail."},
}
KINDS = {
    "contact": EventKind.CONTACT_CHANGED,
    "times": EventKind.TIMES_CHANGED,
    "add": EventKind.ADDED,
}


def say(client: Client, appointment_request: AppointmentRequest, verb: str, fields: dict[str, Any]) -> Any:
    response = post_form(client, address(appointment_request, verb), fields)
    appointment_request.refresh_from_db()
    return response


def each_time_other(verb: str, number: int) -> dict[str, Any]:
    """What is said, in other words each time: the same words at once are taken once."""
    return {"words": f"{number} letters are in the mail."} if verb == "add" else SAID[verb]


# All three


@pytest.mark.parametrize("verb", SAID)
def test_page_shows_nothing_of_the_person_and_changes_nothing(client: Client, verb: str) -> None:
    appointment_request = kept(may_text=True, short_notice="next_day", contact_times=["midday"])
    response = client.get(address(appointment_request, verb), SAID[verb])
    assert response.status_code == 200
    shown = [private for private in PRIVATE if private in page(response).replace("424 555 0134", "")]
    assert not shown
    ticked = re.findall(r'name="(\w+)" value="([^"]*)"[^>]* checked', page(response))
    assert {value for _, value in ticked} <= {""}, "only “Keep what I said before” is chosen"
    appointment_request.refresh_from_db()
    assert appointment_request.version == 1


@pytest.mark.parametrize("verb", SAID)
@pytest.mark.parametrize("status", ["received", "in_review"])
def test_word_is_kept_in_the_record_and_acknowledged(client: Client, verb: str, status: str) -> None:
    appointment_request = kept(status=status)
    promised = appointment_request.reply_by
    response = say(client, appointment_request, verb, SAID[verb])
    assert (response.status_code, response.headers["Location"]) == (302, address(appointment_request))
    event = appointment_request.events.get()
    assert (event.kind, event.role, event.changed_by) == (KINDS[verb], "patient", None)
    assert appointment_request.patient_wrote_at is not None
    assert (appointment_request.status, appointment_request.reply_by) == (status, promised)
    assert "We got what you last told us, on:" in page(client.get(address(appointment_request)))


@pytest.mark.parametrize("verb", SAID)
@pytest.mark.parametrize("status", ["awaiting_patient", "unreachable"])
def test_word_takes_up_a_request_that_waited_for_it_with_a_new_promise(
    client: Client, verb: str, status: str
) -> None:
    appointment_request = kept(status=status)
    make_late(appointment_request)
    say(client, appointment_request, verb, SAID[verb])
    assert appointment_request.status == "in_review"
    change = appointment_request.status_changes.last()
    assert change is not None
    assert (change.role, change.changed_by, change.version) == ("patient", None, appointment_request.version)
    assert appointment_request.patient_wrote_at is not None
    due = promise(appointment_request.patient_wrote_at, appointment_request.urgency)  # type: ignore[arg-type]
    assert appointment_request.reply_by == due
    assert not appointment_request.is_late(timezone.now())
    assert "We answer by <strong>" in page(client.get(address(appointment_request)))


@pytest.mark.parametrize("verb", SAID)
def test_second_word_does_not_put_off_the_promise(client: Client, verb: str) -> None:
    appointment_request = kept(status="awaiting_patient")
    say(client, appointment_request, "add", SAID["add"])
    promised = timezone.now() + datetime.timedelta(minutes=5)
    AppointmentRequest.objects.update(reply_by=promised)
    assert say(client, appointment_request, verb, SAID[verb]).status_code == 302
    assert appointment_request.reply_by == promised


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        *((verb, status) for verb in SAID for status in ("declined", "withdrawn")),
        *(("contact", "duplicate"), ("times", "duplicate")),
    ],
)
def test_word_on_a_closed_request_is_refused_kindly(client: Client, verb: str, status: str) -> None:
    appointment_request = kept(status=status)
    version = appointment_request.version
    assert "This request is closed" in page(client.get(address(appointment_request, verb)))
    response = say(client, appointment_request, verb, SAID[verb])
    assert response.status_code == 409
    assert "This request is closed" in page(response)
    assert appointment_request.version == version


@pytest.mark.parametrize(("verb", "status"), [("contact", 302), ("times", 409), ("add", 409)])
def test_booked_patient_may_change_the_contact_and_calls_for_the_rest(
    client: Client, verb: str, status: int
) -> None:
    appointment_request = kept(status="booked")
    promised = appointment_request.reply_by
    response = say(client, appointment_request, verb, SAID[verb])
    assert response.status_code == status
    assert ("call us:" in page(response)) == (status == 409)
    assert (appointment_request.status, appointment_request.reply_by) == ("booked", promised)


@pytest.mark.parametrize("verb", SAID)
def test_word_again_and_again_ends_at_the_phone(client: Client, verb: str) -> None:
    appointment_request = kept()
    for number in range(MOST_IN_AN_HOUR):
        assert say(client, appointment_request, verb, each_time_other(verb, number)).status_code == 302
    response = say(client, appointment_request, verb, each_time_other(verb, MOST_IN_AN_HOUR))
    assert response.status_code == 429
    assert 'href="tel:+14242177463"' in page(response)
    assert appointment_request.events.count() == MOST_IN_AN_HOUR


@pytest.mark.parametrize("verb", [*SAID, "worse"])
def test_word_too_often_keeps_what_was_typed_to_be_read_out_or_sent_later(client: Client, verb: str) -> None:
    appointment_request = kept()
    fields = {**SAID, "worse": {"urgent": ["fever"], "words": "It is\r\n<worse> now."}}[verb]
    for number in range(MOST_IN_AN_HOUR):
        earlier = {"words": f"{fields['words']} {number}"} if "words" in fields else {}
        say(client, appointment_request, verb, {**fields, **earlier})
    response = say(client, appointment_request, verb, fields)
    assert (response.status_code, response.headers["Cache-Control"]) == (429, "no-store, private")
    path = address(appointment_request, verb)
    (form,) = re.findall(rf'<form method="post" action="{path}".*?</form>', page(response), re.DOTALL)
    for name, value in fields.items():
        for text in value if isinstance(value, list) else [value]:
            assert f'<input type="hidden" name="{name}" value="{html.escape(text)}">' in form
    if "words" in fields:
        assert f"<bdi>{html.escape(fields['words'])}</bdi>" in page(response)
    RateCount.objects.all().delete()  # later
    assert say(client, appointment_request, verb, carried(response)).status_code == 302


# Contact


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"phone": "(424) 555-0199"}, {"phone": "+14245550199", "email": "testa@example.com"}),
        ({"email": "new@example.com"}, {"phone": "+14245550134", "email": "new@example.com"}),
        ({"preferred_contact": "email"}, {"preferred_contact": "email", "phone": "+14245550134"}),
        ({"no_longer": "email"}, {"phone": "+14245550134", "email": ""}),
        ({"no_longer": "phone", "phone": "424 555 0199"}, {"phone": "+14245550199"}),
        ({"no_longer": "phone", "preferred_contact": "email"}, {"phone": "", "email": "testa@example.com"}),
        ({"may_leave_voicemail": "no"}, {"may_leave_voicemail": False, "may_name_clinic": True}),
        ({"may_text": "yes"}, {"may_text": True, "may_leave_voicemail": True}),
        ({"preferred_contact": "text"}, {"may_text": True, "preferred_contact": "text"}),
        ({"preferred_contact": "email", "may_text": "no"}, {"may_text": False, "preferred_contact": "email"}),
        ({"contact_times": ["morning"]}, {"contact_times": ["morning"], "preferred_contact": "phone"}),
    ],
)
def test_change_contact_changes_what_was_filled_in_and_keeps_the_rest(
    client: Client, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    appointment_request = kept(may_leave_voicemail=True, may_name_clinic=True, contact_times=["midday"])
    assert say(client, appointment_request, "contact", fields).status_code == 302
    assert {name: getattr(appointment_request, name) for name in expected} == expected
    if "contact_times" not in expected:
        assert appointment_request.contact_times == ["midday"]


@pytest.mark.parametrize(
    ("on_file", "fields", "error"),
    [
        ({}, {}, "Fill in what has changed"),
        ({}, {"phone": "", "email": " ", "preferred_contact": "", "may_text": ""}, "Fill in what has changed"),
        ({}, {"no_longer": ["phone", "email"]}, "Enter a phone number or an email address"),
        ({"email": ""}, {"no_longer": "phone"}, "Enter a phone number or an email address"),
        ({}, {"no_longer": "phone"}, "Enter a phone number, or choose email below"),
        ({"email": ""}, {"preferred_contact": "email"}, "Enter an email address, or choose a phone call below"),
        ({"phone": "", "preferred_contact": "email"}, {"preferred_contact": "text"}, "Enter a phone number"),
        ({}, {"phone": "12"}, "Enter a phone number with its area code"),
        ({}, {"email": "testa@"}, "Enter an email address such as name@example.com"),
        ({}, {"preferred_contact": "pigeon"}, "Choose one of the answers in the list"),
        ({}, {"may_text": "maybe"}, "Choose one of the answers in the list"),
        ({}, {"preferred_contact": "text", "may_text": "no"}, "Choose another way, or allow text messages"),
        (
            {"preferred_contact": "text", "may_text": True},
            {"may_text": "no"},
            "Choose another way, or allow text messages",
        ),
    ],
)
def test_change_contact_leaves_one_way_to_reach_the_patient(
    client: Client, on_file: dict[str, Any], fields: dict[str, Any], error: str
) -> None:
    appointment_request = kept(**on_file)
    response = say(client, appointment_request, "contact", fields)
    assert response.status_code == 422
    assert error in page(response)
    assert "testa@example.com" not in page(response)
    assert appointment_request.version == 1


def test_change_contact_mails_the_address_that_was_on_file(client: Client) -> None:
    appointment_request = kept()
    say(client, appointment_request, "contact", {"email": "new@example.com"})
    event = appointment_request.events.get()
    mail = OutgoingMail.objects.get(function__endswith="contact_changed")
    assert mail.arguments == {"request_id": appointment_request.pk, "event_id": event.pk}
    assert (event.before["email"], event.after["email"]) == ("testa@example.com", "new@example.com")


def test_change_contact_without_an_address_on_file_mails_nobody(client: Client) -> None:
    appointment_request = kept(email="")
    say(client, appointment_request, "contact", {"email": "new@example.com"})
    assert not OutgoingMail.objects.filter(function__endswith="contact_changed").exists()


# Times


def test_change_times_replaces_days_and_dates_and_when_they_end(client: Client) -> None:
    appointment_request = kept(short_notice="same_day")
    asked = timezone.now() - datetime.timedelta(days=1)
    AppointmentRequest.objects.update(windows_end_at=asked, dates_asked_at=asked)
    zone = ClinicProfile.objects.get().zone
    latest = timezone.localdate(timezone=zone) + datetime.timedelta(days=40)
    fields = {"windows": ["1-afternoon"], "unsuitable_dates": "Not in May", **coming("latest_date", latest)}
    assert say(client, appointment_request, "times", fields).status_code == 302
    assert appointment_request.windows == ["1-afternoon"]
    assert (appointment_request.unsuitable_dates, appointment_request.short_notice) == ("Not in May", "same_day")
    assert (appointment_request.earliest_date, appointment_request.latest_date) == (None, latest)
    assert appointment_request.patient_wrote_at is not None
    ends = windows_end_at(appointment_request.patient_wrote_at, ["1-afternoon"], None, latest, zone)
    assert appointment_request.windows_end_at == ends
    assert appointment_request.dates_asked_at is None
    assert "We need new dates" not in page(client.get(address(appointment_request)))


STOOD: dict[str, Any] = {
    "windows": ["0-morning"],
    "earliest_date": None,
    "latest_date": datetime.date(2031, 1, 5),
    "unsuitable_dates": "Not on Thanksgiving Day",
    "short_notice": "same_day",
}
NO_TIMES: dict[str, Any] = {"windows": [], "latest_date": None}


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"windows": ["1-morning"]}, {"windows": ["1-morning"], "latest_date": None}),
        ({"short_notice": "few_days"}, {"short_notice": "few_days"}),
        ({"short_notice": "", "unsuitable_dates": "May"}, {"unsuitable_dates": "May"}),
        ({"no_longer": ["times"]}, NO_TIMES),
        ({"no_longer": ["times"], "windows": ["1-morning"]}, {**NO_TIMES, "windows": ["1-morning"]}),
        ({"no_longer": ["short_notice"]}, {"short_notice": ""}),
        ({"no_longer": ["unsuitable_dates", "short_notice"]}, {"unsuitable_dates": "", "short_notice": ""}),
        ({"no_longer": ["unsuitable_dates"], "unsuitable_dates": "May"}, {"unsuitable_dates": "May"}),
    ],
)
def test_change_times_keeps_what_was_not_filled_in(
    client: Client, fields: dict[str, Any], changed: dict[str, Any]
) -> None:
    appointment_request = kept(**STOOD)
    asked = timezone.now()
    AppointmentRequest.objects.update(dates_asked_at=asked)
    ends = appointment_request.windows_end_at
    assert say(client, appointment_request, "times", fields).status_code == 302
    assert {name: getattr(appointment_request, name) for name in STOOD} == {**STOOD, **changed}
    if "windows" in changed:
        assert (appointment_request.windows_end_at, appointment_request.dates_asked_at) != (ends, asked)
        assert (appointment_request.windows_end_at is None) == (changed["windows"] == [])
    else:
        assert (appointment_request.windows_end_at, appointment_request.dates_asked_at) == (ends, asked)


@pytest.mark.parametrize("prefix", ["", "/es"])
def test_change_times_with_nothing_filled_in_is_refused_and_deletes_nothing(client: Client, prefix: str) -> None:
    appointment_request = kept(**STOOD)
    nothing = {"short_notice": "", "unsuitable_dates": " ", "earliest_date_month": ""}
    for fields in ({}, nothing):
        response = post_form(client, prefix + address(appointment_request, "times"), fields)
        assert response.status_code == 422
        assert ("Llene lo que cambió" if prefix else "Fill in what has changed") in page(response)
        assert "December" not in page(response)
    appointment_request.refresh_from_db()
    assert appointment_request.version == 1


@pytest.mark.parametrize(("first", "last", "error"), [(-1, 5, "today or later"), (9, 5, "must not be before")])
def test_change_times_refuses_dates_that_cannot_be(client: Client, first: int, last: int, error: str) -> None:
    appointment_request = kept()
    today = timezone.localdate(timezone=ClinicProfile.objects.get().zone)
    dates = {"earliest_date": first, "latest_date": last}
    fields: dict[str, str] = {}
    for name, days in dates.items():
        fields |= coming(name, today + datetime.timedelta(days=days))
    response = say(client, appointment_request, "times", fields)
    assert response.status_code == 422
    assert error in page(response)
    assert appointment_request.version == 1


# Add something


@pytest.mark.parametrize(
    ("words", "error"),
    [("", "Write what you want to add"), (" \r\n\t", "Write what you want to add"), ("x" * 1_001, "You used 1001")],
)
def test_add_note_needs_some_words_and_not_too_many(client: Client, words: str, error: str) -> None:
    appointment_request = kept()
    response = say(client, appointment_request, "add", {"words": words})
    assert response.status_code == 422
    assert error in page(response)
    assert appointment_request.version == 1


def test_add_note_at_its_limit_is_kept_and_shown_to_nobody_on_the_status_page(client: Client) -> None:
    appointment_request = kept()
    words = "Ö" * 999 + "\r\n" + "x"
    assert say(client, appointment_request, "add", {"words": words[1:]}).status_code == 302
    assert appointment_request.events.get().note == words[1:].replace("\r\n", "\n")
    assert "ÖÖ" not in page(client.get(address(appointment_request)))


def test_add_note_in_the_whole_life_of_a_request_is_limited(client: Client) -> None:
    appointment_request = kept()
    for number in range(MOST_ADDED):
        assert say(client, appointment_request, "add", each_time_other("add", number)).status_code == 302
        RateCount.objects.all().delete()
    assert say(client, appointment_request, "add", each_time_other("add", MOST_ADDED)).status_code == 429
    assert appointment_request.events.count() == MOST_ADDED
    assert say(client, appointment_request, "worse", {"none": "on"}).status_code == 302, "worse can still be said"


# Withdraw


@pytest.mark.parametrize("status", ["received", "in_review", "awaiting_patient"])
def test_withdraw_request_needs_the_tick_and_works(client: Client, status: str) -> None:
    appointment_request = kept(status=status)
    version = appointment_request.version
    assert "is_sure" in page(client.get(address(appointment_request, "withdraw")))
    not_sure = say(client, appointment_request, "withdraw", {})
    assert not_sure.status_code == 422
    assert "Tick the box if you want to withdraw your request" in page(not_sure)
    assert appointment_request.version == version

    response = say(client, appointment_request, "withdraw", {"is_sure": "on"})
    assert (response.status_code, response.headers["Location"]) == (302, address(appointment_request))
    assert (appointment_request.status, appointment_request.version) == ("withdrawn", version + 1)
    record = appointment_request.status_changes.last()
    assert record is not None
    assert (record.role, record.changed_by) == ("patient", None)
    assert "Your request is withdrawn" in page(client.get(address(appointment_request)))


def test_withdraw_request_twice_finds_it_done(client: Client) -> None:
    appointment_request = kept(status="withdrawn")
    for response in (
        client.get(address(appointment_request, "withdraw")),
        say(client, appointment_request, "withdraw", {"is_sure": "on"}),
    ):
        assert (response.status_code, response.headers["Location"]) == (302, address(appointment_request))
    assert appointment_request.version == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("booked", "Your appointment is booked. To cancel it"),
        ("unreachable", "We could not reach you"),
        ("declined", "This request is closed"),
        ("duplicate", "This request is closed"),
    ],
)
def test_withdraw_request_where_it_cannot_be_says_what_to_do(client: Client, status: str, words: str) -> None:
    appointment_request = kept(status=status)
    response = say(client, appointment_request, "withdraw", {"is_sure": "on"})
    assert response.status_code == 409
    assert words in page(response)
    assert 'href="tel:+14242177463"' in page(response)
    assert appointment_request.status == status
