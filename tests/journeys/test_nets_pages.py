"""The pages of the safety nets, and of a request with its duplicates, at every width: WCAG 2.2 AA."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page

from appointments.duplicates import link
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest
from clinic.models import OutgoingMail, clinic_today
from tests.appointments.following import kept
from tests.journeys.inspection import MOUSE, Inspection
from tests.journeys.steps import QUEUE, sign_in


def test_pages_of_the_nets(site: str, page: Page, staff: Callable[[str], User]) -> None:
    reception = staff("reception")
    original, duplicate, alike = kept(course="worse"), kept(full_name="Tessa Patient"), kept(numbness="weakness")
    link(
        duplicate,
        AppointmentRequest.objects.get(pk=original.pk),
        by=reception,
        roles=frozenset({Role.RECEPTION}),
        note="Same voice.",
    )
    AppointmentRequest.objects.update(second_look_on=clinic_today())
    OutgoingMail.objects.about(alike.topic).update(failed_at=timezone.now(), failure="550 5.1.1 no such mailbox.")
    inspection = Inspection(page, smallest_target=MOUSE)
    sign_in(page, site, "reception")
    for name, path in (
        ("second looks", f"{QUEUE}second-look/"),
        ("left behind", f"{QUEUE}left-behind/"),
        ("mail that reached nobody", f"{QUEUE}unreached/"),
        ("an original", f"{QUEUE}{original.pk}/change/"),
        ("a duplicate", f"{QUEUE}{duplicate.pk}/change/"),
        ("a look-alike", f"{QUEUE}{alike.pk}/change/"),
    ):
        page.goto(site + path)
        for summary in page.locator(".same-person summary").all():
            summary.click()
        inspection.look(name)
    inspection.assert_fine()
