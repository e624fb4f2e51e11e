"""Every mail to a patient and to the staff: what it says, what it never says, and when it is not sent."""

import datetime
import re
import uuid
from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.validators import ProhibitNullCharactersValidator
from django.test import Client, override_settings
from django.utils import timezone, translation

from appointments import emails
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest, EventKind, StatusChange
from clinic.models import ClinicProfile, OutgoingMail
from clinic.outbox import Message, NothingToSend
from tests.appointments import mails
from tests.appointments.mails import PLANTED, TO_PATIENT, Reading, assert_one_clean_mail, move, queued_functions
from tests.appointments.patients import sent
from tests.appointments.test_submit import submit
from tests.hostile_strings import ALL, as_received

each_mail = pytest.mark.parametrize("name", TO_PATIENT)


@pytest.fixture
def appointment_request(clinic_data: None, client: Client) -> AppointmentRequest:
    """The invented patient's, with everything filled in."""
    return sent(client)


# What each says


@pytest.mark.django_db
@pytest.mark.parametrize("mail", [emails.received, emails.link_again])
def test_mail_while_we_wait_for_the_patient_says_where_the_question_stands(
    appointment_request: AppointmentRequest, mail: Callable[[int], Message]
) -> None:
    """Not on the page, which shows nobody what the staff wrote, and leads to the mail. The confirmation may come
    later than that mail, or before it."""
    move(appointment_request, "in_review", "awaiting_patient")
    message = mail(appointment_request.pk)
    assert "Your page says what" not in message.text
    assert "It stands in another email from us, or we told you on the phone." in message.text
    assert "Not sure what it was? Call us, and we tell you: 424-21-SPINE" in message.text
    assert mails.words_of_html(message) == mails.words_of_text(message)


@pytest.mark.django_db
@each_mail
def test_mail_says_the_same_in_both_halves(appointment_request: AppointmentRequest, name: str) -> None:
    message = TO_PATIENT[name](appointment_request)
    reading = Reading(message.html)
    assert mails.words_of_html(message) == mails.words_of_text(message)
    links = [link for link in reading.links if not link.startswith("tel:")]
    assert links == re.findall(r"https?://\S+", message.text)
    assert reading.tags.count("h1") == 1
    assert "\n\n\n" not in message.text


@pytest.mark.django_db
@each_mail
def test_mail_has_what_every_mail_has(appointment_request: AppointmentRequest, name: str) -> None:
    message = TO_PATIENT[name](appointment_request)
    appointment_request.refresh_from_db()
    standing = {
        "booked": "You have an appointment: ",
        "moved": "You have an appointment: ",
        "declined": "There is no appointment.",
        "withdrawn": "There is no appointment.",
    }.get(name, "This is a request. It is not an appointment yet.")
    assert message.to == appointment_request.email
    for text in (message.text, Reading(message.html).text):
        assert standing in text
        assert "What happens next" in text
        assert "424-21-SPINE" in text
        assert "In an emergency, call 911" in text
        assert appointment_request.reference in text
    assert settings.SITE_ADDRESS + appointment_request.status_path() in message.text


@pytest.mark.django_db
@each_mail
def test_mail_names_nobody_and_nothing_clinical(appointment_request: AppointmentRequest, name: str) -> None:
    message = TO_PATIENT[name](appointment_request)
    for text in (message.text, message.html):
        ours = text.replace(mails.STAFF_WROTE, "")  # staff may greet a patient; no other line knows the name
        assert not [planted for planted in PLANTED if re.search(rf"\b{planted}", ours)]


@pytest.mark.django_db
@each_mail
def test_subject_and_preview_are_of_the_same_kind_for_all(
    appointment_request: AppointmentRequest, name: str
) -> None:
    message = TO_PATIENT[name](appointment_request)
    about = "Your appointment at" if name in {"booked", "moved"} else "Your request to"
    assert message.subject == f"{about} The Spine Pro"
    assert Reading(message.html).preheader == "A message from The Spine Pro"
    for half in (message.text, Reading(message.html).text):
        beginning = " ".join(half.split())[:150]
        assert "the report" not in beginning
        assert "worse" not in beginning


@pytest.mark.django_db
@each_mail
def test_mail_holds_nothing_from_elsewhere(appointment_request: AppointmentRequest, name: str) -> None:
    message = TO_PATIENT[name](appointment_request)
    reading = Reading(message.html)
    allowed = ("tel:", f"{settings.SITE_ADDRESS}/")
    assert all(link.startswith(allowed) for link in reading.links)
    assert not {"img", "link", "style", "script", "iframe", "object", "video", "form", "base"} & set(reading.tags)
    assert not re.search(r"\b(?:src|srcset|background|style)=|url\(|@import", message.html)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "es"])
@each_mail
def test_mail_is_in_the_language_of_the_request(
    appointment_request: AppointmentRequest, name: str, language: str
) -> None:
    AppointmentRequest.objects.update(language=language)
    appointment_request.refresh_from_db()
    with translation.override("de"):
        message = TO_PATIENT[name](appointment_request)
        assert translation.get_language() == "de"
    reading = Reading(message.html)
    assert reading.language == language
    assert mails.words_of_html(message) == mails.words_of_text(message)
    page = appointment_request.status_path()
    assert page.startswith("/es/appointments/" if language == "es" else "/appointments/")
    assert settings.SITE_ADDRESS + page in message.text


# The promise


@pytest.mark.django_db
def test_promise_is_said_while_it_is_owed(appointment_request: AppointmentRequest) -> None:
    assert "We answer by " in emails.received(appointment_request.pk).text
    move(appointment_request, "in_review")
    assert "We answer by " in emails.link_again(appointment_request.pk).text
    move(appointment_request, "awaiting_patient")
    assert "We answer by " not in emails.link_again(appointment_request.pk).text


@pytest.mark.django_db
def test_promise_that_was_missed_is_admitted(appointment_request: AppointmentRequest) -> None:
    past = timezone.now() - datetime.timedelta(hours=1)
    AppointmentRequest.objects.update(received_at=past - datetime.timedelta(days=1), reply_by=past)
    message = emails.received(appointment_request.pk)
    for text in (message.text, Reading(message.html).text):
        assert "We answer by " not in text
        assert "We said that we would answer by " in text
        assert "We have not, and we are sorry." in text


@pytest.mark.django_db
def test_promise_is_met_by_the_first_answer_alone(appointment_request: AppointmentRequest) -> None:
    change = move(appointment_request, "in_review", "awaiting_patient")
    first = emails.need_something(appointment_request.pk, change.pk)
    assert "We said that we would answer by " in first.text
    assert "This is our answer." in first.text
    change = move(appointment_request, "in_review", "declined")
    assert "This is our answer." not in emails.declined(appointment_request.pk, change.pk).text


@pytest.mark.django_db
def test_promise_is_said_again_to_whoever_got_worse_after_an_answer(
    appointment_request: AppointmentRequest,
) -> None:
    move(appointment_request, "in_review", "booked")
    assert "We answer by " not in emails.link_again(appointment_request.pk).text
    soon = timezone.now() + datetime.timedelta(hours=4)
    appointment_request.change(EventKind.WORSE, by=None, role=Role.PATIENT, worse_at=timezone.now(), reply_by=soon)
    text = emails.worse_received(appointment_request.pk).text
    assert "We answer by " in text
    assert f"{settings.SITE_ADDRESS}/appointments/request/" in text


@pytest.mark.django_db
def test_mail_without_a_promise_makes_none(appointment_request: AppointmentRequest) -> None:
    AppointmentRequest.objects.update(reply_by=None)
    for name in ("received", "need_something"):
        message = TO_PATIENT[name](appointment_request)
        assert "answer by" not in message.text
        assert mails.words_of_html(message) == mails.words_of_text(message)


# Which move is followed by which mail


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statuses", "follow"),
    [
        (("in_review",), []),
        (("in_review", "booked"), ["booked"]),
        (("in_review", "awaiting_patient"), ["need_something"]),
        (("in_review", "awaiting_patient", "in_review"), ["need_something"]),
        (("in_review", "unreachable"), ["tried_to_reach"]),
        (("in_review", "unreachable", "in_review"), ["tried_to_reach"]),
        (("in_review", "declined"), ["declined"]),
        (("in_review", "duplicate"), []),
        (("withdrawn",), ["withdrawn"]),
    ],
    ids=lambda value: "-".join(value),
)
def test_move_is_followed_by_its_mail(
    appointment_request: AppointmentRequest, statuses: tuple[str, ...], follow: list[str]
) -> None:
    move(appointment_request, *statuses)
    assert queued_functions() == ["received", *follow]
    assert set(OutgoingMail.objects.values_list("topic", flat=True)) == {appointment_request.topic}


@pytest.mark.django_db
def test_patient_without_an_address_gets_no_mail(clinic_data: None) -> None:
    appointment_request = submit(uuid.uuid4())
    for statuses in (("in_review", "awaiting_patient"), ("in_review", "unreachable"), ("in_review", "booked")):
        move(appointment_request, *statuses)
    assert queued_functions() == []
    for function in (emails.received, emails.link_again, emails.worse_received):
        with pytest.raises(NothingToSend):
            function(appointment_request.pk)


# Mails that make no sense any more


def gone_on(appointment_request: AppointmentRequest, name: str) -> None:
    """What makes the mail `name` wrong."""
    nexts = {"tried_to_reach": ("in_review",), "need_something": ("in_review",), "new_dates_needed": ("withdrawn",)}
    if name in {"worse_received", "link_again"}:
        move(appointment_request, "withdrawn")
    else:
        move(appointment_request, *nexts[name])


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["tried_to_reach", "new_dates_needed", "worse_received", "link_again"])
def test_mail_is_not_sent_once_it_is_wrong(appointment_request: AppointmentRequest, name: str) -> None:
    TO_PATIENT[name](appointment_request)
    gone_on(appointment_request, name)
    with pytest.raises(NothingToSend):
        getattr(emails, name)(appointment_request.pk)


@pytest.mark.django_db
def test_message_of_a_move_is_not_sent_after_another_move(appointment_request: AppointmentRequest) -> None:
    first = move(appointment_request, "in_review", "awaiting_patient", message="The scan.")
    assert "The scan." in emails.need_something(appointment_request.pk, first.pk).text
    appointment_request.change(EventKind.ADDED, by=None, role=Role.PATIENT, note="Here.")
    assert "The scan." in emails.need_something(appointment_request.pk, first.pk).text
    second = move(appointment_request, "in_review", "awaiting_patient", message="The letter.")
    with pytest.raises(NothingToSend):
        emails.need_something(appointment_request.pk, first.pk)
    assert "The letter." in emails.need_something(appointment_request.pk, second.pk).text
    with pytest.raises(NothingToSend):
        emails.declined(appointment_request.pk, first.pk)


@pytest.mark.django_db
def test_booked_is_not_sent_for_another_time(appointment_request: AppointmentRequest) -> None:
    move(appointment_request, "in_review", "booked")
    old = appointment_request.appointment_starts_at
    assert old is not None
    new = old + datetime.timedelta(days=1)
    assert emails.booked(appointment_request.pk, old.isoformat())
    appointment_request.change(
        EventKind.APPOINTMENT_MOVED, by=mails.clinician(), role=Role.CLINICIAN, appointment_starts_at=new
    )
    with pytest.raises(NothingToSend):
        emails.booked(appointment_request.pk, old.isoformat())
    with pytest.raises(NothingToSend):
        emails.moved(appointment_request.pk, old.isoformat())
    message = emails.moved(appointment_request.pk, new.isoformat())
    assert f"{new.astimezone(ClinicProfile.objects.get().zone):%B %-d}" in message.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statuses", "standing"),
    [
        (("in_review", "booked"), "You have an appointment: "),
        (("withdrawn",), "There is no appointment."),
        (("in_review", "declined"), "There is no appointment."),
        (("in_review", "awaiting_patient"), "We need something from you first."),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_received_goes_out_whatever_happened_and_says_what_is_true(
    appointment_request: AppointmentRequest, statuses: tuple[str, ...], standing: str
) -> None:
    move(appointment_request, *statuses)
    message = emails.received(appointment_request.pk)
    assert "We have your request" in message.text
    assert standing in message.text
    assert "We answer by" not in message.text
    assert mails.words_of_html(message) == mails.words_of_text(message)


@pytest.mark.django_db
def test_mail_about_a_request_that_is_gone_is_not_sent(clinic_data: None) -> None:
    with pytest.raises(NothingToSend):
        emails.received(123456)


@pytest.mark.django_db
def test_mail_still_goes_out_when_the_link_is_lost(appointment_request: AppointmentRequest) -> None:
    move(appointment_request, "in_review", "booked")
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[]):
        message = mails.last_mail(appointment_request)
    assert "You have an appointment: " in message.text
    assert mails.words_of_html(message) == mails.words_of_text(message)
    assert "/appointments/r/" not in message.text + message.html
    assert "Whoever has this link" not in message.text


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["booked", "moved"])
def test_mail_about_an_appointment_leads_to_its_calendar_file(
    appointment_request: AppointmentRequest, client: Client, name: str
) -> None:
    AppointmentRequest.objects.update(language="es")
    appointment_request.refresh_from_db()
    message = TO_PATIENT[name](appointment_request)
    (link,) = [link for link in Reading(message.html).links if link.endswith(".ics")]
    assert link.startswith(f"{settings.SITE_ADDRESS}/es/")
    assert link in message.text
    response = client.get(link.removeprefix(settings.SITE_ADDRESS))
    assert response.headers["Content-Type"].startswith("text/calendar")


# To an address that is not the patient's any more


@pytest.mark.django_db
def test_old_address_learns_of_the_change_and_nothing_else(appointment_request: AppointmentRequest) -> None:
    old = appointment_request.email
    move(appointment_request, "in_review", "booked")
    message = mails.contact_changed_to_another_address(appointment_request)
    assert message.to == old
    assert message.subject == "Your request to The Spine Pro"
    assert mails.words_of_html(message) == mails.words_of_text(message)
    for half in (message.text, message.html):
        assert "Your contact details were changed" in half
        assert "424-21-SPINE" in half
        assert "In an emergency, call 911" in half
        assert "/appointments/r/" not in half
        assert "You have an appointment" not in half
        assert "other@" not in half


@pytest.mark.django_db
def test_contact_changed_where_there_was_no_address_is_not_sent(appointment_request: AppointmentRequest) -> None:
    AppointmentRequest.objects.update(email="")
    appointment_request.refresh_from_db()
    event = appointment_request.change(
        EventKind.CONTACT_CHANGED, by=None, role=Role.PATIENT, email="new@example.com"
    )
    with pytest.raises(NothingToSend):
        emails.contact_changed(appointment_request.pk, event.pk)


# Hostile text


def storable(text: str) -> str:
    """As a form would hand it on: it refuses what PostgreSQL cannot hold, and strips the rest."""
    return as_received(text).replace("\0", "").strip()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["need_something", "declined"])
def test_staff_message_is_text_in_both_halves(appointment_request: AppointmentRequest, name: str) -> None:
    status = {"need_something": "awaiting_patient", "declined": "declined"}[name]
    change = move(appointment_request, "in_review", status)
    usual = Reading(getattr(emails, name)(appointment_request.pk, change.pk).html).tags
    harmless = {"p", "br"}
    for text in filter(None, map(storable, ALL)):
        text = text[:1_000]
        StatusChange.objects.filter(pk=change.pk).update(message=text)
        message = getattr(emails, name)(appointment_request.pk, change.pk)
        assert text in message.text, ascii(text)
        reading = Reading(message.html)
        assert [tag for tag in reading.tags if tag not in harmless] == [tag for tag in usual if tag not in harmless]
        lines = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
        assert all(line in reading.text for line in lines), ascii(text)
        assert_one_clean_mail(message)


# What ends a line, or a field, for some reader of mail.
MAY_BREAK = (
    "\r\n",
    "\n",
    "\r",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x85",
    "\u2028",
    "\r\n ",
    "\r\n\t",
    "<br>",
    "&#10;",
)


@pytest.mark.django_db
def test_clinics_own_words_are_text_in_every_mail(appointment_request: AppointmentRequest) -> None:
    texts = {*map(storable, ALL), *(f"Spine{sign}Bcc: x@example.com" for sign in MAY_BREAK)}
    dangerous = [text for text in sorted(texts) if re.search(r"[<&\r\n\x0b-\x1f\x85\u2028]", text)]
    assert len(dangerous) > 20
    for text in dangerous:
        short = text[:30]
        ClinicProfile.objects.update(name=short, clinician=short, address=text[:300], phone_display=short)
        for message in (emails.received(appointment_request.pk), emails.link_again(appointment_request.pk)):
            assert len(message.subject.splitlines()) == 1
            assert short in message.text, ascii(short)
            assert not {"script", "img", "svg", "b"} & set(Reading(message.html).tags)
            assert_one_clean_mail(message)


def test_form_refuses_what_the_database_cannot_hold() -> None:
    """The reason why `storable` leaves NUL out."""
    from django.forms import CharField

    assert any(isinstance(rule, ProhibitNullCharactersValidator) for rule in CharField().validators)
