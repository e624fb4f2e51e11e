"""The second look: a routine request with an answer that gives pause comes back once, on the next day that is open.

Which answers are amber is the clinic's own choice of service, for it to confirm, and no clinical rule: none of them
is a red flag. What is one stands in the table of red flags, and makes a request more urgent than routine.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from appointments.lifecycle import MoveRefused, Role, Urgency, triage_role
from appointments.models.answers import Course, LegsAffected, Numbness, WalkingDistance
from appointments.models.record import EventKind, RequestEvent
from clinic.hours import NoWorkingTime, WorkingHours
from clinic.models import clinic_today, working_hours

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from appointments.models import AppointmentRequest

AMBER: Mapping[str, Mapping[str, str]] = {
    "walking_distance": {WalkingDistance.FEW_STEPS: "stops after a few steps"},
    "legs_affected": {LegsAffected.BOTH: "both legs"},
    "numbness": {
        Numbness.NUMBNESS: "numbness or tingling",
        Numbness.WEAKNESS: "weakness",
        Numbness.BOTH: "numbness and weakness",
    },
    "course": {Course.WORSE: "getting worse"},
}


def amber(answers: "Mapping[str, Any] | AppointmentRequest") -> Iterator[str]:
    """The answers of a form, or of a request that was kept, that are a reason to look again, in words. No query."""
    given = answers if isinstance(answers, Mapping) else vars(answers)
    for question, words in AMBER.items():
        if found := words.get(given.get(question) or ""):
            yield found


def second_look_day(
    answers: "Mapping[str, Any] | AppointmentRequest", urgency: int, now: datetime, hours: WorkingHours
) -> date | None:
    """The day on which a request that is sent at `now` with this urgency is looked at again; None for never."""
    return next_open_day(now, hours) if urgency == Urgency.ROUTINE and any(amber(answers)) else None


def second_look_after_lowering(appointment_request: "AppointmentRequest", now: datetime) -> dict[str, Any]:
    """What changes in a request that is made routine at `now`: the day of its second look, when it has an amber
    answer, or any red flag that it was lowered in spite of. At most two queries."""
    if not any(amber(appointment_request)) and not appointment_request.red_flag_answers.exists():
        return {}
    return {"second_look_on": next_open_day(now, working_hours())}


def next_open_day(now: datetime, hours: WorkingHours) -> date:
    """The first day after that of `now`, on the clinic's calendar, on which the clinic opens; the very next one for
    a clinic that has no hours."""
    tomorrow = now.astimezone(hours.zone).date() + timedelta(days=1)
    begins = datetime.combine(tomorrow, time(), hours.zone)
    try:
        return hours.add_working_time(begins, timedelta.resolution).date()
    except NoWorkingTime:
        return tomorrow


def look_again(
    appointment_request: "AppointmentRequest", *, by: "User", roles: frozenset[Role], note: str = ""
) -> RequestEvent:
    """Keep that somebody has looked a second time, from the version that this object was read with.

    Commits it with its entry in the record; the request does not come back. Raises MoveRefused and changes nothing,
    with code `not_your_role`, `no_second_look` when none is due or it was done already, `not_due` before its day,
    `claimed`, or `stale`.
    """
    role = triage_role(roles, "close a second look")
    if appointment_request.second_look_on is None or not appointment_request.is_in_queue:
        raise MoveRefused("no_second_look", "This request waits for no second look.")
    if appointment_request.second_look_on > clinic_today():
        raise MoveRefused("not_due", f"The second look is due on {appointment_request.second_look_on:%B %-d}.")
    return appointment_request.change(EventKind.SECOND_LOOK, by=by, role=role, note=note, second_look_on=None)
