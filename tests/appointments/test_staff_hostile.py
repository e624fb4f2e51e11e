"""Every hostile string in every field that staff key in, and every answer of a patient on the staff's pages."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments.forms.caller import CallerForm
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest, EventKind
from tests.appointments.patients import ANSWERS, safety_check, sent
from tests.appointments.test_admin import QUEUE, in_status, record_path
from tests.appointments.test_hostile_input import (
    Watch,
    browser,
    in_parts,
    of_part,
    packed,
    spread,
    staff_browser,
    watch,
)
from tests.form_posts import post_form
from tests.hostile_strings import OURS

__all__ = ["browser", "staff_browser", "watch"]  # fixtures

ADD = f"{QUEUE}add/"
TEXTS = ("proxy_name", "proxy_relation", "other_language", "unsuitable_dates", "full_name", "problem")


@pytest.fixture
def at_work(browser: Client, staff: Callable[[str], User]) -> Client:
    """A signed-in clinician, whose server errors come back as answers."""
    client = Client(raise_request_exception=False)
    client.force_login(staff("clinician"))
    return client


@pytest.mark.django_db
@in_parts
def test_caller_form_takes_any_text(watch: Watch, browser: Client, at_work: Client, part: int) -> None:
    names = sorted({name for section in CallerForm.SECTIONS for name in section.names()} | {"button", "safety"})
    safety = safety_check("fever")
    known = {**ANSWERS, "safety": safety.token, "button": "keep", "source": "phone", "language": "en"}
    watch.learn(at_work.get(ADD))
    for fields in ({"none": "on"}, {"emergency": "bladder"}, {}, known | {"full_name": ""}):
        watch.learn(post_form(at_work, ADD, fields))
    every = dict.fromkeys(names, "") | {"safety": safety.token, "button": "keep"}
    watch.learn(post_form(at_work, ADD, every | {"proxy_name": "x", "other_language": "x", "latest_date_day": "1"}))
    for number, text in of_part(part):
        hostile = spread(names, number)
        if text in OURS:
            watch.look(post_form(at_work, ADD, hostile), hostile.values())
        watch.look(post_form(at_work, ADD, {**hostile, "safety": safety.token, "button": "keep"}), hostile.values())
    watch.report()


@pytest.mark.django_db
@in_parts
def test_verbs_take_any_text(watch: Watch, browser: Client, at_work: Client, part: int) -> None:
    clinician = User.objects.get(username="clinician")
    stored, booked = in_status("in_review", clinician), in_status("booked", clinician)
    verbs = {
        f"{QUEUE}{stored.pk}/move/declined/": ("note", "message", "version"),
        f"{QUEUE}{stored.pk}/urgency/": ("note", "urgency", "version"),
        f"{QUEUE}{booked.pk}/appointment/": ("note", "appointment_starts_at_0", "appointment_starts_at_1"),
    }
    for address in verbs:
        version = (booked if "appointment/" in address else stored).version
        watch.learn(post_form(at_work, address, {"version": 99, "note": "x", "message": "x"}))
        watch.learn(post_form(at_work, address, {"version": version, "note": "x" * 1_001, "urgency": "4"}))
    for number, text in of_part(part):
        for address, names in verbs.items():
            if "message" not in names and text not in OURS:
                continue  # its note is read as that of a move
            fields = spread(names, number)
            version = (booked if "appointment/" in address else stored).version
            watch.look(post_form(at_work, address, {"version": version, **fields}), fields.values())
    watch.report()


@pytest.mark.django_db
def test_everything_that_is_kept_is_shown_as_text(watch: Watch, browser: Client, at_work: Client) -> None:
    """On the record and in its timeline: answers, notes, messages, and what a field said before and after."""
    clinician = User.objects.get(username="clinician")
    pattern = {"proxy_name": "A", "proxy_relation": "B", "has_proxy_consent": True, "spoken_language": "other"}
    harmless = sent(browser)
    fill(harmless, clinician, {**dict.fromkeys(TEXTS, "plain"), **pattern}, "plain")
    watch.learn(at_work.get(record_path(harmless)))
    watch.learn(at_work.get(QUEUE))
    harmless.delete()
    for fields, texts in ((TEXTS, packed(60)), (("problem",), packed(1_000))):
        for text in texts:
            stored = sent(browser)
            fill(stored, clinician, {**pattern, **dict.fromkeys(fields, text)}, text)
            watch.look(at_work.get(record_path(stored)), [text], shown=[text])
            watch.look(at_work.get(QUEUE), [text])
            stored.delete()
    watch.report()


def fill(stored: AppointmentRequest, by: User, values: dict[str, Any], note: str) -> None:
    """Change these answers, with a note by the patient, then urgency with a reason of the staff."""
    stored.change(EventKind.ADDED, by=None, role=Role.PATIENT, note=note, **values)
    stored.change(EventKind.URGENCY_SET, by=by, role=Role.CLINICIAN, note=note, urgency=3, worse_at=timezone.now())
