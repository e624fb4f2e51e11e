"""The queue in every width: nobody scrolls sideways to see who has a request, and no word of a badge breaks."""

import datetime
from collections.abc import Callable

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page

from appointments.claims import take
from appointments.duplicates import link
from appointments.lifecycle import NextStep, Role, Urgency
from appointments.models import AppointmentRequest
from appointments.plan import plan
from appointments.worse import report_worse
from clinic.models import OutgoingMail, clinic_today
from tests.appointments.following import kept, make_late
from tests.journeys.inspection import IS_WIDER
from tests.journeys.steps import QUEUE, sign_in

WIDTHS = (390, 1024, 1280, 1920)  # px
CLINICIAN = frozenset({Role.CLINICIAN})
LONG_NAME = "Maximiliana Wolfeschlegelsteinhausen-Featherstonehaugh de la Santísima Trinidad"
# Badges whose words are on more lines than they have words: one of them was broken within.
BROKEN = """[...document.querySelectorAll('#result_list .badge')].filter(badge => {
    const range = document.createRange();
    range.selectNodeContents(badge);
    const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
    return lines.size > badge.textContent.trim().split(/\\s+/).length;
}).map(badge => badge.textContent)"""


def mixed_rows(me: User, other: User) -> list[AppointmentRequest]:
    """Requests with whatever makes a row long, as on an ordinary day that is bad in every way."""
    now = timezone.now()
    other.first_name, other.last_name = "Bartholomew", "Featherstonehaugh"
    other.save()
    names = ("Alma Ortega", LONG_NAME, "Karim Nassar", "Farah Haddad", "Lupe Marín", "Otto Brandt", "Priya Raman")
    flags = (("both-legs",), (), ("fever",), (), ("calf-pain",), (), ())
    rows = [
        kept(*keys, full_name=name, birth_date=datetime.date(1950 + number, 3, 27))
        for number, (name, keys) in enumerate(zip(names, flags, strict=True))
    ]
    report_worse(rows[2], [], "Since last night.")
    make_late(rows[1])
    AppointmentRequest.objects.filter(pk=rows[0].pk).update(urgency=Urgency.EMERGENCY)
    AppointmentRequest.objects.filter(pk__in=[rows[1].pk, rows[3].pk]).update(
        patient_wrote_at=now, windows_end_at=now, spoken_language="other", other_language="Haitian Creole"
    )
    OutgoingMail.objects.about(rows[4].topic).update(failed_at=now, failure="The mailbox is full.")
    twin = kept(full_name="Otto Brandt", birth_date=datetime.date(1955, 3, 27))
    for row in (*rows, twin):
        row.refresh_from_db()
    link(twin, rows[5], by=me, roles=CLINICIAN, note="Same voice.")
    for row in (rows[1], rows[2]):
        take(row, by=other, roles=CLINICIAN)
        plan(row, NextStep.GET_RECORDS, clinic_today(), other, by=other, roles=CLINICIAN)
    take(rows[4], by=me, roles=CLINICIAN)
    return rows


def test_queue_with_a_mix_of_long_rows_never_scrolls_sideways(
    site: str, page: Page, staff: Callable[..., User]
) -> None:
    mixed_rows(staff("clinician"), staff("reception", "other"))
    kept(status="awaiting_patient", birth_date=datetime.date(1940, 1, 1))
    sign_in(page, site, "clinician")
    faults = []
    for query in ("", "?tab=mine", "?status=all"):
        page.goto(f"{site}{QUEUE}{query}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate(IS_WIDER):
                faults.append(f"{query or 'open'}, {width} px: scrolls sideways")
            if broken := page.evaluate(BROKEN):
                faults.append(f"{query or 'open'}, {width} px: broken words {broken}")
    assert not faults, "\n".join(faults)
