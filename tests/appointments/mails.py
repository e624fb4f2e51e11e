"""Each mail to a patient, with what has to happen before it is written; and mails as their readers see them."""

import datetime
import email
import email.policy
import re
from collections.abc import Callable
from email.message import EmailMessage
from html.parser import HTMLParser

from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from appointments import emails
from appointments.lifecycle import RequestStatus, Role
from appointments.models import AppointmentRequest, EventKind, StatusChange
from clinic.models import OutgoingMail
from clinic.outbox import Message, written
from tests.appointments.moves import let_go, prepare
from tests.staff import make_staff

CLINICIAN = frozenset({Role.CLINICIAN})
STAFF_WROTE = "Please send the report, Testa."

# Of the invented patient: no mail knows any of it.
PLANTED = ("Testa", "downhill", "back", "hurts", "1962", "March 27", "555", "testa@", "Not on")


def clinician() -> User:
    """The one who makes the moves."""
    return User.objects.filter(username="clinician").first() or make_staff("clinician")


def move(appointment_request: AppointmentRequest, *statuses: str, message: str = STAFF_WROTE) -> StatusChange:
    """Make moves that staff make, and for the patient the withdrawal. The last one's record."""
    for status in statuses:
        is_patients = status == RequestStatus.WITHDRAWN
        more = prepare(appointment_request, status, clinician())
        change = appointment_request.move_to(
            status,
            by=None if is_patients else clinician(),
            roles=frozenset({Role.PATIENT}) if is_patients else CLINICIAN,
            note="A note for the staff alone." if status in {"declined", "duplicate"} else "",
            message=message if status in {"awaiting_patient", "declined"} else "",
            appointment_starts_at=timezone.now() + datetime.timedelta(days=7) if status == "booked" else None,
            **more,
        )
        let_go(appointment_request)
    return change


def last_mail(appointment_request: AppointmentRequest) -> Message:
    """What was queued last about this request, as written now."""
    mail = OutgoingMail.objects.about(appointment_request.topic).last()
    assert mail is not None
    return written(mail)


def after(*statuses: str) -> Callable[[AppointmentRequest], Message]:
    """The mail that follows these moves."""

    def written_after(appointment_request: AppointmentRequest) -> Message:
        move(appointment_request, *statuses)
        return last_mail(appointment_request)

    return written_after


def moved(appointment_request: AppointmentRequest) -> Message:
    """Staff moved the appointment."""
    move(appointment_request, "in_review", "booked")
    later = timezone.now() + datetime.timedelta(days=9)
    appointment_request.change(
        EventKind.APPOINTMENT_MOVED, by=clinician(), role=Role.CLINICIAN, appointment_starts_at=later
    )
    return emails.moved(appointment_request.pk, later.isoformat())


def worse_received(appointment_request: AppointmentRequest) -> Message:
    """The patient said that it has got worse."""
    appointment_request.change(EventKind.WORSE, by=None, role=Role.PATIENT, worse_at=timezone.now())
    return emails.worse_received(appointment_request.pk)


def new_dates_needed(appointment_request: AppointmentRequest) -> Message:
    """All preferred times have passed."""
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(windows_end_at=timezone.now())
    return emails.new_dates_needed(appointment_request.pk)


def contact_changed(appointment_request: AppointmentRequest) -> Message:
    """The patient gave another phone number; the address stayed."""
    event = appointment_request.change(
        EventKind.CONTACT_CHANGED, by=None, role=Role.PATIENT, phone="+14245550199", email=appointment_request.email
    )
    return emails.contact_changed(appointment_request.pk, event.pk)


def contact_changed_to_another_address(appointment_request: AppointmentRequest) -> Message:
    """The patient gave another address: this goes to the old one."""
    event = appointment_request.change(
        EventKind.CONTACT_CHANGED, by=None, role=Role.PATIENT, email="other@example.com"
    )
    return emails.contact_changed(appointment_request.pk, event.pk)


def new_address(appointment_request: AppointmentRequest) -> Message:
    """The patient gave another address: this goes to the new one."""
    event = appointment_request.change(
        EventKind.CONTACT_CHANGED, by=None, role=Role.PATIENT, email="other@example.com"
    )
    return emails.new_address(appointment_request.pk, event.pk)


TO_PATIENT: dict[str, Callable[[AppointmentRequest], Message]] = {
    "received": last_mail,
    "tried_to_reach": after("in_review", "unreachable"),
    "need_something": after("in_review", "awaiting_patient"),
    "booked": after("in_review", "booked"),
    "moved": moved,
    "declined": after("in_review", "declined"),
    "withdrawn": after("withdrawn"),
    "worse_received": worse_received,
    "new_dates_needed": new_dates_needed,
    "contact_changed": contact_changed,
    "new_address": new_address,
    "link_again": lambda appointment_request: emails.link_again(appointment_request.pk),
}


class Reading(HTMLParser):
    """What a reader of the HTML half sees: words, hidden words, addresses of links."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.hidden: list[str] = []
        self.seen: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.language = ""
        self._into: list[str] | None = None
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.language = given.get("lang") or self.language
        if given.get("href"):
            self.links.append(given["href"] or "")
        if tag == "main":
            self._into = self.seen
        elif tag == "div" and "hidden" in given:
            self._into = self.hidden
        elif tag in {"p", "h1", "h2", "li", "br", "blockquote"} and self._into is not None:
            self._into.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "div":
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)

    @property
    def text(self) -> str:
        """What is seen."""
        return "".join(self.seen)

    @property
    def preheader(self) -> str:
        """What a list of mails shows beside the subject."""
        return "".join(self.hidden)


def words_of_html(message: Message) -> list[str]:
    """The words of the HTML half, in order."""
    return Reading(message.html).text.split()


def words_of_text(message: Message) -> list[str]:
    """The words of the plain half, in order, without what a link or a list of the other half needs no words for."""
    text = re.sub(r":?\nhttps?://\S+", "", message.text)
    return re.sub(r"^(- |-- $)", "", text, flags=re.MULTILINE).split()


def sent_and_parsed(message: Message) -> EmailMessage:
    """The mail as it goes over the wire, read again."""
    mail = EmailMultiAlternatives(
        message.subject, message.text, to=[message.to], alternatives=[(message.html, "text/html")]
    )
    parsed = email.message_from_bytes(mail.message().as_bytes(), policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def assert_one_clean_mail(message: Message) -> None:
    """It has the headers of every mail and no other, and exactly its two halves."""
    parsed = sent_and_parsed(message)
    expected = {"Subject", "From", "To", "Date", "Message-ID", "MIME-Version", "Content-Type"}
    assert set(parsed.keys()) == expected
    assert [part.get_content_type() for part in parsed.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert not re.search(r"[\r\n]", str(parsed["Subject"]))


def queued_functions() -> list[str]:
    """The names of the mails in the outbox, in the order in which they were queued."""
    functions = OutgoingMail.objects.order_by("id").values_list("function", flat=True)
    return [function.removeprefix("appointments.emails.") for function in functions]
