"""How many requests are taken from one sender. The figures are the clinic's own choice, and for it to confirm.

They are there for programs that send without end, and must never keep out patients. Behind one address there may be
a family, a shelter, a nursing home or a phone company's whole district: twenty in an hour is more than such a place
sends, and far less than a flood. One phone number or mail address may serve several people of a household, or one
person who sends again because something was forgotten: five in a day. Whoever is over it reads the clinic's phone
number, keeps every answer, and can send later.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from clinic.client_address import client_address
from clinic.limits import Limit

ACTION = "send a request"
MOST_PER_ADDRESS, ADDRESS_WINDOW = 20, timedelta(hours=1)
MOST_PER_CONTACT, CONTACT_WINDOW = 5, timedelta(days=1)


def sending_limits(request: HttpRequest, answers: dict[str, Any]) -> list[Limit]:
    """The limits for these answers: of the address that they come from, of the phone and the mail in them."""
    if not settings.SENDING_IS_LIMITED:
        return []
    contacts = [str(answers["phone"] or ""), str(answers["email"] or "").lower()]
    return [
        Limit(ACTION, f"address {client_address(request)}", MOST_PER_ADDRESS, ADDRESS_WINDOW),
        *(Limit(ACTION, contact, MOST_PER_CONTACT, CONTACT_WINDOW) for contact in contacts if contact),
    ]
