"""When somebody else was faster, or has the request: what is kept now beside what this person tried."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from appointments.admin.timeline import Entry
from appointments.admin.words import Names, label_of, names_in, words
from appointments.lifecycle import MoveRefused
from appointments.models import AppointmentRequest
from appointments.models.record import as_recorded
from appointments.staff_forms import SeenForm

REFUSED_FOR_OTHERS = frozenset({"stale", "claimed"})
# What the left side tells of a request as it stands.
KEPT = (
    *("status", "urgency", "appointment_starts_at", "appointment_with", "appointment_place"),
    *("next_step", "next_step_on", "next_step_by", "duplicate_of"),
)
NOT_TYPED = {"csrfmiddlewaretoken", "version", "button", "reply"}


@dataclass(frozen=True)
class BothVersions:
    """Both sides: what is kept and what has happened since the page was opened, and what was tried."""

    kept: list[tuple[str, str]]
    since: list[Entry]
    tried: list[tuple[str, str]]


def both_versions(
    request: HttpRequest,
    appointment_request: AppointmentRequest,
    refusal: MoveRefused | None,
    entries: Iterable[Entry],
    form: SeenForm | None,
) -> BothVersions | None:
    """Both sides after a refusal for somebody else's sake, None after any other.

    `form` is what was filled in; where there is none, the fields stand under their own names. At most two queries.
    """
    if refusal is None or refusal.code not in REFUSED_FOR_OTHERS:
        return None
    seen = request.POST.get("version", "")
    version = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else appointment_request.version
    return BothVersions(
        kept=_kept(appointment_request),
        since=[entry for entry in entries if entry.version > version],
        tried=list(form.typed()) if form is not None else typed_in(request),
    )


def typed_in(request: HttpRequest, names: Collection[str] | None = None) -> list[tuple[str, str]]:
    """What was sent with a form, by the names of its fields: all of them, or these."""
    sent = request.POST.items() if names is None else [(name, request.POST.get(name, "")) for name in names]
    return [
        (name.replace("_", " ").capitalize(), text)
        for name, value in sent
        if name not in NOT_TYPED and (text := str(value).strip())
    ]


def _kept(appointment_request: AppointmentRequest) -> list[tuple[str, str]]:
    now: dict[str, Any] = as_recorded({name: getattr(appointment_request, name) for name in KEPT})
    names: Names = names_in([now])
    return [(label_of(name), words(name, value, names)) for name, value in now.items() if value not in ("", None)]
