"""Pages about the clinic, the health doors, and the pages for what went wrong."""

import logging
from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from clinic.models import ClinicProfile
from clinic.urls import urlpatterns as site_urls
from tests.form_posts import page, post_form


def breaks(request: HttpRequest) -> HttpResponse:
    """A defect of ours, with a patient's words in its text."""
    raise RuntimeError("Testa Patient: <numbness>")


def loses_the_database(request: HttpRequest) -> HttpResponse:
    raise OperationalError("connection to server at 10.0.0.9 failed, user clinic, password hunter2")


urlpatterns = [
    path("breaks/", breaks),
    path("admin/breaks/", breaks),
    path("loses-the-database/", loses_the_database),
    *site_urls,
]
handler500 = "clinic.views.server_error"


@pytest.mark.django_db
def test_clinic_pages_answer(clinic_data: None, client: Client) -> None:
    for address in ("/privacy/", "/accessibility/"):
        response = client.get(address)
        assert response.status_code == 200
        assert "The Spine Pro" in page(response)
        assert 'href="tel:+14242177463"' in page(response)


@pytest.mark.django_db
def test_every_page_has_banner_phone_and_the_way_to_an_appointment(clinic_data: None, client: Client) -> None:
    for address in ("/", "/conditions/", "/privacy/", "/accessibility/", "/nowhere/"):
        html = page(client.get(address))
        assert "424-21-SPINE" in html, address
        if address != "/nowhere/":
            assert 'href="/appointments/request/' in html, address
            assert 'href="/treatments/biportal-endoscopic-surgery/"' in html, address


@pytest.mark.django_db
def test_pages_follow_the_profile(clinic_data: None, client: Client) -> None:
    ClinicProfile.objects.update(
        name="Tom & <Jerry>",
        phone="+12135550100",
        phone_display="213-555-0100",
        emergency_number="112",
        announcement=None,
    )
    html = page(client.get("/"))
    assert "Tom &amp; &lt;Jerry&gt;" in html
    assert 'href="tel:+12135550100"' in html
    assert 'href="tel:112"' in html
    assert "SPINE" not in html
    assert "announcement" not in html


# Health


@pytest.mark.django_db
def test_health_doors_are_open_and_kept_by_nobody(client: Client) -> None:
    for address, text in (("/healthz", "ok\n"), ("/readyz", "ready\n")):
        response = client.get(address)
        assert (response.status_code, page(response)) == (200, text)
        assert "no-store" in response.headers["Cache-Control"]
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert not response.cookies


@pytest.mark.django_db
def test_readyz_waits_for_migrations(client: Client) -> None:
    newest = MigrationLoader(connection).graph.leaf_nodes("appointments")[0]
    MigrationRecorder(connection).record_unapplied(*newest)
    response = client.get("/readyz")
    assert (response.status_code, page(response)) == (503, "migrations wait\n")
    assert client.get("/healthz").status_code == 200


# What went wrong


@pytest.fixture
def unlucky(clinic_data: None) -> Client:
    """A browser to which server errors come back as answers, of a process that has answered before."""
    client = Client(raise_request_exception=False)
    assert client.get("/").status_code == 200
    return client


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize("address", ["/breaks/", "/admin/breaks/", "/loses-the-database/"])
def test_server_error_is_kind_and_tells_nothing(unlucky: Client, address: str) -> None:
    response = unlucky.get(address)
    html = page(response)
    assert response.status_code == 500
    assert "Something went wrong on our side" in html
    assert "424-21-SPINE" in html
    for inside in ("Testa", "numbness", "RuntimeError", "Traceback", "hunter2", "10.0.0.9", "Django"):
        assert inside not in html
    assert response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_server_error_page_asks_the_database_nothing(
    unlucky: Client, django_assert_num_queries: Callable[[int], object]
) -> None:
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        assert unlucky.get("/breaks/").status_code == 500


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_server_error_in_a_process_that_never_read_the_profile(
    unlucky: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClinicProfile, "last_known", None)
    html = page(unlucky.get("/breaks/"))
    assert "call us." in html or "call us</" in html or "call us" in html
    assert "None" not in html


@pytest.mark.django_db
def test_form_without_a_token_is_explained(clinic_data: None) -> None:
    response = post_form(Client(enforce_csrf_checks=True), "/appointments/request/", {"none": "on"})
    assert response.status_code == 403
    assert "CSRF" not in page(response)
    assert "424-21-SPINE" in page(response)


@pytest.mark.django_db
def test_page_that_is_not_there_says_so(clinic_data: None, client: Client, staff: Callable[[str], User]) -> None:
    response = client.get("/nowhere/?name=Testa")
    assert response.status_code == 404
    assert "Testa" not in page(response)
    assert "Lost the link?" in page(response)
    client.force_login(staff("reception"))
    response = client.get("/admin/nowhere/")
    assert response.status_code == 404
    for_staff = page(response)
    assert "Lost the link?" not in for_staff and "If you need help now" not in for_staff
    assert 'href="/admin/appointments/appointmentrequest/"' in for_staff and 'href="/admin/"' in for_staff


@pytest.mark.django_db
def test_staff_page_that_is_not_open_to_somebody_is_explained_for_staff(
    clinic_data: None, client: Client, staff: Callable[[str], User]
) -> None:
    client.force_login(staff("editor"))
    response = client.get("/admin/appointments/appointmentrequest/")
    for_staff = page(response)
    assert response.status_code == 403 and "ask a manager" in for_staff
    assert 'href="/admin/"' in for_staff and 'href="/admin/appointments/appointmentrequest/"' not in for_staff
    assert "If you need help now" not in for_staff


@pytest.mark.django_db
def test_query_strings_stay_out_of_the_log(clinic_data: None, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(raise_request_exception=False)
    with caplog.at_level(logging.DEBUG, logger="django.request"):
        client.get("/nowhere/?name=Testa")
        client.get("/?x=%00Testa")
        post_form(client, "/appointments/request/", {"urgent": "Testa"})
    assert caplog.records
    assert "Testa" not in caplog.text


@pytest.mark.django_db
def test_privacy_says_the_same_in_both_languages(clinic_data: None, client: Client) -> None:
    """As many headings, points, and sentences for the clinic to fill in; each version names itself alike."""
    english, spanish = page(client.get("/privacy/")), page(client.get("/es/privacy/"))
    for mark in ("<h2>", "<li>", '<mark class="to-fill">', "<p>", settings.PRIVACY_VERSION):
        body = [text.partition('<div class="prose">')[2].partition("</main>")[0] for text in (english, spanish)]
        assert body[0].count(mark) == body[1].count(mark) > 0, mark
    assert '<html lang="es-US">' in spanish
    assert "Nothing about you is stored" not in spanish
