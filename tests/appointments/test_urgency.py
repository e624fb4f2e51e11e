"""Raising and lowering the urgency, and clearing the report that it is worse: by HTTP, as each role meets it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments.lifecycle import Role
from appointments.models import AppointmentRequest, EventKind, RequestEvent
from tests.appointments.patients import sent
from tests.appointments.test_admin import QUEUE, in_status, queue_names, record_path, signed_in
from tests.form_posts import page, post_form

StaffFactory = Callable[[str], User]


def urgency_path(appointment_request: AppointmentRequest) -> str:
    return f"{QUEUE}{appointment_request.pk}/urgency/"


def set_urgency(client: Client, appointment_request: AppointmentRequest, urgency: int | str, **fields: Any) -> Any:
    """Press the button, with the version that the object was read with."""
    seen = {"version": appointment_request.version, "urgency": urgency}
    return post_form(client, urgency_path(appointment_request), {**seen, **fields})


def reported_worse(appointment_request: AppointmentRequest) -> AppointmentRequest:
    """The patient says that it has got worse, without a red flag."""
    appointment_request.change(EventKind.WORSE, by=None, role=Role.PATIENT, worse_at=timezone.now())
    return appointment_request


def facts(appointment_request: AppointmentRequest) -> tuple[Any, ...]:
    fresh = AppointmentRequest.objects.get(pk=appointment_request.pk)
    return fresh.urgency, fresh.worse_at, fresh.version, fresh.reply_by, fresh.events.count()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["reception", "clinician", "manager"])
def test_raising_takes_one_click_of_anyone_who_triages(clinic_data: None, staff: StaffFactory, role: str) -> None:
    person = staff(role)
    browser, appointment_request = signed_in(person), sent(Client())
    html = page(browser.get(record_path(appointment_request)))
    assert html.count('name="urgency" value="') == 3
    told = appointment_request.reply_by
    response = set_urgency(browser, appointment_request, 2)
    assert response.status_code == 302
    appointment_request.refresh_from_db()
    assert (appointment_request.urgency, appointment_request.version) == (2, 2)
    assert appointment_request.reply_by == told  # what the patient was told stays what it was
    event = appointment_request.events.get()
    assert (event.kind, event.changed_by, event.role, event.version) == ("urgency_set", person, role, 2)
    assert (event.before["urgency"], event.after["urgency"]) == (4, 2)
    assert appointment_request.claimed_by == person
    assert "Routine</bdi>" in page(browser.get(record_path(appointment_request)))


@pytest.mark.django_db
def test_only_a_clinician_with_a_reason_lowers_what_the_patient_reported_worse(
    clinic_data: None, staff: StaffFactory
) -> None:
    """From a routine request: it goes to the top, and only the right with a reason brings it down again."""
    reception, clinician = signed_in(staff("reception")), signed_in(staff("clinician"))
    first = sent(Client(), "fever", full_name="First Person", birth_date_year="1950")
    second = sent(Client(), full_name="Second Person", birth_date_year="1951")
    second.change(EventKind.WORSE, by=None, role=Role.PATIENT, urgency=2, worse_at=timezone.now())
    assert queue_names(reception, "") == ["Second Person", "First Person"]
    assert "note-worse" in page(reception.get(QUEUE))

    before = facts(second)
    for browser in (reception, signed_in(staff("manager"))):
        assert set_urgency(browser, second, 4, note="Looks fine to me.").status_code == 403
    assert set_urgency(clinician, second, 4).status_code == 422
    assert set_urgency(clinician, second, 4, note=" \n").status_code == 422
    assert facts(second) == before
    assert set_urgency(clinician, second, 4, note="Examined on the phone.").status_code == 302

    assert queue_names(reception, "") == ["First Person", "Second Person"]
    second.refresh_from_db()
    assert (second.urgency, second.worse_at, second.patient_wrote_at) == (4, None, None)
    event = RequestEvent.objects.filter(appointment_request=second).last()
    assert event is not None
    assert (event.kind, event.role, event.note) == ("urgency_set", "clinician", "Examined on the phone.")
    assert event.lowered_urgency
    assert (event.before["urgency"], event.after["urgency"]) == (2, 4)
    html = page(reception.get(record_path(second)))
    assert "Urgency lowered" in html
    assert "note-worse" not in html
    assert first.urgency == 2


@pytest.mark.django_db
def test_clearing_a_report_at_the_same_urgency_needs_the_right_and_a_reason(
    clinic_data: None, staff: StaffFactory
) -> None:
    reception, clinician = signed_in(staff("reception")), signed_in(staff("clinician"))
    appointment_request = reported_worse(sent(Client()))
    before = facts(appointment_request)
    assert set_urgency(reception, appointment_request, 4, note="Called.").status_code == 403
    assert set_urgency(clinician, appointment_request, 4).status_code == 422
    assert facts(appointment_request) == before
    assert set_urgency(clinician, appointment_request, 4, note="Called.").status_code == 302
    appointment_request.refresh_from_db()
    assert appointment_request.worse_at is None
    assert "Report that it is worse was looked at" in page(reception.get(record_path(appointment_request)))


@pytest.mark.django_db
def test_raising_does_not_clear_the_report(clinic_data: None, staff: StaffFactory) -> None:
    appointment_request = reported_worse(sent(Client()))
    assert set_urgency(signed_in(staff("reception")), appointment_request, 2).status_code == 302
    appointment_request.refresh_from_db()
    assert (appointment_request.urgency, appointment_request.worse_at is None) == (2, False)


@pytest.mark.django_db
def test_booked_patient_who_got_worse_is_work_again_until_a_clinician_has_looked(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    browser, appointment_request = signed_in(clinician), in_status("booked", clinician, full_name="Booked Person")
    assert queue_names(browser, "") == []
    reported_worse(appointment_request)
    assert queue_names(browser, "") == ["Booked Person"]
    assert "1 open request<" in page(browser.get("/admin/"))
    assert set_urgency(browser, appointment_request, 4, note="Called.").status_code == 302
    assert queue_names(browser, "") == []


@pytest.mark.django_db
def test_urgency_that_stays_as_it_is_is_refused(clinic_data: None, staff: StaffFactory) -> None:
    appointment_request = sent(Client())
    before = facts(appointment_request)
    response = set_urgency(signed_in(staff("clinician")), appointment_request, 4, note="No change.")
    assert response.status_code == 422
    assert facts(appointment_request) == before


@pytest.mark.django_db
@pytest.mark.parametrize("urgency", ["", "0", "5", "-1", "²", "high", "9" * 5_000, "1\0"])
def test_urgency_that_does_not_exist_is_refused(clinic_data: None, staff: StaffFactory, urgency: str) -> None:
    appointment_request = sent(Client())
    before = facts(appointment_request)
    assert set_urgency(signed_in(staff("clinician")), appointment_request, urgency, note="x").status_code == 422
    assert facts(appointment_request) == before


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["declined", "withdrawn", "unreachable", "duplicate"])
def test_urgency_of_a_closed_request_is_not_set(clinic_data: None, staff: StaffFactory, status: str) -> None:
    clinician = staff("clinician")
    appointment_request = in_status(status, clinician)
    before = facts(appointment_request)
    browser = signed_in(clinician)
    assert set_urgency(browser, appointment_request, 1).status_code == 409
    assert facts(appointment_request) == before
    assert "/urgency/" not in page(browser.get(record_path(appointment_request)))


@pytest.mark.django_db
def test_urgency_from_a_page_that_is_out_of_date_is_refused_and_keeps_the_reason(
    clinic_data: None, staff: StaffFactory
) -> None:
    clinician = staff("clinician")
    browser, seen = signed_in(clinician), sent(Client(), "fever")
    AppointmentRequest.objects.get(pk=seen.pk).move_to("in_review", by=clinician, roles=frozenset({Role.CLINICIAN}))
    before = facts(seen)
    response = set_urgency(browser, seen, 4, note="Spoke to <them>.")
    assert response.status_code == 409
    assert "Spoke to &lt;them&gt;." in page(response)
    assert facts(seen) == before
    assert set_urgency(browser, seen, 1).status_code == 409


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_urgency_by_anything_but_post_is_refused(clinic_data: None, staff: StaffFactory, method: str) -> None:
    browser, appointment_request = signed_in(staff("clinician")), sent(Client())
    before = facts(appointment_request)
    assert getattr(browser, method)(urgency_path(appointment_request)).status_code == 405
    assert facts(appointment_request) == before


@pytest.mark.django_db
def test_urgency_is_not_for_editors_nor_for_the_signed_out(clinic_data: None, staff: StaffFactory) -> None:
    appointment_request = sent(Client())
    before = facts(appointment_request)
    assert set_urgency(signed_in(staff("editor")), appointment_request, 1).status_code == 403
    assert set_urgency(Client(), appointment_request, 1).status_code == 302
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(staff("clinician"))
    assert set_urgency(browser, appointment_request, 1).status_code == 403
    assert facts(appointment_request) == before
