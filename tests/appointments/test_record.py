"""What the record and the queue show: every answer, one timeline, and the marks."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from appointments import emails
from appointments.admin.words import phone_words, times, words
from appointments.lifecycle import Role
from appointments.mail_trouble import mail_does_not_arrive
from appointments.models import AppointmentRequest, EventKind
from clinic.models import OutgoingMail, PaymentOption
from clinic.outbox import queued
from conditions.models import RedFlag
from tests.appointments.patients import sent
from tests.appointments.test_admin import QUEUE, in_status, record_path, signed_in
from tests.form_posts import page, post_form

StaffFactory = Callable[[str], User]
PATIENT: dict[str, Any] = {"by": None, "role": Role.PATIENT}


@pytest.mark.django_db
def test_record_shows_every_answer(clinic_data: None, staff: StaffFactory) -> None:
    payment = PaymentOption.objects.offered()[0]
    appointment_request = sent(
        Client(),
        article="cause/sciatica",
        proxy_name="Mara Patient",
        proxy_relation="Daughter",
        has_proxy_consent="on",
        other_language="Tagalog",
        needs_interpreter="on",
        may_name_clinic="on",
        payment_option=payment.pk,
        short_notice="next_day",
    )
    html = page(signed_in(staff("reception")).get(record_path(appointment_request)))
    for shown in (
        *("Testa Patient", "March 27, 1962", "No, I am new", "Tagalog", "Pages and mails: English", "Needed"),
        *("Mara Patient", "Daughter", "The patient agrees to it"),
        *("(424) 555-0134", "You may leave a voice message", "You may say the clinic’s name"),
        *("Send no text message", "testa@example.com", "Phone call", "Morning", "I have trouble hearing"),
        *("Stops after about one block; sitting eases it; both legs; numbness or tingling; getting worse",),
        *("Yes, somewhere else", "MRI or CT scan, Letter from a doctor", "/causes/sciatica/"),
        *("Monday: morning", "Thursday: morning", "Not on Thanksgiving Day", "On the next day", payment.name),
        *("Web form", appointment_request.privacy_version),
    ):
        assert shown in html, shown
    order = ["Date of birth", "Answer in", "Asked for by", "Phone</dt>", "Get ready for", "Walking</dt>"]
    order += ["Warning symptoms", "Times</dt>", "Could come", "Pays by", "Came in by"]
    places = [html.index(label) for label in order]
    assert places == sorted(places)


@pytest.mark.django_db
def test_record_says_what_must_not_be_done_beside_the_number(clinic_data: None, staff: StaffFactory) -> None:
    appointment_request = sent(Client(), may_leave_voicemail="")
    html = page(signed_in(staff("reception")).get(record_path(appointment_request)))
    for shown in ("Leave no voice message", "Do not say the clinic’s name to others", "Send no text message"):
        assert shown in html, shown


@pytest.mark.django_db
def test_timeline_tells_moves_and_all_else_in_their_order_and_in_words(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    appointment_request = sent(Client(), "calf-pain")
    roles = frozenset({Role.CLINICIAN})
    appointment_request.move_to("in_review", by=clinician, roles=roles)
    appointment_request.move_to("awaiting_patient", by=clinician, roles=roles, message="Please <call> us.")
    appointment_request.change(
        EventKind.TIMES_CHANGED, **PATIENT, windows=["1-morning", "1-midday"], latest_date=datetime.date(2027, 3, 1)
    )
    appointment_request.change(EventKind.ADDED, **PATIENT, note="I forgot: it wakes <me> up.")
    appointment_request.change(
        EventKind.CONTACT_CHANGED, **PATIENT, phone="+442079460000", may_text=True, preferred_contact="text"
    )
    flags = RedFlag.objects.filter(key="fever")
    appointment_request.change(
        EventKind.WORSE, **PATIENT, note="Now with a fever.", red_flags=flags, urgency=2, worse_at=timezone.now()
    )
    html = page(signed_in(clinician).get(record_path(appointment_request)))
    story = html[html.index("What happened so far") :]
    order = (
        *(
            "Received",
            f"Ticked: {RedFlag.objects.get(key='calf-pain').wording}",
            "In review",
            "Waiting for patient",
        ),
        *("Told the patient: Please &lt;call&gt; us.", "New times"),
        *("Times that suit", "Monday: morning; Thursday: morning", "Tuesday: morning, around noon"),
        *("Latest date: <bdi>March 1, 2027</bdi>", "Patient added something", "it wakes &lt;me&gt; up"),
        *("New contact details", "Phone call", "Text message"),
        *("Patient says that it has got worse", "Urgency: <bdi>Soon", "Urgent", "Ticked: a high temperature"),
    )
    place = 0
    for text in order:
        found = story.find(text, place)
        assert found >= 0, text
        place = found
    assert "Worse at" not in story
    # The patient's later words and red flags stand with the first ones too.
    facts = html[: html.index("What happened so far")]
    for shown in ("it wakes &lt;me&gt; up", "Now with a fever.", "A high temperature or chills", "Later:"):
        assert shown in facts, shown


@pytest.mark.django_db
def test_marks_stand_in_the_row_and_on_the_record(clinic_data: None, staff: StaffFactory) -> None:
    past = timezone.now() - datetime.timedelta(days=5)
    first = sent(Client())
    second = sent(Client())  # of the same person
    AppointmentRequest.objects.filter(pk=first.pk).update(
        worse_at=past, patient_wrote_at=past, windows_end_at=past, received_at=past, reply_by=past, language="es"
    )
    OutgoingMail.objects.about(first.topic).update(failed_at=timezone.now(), failure="The mailbox is full.")
    browser = signed_in(staff("reception"))
    record, queue = page(browser.get(record_path(first))), page(browser.get(QUEUE))
    for shown in (
        *("Worse</bdi>", "New from patient", "Needs new dates", "Mail did not reach them: call", "Spanish"),
        *(f"May be the same as {second.reference}", record_path(second), "Late"),
    ):
        assert shown in record, shown
        assert shown in queue, shown
    assert "The mailbox is full." in record
    assert f"May be the same as {first.reference}" in page(browser.get(record_path(second)))
    assert queue.count("note-worse") == queue.count("note-undelivered") == queue.count("note-dates") == 1


@pytest.mark.django_db
def test_mistakes_are_listed_on_top_each_with_the_way_to_its_box(clinic_data: None, staff: StaffFactory) -> None:
    clinician = staff("clinician")
    appointment_request = in_status("in_review", clinician)
    record = record_path(appointment_request).removesuffix("change/")
    seen = {"version": appointment_request.version}
    wrong: tuple[tuple[str, dict[str, Any], tuple[tuple[str, str], ...]], ...] = (
        ("log-call", {"channel": "", "outcome": ""}, (
            ("log-call_channel", "Say how you tried to reach the patient"), ("log-call_outcome", "Say how it went"),
        )),
        ("plan", {"step": "", "on": "soon", "owner": ""}, (
            ("plan_step", "Choose the next step"), ("plan_on", "Enter the day of the next step as a date"),
            ("plan_owner", "Choose who does the next step"),
        )),
        ("move/booked", {}, (("booked_appointment_starts_at_0", "Enter the date and time of the appointment"),)),
        ("duplicate-of", {"reference": "", "note": ""}, (
            ("duplicate-of_reference", "Enter the reference of the other request"),
            ("duplicate-of_note", "Say how you know that it is the same person"),
        )),
        ("urgency", {"urgency": "4", "note": ""}, (("urgency_note", "Say why you change the urgency"),)),
    )  # fmt: skip
    AppointmentRequest.objects.update(urgency=2)
    for verb, fields, mistakes in wrong:
        response = post_form(signed_in(clinician), f"{record}{verb}/", {**seen, **fields})
        html = page(response)
        assert response.status_code == 422, verb
        summary = html[html.index('class="refusal"') : html.index('class="record-facts"')]
        assert "autofocus" in summary, verb
        for box, mistake in mistakes:
            assert f'<a href="#{box}">{mistake}</a>' in summary, (verb, summary)
            assert f'id="{box}"' in html and html.count(mistake) == 2, (verb, box)  # on top, and beside the box
        assert "This field is required" not in html


@pytest.mark.django_db
def test_next_one_is_taken_from_any_record_and_from_the_first_page(clinic_data: None, staff: StaffFactory) -> None:
    reception = staff("reception")
    browser, first, second = signed_in(reception), sent(Client()), sent(Client())
    button = f'action="{QUEUE}take-next/"'
    pages = ["/admin/", QUEUE, record_path(first)]
    assert [page(browser.get(path)).count(button) for path in pages] == [1, 1, 1]
    assert post_form(browser, f"{QUEUE}take-next/", {}).headers["Location"] == record_path(first)
    assert page(browser.get(record_path(first))).count(button) == 1
    first.refresh_from_db()
    first.move_to("withdrawn", by=reception, roles=frozenset({Role.RECEPTION}))
    assert page(browser.get(record_path(first))).count(button) == 1
    assert button not in page(signed_in(staff("editor")).get("/admin/"))
    assert post_form(browser, f"{QUEUE}take-next/", {}).headers["Location"] == record_path(second)


@pytest.mark.django_db
def test_mail_to_the_staff_that_failed_marks_no_patient(clinic_data: None, staff: StaffFactory) -> None:
    appointment_request = sent(Client(), "fever", email="")
    mails = OutgoingMail.objects.about(appointment_request.topic)
    assert [mail.function for mail in mails] == ["appointments.emails.staff_urgent"]
    mails.update(failed_at=timezone.now(), failure="Refused.")
    browser = signed_in(staff("reception"))
    assert "did not reach" not in page(browser.get(QUEUE))
    assert "reached nobody" not in page(browser.get("/admin/"))


@pytest.mark.django_db
def test_first_page_counts_what_waits_what_got_worse_and_which_mail_failed(
    clinic_data: None, staff: StaffFactory
) -> None:
    past = timezone.now() - datetime.timedelta(days=5)
    late, worse = sent(Client(), birth_date_year="1950"), sent(Client(), birth_date_year="1951")
    AppointmentRequest.objects.filter(pk=late.pk).update(received_at=past, reply_by=past)
    worse.change(EventKind.WORSE, **PATIENT, worse_at=timezone.now())
    OutgoingMail.objects.about(late.topic).update(failed_at=timezone.now(), failure="Refused.")
    html = page(signed_in(staff("reception")).get("/admin/"))
    for shown in ("2 open requests", "None of them is urgent", "1 got worse", "1 late", "1 mail reached nobody"):
        assert shown in html, shown


@pytest.mark.django_db
def test_promise_that_was_met_says_so_in_the_queue(clinic_data: None, staff: StaffFactory) -> None:
    clinician = staff("clinician")
    in_status("awaiting_patient", clinician)
    AppointmentRequest.objects.update(received_at=timezone.now() - datetime.timedelta(days=9), reply_by=None)
    AppointmentRequest.objects.update(reply_by=timezone.now() - datetime.timedelta(days=8))
    html = page(signed_in(clinician).get(QUEUE))
    assert "note-answered" in html
    assert "note-late" not in html


@pytest.mark.django_db
def test_roles_have_exactly_these_new_rights() -> None:
    rights = {
        group.name: {
            name
            for name in group.permissions.values_list("codename", flat=True)
            if name.endswith(
                ("_requestevent", "_outgoingmail", "_paymentoption", "_appointmentrequest", "_urgency")
            )
        }
        for group in Group.objects.all()
    }
    triage = {"view_appointmentrequest", "add_appointmentrequest", "view_requestevent"}
    triage |= {"view_outgoingmail", "view_paymentoption"}
    keeping = {"add_paymentoption", "change_paymentoption"}
    assert rights == {
        "reception": triage,
        "clinician": triage | {"lower_urgency"},
        "editor": set(),
        "manager": triage | keeping,
    }


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("phone", "", "nothing"),
        ("email", "a@example.com", "a@example.com"),
        ("may_text", False, "no"),
        ("urgency", 1, "Emergency"),
        ("access_needs", ["sight", "gone"], "I have trouble seeing, gone"),
        ("earliest_date", "2027-01-05", "January 5, 2027"),
        ("earliest_date", "soon", "soon"),
        ("a_field_of_long_ago", "kept", "kept"),
    ],
)
def test_values_of_the_record_in_words(name: str, value: object, text: str) -> None:
    assert words(name, value) == text


def test_times_are_told_by_day() -> None:
    assert times(["3-afternoon", "0-midday", "0-morning"]) == [
        "Monday: morning, around noon",
        "Thursday: afternoon",
    ]
    assert times([]) == []


def test_number_of_another_country_keeps_its_country() -> None:
    request = AppointmentRequest(phone="+442079460000")
    assert phone_words(request.phone) == "+44 20 7946 0000"
    assert phone_words("") == ""


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["a later mail arrives", "a new address is given"])
def test_mark_of_a_mail_that_failed_ends_for_staff_and_patient_alike(
    clinic_data: None, staff: StaffFactory, what: str
) -> None:
    appointment_request = sent(Client())
    OutgoingMail.objects.about(appointment_request.topic).update(failed_at=timezone.now(), failure="Full.")
    browser = signed_in(staff("reception"))
    pages = (record_path(appointment_request), QUEUE)
    assert all("did not reach them: call" in page(browser.get(path)) for path in pages)
    assert mail_does_not_arrive(appointment_request)
    if what == "a later mail arrives":
        later = queued(emails.received, topic=appointment_request.topic, request_id=appointment_request.pk)
        later.sent_at = timezone.now()
        later.save()
    else:
        appointment_request.change(EventKind.CONTACT_CHANGED, by=None, role=Role.PATIENT, email="new@example.com")
    assert not any("did not reach them: call" in page(browser.get(path)) for path in pages)
    assert not mail_does_not_arrive(appointment_request)


@pytest.mark.django_db
def test_promise_that_was_made_anew_and_missed_is_late_everywhere(clinic_data: None, staff: StaffFactory) -> None:
    """Answered once; then the patient wrote again, and nobody has looked."""
    appointment_request = sent(Client())
    past = timezone.now() - datetime.timedelta(days=3)
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(
        received_at=past,
        reply_by=past + datetime.timedelta(days=1),
        answered_at=past,
        answered_by=staff("clinician"),
        answered_after=datetime.timedelta(hours=1),
        patient_wrote_at=past,
    )
    browser = signed_in(staff("reception"))
    queue = page(browser.get(QUEUE))
    assert "note-late" in queue and "note-answered" not in queue
    assert "1 late" in page(browser.get("/admin/"))
    assert "We are late" in page(Client().get(appointment_request.status_path()))
