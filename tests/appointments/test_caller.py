"""A request that staff key in for a caller: the same questions, the same red flags, the same queue."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from appointments.models import AppointmentRequest, StatusChange
from appointments.safety import SafetyCheck
from clinic.models import RateCount
from conditions.models import RedFlag, Tier
from tests.appointments.patients import ANSWERS, safety_check
from tests.appointments.test_admin import QUEUE, queue_names, record_path, signed_in
from tests.appointments.test_changed_questions import add, hidden_fields, raise_tier, reword, take_out
from tests.form_posts import page, post_form

ADD = f"{QUEUE}add/"
StaffFactory = Callable[[str], User]


def keep(client: Client, safety: SafetyCheck, **changes: Any) -> Any:
    """Press the last button, with the usual answers but for the `changes`."""
    usual = {**ANSWERS, "source": "phone", "language": "en", "safety": safety.token, "button": "keep"}
    return post_form(client, ADD, {**usual, **changes})


def token_on(response: Any) -> SafetyCheck:
    """The safety check that a page carries on."""
    found = re.search(r'name="safety" value="([^"]+)"', page(response))
    assert found
    return SafetyCheck.from_token(found[1])


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["reception", "clinician", "manager"])
def test_caller_is_asked_the_red_flags_then_the_form_and_stands_in_the_queue(
    clinic_data: None, staff: StaffFactory, role: str
) -> None:
    person = staff(role)
    browser = signed_in(person)
    assert ADD in page(browser.get(QUEUE))
    first = browser.get(ADD)
    assert "Tick what the caller has" in page(first)
    second = post_form(browser, ADD, {"urgent": "fever"})
    assert second.status_code == 200
    assert "The caller agrees" in page(second)
    assert not AppointmentRequest.objects.exists()
    response = keep(browser, token_on(second), source="walk_in", language="es", full_name="Carla Caller")
    appointment_request = AppointmentRequest.objects.get()
    assert response.headers["Location"] == record_path(appointment_request)
    assert (appointment_request.source, appointment_request.language) == ("walk_in", "es")
    assert (appointment_request.keyed_in_by, appointment_request.urgency) == (person, 2)
    assert appointment_request.reply_by is not None
    assert appointment_request.status_path().startswith("/es/")
    assert [answer.key for answer in appointment_request.red_flag_answers.all()] == ["fever"]
    change = StatusChange.objects.get()
    assert (change.changed_by, change.role, change.to_status) == (person, role, "received")
    assert queue_names(browser, "") == ["Carla Caller"]
    html = page(browser.get(record_path(appointment_request)))
    assert "Walk-in, keyed in by" in html
    assert f"({role.capitalize()})" in html


@pytest.mark.django_db
def test_caller_with_an_emergency_sign_is_told_first_and_may_go_on(clinic_data: None, staff: StaffFactory) -> None:
    browser = signed_in(staff("reception"))
    told = post_form(browser, ADD, {"emergency": "bladder"})
    assert told.status_code == 200
    assert "Say this now" in page(told)
    assert "call 911" in page(told)
    assert 'name="full_name"' not in page(told)
    safety = token_on(told)
    form = post_form(browser, ADD, {"safety": safety.token, "button": "told"})
    assert 'name="full_name"' in page(form)
    assert keep(browser, token_on(form)).status_code == 302
    appointment_request = AppointmentRequest.objects.get()
    assert (appointment_request.urgency, appointment_request.is_checked_by_clinician) == (1, False)

    checked = {"safety": safety_check("bladder").token, "button": "told", "is_checked_by_clinician": "on"}
    assert token_on(post_form(browser, ADD, checked)).is_checked_by_clinician


@pytest.mark.django_db
def test_caller_who_answers_no_red_flag_question_gets_no_form(clinic_data: None, staff: StaffFactory) -> None:
    browser = signed_in(staff("reception"))
    for fields in ({}, {"none": "on", "urgent": "fever"}, {"safety": "forged:token", "button": "keep", **ANSWERS}):
        response = post_form(browser, ADD, fields)
        assert response.status_code == 422
        assert 'name="full_name"' not in page(response)
    assert not AppointmentRequest.objects.exists()


@pytest.mark.django_db
def test_caller_keyed_in_twice_by_a_double_click_is_one_request(clinic_data: None, staff: StaffFactory) -> None:
    browser, safety = signed_in(staff("reception")), safety_check()
    first, second = keep(browser, safety), keep(browser, safety)
    assert first.headers["Location"] == second.headers["Location"]
    assert AppointmentRequest.objects.count() == StatusChange.objects.count() == 1
    other = keep(browser, safety, problem="Something else.")
    assert other.status_code == 409
    assert record_path(AppointmentRequest.objects.get()) in page(other)
    assert "Something else." in page(other)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"full_name": ""}, "Enter your full name"),
        ({"consent": ""}, "A request can be kept only if the caller agrees"),
        ({"source": "web"}, "Select a valid choice"),
        ({"source": ""}, "Choose how the request came in"),
        ({"language": "fr"}, "Select a valid choice"),
        ({"phone": "", "email": ""}, "Enter a phone number or an email address"),
    ],
)
def test_caller_with_a_mistake_in_the_form_is_not_kept_and_nothing_typed_is_lost(
    clinic_data: None, staff: StaffFactory, changes: dict[str, str], message: str
) -> None:
    safety = safety_check("fever")
    response = keep(signed_in(staff("reception")), safety, unsuitable_dates="<Tuesdays>", **changes)
    assert response.status_code == 422
    assert message in page(response)
    assert "&lt;Tuesdays&gt;" in page(response)
    assert token_on(response) == safety
    assert not AppointmentRequest.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("change", [reword, raise_tier, take_out, add])
def test_caller_is_asked_again_when_the_red_flags_have_changed_and_nothing_typed_is_lost(
    clinic_data: None, staff: StaffFactory, change: Callable[[], None]
) -> None:
    browser, safety = signed_in(staff("reception")), safety_check("calf-pain")
    change()
    asked = keep(browser, safety, full_name="Carla Caller")
    assert asked.status_code == 200
    assert "The warning signs were changed since this caller was asked." in page(asked)
    nothing = post_form(browser, ADD, {**hidden_fields(asked), "button": "asked"})
    assert nothing.status_code == 422
    form = post_form(browser, ADD, {**hidden_fields(nothing), "button": "asked", "urgent": "weight-loss"})
    assert form.status_code == 200 and token_on(form).key == safety.key
    assert 'value="Carla Caller"' in page(form) and "when I walk downhill." in page(form)
    assert not AppointmentRequest.objects.exists()
    assert keep(browser, token_on(form), full_name="Carla Caller").status_code == 302
    appointment_request = AppointmentRequest.objects.get()
    assert [answer.key for answer in appointment_request.red_flag_answers.all()] == ["weight-loss"]


@pytest.mark.django_db
def test_caller_with_an_emergency_among_the_new_red_flags_is_told_first(
    clinic_data: None, staff: StaffFactory
) -> None:
    browser = signed_in(staff("reception"))
    safety = safety_check()
    RedFlag.objects.filter(key="fever").update(tier=Tier.EMERGENCY)
    asked = keep(browser, safety)
    told = post_form(browser, ADD, {**hidden_fields(asked), "button": "asked", "emergency": "fever"})
    assert "Say this now" in page(told)
    form = post_form(browser, ADD, {**hidden_fields(told), "button": "told", "is_checked_by_clinician": "on"})
    assert form.status_code == 200 and 'value="Testa Patient"' in page(form)
    assert keep(browser, token_on(form)).status_code == 302
    appointment_request = AppointmentRequest.objects.get()
    assert (appointment_request.urgency, appointment_request.is_checked_by_clinician) == (1, True)


@pytest.mark.django_db
def test_caller_kept_already_is_not_asked_again_whatever_has_changed(
    clinic_data: None, staff: StaffFactory, settings: Settings
) -> None:
    browser, safety = signed_in(staff("reception")), safety_check("fever")
    assert keep(browser, safety).status_code == 302
    settings.PRIVACY_VERSION = "2031-01-01"
    reword()
    again = keep(browser, safety)
    assert again.headers["Location"] == record_path(AppointmentRequest.objects.get())
    other = keep(browser, safety, problem="Something else.")
    assert other.status_code == 409 and "Something else." in page(other)


@pytest.mark.django_db
def test_desk_with_many_callers_is_not_limited(clinic_data: None, staff: StaffFactory) -> None:
    browser = signed_in(staff("reception"))
    for year in range(1950, 1965):
        assert keep(browser, safety_check(), birth_date_year=str(year)).status_code == 302
    assert AppointmentRequest.objects.count() == 15
    assert not RateCount.objects.exists()


@pytest.mark.django_db
def test_browser_at_the_desk_fills_in_nobody_elses_name(clinic_data: None, staff: StaffFactory) -> None:
    form = post_form(signed_in(staff("reception")), ADD, {"none": "on"})
    assert set(re.findall(r'autocomplete="([^"]*)"', page(form))) == {"off"}


@pytest.mark.django_db
def test_caller_is_keyed_in_by_those_who_may(clinic_data: None, staff: StaffFactory) -> None:
    editor, helper = staff("editor"), User.objects.create_user("helper", is_staff=True)
    names = ("add_appointmentrequest", "view_appointmentrequest")
    helper.user_permissions.add(*Permission.objects.filter(codename__in=names))  # but of no group
    for browser in (signed_in(editor), signed_in(helper)):
        assert browser.get(ADD).status_code == 403
        assert keep(browser, safety_check()).status_code == 403
    assert keep(Client(), safety_check()).status_code == 302
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(staff("reception"))
    assert keep(browser, safety_check()).status_code == 403
    assert not AppointmentRequest.objects.exists()
