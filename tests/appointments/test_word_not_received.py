"""The connection to the database is lost while a patient tells us something: nothing is claimed, nothing typed is
lost. PostgreSQL cuts it for real."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from appointments.models import AppointmentRequest
from clinic.models import ClinicProfile, OutgoingMail
from tests.appointments.following import address, kept
from tests.form_posts import carried, page, post_form

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clinic_data")]

SAID: dict[str, dict[str, Any]] = {
    "worse": {"urgent": ["fever"], "words": "I cannot feel\r\nmy <left> foot"},
    "contact": {"email": "new@example.com", "contact_times": ["morning", "midday"]},
    "times": {"windows": ["1-afternoon", "2-morning"], "unsuitable_dates": "Not on “Friday”"},
    "add": {"words": "My letter is\r\nin the mail."},
    "withdraw": {"is_sure": "on"},
}
LOST = "We did not get what you just told us"
UNSURE = "We could not confirm that we got what you just told us"
CLAIMS = ("We have your", "We got what you", "We know that it has got worse", "is withdrawn", "Reference")
Cut = Callable[[str], None]


@pytest.fixture
def cut_at() -> Iterator[Cut]:
    """Let the next row of a record end its own connection: at once ("the row"), or at the commit."""
    made = []

    def cut(moment: str) -> None:
        when = {"the row": "NOT DEFERRABLE", "the commit": "DEFERRABLE INITIALLY DEFERRED"}[moment]
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION cut_connection() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
            )
            for table in ("requestevent", "statuschange"):
                cursor.execute(
                    f"CREATE CONSTRAINT TRIGGER cut_connection AFTER INSERT ON appointments_{table} {when} "
                    "FOR EACH ROW EXECUTE FUNCTION cut_connection()"
                )
        made.append(moment)

    yield cut
    if made:
        mend()


def mend() -> None:
    """The database is back."""
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION IF EXISTS cut_connection() CASCADE")


def say(appointment_request: AppointmentRequest, verb: str, prefix: str = "") -> Any:
    browser = Client(raise_request_exception=False)
    return post_form(browser, prefix + address(appointment_request, verb), SAID[verb])


def words_as_posted(verb: str) -> dict[str, list[str]]:
    return {name: value if isinstance(value, list) else [value] for name, value in SAID[verb].items()}


@pytest.mark.parametrize("verb", SAID)
@pytest.mark.parametrize(("moment", "heading"), [("the row", LOST), ("the commit", UNSURE)])
def test_word_that_is_cut_off_is_said_plainly_and_sent_again(
    cut_at: Cut, verb: str, moment: str, heading: str
) -> None:
    appointment_request = kept()
    queued = OutgoingMail.objects.count()
    cut_at(moment)
    response = say(appointment_request, verb)
    assert response.status_code == 503
    assert f"<h1>{heading}</h1>" in page(response)
    assert not [claim for claim in CLAIMS if claim in page(response)]
    assert 'href="tel:+14242177463"' in page(response)
    assert 'href="tel:911"' in page(response)
    assert (response.headers["Cache-Control"], response.headers["X-Robots-Tag"]) == ("no-store, private", "noindex")
    assert response.headers["Referrer-Policy"] == "strict-origin"
    mend()
    unchanged = AppointmentRequest.objects.get()
    assert (unchanged.version, unchanged.status, OutgoingMail.objects.count()) == (1, "received", queued)

    assert ("<dt>What you wrote</dt>" in page(response)) == ("words" in SAID[verb])
    fields = carried(response)
    assert f'action="{address(appointment_request, verb)}"' in page(response)
    assert {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"} == words_as_posted(verb)
    again = post_form(Client(), address(appointment_request, verb), fields)
    assert (again.status_code, again.headers["Location"]) == (302, address(appointment_request))
    assert AppointmentRequest.objects.get().version == 2


@pytest.mark.parametrize(
    ("moment", "heading"), [("the row", "No recibimos"), ("the commit", "No pudimos confirmar")]
)
def test_word_that_is_cut_off_is_said_in_spanish(cut_at: Cut, moment: str, heading: str) -> None:
    appointment_request = kept()
    cut_at(moment)
    response = say(appointment_request, "worse", "/es")
    assert response.status_code == 503
    assert f"<h1>{heading}" in page(response)
    assert f'action="/es{address(appointment_request, "worse")}"' in page(response)
    assert "424-21-SPINE" in page(response)


def test_emergency_sign_that_is_cut_off_still_leads_to_help(cut_at: Cut) -> None:
    appointment_request = kept()
    cut_at("the row")
    response = post_form(Client(), address(appointment_request, "worse"), {"emergency": ["bowel"]})
    shown = page(response)
    assert response.status_code == 503
    assert shown.index("Call 911, or go to the nearest emergency room.") < shown.index(f"<h1>{LOST}")


def test_reading_without_the_connection_is_no_word_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    path = address(kept(), "add")

    def lost(*args: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr("appointments.views.following.may_say", lost)
    response = Client(raise_request_exception=False).get(path)
    connection.close()
    assert response.status_code == 500
    assert LOST not in page(response)
    assert "If you were sending us something, it may not have reached us." in page(response)


def test_page_that_went_wrong_is_true_for_whoever_has_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A patient who follows a request has had a reference since the first day."""

    def broken(*args: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("appointments.views.following.may_say", broken)
    ClinicProfile.objects.current()
    response = say(kept(), "add")
    assert response.status_code == 500
    assert "reference" not in page(response)
    assert "It has reached us only if a page of ours said so afterwards." in page(response)
