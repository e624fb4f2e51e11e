"""What every answer carries, and what is refused before it is read."""

import datetime
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from clinic.models import ClinicProfile
from tests.appointments.patients import SAFETY, sent
from tests.form_posts import FORM, page, post_form

PUBLIC_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
STAFF_POLICY = {**PUBLIC_POLICY, "script-src": "'self'"}


def policy(response: Any) -> dict[str, str]:
    """The directives of an answer's policy."""
    parts = response.headers["Content-Security-Policy"].split(";")
    return dict(part.strip().split(" ", 1) for part in parts if part.strip())


@pytest.fixture
def answers(clinic_data: None, staff: Callable[[str], User], client: Client) -> Iterator[Any]:
    """Answers of every kind from the public pages, each with its address."""
    own = sent(client).status_path()
    return iter(
        [
            *(
                (path, client.get(path))
                for path in ("/", "/conditions/", "/causes/sciatica/", "/privacy/", SAFETY, own)
            ),
            ("redirect", client.get("/appointments/request/details/")),
            ("400", client.get("/?x=%00")),
            ("403", post_form(Client(enforce_csrf_checks=True), SAFETY, {})),
            ("404", client.get("/nowhere/")),
            ("405", client.generic("DELETE", "/")),
            ("413", client.post(SAFETY, b"x" * 100_001, content_type=FORM)),
            ("415", client.post(SAFETY, b"x", content_type="multipart/form-data; boundary=x")),
            ("422", post_form(client, SAFETY, {})),
            ("health", client.get("/healthz")),
        ]
    )


@pytest.mark.django_db
def test_every_public_answer_carries_the_strict_policy_and_headers(answers: Iterator[Any]) -> None:
    for name, response in answers:
        assert policy(response) == PUBLIC_POLICY, name
        assert response.headers["X-Content-Type-Options"] == "nosniff", name
        # A request's own address is a secret, and is told to no other page of ours either.
        told = "no-referrer" if "/appointments/r/" in name else "same-origin"
        assert response.headers["Referrer-Policy"] == told, name
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin", name
        assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp", name
        assert "camera=()" in response.headers["Permissions-Policy"], name
        assert "X-Powered-By" not in response.headers


@pytest.mark.django_db
def test_staff_pages_may_run_scripts_of_our_own_host_only(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    for response in (client.get("/admin/"), client.get("/admin/login/"), client.get("/admin/nowhere/")):
        assert policy(response) == STAFF_POLICY
        assert response.headers["Cache-Control"] == "no-store, private"
    client.force_login(staff("reception"))
    for address in ("/admin/", "/admin/appointments/appointmentrequest/", "/admin/nowhere/"):
        response = client.get(address)
        assert policy(response) == STAFF_POLICY
        assert response.headers["Cache-Control"] == "no-store, private"
        assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
def test_staff_read_times_in_the_clinics_zone_and_patients_pages_keep_utc(
    clinic_data: None, staff: Callable[[str], User], client: Client
) -> None:
    ClinicProfile.objects.update(time_zone="Asia/Kolkata")
    appointment_request = sent(client)
    browser = Client()
    browser.force_login(staff("reception"))
    html = page(browser.get(f"/admin/appointments/appointmentrequest/{appointment_request.pk}/change/"))
    assert " IST" in html
    assert " UTC" not in html
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.django_db
def test_staff_pages_work_before_the_profile_is_loaded(client: Client) -> None:
    assert client.get("/admin/login/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    ["/%00", "/?%00", "/?a=%00", "/causes/sci%00atica/", "/?a=%2500", "/appointments/r/%00/", "/admin/?q=%00"],
)
def test_nul_in_the_address_is_refused_before_any_query(
    clinic_data: None, client: Client, address: str, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    expected = 200 if address == "/?a=%2500" else 400  # the second is the text "%00", not a NUL
    with django_assert_max_num_queries(4):
        assert client.get(address).status_code == expected


@pytest.mark.django_db
def test_refused_body_is_read_to_its_end(clinic_data: None, client: Client) -> None:
    """Or the browser, still sending, would see a broken connection and not the answer."""
    body = io.BytesIO(b"x" * 300_000)
    extra: dict[str, Any] = {"wsgi.input": body, "CONTENT_LENGTH": "300000", "CONTENT_TYPE": FORM}
    response = client.generic("POST", SAFETY, **extra)
    assert response.status_code == 413
    assert body.tell() == 300_000


@pytest.mark.django_db
def test_cookies_are_for_our_own_server_alone(
    clinic_data: None, staff: Callable[[str], User], client: Client, settings: LazySettings
) -> None:
    client.get(SAFETY)
    assert client.cookies["csrf"]["httponly"]
    assert client.cookies["csrf"]["samesite"] == "Lax"
    assert client.cookies["csrf"]["max-age"] == 28 * 24 * 3600  # it outlives the session, as tabs do
    person = staff("reception")
    person.set_password("a long password of the test")
    person.save()
    post_form(client, "/admin/login/", {"username": person.username, "password": "a long password of the test"})
    session = client.cookies["session"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert datetime.timedelta(hours=12).total_seconds() == settings.SESSION_COOKIE_AGE
