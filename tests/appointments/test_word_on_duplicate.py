"""What the patient says on the page of a duplicate: the original hears it, while it goes on."""

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments.contact import log_attempt
from appointments.duplicates import link, unlink
from appointments.history import differences
from appointments.lifecycle import Role, Urgency
from appointments.models import AppointmentRequest, EventKind
from appointments.models.acting import NOBODY
from appointments.promise import promise
from clinic.models import OutgoingMail
from conditions.models import RedFlag
from tests.appointments.following import PRIVATE, address, kept, make_late, move_on
from tests.appointments.test_duplicates import at_once
from tests.appointments.test_two_at_once import assert_record_is_whole
from tests.form_posts import page, post_form
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

RECEPTION = frozenset({Role.RECEPTION})
WORSE = {"emergency": "bladder", "words": "I cannot hold my water."}
OF_THE_OTHER: dict[str, Any] = {
    "full_name": "Olga Original",
    "birth_date": datetime.date(1950, 2, 28),
    "phone": "+14245550166",
    "email": "olga@example.com",
}


def both(status: str = "received") -> tuple[AppointmentRequest, AppointmentRequest]:
    """A duplicate and its original, which stands there now."""
    original = kept(**OF_THE_OTHER)
    duplicate = kept()
    link(duplicate, original, by=make_staff("reception"), roles=RECEPTION, note="Same voice.")
    AppointmentRequest.objects.filter(pk=original.pk).update(**NOBODY)
    original.refresh_from_db()
    for step in {"received": (), "withdrawn": ("withdrawn",)}.get(status, ("in_review", status)):
        if original.status != step:
            move_on(original, step)
    return duplicate, original


def say(client: Client, duplicate: AppointmentRequest, verb: str, fields: dict[str, Any]) -> Any:
    return post_form(client, address(duplicate, verb), fields)


@pytest.mark.parametrize("status", ["received", "in_review", "awaiting_patient", "unreachable", "booked"])
def test_worse_on_a_duplicate_raises_the_original_and_shows_where_to_get_help(client: Client, status: str) -> None:
    duplicate, original = both(status)
    OutgoingMail.objects.all().delete()
    assert "Has your" not in page(client.get(address(duplicate, "worse")))
    response = say(client, duplicate, "worse", WORSE)
    assert response.status_code == 200
    assert "<h1>Get help now</h1>" in page(response)
    original.refresh_from_db()
    assert original.urgency == Urgency.EMERGENCY
    assert original.worse_at is not None
    assert original.is_owed_an_answer
    assert original.status == ("in_review" if status in {"awaiting_patient", "unreachable"} else status)
    event = original.events.get(kind=EventKind.WORSE)
    assert (event.note, event.changed_by) == ("I cannot hold my water.", None)
    assert [answer.key for answer in original.red_flag_answers.filter(event=event)] == ["bladder"]
    mails = OutgoingMail.objects.values_list("topic", "function")
    assert sorted(mails) == [
        (original.topic, "appointments.emails.staff_urgent"),
        (original.topic, "appointments.emails.worse_received"),
    ]
    duplicate.refresh_from_db()
    assert duplicate.status == "duplicate"
    assert differences(duplicate) == {}
    assert_record_is_whole(original)


def test_adding_something_on_a_duplicate_goes_to_the_original(client: Client) -> None:
    duplicate, original = both()
    log_attempt(original, "phone", "reached", by=make_staff("reception"), roles=RECEPTION)
    assert say(client, duplicate, "add", {"words": "My letter is in the mail."}).status_code == 302
    original.refresh_from_db()
    assert original.events.get(kind=EventKind.ADDED).note == "My letter is in the mail."
    assert original.is_owed_an_answer, "again"
    html = page(client.get(address(duplicate)))
    assert "We got what you last told us, on:" in html


def test_page_of_a_duplicate_says_that_both_are_handled_together_and_nothing_of_the_other_person(
    client: Client,
) -> None:
    RedFlag.objects.filter(key="fever").update(is_in_use=False)  # or its words stand on the page that asks
    duplicate, original = both()
    html = page(client.get(address(duplicate)))
    assert "We handle both together" in html
    assert "It has got worse</a>" in html
    assert "Add something</a>" in html
    assert "/contact/" not in html and "/times/" not in html and "/withdraw/" not in html
    say(client, duplicate, "worse", {"none": "on"})
    html = page(client.get(address(duplicate)))
    assert "We know that it has got worse" in html
    assert "We look at it first. We answer by:" in html
    private = [*PRIVATE, "Olga", "1950", "5550166", "555-0166", "olga@", original.reference, address(original)]
    for verb in ("", "worse", "add"):
        html = page(client.get(address(duplicate, verb)))
        assert not [each for each in private if each in html]


def test_page_of_a_duplicate_says_when_we_are_late_with_the_original(client: Client) -> None:
    duplicate, original = both()
    make_late(original)
    html = page(client.get(address(duplicate)))
    assert "We are late" in html
    assert "We look at it first" not in html


@pytest.mark.parametrize("status", ["declined", "withdrawn"])
def test_word_on_a_duplicate_whose_original_is_closed_is_refused_with_the_phone_number(
    client: Client, status: str
) -> None:
    duplicate, original = both(status)
    versions = duplicate.version, original.version
    html = page(client.get(address(duplicate)))
    assert "/worse/" not in html and "/add/" not in html
    assert "If it has got worse, call us:" in html
    for verb, fields in (("worse", WORSE), ("add", {"words": "More."})):
        shown, refused = client.get(address(duplicate, verb)), say(client, duplicate, verb, fields)
        assert (shown.status_code, refused.status_code) == (200, 409)
        for response in (shown, refused):
            assert "This request is closed" in page(response)
            assert 'href="tel:+14242177463"' in page(response)
            assert 'href="tel:911"' in page(response)
    duplicate.refresh_from_db()
    original.refresh_from_db()
    assert (duplicate.version, original.version) == versions


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("contact", {"phone": "424 555 0199"}),
        ("times", {"windows": ["1-afternoon"]}),
        ("withdraw", {"is_sure": "on"}),
    ],
)
def test_nothing_else_is_said_on_a_duplicate(client: Client, verb: str, fields: dict[str, Any]) -> None:
    duplicate, original = both()
    assert say(client, duplicate, verb, fields).status_code == 409
    version = original.version
    original.refresh_from_db()
    assert original.version == version


def test_what_was_said_on_a_duplicate_is_still_its_own_when_it_turns_out_to_be_none(client: Client) -> None:
    """It was another person, who got worse."""
    duplicate, _ = both()
    say(client, duplicate, "worse", WORSE)
    say(client, duplicate, "add", {"words": "Since last night."})
    duplicate.refresh_from_db()
    unlink(duplicate, by=make_staff("reception"), roles=RECEPTION)
    duplicate.refresh_from_db()
    assert (duplicate.status, duplicate.urgency) == ("in_review", Urgency.EMERGENCY)
    assert duplicate.worse_at is not None
    assert duplicate.reply_by == promise(duplicate.worse_at, Urgency.EMERGENCY)
    assert duplicate.is_owed_an_answer
    assert [event.kind for event in duplicate.events.filter(changed_by=None)] == ["worse", "added"]
    assert differences(duplicate) == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.parametrize("is_older", [True, False])
def test_worse_on_a_duplicate_while_it_is_unlinked_is_heard_and_waits_for_nobody(
    clinic_data: None, attempt: int, is_older: bool
) -> None:
    by: User = make_staff("reception")
    older, newer = kept(**OF_THE_OTHER), kept()
    duplicate, original = (older, newer) if is_older else (newer, older)
    link(duplicate, original, by=by, roles=RECEPTION, note="Same voice.")
    seen = AppointmentRequest.objects.get(pk=duplicate.pk)
    answers: list[int] = []
    results = at_once(
        lambda: answers.append(say(Client(), duplicate, "worse", WORSE).status_code),
        lambda: unlink(seen, by=by, roles=RECEPTION),
        lambda: answers.append(say(Client(), original, "worse", {"none": "on"}).status_code),
    )
    assert results[0] == results[2] == ""
    assert results[1] in {"", "stale"}, "the patient was first"
    assert answers == [200, 302] or answers == [302, 200]
    for row in (duplicate, original):
        row.refresh_from_db()
        assert_record_is_whole(row)
        assert row.urgency <= Urgency.URGENT
    assert duplicate.urgency == Urgency.EMERGENCY
    assert duplicate.worse_at is not None and duplicate.worse_at < timezone.now()


def test_the_same_word_twice_on_a_duplicate_is_taken_once(client: Client) -> None:
    duplicate, original = both()
    OutgoingMail.objects.all().delete()
    for _ in range(2):
        say(client, duplicate, "worse", {"none": "on"})
        say(client, duplicate, "add", {"words": "Since last night."})
    for row in (duplicate, original):
        assert [event.kind for event in row.events.filter(changed_by=None)] == ["worse", "added"]
    assert OutgoingMail.objects.count() == 2
