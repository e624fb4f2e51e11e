"""Sending: one request for one form, however often and however fast Send is pressed."""

import datetime
import html
import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core import signing
from django.db import connection
from django.test import Client
from django.utils import timezone

from appointments.lifecycle import Urgency
from appointments.models import AlreadySent, AppointmentRequest, RedFlagAnswer, RequestSource, StatusChange
from appointments.promise import promise
from appointments.safety import SALT
from clinic.models import ClinicProfile, OpeningHours
from conditions.models import Article
from tests.appointments.patients import ANSWERS, DETAILS, filled_in_form, post, safety_check
from tests.form_posts import page
from tests.plain_browser import PlainBrowser
from tests.served_site import ServedSite

CLEANED: dict[str, Any] = {
    "full_name": "Testa Patient",
    "birth_date": datetime.date(1962, 3, 27),
    "phone": "+14245550134",
    "email": "",
    "preferred_contact": "phone",
    "may_leave_voicemail": True,
    "problem": "My back hurts.",
    "duration": "unsure",
    "windows": ["0-morning"],
    "unsuitable_dates": "",
    "privacy_version": "2026-11",
}


def submit(key: uuid.UUID, *red_flag_keys: str, **changes: Any) -> AppointmentRequest:
    """What the view does, without HTTP."""
    return AppointmentRequest.objects.submit(
        {**CLEANED, **changes},
        key=key,
        source=RequestSource.WEB,
        red_flags=safety_check(*red_flag_keys).red_flags(),
        is_checked_by_clinician=False,
    )


# Once, and again


@pytest.mark.django_db
def test_submit_keeps_what_was_answered(clinic_data: None, client: Client) -> None:
    safety = safety_check("fever", "calf-pain", article_key="cause/sciatica")
    before = timezone.now()
    response = post(client, safety, article="cause/sciatica")

    appointment_request = AppointmentRequest.objects.get()
    assert response.status_code == 302
    assert response.headers["Location"] == appointment_request.status_path()
    assert before <= appointment_request.received_at <= timezone.now()
    assert appointment_request.reply_by == promise(appointment_request.received_at, Urgency.URGENT)
    kept = {field.name: getattr(appointment_request, field.name) for field in appointment_request._meta.fields}
    assert {name: kept[name] for name in CLEANED} == {
        "full_name": "Testa Patient",
        "birth_date": datetime.date(1962, 3, 27),
        "phone": "+14245550134",
        "email": "testa@example.com",
        "preferred_contact": "phone",
        "may_leave_voicemail": True,
        "problem": "My back hurts\nwhen I walk downhill.",
        "duration": "under_6_weeks",
        "windows": ["0-morning", "3-morning"],
        "unsuitable_dates": "Not on Thanksgiving Day",
        "privacy_version": settings.PRIVACY_VERSION,
    }
    assert (kept["urgency"], kept["source"], kept["status"], kept["version"]) == (2, "web", "received", 1)
    assert (kept["key"], kept["article"].key) == (safety.key, "cause/sciatica")
    assert re.fullmatch(r"[A-Z0-9]{4}-[A-Z0-9]{4}", kept["reference"])
    flags = RedFlagAnswer.objects.values_list("key", "tier", "wording", "concern")
    assert ("fever", "urgent", "a high temperature or chills", "Infection") in flags
    assert {flag[0] for flag in flags} == {"fever", "calf-pain"}
    record = StatusChange.objects.get()
    assert (record.from_status, record.to_status, record.role, record.changed_by) == (
        "",
        "received",
        "patient",
        None,
    )


@pytest.mark.django_db
def test_submit_twice_in_a_row_makes_one_request_and_shows_the_same_page(clinic_data: None, client: Client) -> None:
    safety = safety_check("fever")
    first, second = post(client, safety), post(Client(), safety)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.headers["Location"] == second.headers["Location"]
    assert_one_complete_request(flags=1)


@pytest.mark.django_db(transaction=True)
def test_submit_by_two_at_once_makes_one_request_each_time(clinic_data: None) -> None:
    keys = [uuid.uuid4() for _ in range(25)]
    together = threading.Barrier(2)

    def send_all(_: int) -> list[str]:
        try:
            sent = []
            for key in keys:
                together.wait(timeout=30)
                sent.append(submit(key, "fever", "calf-pain").reference)
            return sent
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(send_all, range(2))

    assert first == second
    assert len(set(first)) == len(keys) == AppointmentRequest.objects.count()
    assert StatusChange.objects.count() == len(keys)
    assert RedFlagAnswer.objects.count() == 2 * len(keys)


@pytest.mark.django_db(transaction=True)
def test_submit_by_twenty_at_once_over_http_makes_one_request(clinic_data: None, served_site: ServedSite) -> None:
    """A stock ModelForm makes twenty."""
    browser = PlainBrowser(served_site.url)
    form = filled_in_form(browser)
    together = threading.Barrier(20)

    def send(_: int) -> tuple[int, str]:
        own = browser.copy()
        together.wait(timeout=30)
        answer = own.post(DETAILS, form)
        return answer.status, answer.location

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(send, range(20)))

    appointment_request = AppointmentRequest.objects.get()
    ((status, location),) = answers
    assert status == 302
    assert appointment_request.reference in browser.get(location).text
    assert_one_complete_request(flags=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"problem": "It is much worse."},
        {"full_name": "Testa Other"},
        {"windows": ["0-morning"]},
        {"may_leave_voicemail": ""},
        {"birth_date_day": "28"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_submit_with_other_answers_is_refused_and_shows_what_was_typed(
    clinic_data: None, client: Client, change: dict[str, Any]
) -> None:
    safety = safety_check()
    first = post(client, safety)
    second = post(client, safety, **change)

    assert second.status_code == 409
    assert f'href="{first.headers["Location"]}"' in page(second)
    for name, value in {**ANSWERS, **change}.items():
        for part in value if isinstance(value, list) else [value]:
            if part:
                assert hidden_values(page(second), name), name
    assert hidden_values(page(second), "problem") == [{**ANSWERS, **change}["problem"]]
    assert AppointmentRequest.objects.count() == 1


@pytest.mark.django_db
def test_submit_with_other_red_flags_is_refused(clinic_data: None) -> None:
    key = uuid.uuid4()
    submit(key)
    with pytest.raises(AlreadySent):
        submit(key, "fever")


@pytest.mark.django_db
def test_submit_as_a_new_request_from_the_refusal_makes_a_second_one(clinic_data: None, client: Client) -> None:
    safety = safety_check("fever", article_key="cause/sciatica")
    post(client, safety)
    refusal = page(post(client, safety, problem="It is much worse."))

    (token,) = hidden_values(refusal, "safety")
    response = post(client, token, problem="It is much worse.")

    assert response.status_code == 302
    first, second = AppointmentRequest.objects.order_by("id")
    assert first.key != second.key
    assert second.problem == "It is much worse."
    assert (second.urgency, second.article) == (first.urgency, first.article)
    assert second.red_flag_answers.get().key == "fever"


@pytest.mark.django_db
def test_submit_again_after_the_red_flag_was_reworded_leads_to_the_same_page(
    clinic_data: None, client: Client
) -> None:
    safety = safety_check("fever")
    first = post(client, safety)
    (flag,) = safety.red_flags()
    flag.wording, flag.version = "chills", 2
    flag.save()
    assert post(client, safety).headers["Location"] == first.headers["Location"]
    assert RedFlagAnswer.objects.get().wording == "a high temperature or chills"


# Tokens of the safety check


def foreign_tokens() -> dict[str, str]:
    """Texts that no page of ours carried."""
    right = safety_check().token
    payload, _, signature = right.rpartition(":")
    other_site = signing.dumps([uuid.uuid4().hex, [], 4, "", False], key="another secret", salt=SALT, compress=True)
    other_purpose = signing.dumps([uuid.uuid4().hex, [], 4, "", False], salt="another purpose", compress=True)
    return {
        "none": "",
        "garbage": "garbage",
        "colons": ":::",
        "cut short": right[:-1],
        "made longer": right + "A",
        "without signature": payload,
        "of another payload": "eyJ9:" + signature,
        "one letter changed": ("B" if right[0] != "B" else "C") + right[1:],
        "of another site": other_site,
        "for another purpose": other_purpose,
        "not ASCII": "é" + right,
        "NUL": right + "\0",
        "long": "x" * 50_000,
    }


@pytest.mark.django_db
@pytest.mark.parametrize("button", ["send", "check", "change"])
def test_submit_with_a_foreign_safety_token_asks_the_safety_check_and_keeps_the_answers(
    clinic_data: None, client: Client, button: str
) -> None:
    for name, token in foreign_tokens().items():
        response = post(client, token, button)
        assert response.status_code == 200, name
        assert "<h1>First, a quick safety check</h1>" in page(response), name
        assert 'name="full_name" value="Testa Patient"' in page(response), name
    assert post(client, safety_check()).status_code == 302
    assert AppointmentRequest.objects.count() == 1  # the last one: the answers were good


@pytest.mark.django_db
def test_submit_with_an_unchecked_emergency_shows_the_help_page_and_stores_nothing(
    clinic_data: None, client: Client
) -> None:
    response = post(client, safety_check("both-legs", "fever"))
    assert response.status_code == 200
    assert "Get help now" in page(response)
    assert 'href="tel:911"' in page(response)
    assert not AppointmentRequest.objects.exists()


@pytest.mark.django_db
def test_submit_of_an_emergency_that_a_clinician_has_checked_is_marked(clinic_data: None, client: Client) -> None:
    assert post(client, safety_check("both-legs").checked_by_clinician()).status_code == 302
    appointment_request = AppointmentRequest.objects.get()
    assert appointment_request.is_checked_by_clinician
    assert appointment_request.urgency == Urgency.EMERGENCY


@pytest.mark.django_db
def test_submit_ignores_fields_that_the_form_does_not_have(clinic_data: None, client: Client) -> None:
    response = post(
        client, safety_check(), status="booked", id="7", urgency="1", version="9", is_demo="on", source="phone"
    )
    assert response.status_code == 302
    appointment_request = AppointmentRequest.objects.get()
    assert (appointment_request.status, appointment_request.urgency, appointment_request.version) == (
        "received",
        4,
        1,
    )
    assert (appointment_request.is_demo, appointment_request.source) == (False, "web")


# The promise


@pytest.mark.django_db
def test_submit_without_opening_hours_is_stored_without_a_promise(clinic_data: None, client: Client) -> None:
    OpeningHours.objects.all().delete()
    safety = safety_check()
    assert "we answer by" not in page(post(client, safety, "check"))
    response = post(client, safety)
    assert AppointmentRequest.objects.get().reply_by is None
    status_page = client.get(response.headers["Location"])
    assert status_page.status_code == 200
    assert "We answer by" not in page(status_page)


@pytest.mark.django_db
def test_submit_reckons_overlapping_opening_hours_as_one(clinic_data: None, client: Client) -> None:
    OpeningHours.objects.all().delete()
    right = [("08:00", "17:00")]
    overlapping = [("08:00", "12:00"), ("09:00", "10:00"), ("11:00", "16:00"), ("16:00", "17:00")]
    promises, now = [], timezone.now()
    for hours in (right, overlapping):
        OpeningHours.objects.all().delete()
        for weekday in range(5):
            for opens, closes in hours:
                OpeningHours.objects.create(weekday=weekday, opens=opens, closes=closes)
        promises.append([promise(now + datetime.timedelta(hours=hour), Urgency.SOON) for hour in range(0, 168, 7)])
        assert post(client, safety_check()).status_code == 302
    first, second = promises
    assert first == second


@pytest.mark.django_db
def test_submit_before_the_profile_is_loaded_fails_plainly(client: Client) -> None:
    ClinicProfile.objects.all().delete()
    client.raise_request_exception = False
    response = post(client, safety_check())
    assert response.status_code == 500
    assert "If you were sending us something, it may not have reached us" in page(response)
    assert "Traceback" not in page(response)
    assert "DoesNotExist" not in page(response)
    assert not AppointmentRequest.objects.exists()


# References and links


@pytest.mark.django_db
def test_submit_takes_another_reference_when_one_is_taken(
    clinic_data: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = iter("AAAABBBB" + "AAAABBBB" + "AAAABBBB" + "CCCCDDDD")
    monkeypatch.setattr("secrets.choice", lambda alphabet: next(letters))
    assert submit(uuid.uuid4()).reference == "AAAA-BBBB"
    assert submit(uuid.uuid4(), "fever").reference == "CCCC-DDDD"
    assert AppointmentRequest.objects.count() == StatusChange.objects.count() == 2


@pytest.mark.django_db
def test_submit_gives_up_when_no_reference_is_free(clinic_data: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.choice", lambda alphabet: "A")
    submit(uuid.uuid4())
    with pytest.raises(RuntimeError, match="reference"):
        submit(uuid.uuid4())
    assert AppointmentRequest.objects.count() == StatusChange.objects.count() == 1


@pytest.mark.django_db
def test_submit_after_the_secret_has_changed_leads_to_the_same_page(
    clinic_data: None, client: Client, settings: LazySettings
) -> None:
    safety = safety_check()
    old_token = safety.token
    first = post(client, old_token).headers["Location"]

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret " * 4

    assert post(client, old_token).headers["Location"] == first
    assert client.get(first).status_code == 200
    assert AppointmentRequest.objects.count() == 1
    assert post(client, safety_check()).headers["Location"] != first


@pytest.mark.django_db
def test_submit_with_a_token_of_a_secret_that_is_gone_asks_the_safety_check_again(
    clinic_data: None, client: Client, settings: LazySettings
) -> None:
    token = safety_check().token
    settings.SECRET_KEY = "another secret " * 4
    assert "<h1>First, a quick safety check</h1>" in page(post(client, token))
    assert not AppointmentRequest.objects.exists()


@pytest.mark.django_db
def test_submit_from_an_article_that_is_gone_says_so_and_then_goes_on_without_it(
    clinic_data: None, client: Client
) -> None:
    safety = safety_check(article_key="cause/sciatica")
    Article.objects.with_key("cause/sciatica").update(published_from=None)
    assert "no longer on our list" in page(post(client, safety, article="cause/sciatica"))
    assert post(client, safety, article="").status_code == 302
    assert AppointmentRequest.objects.get().article is None


@pytest.mark.django_db
def test_database_keeps_nothing_that_opens_a_status_page(clinic_data: None, client: Client) -> None:
    location = post(client, safety_check()).headers["Location"]
    token = location.strip("/").split("/")[-1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(r)::text FROM appointments_appointmentrequest r")
        (row,) = cursor.fetchone()
    assert token not in row
    assert len(token) == 27


def hidden_values(text: str, name: str) -> list[str]:
    """The values of the hidden inputs of a page whose names begin so."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text)
    return [html.unescape(value) for input_name, value in found if input_name.startswith(name)]


def assert_one_complete_request(flags: int) -> None:
    """One request, the first row of its record, and its red flags."""
    appointment_request = AppointmentRequest.objects.get()
    assert StatusChange.objects.get().appointment_request == appointment_request
    assert appointment_request.red_flag_answers.count() == RedFlagAnswer.objects.count() == flags
