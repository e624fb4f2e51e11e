"""From where a request comes, as far as a limit needs to know."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"


def client_address(request: HttpRequest) -> str:
    """The sender's IPv4 address, or the /64 network of an IPv6 address: one home or phone has all of it.

    Without a proxy, who is connected. Behind ours, the last address of X-Forwarded-For: the only one in it that our
    proxy wrote, since a sender can put any other before it. "unknown" for what is no address. Personal data: for
    a limit's digest only, not to be logged or stored.
    """
    given = str(request.META.get("REMOTE_ADDR", ""))
    if settings.BEHIND_TLS_PROXY:
        given = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2]
    try:
        address = ipaddress.ip_address(given.strip())
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))
