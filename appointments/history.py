"""The record as the whole truth: what the entries alone say of a request, to be held against its row."""

from typing import Any

from appointments.models import AppointmentRequest, RequestEvent, StatusChange
from appointments.models.acting import NO_STEP, NOBODY

# How every request begins, where its first entry does not say so.
AT_FIRST: dict[str, Any] = {
    **NOBODY,
    **NO_STEP,
    "answered_at": None,
    "answered_by": None,
    "answered_after": None,
    "worse_at": None,
    "patient_wrote_at": None,
    "appointment_starts_at": None,
    "appointment_with": None,
    "appointment_place": "",
    "duplicate_of": None,
}
# What the clock notes down beside the record, so that nobody is asked or warned twice.
OF_THE_CLOCK = frozenset({"dates_asked_at", "warned_reply_by"})


def entries_of(appointment_request: AppointmentRequest) -> list[StatusChange | RequestEvent]:
    """The whole record in its order. Two queries."""
    entries: list[StatusChange | RequestEvent] = [
        *appointment_request.status_changes.all(),
        *appointment_request.events.all(),
    ]
    return sorted(entries, key=lambda entry: entry.version)


def replayed(appointment_request: AppointmentRequest) -> dict[str, Any]:
    """What the record alone says of the request: its status, its version, and every field that an entry has set, as
    Python values; people and other requests as primary keys. Two queries."""
    kept: dict[str, Any] = dict(AT_FIRST)
    for entry in entries_of(appointment_request):
        kept |= {name: value for name, value in entry.after.items() if name not in OF_THE_CLOCK}
        kept["version"] = entry.version
        if isinstance(entry, StatusChange):
            kept["status"] = entry.to_status
    return {name: _python(name, value) for name, value in kept.items()}


def as_kept(appointment_request: AppointmentRequest, names: "set[str] | dict[str, Any]") -> dict[str, Any]:
    """The same fields as the row of this object says them. No query."""
    return {name: _row_value(appointment_request, name) for name in names}


def differences(appointment_request: AppointmentRequest) -> dict[str, tuple[Any, Any]]:
    """Where the record and the row of a request disagree: by field, what the record says and what the row does.
    Empty when the record is whole. Two queries."""
    told = replayed(appointment_request)
    kept = as_kept(appointment_request, told)
    return {name: (told[name], kept[name]) for name in told if told[name] != kept[name]}


def _python(name: str, value: Any) -> Any:
    """A value of the record, which is JSON."""
    field = _field(name)
    return getattr(field, "target_field", field).to_python(value)


def _row_value(appointment_request: AppointmentRequest, name: str) -> Any:
    return getattr(appointment_request, _field(name).attname)


def _field(name: str) -> Any:
    return AppointmentRequest._meta.get_field(name)
