"""A clinician's appointments at a secret address, for a calendar program to read again and again.

The address is made by chance and shown once. Whoever has it reads the calendar, so the calendar tells nothing of
patients, and a new address ends the old one.
"""

import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from appointments.calendar_file import clinicians_file
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest, CalendarFeed
from appointments.roles import roles_of
from appointments.status_link import new_token, token_digest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

KEPT = datetime.timedelta(days=30)  # how long an appointment stays after its time


def read_feed(token: str, now: datetime.datetime) -> bytes | None:
    """The calendar at this secret address as a file: the last 30 days, and all that is to come.

    None when there is no such address, or its clinician can no longer sign in or is no clinician any more. One
    query for an unknown address; three for a known one, however much is booked.
    """
    feed = CalendarFeed.objects.with_token(token).first()
    if feed is None or Role.CLINICIAN not in roles_of(feed.clinician):
        return None
    return clinicians_file(
        AppointmentRequest.objects.appointments_from(now - KEPT).with_clinician(feed.clinician), now
    )


def may_keep_feed(user: "User", clinician: "User") -> bool:
    """True for one's own calendar, as a clinician, and for managers."""
    roles = roles_of(user)
    return Role.MANAGER in roles or (user == clinician and Role.CLINICIAN in roles)


def make_feed(clinician: "User", *, by: "User") -> str:
    """Give a clinician a new secret address; returns its token, which can never be had again.

    In one transaction: the address, in place of the old one, which ends, and a line in the staff's log. Raises
    PermissionDenied for whoever may not, and for somebody who is no clinician.
    """
    if not may_keep_feed(by, clinician) or Role.CLINICIAN not in roles_of(clinician):
        raise PermissionDenied
    token = new_token(uuid4())
    values = {"token_digest": token_digest(token), "made_at": timezone.now(), "made_by": by}
    with transaction.atomic():
        feed, is_new = CalendarFeed.objects.update_or_create(values, clinician=clinician)
        words = "Made a calendar address." if is_new else "Made a new calendar address; the old one ended."
        _note(feed, by, ADDITION if is_new else CHANGE, words)
    return token


def end_feed(clinician: "User", *, by: "User") -> bool:
    """End a clinician's secret address; returns False when there was none.

    In one transaction with a line in the staff's log. Raises PermissionDenied for whoever may not.
    """
    if not may_keep_feed(by, clinician):
        raise PermissionDenied
    with transaction.atomic():
        feed = CalendarFeed.objects.select_for_update().filter(clinician=clinician).first()
        if feed is None:
            return False
        _note(feed, by, DELETION, "Ended a calendar address.")
        feed.delete()
    return True


def _note(feed: CalendarFeed, by: "User", flag: int, words: str) -> None:
    LogEntry.objects.log_actions(by.pk, [feed], flag, words, single_object=True)
