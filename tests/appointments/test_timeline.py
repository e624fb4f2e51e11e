"""The timeline in words, the ledger, and the step that can be taken back, on the page of a request."""

import datetime
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.html import strip_tags

from appointments import claims
from appointments.booking import book
from appointments.contact import log_attempt, next_part
from appointments.lifecycle import NextStep, Role
from appointments.models import AppointmentRequest, RequestEvent
from appointments.plan import plan
from appointments.undo import UNDO_WITHIN, undo_last
from clinic.models import clinic_today
from tests.appointments.following import kept
from tests.appointments.moves import RECEPTION, try_in_vain
from tests.appointments.test_admin import QUEUE, in_days, record_path, signed_in
from tests.appointments.test_query_counts import queries
from tests.form_posts import page, post_form

StaffFactory = Callable[[str], User]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]


def part_of_page(browser: User, appointment_request: AppointmentRequest, heading: str) -> str:
    """One section of the record, by the id of its heading."""
    html = page(signed_in(browser).get(record_path(appointment_request)))
    found = re.search(rf'<section[^>]*aria-labelledby="{heading}">(.*?)</section>', html, flags=re.DOTALL)
    assert found, heading
    return found[1]


def words_of(markup: str) -> str:
    return " ".join(strip_tags(markup.replace("<", " <")).split())


def test_timeline_tells_acts_in_words_and_bookkeeping_not_at_all(staff: StaffFactory) -> None:
    reception, clinician = staff("reception"), staff("clinician")
    clinician.first_name, clinician.last_name = "Ada", "Able"
    clinician.save()
    appointment_request = kept(status="received")
    claims.take(appointment_request, by=reception, roles=RECEPTION)
    claims.give_back(appointment_request, by=reception, roles=RECEPTION)
    claims.take(appointment_request, by=reception, roles=RECEPTION)
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    log_attempt(appointment_request, "phone", "no_answer", by=reception, roles=RECEPTION, note="It rang.")
    today = clinic_today()
    plan(appointment_request, NextStep.ASK_CLINICIAN, today, clinician, by=reception, roles=RECEPTION)
    book(
        appointment_request,
        in_days(4),
        by=clinician,
        roles=frozenset({Role.CLINICIAN}),
        clinician=clinician,
        place="Hill",
    )
    undo_last(appointment_request, by=clinician, roles=frozenset({Role.CLINICIAN}))
    markup = part_of_page(reception, appointment_request, "history")
    text = words_of(markup)
    for shown in (
        *("Phone call: no answer, no message left", "It rang.", "Next step: Call the patient"),
        *(
            "A clinician decides",
            "→ became Ada Able",
            "With: Ada Able",
            "Place: Hill",
        ),
        "Undone: Booked",
    ):
        assert shown in text, (shown, text)
    assert markup.count('<li class="undone">') == 1
    assert 'note-undone">Undone</span> <s><strong>Booked</strong></s>' in markup
    for untold in ("Has it", "Claimed", "Answered", "Patient wrote", "Warned", "Received at", "Windows"):
        assert untold not in text, untold
    # Who took it and gave it back is one quiet row, unfolded for whoever asks.
    assert markup.count('<li class="quiet">') == 1
    assert "Given back by reception (Reception), taken by reception (Reception)" in text
    assert markup.count("<details>") == 1


def test_ledger_counts_different_times_and_names_another_part_of_the_day(staff: StaffFactory) -> None:
    reception = staff("reception")
    appointment_request = kept(status="received", may_leave_voicemail=False)
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    assert "Nobody has logged an attempt yet." in part_of_page(reception, appointment_request, "ledger")
    path = f"{QUEUE}{appointment_request.pk}/log-call/"
    form = part_of_page(reception, appointment_request, "ledger")
    assert "Left a voice message" not in form and "The patient wants no voice message." in form
    fields = {"version": appointment_request.version, "channel": "phone", "outcome": "voicemail"}
    refusal = post_form(signed_in(reception), path, fields)
    assert refusal.status_code == 422 and "wants no voice message" in page(refusal)
    fields |= {"outcome": "no_answer", "note": "It rang."}
    assert post_form(signed_in(reception), path, fields).status_code == 302
    appointment_request.refresh_from_db()
    try_in_vain(appointment_request, reception, times=1)
    markup = part_of_page(reception, appointment_request, "ledger")
    text = words_of(markup)
    assert "Tried at 2 different times, nobody reached; 1 more before the patient counts as unreachable." in text
    tried = appointment_request.contact_attempts.first()
    assert tried is not None
    next_try = re.search(r"Next try: ([a-z ]+),", text)
    assert next_try and next_try[1] != tried.get_part_of_day_display().lower()
    assert "reception" in text and "It rang." in text
    undo_last(appointment_request, by=reception, roles=RECEPTION)
    text = words_of(part_of_page(reception, appointment_request, "ledger"))
    assert "Tried once, nobody reached; 2 more" in text and "Undone Phone call" in text


@pytest.mark.parametrize(
    ("tried", "preferred", "part"),
    [
        ([], [], "morning"),
        (["morning"], [], "midday"),
        (["morning"], ["afternoon"], "afternoon"),
        (["morning", "midday", "afternoon"], ["midday"], "midday"),
        (["morning", "midday", "afternoon", "morning"], ["morning"], "midday"),
    ],
)
def test_next_try_is_in_the_part_of_the_day_that_was_tried_least(
    tried: list[str], preferred: list[str], part: str
) -> None:
    assert next_part(tried, preferred) == part


def test_undo_is_offered_for_ten_minutes_to_whoever_took_the_step(staff: StaffFactory) -> None:
    reception = staff("reception")
    appointment_request = kept(status="received")
    assert "Undo:" not in part_of_page(reception, appointment_request, "moves")
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    assert "Undo: In review" in part_of_page(reception, appointment_request, "moves")
    assert "Undo:" not in part_of_page(staff("manager"), appointment_request, "moves")
    path, browser = f"{QUEUE}{appointment_request.pk}/undo/", signed_in(reception)
    fields = {"version": appointment_request.version}
    assert post_form(signed_in(staff("manager")), path, fields).status_code == 403
    past = timezone.now() - UNDO_WITHIN + datetime.timedelta(seconds=90)
    appointment_request.status_changes.filter(version=2).update(changed_at=past)
    assert re.search(r"1 minute (2\d|30) seconds left", part_of_page(reception, appointment_request, "moves"))
    assert post_form(browser, path, fields).status_code == 302
    appointment_request.refresh_from_db()
    assert appointment_request.status == "received"
    assert post_form(browser, path, fields).status_code == 409
    fields["version"] = appointment_request.version
    assert post_form(browser, path, fields).status_code == 409  # what was undone is not undone again
    assert "Undo:" not in part_of_page(reception, appointment_request, "moves")


def test_record_costs_the_same_however_much_has_happened(staff: StaffFactory) -> None:
    reception = staff("reception")
    appointment_request = kept(status="received")
    appointment_request.move_to("in_review", by=reception, roles=RECEPTION)
    log_attempt(appointment_request, "phone", "no_answer", by=reception, roles=RECEPTION)
    browser = signed_in(reception)
    browser.get(record_path(appointment_request))
    few = queries(lambda: browser.get(record_path(appointment_request)))
    for _ in range(15):
        log_attempt(appointment_request, "phone", "no_answer", by=reception, roles=RECEPTION)
    assert RequestEvent.objects.filter(appointment_request=appointment_request).count() == 16
    assert queries(lambda: browser.get(record_path(appointment_request))) == few
