"""Texts for patients that staff write once and send often, and the variables in them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Case, IntegerField, Value, When
from django.utils import translation
from django.utils.translation import gettext as _

from appointments.models import AppointmentRequest, CannedReply
from appointments.patient_mail import clinic_time
from clinic.models import ClinicProfile

VARIABLES = ("reference", "phone", "promise", "clinic")
VARIABLE = re.compile(rf"\{{({'|'.join(VARIABLES)})\}}")
# A variable, else what looks like the slip of one, else a brace by itself.
BRACES = re.compile(rf"{VARIABLE.pattern}|\{{[^{{}}\n]{{0,30}}\}}|\{{\s?\w{{0,30}}|\}}")


@dataclass(frozen=True)
class FilledReply:
    """A reply with its variables filled in for one request."""

    pk: int
    title: str
    language: str
    text: str


def stray_braces(text: str) -> list[str]:
    """Every brace that is no part of a variable, in its order and with what stands in it: patients would read it as
    it was typed."""
    return [found[0].strip() for found in BRACES.finditer(text) if found[1] is None]


def filled(reply: CannedReply, appointment_request: AppointmentRequest) -> str:
    """The reply with its variables filled in, in its own language. Braces that name no variable stay as typed; the
    text is no format string. One query."""
    return _filled(reply, _values(appointment_request, reply.language, ClinicProfile.objects.get()))


def replies_for(appointment_request: AppointmentRequest) -> list[FilledReply]:
    """All replies, filled in for this request, those in the patient's language first. Two queries."""
    clinic = ClinicProfile.objects.get()
    is_other = Case(
        When(language=appointment_request.language, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    replies = CannedReply.objects.order_by(is_other, "language", "title")
    values: dict[str, Mapping[str, str]] = {}
    found = []
    for reply in replies:
        if reply.language not in values:
            values[reply.language] = _values(appointment_request, reply.language, clinic)
        text = _filled(reply, values[reply.language])
        found.append(FilledReply(reply.pk, reply.title, reply.get_language_display(), text))
    return found


def with_reply(message: str, replies: Iterable[FilledReply], chosen: str) -> str:
    """The message with the reply of this number below what is there; as it was when there is no such reply."""
    text = next((reply.text for reply in replies if str(reply.pk) == chosen), "")
    return "\n\n".join(part for part in (message.rstrip(), text) if part)


def _values(appointment_request: AppointmentRequest, language: str, clinic: ClinicProfile) -> Mapping[str, str]:
    with translation.override(language):
        promise = appointment_request.standing_promise
        return {
            "reference": appointment_request.reference,
            "phone": clinic.phone_display,
            "promise": clinic_time(promise, clinic) if promise else str(_("as soon as we can")),
            "clinic": clinic.name,
        }


def _filled(reply: CannedReply, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: values[found[1]], reply.body)
