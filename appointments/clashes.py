"""What speaks against an appointment at a time: who is elsewhere then, and that the clinic is closed."""

import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.models import User as StaffMember
from django.db.models import Q
from django.utils import timezone

from appointments.calendar_file import BLOCKED
from appointments.lifecycle import RequestStatus
from appointments.models import AppointmentRequest
from appointments.models.name_keys import words_of
from appointments.roles import clinicians, name_of
from clinic.models import working_hours

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet


def clashes(
    clinician: "User", starts_at: datetime.datetime, *, besides: AppointmentRequest
) -> "QuerySet[AppointmentRequest]":
    """The booked appointments of this clinician that begin within BLOCKED of `starts_at`, an aware time, in their
    order; `besides` the one that is about to be booked or moved."""
    return _near(starts_at, besides).filter(appointment_with=clinician)


def clashes_in_words(
    appointment_request: AppointmentRequest, clinician: "User | None", starts_at: datetime.datetime
) -> list[str]:
    """Who is elsewhere at `starts_at`, an aware time, if the appointment is with this clinician or with nobody that
    is named yet: a sentence for each reason.

    The clinician has another appointment; or as many stand at that time as there are clinicians, whoever is named;
    or the same patient has one. Two queries. Until the transaction ends, nobody else learns of a free time.
    """
    staff = _lock_clinicians(clinician)
    others = list(_near(starts_at, appointment_request))
    found = []
    own = next((one for one in others if clinician and one.appointment_with_id == clinician.pk), None)
    if clinician and own:
        found.append(f"{name_of(staff[clinician.pk])} has an appointment at {_clock(own)} on that day: {own}.")
    elif staff and _clinicians_needed(others, starts_at) >= len(staff):
        found.append(f"No clinician is free then: {', '.join(f'{one} at {_clock(one)}' for one in others)}.")
    same = next((one for one in others if _is_same_person(one, appointment_request)), None)
    if same:
        found.append(f"The same patient has an appointment at {_clock(same)} on that day: {same}.")
    return found


def closed_in_words(starts_at: datetime.datetime) -> list[str]:
    """A sentence when the clinic is closed at `starts_at`; none where it has no opening hours. One query."""
    hours = working_hours()
    if not hours.periods or hours.open_until(starts_at) is not None:
        return []
    here = starts_at.astimezone(hours.zone)
    return [f"The clinic is closed on {here:%A, %B %-d} at {here:%-I:%M %p %Z}."]


def _lock_clinicians(also: "User | None") -> "dict[int, User]":
    """Whoever sees patients, locked in the order of their ids, so that whoever books at the same time waits."""
    sees_patients = Q(pk__in=clinicians().order_by().values("pk")) | Q(pk=also.pk if also else None)
    people = StaffMember.objects.filter(sees_patients).order_by("pk")
    return {person.pk: person for person in people.select_for_update(no_key=True)}


def _near(starts_at: datetime.datetime, besides: AppointmentRequest) -> "QuerySet[AppointmentRequest]":
    booked = AppointmentRequest.objects.filter(
        status=RequestStatus.BOOKED,
        appointment_starts_at__gt=starts_at - BLOCKED,
        appointment_starts_at__lt=starts_at + BLOCKED,
    )
    return booked.exclude(pk=besides.pk).order_by("appointment_starts_at", "id")


def _clinicians_needed(others: list[AppointmentRequest], starts_at: datetime.datetime) -> int:
    """How many have an appointment. Of those with nobody named, one before and one after may be with the same."""
    named = {one.appointment_with_id for one in others} - {None}
    is_before = [
        (one.appointment_starts_at or starts_at) <= starts_at for one in others if one.appointment_with_id is None
    ]
    return len(named) + max(is_before.count(True), is_before.count(False))


def _is_same_person(one: AppointmentRequest, other: AppointmentRequest) -> bool:
    """Linked to each other; or born on one day, and with the same name in any order, number or address."""
    if one.same_person_as_id == other.pk or other.same_person_as_id == one.pk:
        return True
    return one.birth_date == other.birth_date and (
        sorted(words_of(one.full_name)) == sorted(words_of(other.full_name))
        or bool(one.phone and one.phone == other.phone)
        or bool(one.email and one.email.lower() == other.email.lower())
    )


def _clock(one: AppointmentRequest) -> str:
    return f"{timezone.localtime(one.appointment_starts_at):%-I:%M %p %Z}"
