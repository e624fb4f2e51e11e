"""Second looks, nobody left behind, look-alikes, and what the patient's page says that we tried."""

import datetime
import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.claims import take, take_over
from appointments.contact import log_attempt
from appointments.duplicates import LINK_NOTE_MAX_LENGTH, link
from appointments.left_behind import lacks, left_behind, sign_off, standing
from appointments.lifecycle import MoveRefused, Role, Urgency
from appointments.look_alikes import look_alikes
from appointments.models import AppointmentRequest, DaySignOff, EventKind
from appointments.plan import plan
from appointments.urgency import set_urgency
from clinic.models import clinic_today
from tests.appointments.following import address, kept
from tests.appointments.test_duplicates import at_once, fresh, sent_hours_ago
from tests.form_posts import page, post_form

StaffFactory = Callable[..., User]
QUEUE = "/admin/appointments/appointmentrequest/"
SECOND_LOOKS, LEFT_BEHIND = f"{QUEUE}second-look/", f"{QUEUE}left-behind/"
RECEPTION = frozenset({Role.RECEPTION})
MONDAY_NOON = datetime.datetime(2026, 11, 23, 20, 0, tzinfo=datetime.UTC)
FRIDAY_NOON = datetime.datetime(2026, 12, 4, 20, 0, tzinfo=datetime.UTC)


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def posted(client: Client, appointment_request: AppointmentRequest, verb: str, **fields: Any) -> Any:
    fields = {"version": fresh(appointment_request).version, **fields}
    return post_form(client, f"{QUEUE}{appointment_request.pk}/{verb}/", fields)


# Second look


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answers", "flags", "comes_back"),
    [
        ({"numbness": "weakness"}, (), True),
        ({"numbness": "numbness"}, (), True),
        ({"legs_affected": "both"}, (), True),
        ({"course": "worse"}, (), True),
        ({"walking_distance": "few_steps"}, (), True),
        ({"numbness": "neither", "legs_affected": "one", "course": "same"}, (), False),
        ({}, (), False),
        ({"numbness": "weakness"}, ("weight-loss",), False),  # not routine: it is looked at anyway
    ],
)
@pytest.mark.parametrize(("now", "day"), [(MONDAY_NOON, "2026-11-24"), (FRIDAY_NOON, "2026-12-07")])
def test_amber_answers_bring_a_routine_request_back_on_the_next_open_day(
    clinic_data: None,
    monkeypatch: pytest.MonkeyPatch,
    now: datetime.datetime,
    day: str,
    answers: dict[str, str],
    flags: tuple[str, ...],
    comes_back: bool,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now)
    appointment_request = fresh(kept(*flags, **answers))
    assert str(appointment_request.second_look_on) == (day if comes_back else "None")
    assert (appointment_request.urgency == Urgency.ROUTINE) == (not flags)


@pytest.mark.django_db
def test_second_look_comes_once_and_again_after_lowering(
    clinic_data: None, staff: StaffFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: MONDAY_NOON)
    clinician = staff("clinician")
    browser = signed_in(clinician)
    appointment_request = kept(course="worse", full_name="Amber Testa")
    assert "Amber Testa" not in page(browser.get(SECOND_LOOKS)), "not on the same day"
    assert posted(browser, appointment_request, "second-look").status_code == 409
    monkeypatch.setattr(timezone, "now", lambda: MONDAY_NOON + datetime.timedelta(days=1))
    browser = signed_in(clinician)  # the session of yesterday has ended
    html = page(browser.get(SECOND_LOOKS))
    assert "Amber Testa" in html and "Getting worse" in html
    assert "when I walk downhill." in html, "the patient's own words"
    assert 'class="button" href="' in html and 'class="button quiet">Stays routine' in html, "first read, then say"
    raise_it = f'<button type="submit" class="button quiet" name="urgency" value="{Urgency.SOON}">'
    assert f"{QUEUE}{appointment_request.pk}/urgency/" in html and raise_it in html
    assert "Second look: 1" in page(browser.get("/admin/"))
    stale = posted(browser, appointment_request, "second-look", version=7)
    assert stale.status_code == 409
    answer = posted(browser, appointment_request, "second-look", from_list="1")
    assert (answer.status_code, answer.headers["Location"]) == (302, SECOND_LOOKS)
    event = appointment_request.events.get()
    assert (event.kind, event.changed_by) == (EventKind.SECOND_LOOK, clinician)
    assert "Amber Testa" not in page(browser.get(SECOND_LOOKS))
    assert posted(browser, appointment_request, "second-look").status_code == 409, "once"
    by: dict[str, Any] = {
        "by": clinician,
        "roles": frozenset({Role.CLINICIAN}),
        "may_lower": True,
        "reason": "Read it again.",
    }
    set_urgency(fresh(appointment_request), Urgency.SOON, **by)
    set_urgency(fresh(appointment_request), Urgency.ROUTINE, **by)
    assert str(fresh(appointment_request).second_look_on) == "2026-11-25"
    flagged = kept("weight-loss")
    set_urgency(flagged, Urgency.ROUTINE, **by)
    assert str(fresh(flagged).second_look_on) == "2026-11-25", "a red flag that it was lowered in spite of"


# Nobody left behind


@pytest.mark.django_db
def test_left_behind_lists_exactly_who_lacks_something(clinic_data: None, staff: StaffFactory) -> None:
    reception, gone = staff("reception"), staff("reception", "gone")
    day = clinic_today()
    moved = staff("reception", "moved")
    owned, unowned, late, orphan, left, closed = (sent_hours_ago(hours) for hours in (6, 5, 4, 3, 2, 1))
    for one, owner in ((owned, reception), (late, reception), (orphan, gone), (left, moved)):
        plan(fresh(one), "call", day, owner, by=reception, roles=RECEPTION)
    AppointmentRequest.objects.filter(pk=late.pk).update(next_step_on=day - datetime.timedelta(days=1))
    gone.is_active = False
    gone.save()
    moved.groups.set(Group.objects.filter(name="editor"))
    closed.move_to("withdrawn", by=None, roles=frozenset({Role.PATIENT}))
    listed = {one.pk: list(lacks(one, day)) for one in left_behind(day)}
    assert set(listed) == {unowned.pk, late.pk, orphan.pk, left.pk}
    assert listed[unowned.pk] == ["Nothing is planned"]
    assert listed[late.pk][0].startswith("Its day has passed")
    assert listed[orphan.pk] == ["gone, who owns it, works here no more"]
    assert listed[left.pk] == ["moved, who owns it, looks after requests no more"]
    assert not list(lacks(fresh(owned), day))
    html = page(signed_in(reception).get(LEFT_BEHIND))
    assert "5 requests wait" in html and "4 of them lack" in html
    assert owned.reference not in html and unowned.reference in html


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("promise", "day", "what"),
    [
        (-1, 0, ["Promise missed"]),
        (-1, 1, ["Promise missed", "Put off past its promise: until "]),
        (1, 1, []),
        (1, 2, ["Put off past its promise: until "]),
    ],
)
def test_left_behind_lists_whose_promise_is_missed_or_will_be(
    clinic_data: None, staff: StaffFactory, promise: int, day: int, what: list[str]
) -> None:
    reception, today, now = staff("reception"), clinic_today(), timezone.now()
    row = sent_hours_ago(1)
    plan(row, "call", today + datetime.timedelta(days=day), reception, by=reception, roles=RECEPTION)
    received, reply_by = now - datetime.timedelta(days=5), now + datetime.timedelta(days=promise)
    AppointmentRequest.objects.filter(pk=row.pk).update(received_at=received, reply_by=reply_by)
    assert [one.pk for one in left_behind(today)] == ([row.pk] if what else [])
    assert standing(today).listed_count == bool(what)
    found = list(lacks(fresh(row), today))
    assert len(found) == len(what) and all(map(str.startswith, found, what))
    assert ("Promise missed" in page(signed_in(reception).get(LEFT_BEHIND))) == (promise < 0)
    AppointmentRequest.objects.filter(pk=row.pk).update(
        answered_at=now, answered_by=reception, answered_after=datetime.timedelta(0)
    )
    assert not left_behind(today)


NOTHING_LISTED = hashlib.sha256(b"[]").hexdigest()


def digest_on(html: str) -> str:
    """Which list the form of the page would sign."""
    return str(re.findall(r'name="listed" value="(\w+)"', html)[0])


@pytest.mark.django_db
def test_page_whose_list_was_swapped_signs_nothing(clinic_data: None, staff: StaffFactory) -> None:
    """As many are listed as on the page, but not the same ones: nobody has seen the other."""
    reception = staff("reception")
    browser, path = signed_in(reception), f"{LEFT_BEHIND}sign-off/"
    seen_one = sent_hours_ago(2)
    seen = digest_on(page(browser.get(LEFT_BEHIND)))
    plan(fresh(seen_one), "call", clinic_today(), reception, by=reception, roles=RECEPTION)
    sent_hours_ago(1)
    refused = post_form(browser, path, {"listed": seen, "note": "Ana calls at eight."})
    assert refused.status_code == 409 and "The list has changed" in page(refused)
    assert "Ana calls at eight." in page(refused) and not DaySignOff.objects.exists()
    again = {"listed": digest_on(page(refused)), "note": "Ana calls at eight."}
    assert digest_on(page(refused)) != seen
    assert post_form(browser, path, again).status_code == 302
    assert DaySignOff.objects.get().listed_count == 1


@pytest.mark.django_db
def test_sign_off_needs_a_note_while_something_is_listed_and_is_made_once(
    clinic_data: None, staff: StaffFactory
) -> None:
    reception, manager = staff("reception"), staff("manager")
    browser, path = signed_in(reception), f"{LEFT_BEHIND}sign-off/"
    sent_hours_ago(1)
    assert browser.get(path).status_code == 405
    seen = digest_on(page(browser.get(LEFT_BEHIND)))
    assert post_form(signed_in(staff("editor")), path, {"listed": seen, "note": "x"}).status_code == 403
    assert post_form(browser, path, {"listed": NOTHING_LISTED}).status_code == 409, "the list has changed"
    refused = post_form(browser, path, {"listed": seen, "note": "  "})
    assert refused.status_code == 422 and page(refused).count("Say in a note") == 2, "on top, and beside its box"
    assert '<a href="#id_note">Requests are listed. Say in a note' in page(refused)
    assert 'aria-invalid="true"' in page(refused)
    assert not DaySignOff.objects.exists()
    assert post_form(browser, path, {"listed": seen, "note": "Ana calls at eight."}).status_code == 302
    kept_one = DaySignOff.objects.get()
    assert (kept_one.signed_by, kept_one.date, kept_one.open_count, kept_one.listed_count) == (
        reception,
        clinic_today(),
        1,
        1,
    )
    second = post_form(signed_in(manager), path, {"listed": seen, "note": "Me too."})
    assert second.status_code == 409 and "has already signed off" in page(second)
    html = page(browser.get(LEFT_BEHIND))
    assert "Ana calls at eight." in html and 'name="listed"' not in html
    assert "is signed off</h2>" in html and "Sign off" not in html
    assert "Today is signed off" in page(browser.get("/admin/"))


@pytest.mark.django_db(transaction=True)
def test_two_sign_offs_at_once_make_one_row(clinic_data: None, staff: StaffFactory) -> None:
    people = [staff("reception"), staff("manager")]
    roles = (RECEPTION, frozenset({Role.MANAGER}))
    results = at_once(
        *(
            lambda by=by, role=role: sign_off(by=by, roles=role, seen=NOTHING_LISTED)
            for by, role in zip(people, roles, strict=True)
        )
    )
    assert sorted(results) == ["", "signed_already"]
    assert DaySignOff.objects.count() == 1


@pytest.mark.django_db
def test_lists_cost_the_same_for_many(clinic_data: None, staff: StaffFactory) -> None:
    browser = signed_in(staff("reception"))
    counts = []
    for more in (1, 12):
        for _ in range(more):
            sent_hours_ago(2, course="worse")
        AppointmentRequest.objects.update(second_look_on=clinic_today())
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(SECOND_LOOKS).status_code == browser.get(LEFT_BEHIND).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


# Look-alikes, and the record's page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"full_name": "Tessa Patient"}, "Same phone number, same email address, name differs by one letter"),
        ({"full_name": "Someone Else", "email": ""}, "Same phone number, another name, same date of birth."),
        ({"full_name": "Patient, Testa", "phone": "", "email": "o@example.com"}, "Same name in another order"),
        ({"birth_date": datetime.date(1962, 3, 28), "phone": "", "email": "o@example.com"}, "differs by the day"),
        ({"birth_date": datetime.date(1926, 3, 27), "phone": "", "email": "o@example.com"}, "differs by the year"),
        ({"birth_date": datetime.date(1971, 5, 2), "phone": "", "email": "o@example.com"}, ""),
        ({"full_name": "Someone Else", "phone": "", "email": "o@example.com"}, ""),
        ({"full_name": "Someone Else", "phone": "+13105550134", "email": "o@example.com"}, ""),  # its end alone
    ],
)
def test_look_alikes_are_explained_and_a_name_alone_is_not_enough(
    clinic_data: None, other: dict[str, Any], why: str
) -> None:
    one = kept()
    kept(**{"phone": "+14245550134", **other, "preferred_contact": "email"})
    found = look_alikes(fresh(one))
    assert len(found) == bool(why)
    if why:
        assert why in found[0].why


@pytest.mark.django_db
def test_look_alikes_are_bounded_and_leave_out_what_is_old(clinic_data: None) -> None:
    one = kept()
    for _ in range(12):
        kept()
    assert len(look_alikes(one)) == 10
    with CaptureQueriesContext(connection) as captured:
        look_alikes(fresh(one))
    assert len(captured) == 2  # one of them reads `one`
    old = timezone.now() - datetime.timedelta(days=200)
    others = AppointmentRequest.objects.exclude(pk=one.pk)
    others.update(received_at=old, reply_by=None, status="withdrawn")
    assert look_alikes(one) == []


@pytest.mark.django_db
def test_duplicates_are_linked_read_and_unlinked_from_the_page(clinic_data: None, staff: StaffFactory) -> None:
    reception = staff("reception")
    browser = signed_in(reception)
    original, duplicate = kept(full_name="Testa Patient"), kept(full_name="Tessa Patient", problem="Again me.")
    log_attempt(
        fresh(duplicate),
        "phone",
        "voicemail" if duplicate.may_leave_voicemail else "no_answer",
        by=reception,
        roles=RECEPTION,
        note="A note of the duplicate.",
    )
    html = page(browser.get(f"{QUEUE}{duplicate.pk}/change/"))
    assert "name differs by one letter" in html and original.reference in html
    assert browser.get(f"{QUEUE}{duplicate.pk}/duplicate-of/").status_code == 405
    fields = {"reference": original.reference.lower().replace("-", " "), "note": "Same voice."}
    assert "Duplicate of " not in page(browser.get(f"{QUEUE}?status=all")).replace("Duplicate of another", "")
    assert posted(browser, duplicate, "duplicate-of", **fields, version=9).status_code == 409
    wrong = posted(browser, duplicate, "duplicate-of", **{**fields, "reference": "AAAA-AAAA"})
    assert wrong.status_code == 422 and "No request has this reference" in page(wrong)
    assert "Same voice." in page(wrong), "what was typed is kept"
    assert posted(signed_in(staff("editor")), duplicate, "duplicate-of", **fields).status_code == 403
    assert posted(browser, duplicate, "duplicate-of", **fields).status_code == 302
    assert fresh(duplicate).duplicate_of == original
    html = page(browser.get(f"{QUEUE}{original.pk}/change/"))
    assert f"Duplicate {duplicate.reference}: " in html
    assert "A note of the duplicate." in html and "Again me." in html
    assert f"Has a duplicate: {duplicate.reference}</a>" in html and "May be the same" not in html
    html = page(browser.get(f"{QUEUE}?status=all"))
    assert f"Has a duplicate: {duplicate.reference}</a>" in html
    assert f"Duplicate of {original.reference}</a>" in html and "May be the same" not in html
    html = page(browser.get(f"{QUEUE}{duplicate.pk}/change/"))
    assert f"Original {original.reference}: " in html and f"Duplicate of {original.reference}</a>" in html
    assert posted(browser, duplicate, "duplicate-of", **fields).status_code == 409, "twice"
    assert browser.get(f"{QUEUE}{duplicate.pk}/not-a-duplicate/").status_code == 405
    assert posted(browser, duplicate, "not-a-duplicate", version=1).status_code == 409
    assert posted(browser, duplicate, "not-a-duplicate").status_code == 302
    assert fresh(duplicate).status == "in_review"
    assert posted(browser, duplicate, "not-a-duplicate").status_code == 409


@pytest.mark.django_db
def test_linking_takes_over_whichever_of_the_two_somebody_else_has(clinic_data: None, staff: StaffFactory) -> None:
    reception, other = staff("reception"), staff("clinician")
    browser = signed_in(reception)
    original, duplicate = kept(), kept()
    take(fresh(original), by=other, roles=frozenset({Role.CLINICIAN}))
    fields = {"reference": original.reference, "note": "Same voice."}
    refused = posted(browser, duplicate, "duplicate-of", **fields)
    assert refused.status_code == 409
    assert f"clinician has {original}, the other request, now." in page(refused)
    assert 'name="take_over"' in page(refused)
    assert posted(browser, duplicate, "duplicate-of", **fields, take_over="On the phone.").status_code == 302
    assert (fresh(duplicate).duplicate_of, fresh(original).claimed_by) == (original, reception)
    assert original.events.get(kind=EventKind.TAKEN_OVER).note == "On the phone."
    take_over(fresh(original), by=other, roles=frozenset({Role.CLINICIAN}), reason="Mine.")
    refused = posted(browser, duplicate, "not-a-duplicate")
    assert refused.status_code == 409 and 'name="take_over"' in page(refused)
    assert posted(browser, duplicate, "not-a-duplicate", take_over="On the phone.").status_code == 302
    assert fresh(duplicate).status == "in_review"


@pytest.mark.django_db
def test_note_of_an_unlinking_fits_on_both_records(clinic_data: None, staff: StaffFactory) -> None:
    browser = signed_in(staff("reception"))
    original, duplicate = kept(), kept()
    posted(browser, duplicate, "duplicate-of", reference=original.reference, note="Same voice.")
    assert posted(browser, duplicate, "not-a-duplicate", note="x" * 995).status_code == 422
    assert posted(browser, duplicate, "not-a-duplicate", note="x" * LINK_NOTE_MAX_LENGTH).status_code == 302


@pytest.mark.django_db
def test_other_number_and_address_of_the_same_person_are_seen(clinic_data: None, staff: StaffFactory) -> None:
    browser = signed_in(staff("reception"))
    original = kept(phone="+14245550134", email="testa@example.com")
    duplicate = kept(phone="+14245550199", email="new.testa@example.com")
    seen = page(browser.get(f"{QUEUE}{original.pk}/change/"))
    assert "same date of birth, another phone number, another email address." in seen
    posted(browser, duplicate, "duplicate-of", reference=original.reference, note="Same voice.")
    seen = page(browser.get(f"{QUEUE}{original.pk}/change/"))
    assert "555-0199" in seen and "new.testa@example.com" in seen
    seen = page(browser.get(f"{QUEUE}{duplicate.pk}/change/"))
    assert "555-0134" in seen and "testa@example.com</bdi>" in seen


@pytest.mark.django_db
def test_record_costs_the_same_with_one_duplicate_and_with_several(clinic_data: None, staff: StaffFactory) -> None:
    reception = staff("reception")
    browser = signed_in(reception)
    original, counts = kept(), []
    for more in (1, 3):
        for _ in range(more):
            link(kept(), fresh(original), by=reception, roles=RECEPTION, note="Same.")
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(f"{QUEUE}{original.pk}/change/").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


# The patient's pages


@pytest.mark.django_db
def test_status_page_says_that_we_tried_until_the_patient_is_reached(
    clinic_data: None, staff: StaffFactory, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reception, appointment_request = staff("reception"), kept()
    tuesday = datetime.datetime(2026, 11, 24, 17, 30, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: tuesday)
    assert "We tried to reach you" not in page(client.get(address(appointment_request)))
    log_attempt(fresh(appointment_request), "phone", "somebody_else", by=reception, roles=RECEPTION, note="Secret.")
    html = page(client.get(address(appointment_request)))
    assert "We tried to reach you" in html and "We tried by phone:" in html
    assert "Tuesday, November 24, in the morning" in html
    assert "Secret" not in html and "omebody else" not in html
    with CaptureQueriesContext(connection) as captured:
        client.get(address(appointment_request))
    assert len(captured) <= 3 + 1 + 1  # one for the attempt; `address` reads nothing
    fresh(appointment_request).move_to("in_review", by=reception, roles=RECEPTION)
    fresh(appointment_request).move_to("awaiting_patient", by=reception, roles=RECEPTION, message="Your letter.")
    html = page(client.get(address(appointment_request)))
    assert "We need something from you" in html and "We tried to reach you" not in html, "one thing at a time"
    fresh(appointment_request).move_to("in_review", by=reception, roles=RECEPTION)
    assert "We tried to reach you" in page(client.get(address(appointment_request)))
    log_attempt(fresh(appointment_request), "phone", "reached", by=reception, roles=RECEPTION)
    assert "We tried to reach you" not in page(client.get(address(appointment_request)))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "words"),
    [("received", "It waits to be read."), ("in_review", "is looking at it"), ("withdrawn", "It was withdrawn")],
)
def test_status_page_of_a_duplicate_says_where_the_original_stands_and_no_more(
    clinic_data: None, staff: StaffFactory, client: Client, status: str, words: str
) -> None:
    reception = staff("reception")
    original, duplicate = kept(), kept()
    link(duplicate, fresh(original), by=reception, roles=RECEPTION, note="Only for staff.")
    if status != "received":
        fresh(original).move_to(status, by=reception, roles=RECEPTION)
    html = page(client.get(address(duplicate)))
    assert words in html
    assert original.reference not in html
    assert address(original) not in html


@pytest.mark.django_db
def test_refusals_change_nothing(clinic_data: None, staff: StaffFactory) -> None:
    sent_hours_ago(1)
    seen = standing(clinic_today()).listed_digest
    for code, how in (
        ("stale", {"seen": NOTHING_LISTED}),
        ("note_missing", {"seen": seen}),
        ("not_your_role", {"seen": seen, "roles": frozenset({Role.EDITOR})}),
    ):
        options: dict[str, Any] = {"by": staff("reception"), "roles": RECEPTION, **how}
        with pytest.raises(MoveRefused) as refusal:
            sign_off(**options)
        assert refusal.value.code == code
    assert not DaySignOff.objects.exists()
