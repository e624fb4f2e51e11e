"""A form that was sent before leads to its request, whatever has changed on our side since."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from appointments.models import AppointmentRequest
from clinic.models import ClinicProfile, PaymentOption
from conditions.models import Article, RedFlag
from tests.appointments.patients import DETAILS, coming, post, safety_check
from tests.appointments.test_changed_questions import hidden_fields
from tests.form_posts import page, post_form

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def withdraw_the_article() -> None:
    Article.objects.filter(slug="sciatica").update(published_from=None)


def stop_offering_the_payment() -> None:
    PaymentOption.objects.update(is_offered=False)


def take_out_the_red_flag() -> None:
    RedFlag.objects.filter(key="fever").delete()


def raise_the_privacy_version() -> None:
    site.PRIVACY_VERSION = "2031-01-01"


def nothing() -> None:
    pass


@pytest.mark.parametrize("is_tomorrow", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        nothing,
        withdraw_the_article,
        stop_offering_the_payment,
        take_out_the_red_flag,
        raise_the_privacy_version,
    ],
)
def test_same_answers_again_lead_to_the_same_page(
    clinic_data: None,
    client: Client,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[], None],
    is_tomorrow: bool,
) -> None:
    settings.PRIVACY_VERSION = "2030-01-01"
    noon = timezone.localtime(timezone=ClinicProfile.objects.get().zone).replace(hour=11)
    monkeypatch.setattr(timezone, "now", lambda: noon)
    option = PaymentOption.objects.offered().first()
    assert option is not None
    answers: dict[str, Any] = {"article": "cause/sciatica", "payment_option": option.pk, "windows": []}
    answers |= coming("latest_date", noon.date())
    safety = safety_check("fever")
    first = post(client, safety, **answers)
    assert first.status_code == 302, page(first)
    change()
    if is_tomorrow:
        monkeypatch.setattr(timezone, "now", lambda: noon + DAY)
    again = post(client, safety, **answers)
    assert (again.status_code, again.headers["Location"]) == (302, first.headers["Location"])
    assert again.headers["Cache-Control"] == "no-store, private"
    other = post(client, safety, **answers, problem="Something else.")
    assert other.status_code == 409
    assert "If you changed something since, it is not in it." in page(other)
    assert AppointmentRequest.objects.count() == 1


def test_second_request_that_cannot_be_sent_as_it_is_ends_at_the_form_with_what_to_mend(
    clinic_data: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = timezone.localtime(timezone=ClinicProfile.objects.get().zone).replace(hour=11)
    monkeypatch.setattr(timezone, "now", lambda: noon)
    safety = safety_check()
    answers: dict[str, Any] = {"windows": [], **coming("latest_date", noon.date())}
    assert post(client, safety, **answers).status_code == 302
    monkeypatch.setattr(timezone, "now", lambda: noon + DAY)
    already = post(client, safety, **answers, problem="Something new.")
    assert already.status_code == 409
    form = post_form(client, DETAILS, {**hidden_fields(already), "button": "send"})
    assert form.status_code == 422
    html = page(form)
    assert "<h1>Request an appointment</h1>" in html and "Your request has not been sent yet." in html
    assert '<a href="#id_latest_date_0">Latest date must be today or later</a>' in html
    assert '<details class="fold" id="fold-dates" open>' in html and "Something new." in html
    token = hidden_fields(form)["safety"][0]
    mended: dict[str, Any] = {
        "windows": [],
        "problem": "Something new.",
        **coming("latest_date", noon.date() + 9 * DAY),
    }
    check = post(client, token, "check", **mended)
    assert "<h1>Check your answers</h1>" in page(check)
    for _ in range(2):
        assert post_form(client, DETAILS, {**hidden_fields(check), "button": "send"}).status_code == 302
    assert AppointmentRequest.objects.count() == 2
