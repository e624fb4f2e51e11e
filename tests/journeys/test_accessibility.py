"""Every page and every state of a form, at two widths, in light and dark: WCAG 2.2 AA, and rules of our own."""

import datetime
from collections.abc import Callable

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from appointments.lifecycle import RequestStatus, Role, Urgency
from appointments.models import AppointmentRequest
from conditions.models import Article
from tests.appointments.moves import prepare
from tests.appointments.patients import sent
from tests.browser import Faults
from tests.journeys.inspection import MOUSE, Inspection
from tests.journeys.steps import (
    QUEUE,
    Patient,
    answer_safety_check,
    ask_from_the_article,
    box,
    fill_in,
    heading,
    make_mistakes_in_folded_parts,
    mend_what_is_folded_away,
    press,
    sign_in,
)

WAYS: dict[RequestStatus, tuple[RequestStatus, ...]] = {
    RequestStatus.RECEIVED: (),
    RequestStatus.IN_REVIEW: (RequestStatus.IN_REVIEW,),
    RequestStatus.AWAITING_PATIENT: (RequestStatus.IN_REVIEW, RequestStatus.AWAITING_PATIENT),
    RequestStatus.BOOKED: (RequestStatus.IN_REVIEW, RequestStatus.BOOKED),
    RequestStatus.DECLINED: (RequestStatus.IN_REVIEW, RequestStatus.DECLINED),
    RequestStatus.UNREACHABLE: (RequestStatus.IN_REVIEW, RequestStatus.UNREACHABLE),
    RequestStatus.DUPLICATE: (RequestStatus.IN_REVIEW, RequestStatus.DUPLICATE),
    RequestStatus.WITHDRAWN: (RequestStatus.WITHDRAWN,),
}


def one_in_each_status(clinician: User) -> dict[RequestStatus, AppointmentRequest]:
    """A request in every status there is, the first of them an emergency, with all that a record can hold."""
    requests = {}
    for status in RequestStatus:
        flags = ("chest-pain", "fever", "calf-pain") if status == RequestStatus.RECEIVED else ()
        requests[status] = sent(Client(), *flags, full_name=f"Patient {status.label}")
        for step in WAYS[status]:
            more = prepare(requests[status], step, clinician)
            requests[status].move_to(
                step,
                by=clinician,
                roles=frozenset({Role.CLINICIAN}),
                note="A note about this.",
                message="Please ask your family doctor." if step in {"awaiting_patient", "declined"} else "",
                appointment_starts_at=timezone.now() + datetime.timedelta(days=8) if step == "booked" else None,
                **more,
            )
    return requests


def make_late(appointment_request: AppointmentRequest) -> None:
    """As if it had been sent ten days ago and promised for the day after."""
    sent_at = timezone.now() - datetime.timedelta(days=10)
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(
        received_at=sent_at, reply_by=sent_at + datetime.timedelta(days=1)
    )


def test_pages_to_read(site: str, page: Page, faults: Faults) -> None:
    faults.expect("status of 404")
    inspection = Inspection(page)
    articles = [article.get_absolute_url() for article in Article.objects.published()]
    assert len(articles) == 15
    for path in ("/", "/conditions/", *articles, "/privacy/", "/accessibility/", "/no-such-page/"):
        page.goto(site + path)
        inspection.look(path)
    inspection.assert_fine()


def test_states_of_the_forms(site: str, page: Page, faults: Faults) -> None:
    faults.expect("status of 409")
    faults.expect("status of 503")
    inspection = Inspection(page)

    ask_from_the_article(page, site)
    inspection.look("safety check")
    press(page, "Continue")
    inspection.look("safety check without an answer")
    page.get_by_label("None of these").check()
    answer_safety_check(page, "chest pain")
    inspection.look("safety check with two answers", is_page_of_its_own=False)
    page.get_by_label("None of these").uncheck()
    press(page, "Continue")
    inspection.look("help")
    press(page, "Continue to the request form")
    inspection.look("help, not checked")

    ask_from_the_article(page, site)
    answer_safety_check(page, "a high temperature or chills")
    inspection.look("form, with an urgent sign")
    press(page, "Check your answers")
    inspection.look("form with every error")
    make_mistakes_in_folded_parts(page)
    press(page, "Check your answers")
    inspection.look("form with mistakes in what is folded away", is_page_of_its_own=False)
    mend_what_is_folded_away(page)
    fill_in(page, Patient())
    press(page, "Check your answers")
    inspection.look("check")

    _send_while_the_database_dies(page)
    inspection.look("not sent")
    with page.context.expect_page() as other:
        page.get_by_role("button", name="Send again").click(modifiers=["ControlOrMeta"])
    expect(heading(other.value)).to_have_text("We have your request")
    other.value.close()
    press(page, "Look at your answers")
    box(page, "Full name").fill("Someone Else")
    press(page, "Check your answers")
    press(page, "Send request")
    inspection.look("already sent")
    inspection.assert_fine()


def _send_while_the_database_dies(page: Page) -> None:
    """The site's connection is cut between Send and the answer, as when the database's machine fails."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE appointments_appointmentrequest IN EXCLUSIVE MODE")
        page.get_by_role("button", name="Send request").click(no_wait_after=True)
        cursor.execute("SET LOCAL statement_timeout = '10s'")
        cursor.execute(
            """
            DO $$ BEGIN
              WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) LOOP PERFORM pg_sleep(0.02); END LOOP;
            END $$
            """
        )
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
    expect(heading(page)).to_have_text("We could not confirm that your request arrived")


def test_staff_pages(site: str, page: Page, faults: Faults, staff: Callable[[str], User]) -> None:
    faults.expect("status of 409")
    inspection = Inspection(page, smallest_target=MOUSE)
    clinician = staff("clinician")
    page.goto(site + "/admin/")
    inspection.look("sign-in")
    page.get_by_label("Username").fill("clinician")
    page.get_by_label("Password").fill("wrong")
    press(page, "Log in")
    inspection.look("sign-in refused")
    sign_in(page, site, "clinician")
    inspection.look("first page")
    page.goto(site + QUEUE)
    inspection.look("queue, empty")

    requests = one_in_each_status(clinician)
    make_late(requests[RequestStatus.IN_REVIEW])
    page.goto(site + QUEUE)
    inspection.look("queue", is_page_of_its_own=False)
    for choice in ("status=all", *(f"status={status}" for status in RequestStatus), f"urgency={Urgency.EMERGENCY}"):
        page.goto(f"{site}{QUEUE}?{choice}")
        inspection.look(f"queue, {choice}", is_page_of_its_own=False)
    for status, appointment_request in requests.items():
        page.goto(f"{site}{QUEUE}{appointment_request.pk}/change/")
        inspection.look(f"request, {status}")

    page.goto(f"{site}{QUEUE}{requests[RequestStatus.IN_REVIEW].pk}/change/")
    press(page, "Show the mail")
    inspection.look("booking without a time")
    page.goto(f"{site}{QUEUE}{requests[RequestStatus.RECEIVED].pk}/change/")
    requests[RequestStatus.RECEIVED].move_to(
        RequestStatus.IN_REVIEW, by=clinician, roles=frozenset({Role.CLINICIAN})
    )
    press(page, "Start review")
    inspection.look("a move that somebody else was faster with")
    press(page, "Log out")
    inspection.look("signed out")
    inspection.assert_fine()
