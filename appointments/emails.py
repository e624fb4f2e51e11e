"""What we write to patients and staff: one function for each mail. `clinic.outbox` calls it when it delivers.

No subject and no preview names a person or says anything about health. What a mail says is read from the request
at that moment, in the language that the patient chose. Each function raises NothingToSend when there is no address,
or when the mail makes no sense any more; how the others say it, `appointments.patient_mail` knows.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from appointments import models  # as a module: it is being loaded while this is
from appointments.lifecycle import RequestStatus, Urgency
from appointments.patient_mail import find, to_patient
from appointments.staff_mail import to_staff
from clinic.models import OutgoingMail
from clinic.outbox import Message, NothingToSend, queued, titled

if TYPE_CHECKING:
    from appointments.models import AppointmentRequest, RequestEvent, StatusChange

OF_APPOINTMENT = ("appointment_starts_at", "appointment_place", "appointment_with")


def after_sending(
    appointment_request: "AppointmentRequest", raised: "AppointmentRequest | None" = None
) -> list[OutgoingMail]:
    """The mails that follow a new request: to the patient, and one to the staff when it is urgent, or else of the
    earlier request that it has `raised`."""
    mails = []
    if appointment_request.email:
        mails.append(about(appointment_request, received))
    to_look_at = appointment_request if appointment_request.urgency <= Urgency.URGENT else raised
    if to_look_at is not None:
        mails.append(about(to_look_at, staff_urgent))
    return mails


def after_move(
    appointment_request: "AppointmentRequest", change: "StatusChange", appointment_starts_at: datetime | None
) -> list[OutgoingMail]:
    """The mail that tells the patient of this move, if there is one to tell and an address to tell it to."""
    mail = MAIL_OF_MOVE_TO.get(RequestStatus(change.to_status))
    if mail is None or not appointment_request.email:
        return []
    facts: dict[str, Any] = {}
    if mail in {need_something, declined, booked}:
        facts["change_id"] = change.pk
    if appointment_starts_at is not None:
        facts["appointment_starts_at"] = appointment_starts_at.isoformat()
    return [about(appointment_request, mail, **facts)]


def after_moving(appointment_request: "AppointmentRequest", event: "RequestEvent") -> OutgoingMail:
    """The mail that tells the patient of what is new about the appointment since `event`, the record's last."""
    if appointment_request.appointment_starts_at is None:
        raise ValueError("what is booked has a time")
    when = appointment_request.appointment_starts_at.isoformat()
    return about(appointment_request, moved, appointment_starts_at=when, event_id=event.pk)


def after_undoing(
    appointment_request: "AppointmentRequest",
    undone: "StatusChange | RequestEvent",
    entry: "StatusChange | RequestEvent",
) -> list[OutgoingMail]:
    """The mail that takes back the one about `undone`, the entry of the record that `entry` has just undone.

    Only where that mail went out, or is going out at this moment: one that waits says nothing any more once this
    transaction is committed, and until then no worker can take it.
    """
    mail = mail_of(undone)
    if mail is None or not appointment_request.email:
        return []
    path = f"{__name__}.{mail.__name__}"
    mails = OutgoingMail.objects.filter(topic=appointment_request.topic, function=path)
    former = mails.order_by("-id").first()
    if former is None:
        return []
    at_rest = mails.filter(pk=former.pk).select_for_update(skip_locked=True).first()
    if at_rest is not None and at_rest.sent_at is None:
        return []
    if isinstance(entry, models.RequestEvent):
        return [after_moving(appointment_request, entry)]
    return [about(appointment_request, correction, mail_id=former.pk)]


def mail_of(entry: "StatusChange | RequestEvent") -> Callable[..., Message] | None:
    """The mail that tells the patient of this entry of the record, whatever came of it; None for what has none."""
    if isinstance(entry, models.StatusChange):
        return MAIL_OF_MOVE_TO.get(RequestStatus(entry.to_status))
    return moved if entry.after.keys() & {*OF_APPOINTMENT} else None


def about(appointment_request: "AppointmentRequest", mail: Callable[..., Message], **facts: Any) -> OutgoingMail:
    """The unsaved row of a mail of this module about a request, for `outbox.queue`."""
    return queued(mail, topic=appointment_request.topic, request_id=appointment_request.pk, **facts)


# To the patient


@titled("We have your request")
def received(request_id: int) -> Message:
    """We have your request: it is not an appointment, and this is when we answer. Whatever has happened since."""
    return to_patient("received", find(request_id))


@titled("We could not reach you")
def tried_to_reach(request_id: int) -> Message:
    """We tried to reach you and could not: please call."""
    appointment_request = find(request_id)
    if appointment_request.status != RequestStatus.UNREACHABLE:
        raise NothingToSend("The patient was reached, or the request is closed.")
    return to_patient("tried_to_reach", appointment_request)


@titled("We need something from you")
def need_something(request_id: int, change_id: int) -> Message:
    """We need something before we can go on: what the staff wrote with that move."""
    return _with_message_of_move("need_something", request_id, change_id)


@titled("Your appointment")
def booked(request_id: int, appointment_starts_at: str, change_id: int | None = None) -> Message:
    """Your appointment: day, time, place, how to prepare. `appointment_starts_at` in ISO form; `change_id` is the
    move that booked it: when it was undone and booked again, that has a mail of its own."""
    appointment_request = _with_appointment(request_id, appointment_starts_at)
    last = appointment_request.status_changes.last() if change_id is not None else None
    if last is not None and last.pk != change_id:
        raise NothingToSend("It was booked anew.")
    return to_patient("booked", appointment_request)


@titled("Your appointment has changed")
def moved(request_id: int, appointment_starts_at: str, event_id: int | None = None) -> Message:
    """Your appointment has a new time, place or clinician. `appointment_starts_at` in ISO form; `event_id` is what
    moved it: a later one has a mail of its own."""
    appointment_request = _with_appointment(request_id, appointment_starts_at)
    last = _last_of_appointment(appointment_request) if event_id is not None else None
    if last is not None and last.pk != event_id:
        raise NothingToSend("It was moved again.")
    at = "appointment_starts_at"
    is_new_time = last is None or last.before.get(at) != last.after.get(at)
    return to_patient("moved", appointment_request, is_new_time=is_new_time)


@titled("An earlier mail was a mistake")
def correction(request_id: int, mail_id: int) -> Message:
    """An earlier mail, the row `mail_id` of the outbox, was a mistake: what holds now. Waits until whoever sends
    that one is done."""
    former = OutgoingMail.objects.select_for_update().filter(pk=mail_id).first()
    if former is None or former.sent_at is None:
        raise NothingToSend("The mail that was a mistake did not go out.")
    return to_patient("correction", find(request_id), mistaken_at=former.sent_at)


@titled("We cannot offer an appointment")
def declined(request_id: int, change_id: int) -> Message:
    """We cannot offer an appointment for this, and what to do instead: what the staff wrote with that move."""
    return _with_message_of_move("declined", request_id, change_id)


@titled("Your request is withdrawn")
def withdrawn(request_id: int) -> Message:
    """Your request is withdrawn."""
    appointment_request = find(request_id)
    if appointment_request.status != RequestStatus.WITHDRAWN:
        raise NothingToSend("The request is not withdrawn any more.")
    return to_patient("withdrawn", appointment_request)


@titled("You told us that it got worse")
def worse_received(request_id: int) -> Message:
    """You told us that it has got worse: when we answer now, and where to get help sooner."""
    return to_patient("worse_received", _that_goes_on(request_id))


@titled("Please give us new times")
def new_dates_needed(request_id: int) -> Message:
    """All times that you gave have passed: please give us new ones."""
    appointment_request = find(request_id)
    if not appointment_request.needs_new_dates(timezone.now()):
        raise NothingToSend("There are new times, or the request is closed.")
    return to_patient("new_dates_needed", appointment_request)


@titled("Your contact details were changed")
def contact_changed(request_id: int, event_id: int) -> Message:
    """Your contact details were changed: to the address that was on file before, which may be another person's."""
    appointment_request = find(request_id)
    event = appointment_request.events.get(pk=event_id)
    address = event.before.get("email", appointment_request.email)
    if not address:
        raise NothingToSend("There was no email address before.")
    if address.lower() == appointment_request.email.lower():
        return to_patient("contact_changed", appointment_request)
    return to_patient("contact_changed", appointment_request, old_address=address)


@titled("We write to this address now")
def new_address(request_id: int, event_id: int) -> Message:
    """We write to this address from now on, and what stands: to the address that was given with `event_id`."""
    appointment_request = _that_goes_on(request_id)
    if appointment_request.events.get(pk=event_id).after.get("email") != appointment_request.email:
        raise NothingToSend("Another address was given since.")
    return to_patient("new_address", appointment_request)


@titled("The link to your page")
def link_again(request_id: int) -> Message:
    """The link to your status page, as you asked."""
    return to_patient("link_again", _that_goes_on(request_id))


def _that_goes_on(request_id: int) -> "AppointmentRequest":
    appointment_request = find(request_id)
    goes_on = {RequestStatus.BOOKED, RequestStatus.UNREACHABLE}
    if not appointment_request.is_open and appointment_request.status not in goes_on:
        raise NothingToSend("The request is closed.")
    return appointment_request


def _with_appointment(request_id: int, appointment_starts_at: str) -> "AppointmentRequest":
    appointment_request = find(request_id)
    if appointment_request.appointment_starts_at != datetime.fromisoformat(appointment_starts_at):
        raise NothingToSend("It is not booked for that time any more.")
    return appointment_request


def _last_of_appointment(appointment_request: "AppointmentRequest") -> "RequestEvent | None":
    """What moved the appointment last, be it by taking the last step back. One query."""
    return appointment_request.events.filter(after__has_any_keys=OF_APPOINTMENT).last()


def _with_message_of_move(template: str, request_id: int, change_id: int) -> Message:
    """Raises NothingToSend when another move has followed."""
    appointment_request = find(request_id)
    change = appointment_request.status_changes.last()
    if change is None or change.pk != change_id:
        raise NothingToSend("Another move has followed.")
    is_the_answer = change.changed_at == appointment_request.answered_at
    return to_patient(template, appointment_request, message=change.message, is_the_answer=is_the_answer)


MAIL_OF_MOVE_TO: Mapping[RequestStatus, Callable[..., Message]] = MappingProxyType(
    {
        RequestStatus.BOOKED: booked,
        RequestStatus.AWAITING_PATIENT: need_something,
        RequestStatus.DECLINED: declined,
        RequestStatus.UNREACHABLE: tried_to_reach,
        RequestStatus.WITHDRAWN: withdrawn,
    }
)


# To the staff: reference numbers and links into the admin alone


@titled("To the staff: look at a request now")
def staff_urgent(request_id: int) -> Message:
    """To the staff: somebody must look at a request now."""
    appointment_request = find(request_id)
    if not models.AppointmentRequest.objects.in_queue().filter(pk=request_id).exists():
        raise NothingToSend("The request waits for nobody any more.")
    subject = f"Please look at request {appointment_request.reference} now"
    return to_staff("staff_urgent", subject, requests=[appointment_request])


@titled("To the staff: promises that come near")
def staff_promise_near(request_ids: list[int]) -> Message:
    """To the staff: promises that are about to be missed."""
    owed = models.AppointmentRequest.objects.owed_an_answer().filter(pk__in=request_ids)
    requests = list(owed.order_by("reply_by"))
    if not requests:
        raise NothingToSend("All of them were answered.")
    return to_staff("staff_promise_near", "Patients wait for an answer that we promised", requests=requests)


@titled("To the staff: the summary of the day")
def staff_daily_summary() -> Message:
    """To the staff: what is open, what is late, what waits for somebody."""
    now = timezone.now()
    in_queue = list(models.AppointmentRequest.objects.in_queue())
    by_urgency = Counter(request.urgency for request in in_queue)
    counts = {
        "In the queue": len(in_queue),
        **{urgency.label: by_urgency[urgency] for urgency in Urgency},
        "Late (the promise has passed)": sum(request.is_late(now) for request in in_queue),
        "Got worse, and nobody has looked yet": sum(request.worse_at is not None for request in in_queue),
        "The patient wrote, and nobody has answered yet": sum(bool(one.patient_wrote_at) for one in in_queue),
        "All preferred times have passed": sum(request.needs_new_dates(now) for request in in_queue),
        "Mails that reached nobody (please call)": OutgoingMail.objects.failed().count(),
    }
    return to_staff("staff_daily_summary", "Appointment requests this morning", counts=counts)
