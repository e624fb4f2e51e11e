"""Answers about walking come along to a request only where the patient says so, as text that they may change."""

import html
import itertools
import re
from typing import Any

import pytest
from django.test import Client

from appointments.models import AppointmentRequest
from conditions.models import ANSWERS
from conditions.walking_line import MAX_LENGTH, line_of, read, sign
from tests.conditions.walking import EVERY_ANSWER, NADEAU_VASCULAR, WALKING, field, text_of
from tests.form_posts import post_form

SAFETY = "/appointments/request/"
DETAILS = "/appointments/request/details/"
LINE = "My walking pain. Eased by: standing still for a few minutes. Felt: in the calf."
PATIENT = {
    **{"full_name": "Testa Patient", "birth_date_month": "3", "birth_date_day": "27", "birth_date_year": "1962"},
    **{"phone": "(424) 555-0134", "preferred_contact": "phone", "duration": "under_6_weeks", "consent": "on"},
}


def problem_on(response: Any) -> str:
    """What stands in the box for what is wrong."""
    found = re.search(r'<textarea name="problem"[^>]*>(.*?)</textarea>', response.content.decode(), re.DOTALL)
    assert found
    return html.unescape(found[1]).strip()


@pytest.mark.django_db
def test_answers_travel_only_in_a_box_that_is_not_ticked(clinic_data: None, client: Client) -> None:
    result = post_form(client, WALKING, NADEAU_VASCULAR)
    page = result.content.decode()
    (box,) = re.findall(r'<input[^>]*name="walking_line"[^>]*>', page)
    assert 'type="checkbox"' in box and "checked" not in box
    assert page.count(field(result, "walking_line")) == 1
    assert LINE in text_of(result)

    begin = post_form(client, SAFETY, {"button": "begin"})
    assert begin.status_code == 200 and "Error" not in begin.content.decode()
    assert "walking_line" not in begin.content.decode()
    assert problem_on(post_form(client, SAFETY, {"none": "on"})) == ""


@pytest.mark.django_db
def test_answers_taken_along_stand_in_the_form_and_are_the_patients_to_delete(
    clinic_data: None, client: Client
) -> None:
    token = field(post_form(client, WALKING, NADEAU_VASCULAR), "walking_line")
    begin = post_form(client, SAFETY, {"button": "begin", "walking_line": token})
    assert begin.status_code == 200
    assert begin.wsgi_request.get_full_path() == SAFETY
    unclear = post_form(client, SAFETY, {"safety": field(begin, "safety")})
    assert unclear.status_code == 422
    form = post_form(client, SAFETY, {"none": "on", "safety": field(unclear, "safety")})
    assert problem_on(form) == LINE
    assert not AppointmentRequest.objects.exists()

    kept = {**PATIENT, "problem": f"{LINE}\r\nIt is my left leg.", "safety": field(form, "safety")}
    assert LINE in text_of(post_form(client, DETAILS, {**kept, "button": "check"}))
    assert post_form(client, DETAILS, {**kept, "button": "send"}).status_code == 302
    assert AppointmentRequest.objects.get().problem == f"{LINE}\nIt is my left leg."

    AppointmentRequest.objects.all().delete()
    deleted = {**kept, "problem": "Only this."}
    check = post_form(client, DETAILS, {**deleted, "button": "check"})
    assert "walking pain" not in check.content.decode()
    again = post_form(client, DETAILS, {**deleted, "safety": field(check, "safety"), "button": "change"})
    assert problem_on(again) == "Only this."
    post_form(client, DETAILS, {**deleted, "safety": field(again, "safety"), "button": "send"})
    assert AppointmentRequest.objects.get().problem == "Only this."


@pytest.mark.django_db
def test_answers_taken_along_come_through_the_help_page(clinic_data: None, client: Client) -> None:
    help_page = post_form(client, SAFETY, {"emergency": "both-legs", "walking_line": sign(LINE)})
    assert "<h1>Get help now</h1>" in help_page.content.decode()
    onward = {"safety": field(help_page, "safety"), "is_checked_by_clinician": "on"}
    assert problem_on(post_form(client, "/appointments/request/help/", onward)) == LINE


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "<script>", "My walking pain.", sign(LINE) + "x", sign(LINE)[1:]])
def test_answers_that_we_did_not_sign_stay_behind(clinic_data: None, client: Client, token: str) -> None:
    assert read(token) == ""
    assert (
        "walking_line" not in post_form(client, SAFETY, {"button": "begin", "walking_line": token}).content.decode()
    )
    assert problem_on(post_form(client, SAFETY, {"none": "on", "walking_line": token})) == ""


def test_line_of_everything_fits_and_names_no_cause() -> None:
    boxes = [(q, a) for q, a in EVERY_ANSWER if q not in {"sides", "distance"} and a != "nothing"]
    for sides, distance in itertools.product(ANSWERS["sides"], ANSWERS["distance"]):
        line = line_of([*boxes, ("sides", sides), ("distance", distance)])
        assert len(line) <= MAX_LENGTH
        assert read(sign(line)) == line
    assert not re.search("stenosis|arter|sciatica|disc|joint|strain", line, re.IGNORECASE)
    assert line_of([]) == ""


def test_line_longer_than_allowed_is_cut() -> None:
    assert len(read(sign("a" * 1000))) == MAX_LENGTH
