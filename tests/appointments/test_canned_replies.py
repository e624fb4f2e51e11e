"""Texts that staff send often: kept in the admin, filled in, and put into a message with a script or without."""

import re
import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from appointments.admin.canned_reply import CannedReplyForm
from appointments.canned_replies import VARIABLE, filled, replies_for, stray_braces
from appointments.models import AppointmentRequest, CannedReply
from tests.appointments.following import kept
from tests.appointments.test_admin import facts, in_status, move_path, signed_in
from tests.form_posts import page, post_form

StaffFactory = Callable[[str], User]
REPLIES = "/admin/appointments/cannedreply/"
PIECES = ("{reference}", "{phone}", "{", "}", "{Phone}", "{ clinic }", "{clinic", " x ")
HOSTILE = "{0} {x.__class__} {reference!r} {{phone}} %s %(clinic)s {} { reference } {REFERENCE} {nobody}"


def seen_in(html: str) -> str:
    """Which text the form of a reply was opened at."""
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', html)
    assert found
    return found[1]


@pytest.mark.django_db
def test_reply_is_filled_in_and_other_braces_stay_as_typed(clinic_data: None) -> None:
    appointment_request = kept()
    reply = CannedReply(body="{reference}, {clinic}: {phone}. {promise}!")
    text = filled(reply, appointment_request)
    assert text.startswith(f"{appointment_request.reference}, The Spine Pro: 424-21-SPINE. ")
    assert "{" not in text and "P" in text.rpartition(" ")[2]  # the promise with its zone
    assert filled(CannedReply(body=HOSTILE), appointment_request) == HOSTILE.replace("{phone}", "424-21-SPINE")


@pytest.mark.django_db
def test_reply_without_a_promise_makes_none_and_speaks_its_own_language(clinic_data: None) -> None:
    appointment_request = kept()
    AppointmentRequest.objects.update(reply_by=None)
    appointment_request.refresh_from_db()
    assert filled(CannedReply(body="{promise}", language="en"), appointment_request) == "as soon as we can"
    assert filled(CannedReply(body="{promise}", language="es"), appointment_request) == "lo antes posible"


@pytest.mark.django_db
def test_what_a_patient_is_called_is_no_variable(clinic_data: None) -> None:
    """A value that looks like a variable is not filled in a second time."""
    appointment_request = kept()
    appointment_request.reference = "{phone}"
    assert filled(CannedReply(body="{reference}"), appointment_request) == "{phone}"


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "es"])
def test_replies_in_the_language_of_the_patient_come_first(clinic_data: None, language: str) -> None:
    for title, lang in (("A", "es"), ("B", "en"), ("C", "es"), ("D", "en")):
        CannedReply.objects.create(title=title, body="x", language=lang)
    appointment_request = kept(language=language)
    order = [reply.title for reply in replies_for(appointment_request)]
    assert order == (["B", "D", "A", "C"] if language == "en" else ["A", "C", "B", "D"])


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["reception", "clinician", "manager"])
def test_reply_is_kept_changed_and_deleted_by_those_who_triage(
    clinic_data: None, staff: StaffFactory, role: str
) -> None:
    browser = signed_in(staff(role))
    fields = {"title": "Scan", "language": "en", "body": "Please send the scan for {reference}."}
    assert post_form(browser, f"{REPLIES}add/", fields).status_code == 302
    reply = CannedReply.objects.get()
    assert "Please send the scan" in page(browser.get(REPLIES))
    seen = seen_in(page(browser.get(f"{REPLIES}{reply.pk}/change/")))
    changed = {**fields, "body": "Now {phone}.", "seen": seen}
    assert post_form(browser, f"{REPLIES}{reply.pk}/change/", changed).status_code == 302
    assert CannedReply.objects.get().body == "Now {phone}."
    taken = page(post_form(browser, f"{REPLIES}add/", {**fields, "title": "SCAN"}))
    assert "There is a reply with this title in this language already." in taken and "Constraint" not in taken
    assert post_form(browser, f"{REPLIES}{reply.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not CannedReply.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "complaint"),
    [("Dear {name}, {clinic}.", "{name} is not filled in"), ("", "required"), ("x" * 1_001, "at most 1000")],
)
def test_reply_with_a_slip_is_not_kept(clinic_data: None, staff: StaffFactory, body: str, complaint: str) -> None:
    fields = {"title": "Scan", "language": "en", "body": body}
    response = post_form(signed_in(staff("manager")), f"{REPLIES}add/", fields)
    assert response.status_code == 200 and complaint in page(response)
    assert not CannedReply.objects.exists()


@pytest.mark.parametrize(
    ("body", "stray"),
    [
        ("{reference} {phone} {promise} {clinic}", []),
        ("{name} {reference} {a_b}", ["{name}", "{a_b}"]),
        ("{Reference}, {PHONE}", ["{Reference}", "{PHONE}"]),
        ("Call { phone }.", ["{ phone }"]),
        ("Here is {clinic", ["{clinic"]),
        ("At clinic} we", ["}"]),
        ("{{promise}}", ["{", "}"]),
        ("{}", ["{}"]),
        ("{first name}", ["{first name}"]),
        ("{reference\n}", ["{reference", "}"]),
    ],
)
@pytest.mark.django_db
def test_every_brace_that_is_no_part_of_a_variable_is_refused(body: str, stray: list[str]) -> None:
    assert stray_braces(body) == stray
    form = CannedReplyForm({"title": "Scan", "language": "en", "body": body})
    assert form.is_valid() is not bool(stray)
    assert all(piece in str(form.errors.get("body", "")) for piece in stray)


@given(st.text(st.sampled_from("{}aAe \n"), max_size=30) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_no_brace_gets_past_that_would_reach_a_patient(body: str) -> None:
    is_left = any(brace in VARIABLE.sub("", body) for brace in "{}")
    assert bool(stray_braces(body)) is is_left


# Two people at one reply


@pytest.mark.django_db
def test_reply_that_somebody_else_has_saved_first_is_not_overwritten(
    clinic_data: None, staff: StaffFactory
) -> None:
    first, second = signed_in(staff("manager")), signed_in(staff("clinician"))
    reply = CannedReply.objects.create(title="Scan", body="Please send the scan.")
    path = f"{REPLIES}{reply.pk}/change/"
    seen_by_first, seen_by_second = seen_in(page(first.get(path))), seen_in(page(second.get(path)))
    typed = {"title": "Scan", "language": "en", "seen": seen_by_second, "body": "Please bring the scan."}
    assert post_form(second, path, typed).status_code == 302
    stale = {"title": "Scans", "language": "en", "seen": seen_by_first, "body": "Please mail the scan."}
    for button in ("_save", "_continue", "_addanother"):
        response = post_form(first, path, {**stale, button: "1"})
        html = page(response)
        assert response.status_code == 409
        assert "somebody else has saved this reply first" in html
        assert "<mark>bring</mark>" in html and "<mark>mail</mark>" in html  # theirs, and mine
        assert "Please mail the scan.</textarea>" in html and 'value="Scans"' in html  # nothing is typed twice
    assert CannedReply.objects.get().body == "Please bring the scan."
    # Sent once more, it is meant for the version that was shown beside it.
    assert post_form(first, path, {**stale, "seen": seen_in(html)}).status_code == 302
    assert CannedReply.objects.get().body == "Please mail the scan."


@pytest.mark.django_db
@pytest.mark.parametrize("seen", ["", "0", "x" * 300, "\0"])
def test_reply_is_not_saved_by_a_form_that_does_not_say_what_it_saw(
    clinic_data: None, staff: StaffFactory, seen: str
) -> None:
    reply = CannedReply.objects.create(title="Scan", body="Please send the scan.")
    fields = {"title": "Scan", "language": "en", "body": "Other.", "seen": seen}
    response = post_form(signed_in(staff("manager")), f"{REPLIES}{reply.pk}/change/", fields)
    assert response.status_code == 409
    assert CannedReply.objects.get().body == "Please send the scan."


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_once_one_is_refused(clinic_data: None, staff: StaffFactory) -> None:
    reply = CannedReply.objects.create(title="Scan", body="Please send the scan.")
    path, browsers = f"{REPLIES}{reply.pk}/change/", [signed_in(staff("manager")) for _ in range(4)]
    seen = seen_in(page(browsers[0].get(path)))
    start, answers = threading.Barrier(len(browsers)), []

    def save(number: int) -> None:
        start.wait(10)
        fields = {"title": "Scan", "language": "en", "seen": seen, "body": f"Text {number}."}
        answers.append(post_form(browsers[number], path, fields).status_code)
        connection.close()

    threads = [threading.Thread(target=save, args=(number,)) for number in range(len(browsers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [302, 409, 409, 409]


@pytest.mark.django_db
def test_editor_keeps_no_replies(clinic_data: None, staff: StaffFactory) -> None:
    fields = {"title": "Scan", "language": "en", "body": "x"}
    assert post_form(signed_in(staff("editor")), f"{REPLIES}add/", fields).status_code == 403


@pytest.mark.django_db
def test_reply_is_put_into_the_message_without_a_script_and_nothing_is_saved(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    browser, appointment_request = signed_in(clinician), in_status("in_review", clinician)
    reply = CannedReply.objects.create(title="Scan", body="Please <send> it for {reference}. {nobody}")
    before, path = facts(appointment_request), move_path(appointment_request, "declined")
    typed = {"version": appointment_request.version, "message": "Good day.", "note": "Kept.", "reply": reply.pk}
    response = post_form(browser, path, {**typed, "button": "insert"})
    html = page(response)
    assert response.status_code == 200
    text = f"Good day.\n\nPlease &lt;send&gt; it for {appointment_request.reference}. {{nobody}}</textarea>"
    assert text in html and "Kept.</textarea>" in html
    assert "Nothing was changed" not in html and "errorlist" not in html
    assert facts(appointment_request) == before
    for chosen in ("", "0", "999999", "x"):
        again = post_form(browser, path, {**typed, "reply": chosen, "button": "insert"})
        assert "Good day.</textarea>" in page(again)
    # A message that has become too long is not cut: it is refused with the button that sends.
    long = {**typed, "message": "x" * 1_000, "button": "insert"}
    assert "x" * 1_000 in page(post_form(browser, path, long))
