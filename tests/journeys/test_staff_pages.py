"""Every page of the triage in three sizes; then a booking by keyboard alone, and one without JavaScript."""

import datetime
from collections.abc import Callable

from django.contrib.auth.models import Group, User
from playwright.sync_api import Locator, Page, expect

from appointments.claims import take
from appointments.lifecycle import RequestStatus, Role
from appointments.models import AppointmentRequest, CannedReply
from clinic.models import clinic_today
from tests.appointments.following import kept
from tests.appointments.moves import let_go
from tests.appointments.test_admin import in_days
from tests.browser import Faults
from tests.journeys.inspection import MOUSE, SIZES, Inspection
from tests.journeys.keyboard import Keyboard
from tests.journeys.steps import QUEUE, press, sign_in
from tests.staff import PASSWORD

BOOKED = "is now “Booked”"
CLINICIAN = frozenset({Role.CLINICIAN})
REPLIES = "/admin/appointments/cannedreply/"
LISTS = ("tab=mine", "tab=unclaimed", "tab=today", "status=all")


class Desk:
    """The staff's browser over a desk with one request of each kind."""

    def __init__(self, site: str, page: Page, user: User) -> None:
        self.site, self.page, self.user = site, page, user
        self.inspection = Inspection(page, smallest_target=MOUSE, looks=SIZES)

    def look(self, state: str) -> None:
        """At the page that is open now, in all sizes."""
        self.inspection.look(state, is_page_of_its_own=False)

    def visit(self, path: str, state: str) -> None:
        """Go there, and look."""
        response = self.page.goto(self.site + path)
        assert response is not None and response.ok, f"{path}: {response and response.status}"
        self.look(state)

    def record(self, appointment_request: AppointmentRequest, state: str) -> None:
        """Look at the record of this one."""
        self.visit(f"{QUEUE}{appointment_request.pk}/change/", state)

    def move(self, status: str) -> Locator:
        """The form of this move on the record that is open."""
        return self.page.locator(f'form[action$="/move/{status}/"]')


def test_every_page_of_the_triage_in_three_sizes(
    site: str, page: Page, faults: Faults, staff: Callable[..., User]
) -> None:
    faults.expect("status of 409")
    clinician = staff("clinician")
    clinician.groups.add(Group.objects.get(name="manager"))
    desk = Desk(site, page, clinician)
    desk.visit("/admin/", "log-in")
    sign_in(page, site, "clinician")
    desk.look("first page")
    desk.visit(QUEUE, "queue, empty")
    _look_at_requests(desk, staff("clinician", "ade"))
    _look_at_lists(desk)
    _look_at_what_is_beside(desk)
    press(page, "Log out")
    desk.look("log-out")
    desk.inspection.assert_fine()


def _look_at_requests(desk: Desk, other: User) -> None:
    """Records in each state that asks for something else, and what stands after a refusal."""
    fresh, of_other, reviewed = kept("fever", full_name="Frida Fresh"), kept(), kept(status="in_review")
    take(of_other, by=other, roles=CLINICIAN)
    desk.record(fresh, "record, fresh")
    desk.record(of_other, "record that somebody else has")
    desk.record(kept(status="awaiting_patient"), "record, awaiting the patient")
    desk.record(kept(status="booked", birth_date=datetime.date(1950, 1, 1)), "record, booked")
    desk.record(kept(status="duplicate"), "record, a duplicate, with the way to unlink it")

    desk.page.goto(f"{desk.site}{QUEUE}{fresh.pk}/change/")
    take(fresh, by=other, roles=CLINICIAN)
    let_go(fresh)
    press(desk.page, "Start review")
    desk.look("record after a stale step (409)")
    desk.record(reviewed, "record, in review, with look-alikes and the way to link them")
    desk.move("declined").get_by_role("button", name="Show the mail").click()
    desk.look("record after a step with a mistake (422)")
    press(desk.page, "Log it")
    desk.look("record after a call without an outcome (422)")
    _book_on(desk.page, at_half_past_ten())
    expect(desk.page.get_by_text("Nothing has gone out yet")).to_be_visible()
    desk.look("mail before it goes")


def _look_at_lists(desk: Desk) -> None:
    """The queue in its tabs, with a saved view, what was found, what was handed over, and the safety nets."""
    page = desk.page
    AppointmentRequest.objects.filter(full_name="Frida Fresh").update(second_look_on=clinic_today())
    desk.visit(QUEUE, "queue")
    for choice in LISTS:
        desk.visit(f"{QUEUE}?{choice}", f"queue, {choice}")
    page.get_by_label("Keep this view as").fill("All that I look after")
    press(page, "Keep")
    expect(page.get_by_text("Kept as")).to_be_visible()
    desk.look("queue with a saved view")
    for sought, state in (("Frida", "what was found"), ("nobody.like@this.example", "nothing was found")):
        page.goto(desk.site + QUEUE)
        page.get_by_label("Find a request").fill(sought)
        press(page, "Find")
        desk.look(state)
    page.goto(desk.site + QUEUE)
    for box in page.get_by_role("checkbox", name="Tick").all():
        box.check()
    page.get_by_label("Assign or hand over to").select_option("ade")
    press(page, "Hand over")
    expect(page.get_by_role("heading", name="not handed over")).to_be_visible()
    desk.look("bulk result")
    for address in ("second-look/", "left-behind/"):
        desk.visit(QUEUE + address, address)


def _look_at_what_is_beside(desk: Desk) -> None:
    """Calendar, its addresses, numbers, keys, and the texts that are sent often."""
    for address in ("numbers/", "day/", "keys/", "day/feed/"):
        desk.visit(QUEUE + address, address)
    press(desk.page, "Make an address for clinician")
    desk.look("a new address of a calendar")
    letter = CannedReply.objects.create(title="Letter", language="en", body="Please send us your letter.")
    desk.visit(REPLIES, "canned replies")
    desk.visit(f"{REPLIES}add/", "form of a canned reply")
    press(desk.page, "Save")
    desk.look("form of a canned reply, with mistakes")
    desk.page.goto(f"{desk.site}{REPLIES}{letter.pk}/change/")
    CannedReply.objects.filter(pk=letter.pk).update(body="Please bring us your letter.")
    desk.page.get_by_label("Title").fill("Letters")
    press(desk.page, "Save")
    expect(desk.page.get_by_role("heading", name="saved this reply first")).to_be_visible()
    desk.look("canned reply that somebody else has saved (409)")
    desk.visit("/admin/", "first page, with all that waits")


def at_half_past_ten() -> datetime.datetime:
    """10:30 on the clinic's clock, in eight days on which it is open."""
    return in_days(8).replace(minute=30)


def _book_on(page: Page, starts_at: datetime.datetime) -> None:
    """Fill in the form of the booking, and have its mail shown."""
    form = page.locator('form[action$="/move/booked/"]')
    form.get_by_label("Date of the appointment").fill(f"{starts_at:%Y-%m-%d}")
    form.get_by_label("Time of the appointment").fill(f"{starts_at:%H:%M}")
    form.get_by_label("With").select_option("clinician")
    form.get_by_role("button", name="Show the mail").click()


def assert_booked(appointment_request: AppointmentRequest, clinician: User, starts_at: datetime.datetime) -> None:
    """At this time, with this clinician."""
    appointment_request.refresh_from_db()
    assert appointment_request.status == RequestStatus.BOOKED
    assert appointment_request.appointment_with == clinician
    assert appointment_request.appointment_starts_at == starts_at


def test_from_sign_in_to_booking_with_the_keyboard_alone(site: str, page: Page, staff: Callable[..., User]) -> None:
    clinician, starts_at = staff("clinician"), at_half_past_ten()
    appointment_request = kept(full_name="Kai Boardman")
    keyboard = Keyboard(page)
    page.goto(site + "/admin/")
    keyboard.type("clinician")
    keyboard.tab_to("Password")
    keyboard.type(PASSWORD)
    keyboard.press_and_go()
    keyboard.tab_to("1 open request")
    keyboard.press_and_go()
    keyboard.tab_to("Take next")
    keyboard.press_and_go("n")  # a letter does the same as Enter on the button

    expect(page.get_by_role("heading", name="Kai Boardman")).to_be_visible()
    keyboard.tab_to("Start review")
    keyboard.press_and_go()
    keyboard.tab_to("Date of the appointment")
    keyboard.type(f"{starts_at:%m%d%Y}")
    keyboard.tab_to("Time of the appointment")
    keyboard.type("1030AM")
    keyboard.tab_to("With")
    keyboard.type("clin")
    keyboard.tab_to("Place")
    keyboard.type("Room 2")
    keyboard.tab_to("Note")
    keyboard.tab_to("Show the mail")
    keyboard.press_and_go()
    keyboard.tab_to("Confirm and send the mail")
    keyboard.press_and_go()
    expect(page.get_by_text(BOOKED)).to_be_visible()
    assert_booked(appointment_request, clinician, starts_at)


def test_from_sign_in_to_booking_without_javascript(
    site: str, open_page: Callable[..., Page], staff: Callable[..., User]
) -> None:
    clinician, starts_at = staff("clinician"), at_half_past_ten()
    appointment_request = kept(full_name="Nora Scriptless")
    page = open_page(java_script_enabled=False)
    sign_in(page, site, "clinician")
    page.get_by_role("link", name="1 open request").click()
    press(page, "Take next")
    press(page, "Start review")
    _book_on(page, starts_at)
    press(page, "Confirm and send the mail")
    expect(page.get_by_text(BOOKED)).to_be_visible()
    assert_booked(appointment_request, clinician, starts_at)
