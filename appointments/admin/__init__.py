"""The queue of appointment requests inside the stock admin: who is next, the record, and what staff may do."""

from appointments.admin.accounts import AccountAdmin
from appointments.admin.canned_reply import CannedReplyAdmin
from appointments.admin.request import AppointmentRequestAdmin

__all__ = ["AccountAdmin", "AppointmentRequestAdmin", "CannedReplyAdmin"]
