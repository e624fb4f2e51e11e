"""The queue by keyboard alone, and what its pages say while somebody else is at work."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from appointments import claims
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest
from tests.appointments.patients import sent
from tests.browser import axe_violations
from tests.journeys.inspection import MOUSE, Inspection
from tests.journeys.steps import QUEUE, patients_in_queue, press, sign_in

Staff = Callable[[str], User]


def test_queue_by_keys_alone(site: str, page: Page, staff: Staff) -> None:
    staff("reception")
    for number, name in enumerate(("Ada First", "Ben Second", "Cy Third")):
        sent(Client(), full_name=name, birth_date_year=f"{1950 + number}")
    sign_in(page, site, "reception")
    page.goto(site + QUEUE)
    expect(patients_in_queue(page)).to_have_text(["Ada First", "Ben Second", "Cy Third"])
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Ben Second")).to_be_focused()
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Ben Second")).to_be_visible()
    page.go_back()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("n")  # the sheet is open: nothing is taken
    page.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.reload()
    page.keyboard.press("n")
    assert AppointmentRequest.objects.filter(claimed_by__isnull=False).count() == 0
    page.get_by_role("link", name="Keyboard shortcuts").click()
    page.get_by_label("Single keys are on").check()
    page.keyboard.press("Escape")
    page.locator("#hand-over-note").press("n")  # typed, not pressed
    expect(page.locator("#hand-over-note")).to_have_value("n")
    page.locator("#hand-over-note").blur()
    page.keyboard.press("n")
    expect(page.get_by_text("You have this request.")).to_be_visible()
    assert AppointmentRequest.objects.filter(claimed_by__username="reception").count() == 1


def test_open_page_says_when_somebody_else_takes_the_request(site: str, page: Page, staff: Staff) -> None:
    staff("reception")
    other, row = staff("clinician"), sent(Client())
    sign_in(page, site, "reception")
    page.clock.install()
    page.goto(f"{site}{QUEUE}{row.pk}/change/")
    banner = page.get_by_role("region", name="Who has this request")
    expect(banner).to_contain_text("Nobody has this request.")
    expect(banner.get_by_text("The request has changed")).to_be_hidden()
    claims.take(row, by=other, roles=frozenset({Role.CLINICIAN}))
    page.clock.run_for(21_000)
    expect(banner.get_by_role("status")).to_contain_text("clinician has this request now.")
    expect(banner.get_by_text("The request has changed")).to_be_visible()


def test_queue_looks_right_and_works_without_scripts(
    site: str, page: Page, open_page: Callable[..., Page], staff: Staff
) -> None:
    inspection = Inspection(page, smallest_target=MOUSE)
    staff("reception")
    other = staff("clinician")
    rows = [sent(Client(), "fever", birth_date_year=f"{1950 + number}") for number in range(3)]
    claims.take(rows[2], by=other, roles=frozenset({Role.CLINICIAN}))
    sign_in(page, site, "reception")
    page.goto(site + QUEUE)
    inspection.look("queue with holder")
    page.keyboard.press("?")
    assert axe_violations(page) == []
    page.goto(f"{site}{QUEUE}?tab=open&urgency=2")
    page.get_by_label("Keep this view as").fill("Urgent ones")
    press(page, "Keep")
    inspection.look("a view is kept", is_page_of_its_own=False)
    page.goto(f"{site}{QUEUE}{rows[2].pk}/change/")
    inspection.look("request that somebody else has")
    page.goto(f"{site}{QUEUE}keys/")
    inspection.look("page of the keys")
    plain = open_page(java_script_enabled=False)
    sign_in(plain, site, "reception")
    plain.goto(site + QUEUE)
    plain.get_by_role("button", name=f"Take {rows[0].reference}").click()
    expect(plain.get_by_text("You have this request.")).to_be_visible()
    press(plain, "Give back")
    plain.goto(site + QUEUE)
    plain.get_by_label(f"Tick {rows[0].reference}").check()
    plain.get_by_label(f"Tick {rows[2].reference}").check()
    plain.get_by_label("Assign or hand over to").select_option("clinician")
    press(plain, "Hand over")
    expect(plain.get_by_text("1 now with clinician")).to_be_visible()
    expect(plain.get_by_text("1 not handed over")).to_be_visible()
    plain.goto(site + QUEUE)
    press(plain, "Take next")
    expect(plain.get_by_text("You have this request.")).to_be_visible()
    inspection.assert_fine()
