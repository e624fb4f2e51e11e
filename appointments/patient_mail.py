"""What every mail to a patient says: where the request stands, by when we answer, and the way to its page.

The templates get these facts and no model: so no mail can name a patient, or say anything of their health.
"""

import html
import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from appointments import models  # as a module: it is being loaded while this is
from appointments.lifecycle import TRANSITIONS, RequestStatus
from appointments.meanwhile import care_meanwhile
from appointments.status_link import token_of
from clinic.models import ClinicProfile
from clinic.outbox import Message, NothingToSend

logger = logging.getLogger(__name__)


def find(request_id: int) -> "models.AppointmentRequest":
    """The request that a mail is about. Raises NothingToSend when it is gone."""
    appointment_request = models.AppointmentRequest.objects.filter(pk=request_id).first()
    if appointment_request is None:
        raise NothingToSend("The request is gone.")
    return appointment_request


def to_patient(
    template: str, appointment_request: "models.AppointmentRequest", *, old_address: str = "", **values: Any
) -> Message:
    """The mail of the templates mail/`template`, in the language of the request, to the address on file.

    An `old_address` is not the patient's any more: a mail to it holds no link, and nothing of where the request
    stands. Moments among the `values` are told in the clinic's zone. Raises NothingToSend when there is no address.
    """
    address = old_address or appointment_request.email
    if not address:
        raise NothingToSend("The patient gave no email address.")
    clinic = ClinicProfile.objects.get()
    with translation.override(appointment_request.language):
        facts: dict[str, Any] = {"reference": appointment_request.reference}
        if not old_address:
            facts |= _facts(appointment_request, clinic, timezone.now())
        values = {
            name: clinic_time(value, clinic) if isinstance(value, datetime) else value
            for name, value in values.items()
        }
        subject = _("Your appointment at %(clinic)s") if "starts" in facts else _("Your request to %(clinic)s")
        return Message.from_templates(
            f"mail/{template}", address, subject % {"clinic": clinic.name}, **facts, **values
        )


def clinic_time(when: datetime, clinic: ClinicProfile) -> str:
    """A moment in the clinic's zone, the zone by name, in the words of the pages."""
    markup = render_to_string("includes/clinic_time.html", {"when": when, "clinic": clinic})
    return html.unescape(strip_tags(markup)).strip()


def _facts(
    appointment_request: "models.AppointmentRequest", clinic: ClinicProfile, now: datetime
) -> dict[str, Any]:
    facts = {
        "standing": _standing(appointment_request.status),
        "is_waiting": appointment_request.status == RequestStatus.AWAITING_PATIENT,
        "promise": _promise(appointment_request, now),
        "meanwhile": care_meanwhile(appointment_request),
        "safety_check": _address("safety_check"),
        **_links(appointment_request),
    }
    if appointment_request.reply_by:
        facts["promised"] = clinic_time(appointment_request.reply_by, clinic)
    if appointment_request.appointment_starts_at:
        facts["starts"] = clinic_time(appointment_request.appointment_starts_at, clinic)
        facts["place"] = appointment_request.appointment_place
        facts["clinician"] = appointment_request.clinician_name or clinic.clinician
    return facts


def _standing(status: str) -> str:
    """What it is at this moment: an appointment, a request, or neither any more."""
    if status == RequestStatus.BOOKED:
        return "appointment"
    return "request" if any(move.from_status == status for move in TRANSITIONS) else "ended"


def _promise(appointment_request: "models.AppointmentRequest", now: datetime) -> str:
    """Whether we owe an answer, as the status page has it: "ahead", "late", or "" when we do not."""
    if appointment_request.is_late(now):
        return "late"
    return "ahead" if appointment_request.reply_by and appointment_request.is_owed_an_answer else ""


def _links(appointment_request: "models.AppointmentRequest") -> dict[str, str]:
    """The whole addresses of what only this patient may see. None, when the secret that made the status link is
    gone: the rest of the mail still counts."""
    try:
        token = token_of(appointment_request.key, appointment_request.token_digest)
    except LookupError as error:
        logger.error("A mail has no link to the status page: %s", error)
        return {}
    links = {"page": "request_status", "calendar": "appointment_calendar"}
    return {name: _address(url_name, token) for name, url_name in links.items()}


def _address(url_name: str, *args: str) -> str:
    """With scheme and host, in the language that is active."""
    return settings.SITE_ADDRESS + reverse(f"appointments:{url_name}", args=args)
