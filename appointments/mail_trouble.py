"""Whether our mail reaches the patient of a request."""

from collections.abc import Collection

from django.db.models import Q

from appointments import emails
from appointments.models import AppointmentRequest, ContactAttempt, EventKind, Outcome, RequestEvent
from clinic.models import OutgoingMail

TO_STAFF = Q(function__startswith=f"{emails.__name__}.staff_")
# A mail to an address that is not the patient's any more.
TO_FORMER_ADDRESS = Q(function=f"{emails.__name__}.{emails.contact_changed.__name__}")


def undelivered_mails(appointment_requests: Collection[AppointmentRequest]) -> dict[int, OutgoingMail]:
    """The last mail to the patient of each of them, by primary key, where it failed for good and no other address
    was given since. One query, or two when some have failed, however many requests there are."""
    by_topic = {appointment_request.topic: appointment_request.pk for appointment_request in appointment_requests}
    to_them = OutgoingMail.objects.filter(topic__in=by_topic).exclude(TO_STAFF | TO_FORMER_ADDRESS)
    last = to_them.exclude(sent_at=None, failed_at=None).order_by("topic", "-id").distinct("topic")
    failed = {by_topic[mail.topic]: mail for mail in last if mail.failed_at is not None}
    if failed:
        changes = RequestEvent.objects.filter(kind=EventKind.CONTACT_CHANGED, appointment_request__in=failed)
        for event in changes:
            mail, changed = failed.get(event.appointment_request_id), event.before.get("email")
            if (
                mail
                and mail.failed_at
                and mail.failed_at <= event.changed_at
                and changed != event.after.get("email")
            ):
                del failed[event.appointment_request_id]
    return failed


def unreached() -> list[tuple[AppointmentRequest, OutgoingMail]]:
    """Whom our last mail did not reach, and nobody has spoken with since, the latest failure first; with that mail.

    One query while no mail has failed, else at most five.
    """
    topics = OutgoingMail.objects.failed().exclude(TO_STAFF | TO_FORMER_ADDRESS).values_list("topic", flat=True)
    keys = {int(pk) for topic in topics if (pk := topic.rpartition(":")[2]).isdecimal()}
    requests = AppointmentRequest.objects.in_bulk(keys)
    trouble = undelivered_mails(requests.values()) if requests else {}
    spoken = ContactAttempt.objects.standing().filter(outcome=Outcome.REACHED, appointment_request__in=trouble)
    for key, at in spoken.values_list("appointment_request", "event__changed_at") if trouble else ():
        if key in trouble and at >= (trouble[key].failed_at or at):
            del trouble[key]
    latest_first = sorted(trouble, key=lambda key: (trouble[key].failed_at, key), reverse=True)
    return [(requests[key], trouble[key]) for key in latest_first]


def mail_does_not_arrive(appointment_request: AppointmentRequest) -> bool:
    """True when the patient has to be told so on the page, and called by the staff."""
    return bool(undelivered_mails([appointment_request]))
