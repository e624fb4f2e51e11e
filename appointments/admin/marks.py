"""What must be seen of a request at a glance: beside its row in the queue, on its record, and in the download."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from appointments.lifecycle import RequestStatus, Urgency
from appointments.mail_trouble import undelivered_mails
from appointments.models import AppointmentRequest, SpokenLanguage
from clinic.models import OutgoingMail

# The word of a duplicate stands with its original.
NOTHING_TO_ANSWER = frozenset({RequestStatus.DUPLICATE, RequestStatus.WITHDRAWN})


@dataclass
class Elsewhere:
    """What other rows know of a request: the mail that did not reach the patient, and requests that are linked with
    it, or may be of the same person. Of these the reference and the links alone are read."""

    undelivered: OutgoingMail | None = None
    same_person: list[AppointmentRequest] = field(default_factory=list)


@dataclass(frozen=True)
class Mark:
    """A few words that stand beside a request, and where they lead to, if anywhere."""

    name: str
    label: str
    url: str = ""


def known_elsewhere(appointment_requests: Collection[AppointmentRequest]) -> dict[int, Elsewhere]:
    """What is known of each of them, by primary key. Two queries, three when some mail has
    failed, however many requests there are."""
    known = {appointment_request.pk: Elsewhere() for appointment_request in appointment_requests}
    for pk, mail in undelivered_mails(appointment_requests).items():
        known[pk].undelivered = mail
    later_of = defaultdict(set)
    for one in appointment_requests:
        later_of[one.same_person_as_id].add(one.pk)
        later_of[one.duplicate_of_id].add(one.pk)
    later_of.pop(None, None)
    of_them = Q(same_person_as__in=known) | Q(duplicate_of__in=known) | Q(pk__in=list(later_of))
    others = AppointmentRequest.objects.filter(of_them)
    for other in others.only("reference", "same_person_as", "duplicate_of").order_by("received_at", "id"):
        for pk in later_of[other.pk] | known.keys() & {other.same_person_as_id, other.duplicate_of_id}:
            known[pk].same_person.append(other)
    return known


def marks_of(
    appointment_request: AppointmentRequest, elsewhere: Elsewhere, now: datetime.datetime
) -> Iterator[Mark]:
    """The marks of a request at `now`, what matters most first. No query."""
    if appointment_request.worse_at:
        yield Mark("worse", "Worse")
    if elsewhere.undelivered:
        yield Mark("undelivered", "Mail did not reach them: call")
    if appointment_request.patient_wrote_at and appointment_request.status not in NOTHING_TO_ANSWER:
        yield Mark("new", "New from patient")
    if appointment_request.needs_new_dates(now):
        yield Mark("dates", "Needs new dates, asked" if appointment_request.dates_asked_at else "Needs new dates")
    if language := language_to_answer_in(appointment_request):
        yield Mark("language", language)
    for other in elsewhere.same_person:
        url = reverse("admin:appointments_appointmentrequest_change", args=[other.pk])
        yield Mark("same", _kinship(appointment_request, other).format(other.reference), url)


def promise_kept(appointment_request: AppointmentRequest, now: datetime.datetime) -> Mark | None:
    """What has become of the promise by `now`: missed, or met and nothing is owed since; None while it stands."""
    if appointment_request.is_late(now):
        return Mark("late", "Late")
    if appointment_request.answered_at and not appointment_request.is_owed_an_answer:
        return Mark("answered", "Answered")
    return None


def waits(appointment_request: AppointmentRequest) -> bool:
    """Whether the patient waits for the clinic: also one who is booked and got worse."""
    return appointment_request.is_open or appointment_request.is_owed_an_answer


def _kinship(one: AppointmentRequest, other: AppointmentRequest) -> str:
    """What the one is to the other: a guess, from what both patients typed, until somebody of the staff has linked
    them."""
    if one.duplicate_of_id == other.pk:
        return "Duplicate of {}"
    return "Has a duplicate: {}" if other.duplicate_of_id == one.pk else "May be the same as {}"


def language_to_answer_in(appointment_request: AppointmentRequest) -> str:
    """The language to talk in, or that of the patient's pages and mails, where it is not English; else ""."""
    if appointment_request.spoken_language == SpokenLanguage.OTHER:
        return appointment_request.other_language or "Another language"
    if SpokenLanguage.SPANISH in (appointment_request.spoken_language, appointment_request.language):
        return "Spanish"
    return ""


def badge(kind: str, value: str, label: str) -> SafeString:
    """A word on a coloured ground; the word carries the meaning."""
    return format_html('<span class="badge {}-{}"><bdi>{}</bdi></span>', kind, value, label)


def urgency_badge(appointment_request: AppointmentRequest) -> SafeString:
    """The urgency in words."""
    urgency = Urgency(appointment_request.urgency)
    return badge("urgency", urgency.name.lower(), urgency.label)


def status_badge(appointment_request: AppointmentRequest) -> SafeString:
    """The status in words."""
    return badge("status", appointment_request.status, appointment_request.get_status_display())


def badges(marks: Collection[Mark]) -> SafeString:
    """The marks as badges, side by side; those that lead somewhere as links."""
    return format_html_join(
        " ",
        "{}",
        (
            (
                format_html('<a class="badge note-{}" href="{}">{}</a>', mark.name, mark.url, mark.label)
                if mark.url
                else badge("note", mark.name, mark.label),
            )
            for mark in marks
        ),
    )
