"""Claims by HTTP: who has a request is seen by all, ends by itself, and is taken over with a reason alone."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments import claims
from appointments.history import differences
from appointments.lifecycle import Role
from appointments.models import AppointmentRequest, EventKind
from appointments.models.acting import claim_ends
from appointments.tabs import TAB_BY_KEY, Look, counts
from clinic.models import working_hours
from tests.appointments.patients import sent
from tests.form_posts import page, post_form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

QUEUE = "/admin/appointments/appointmentrequest/"
RECEPTION = frozenset({Role.RECEPTION})
Staff = Callable[..., User]


def signed_in(person: User) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def kept(row: AppointmentRequest) -> AppointmentRequest:
    return AppointmentRequest.objects.get(pk=row.pk)


def verb(browser: Client, row: AppointmentRequest, name: str, **fields: Any) -> Any:
    """Press the button, with the version that the object was read with."""
    return post_form(browser, f"{QUEUE}{row.pk}/{name}/", {"version": row.version, **fields})


def record(browser: Client, row: AppointmentRequest) -> str:
    return page(browser.get(f"{QUEUE}{row.pk}/change/"))


def let_time_pass() -> None:
    """Everybody has been away for longer than a claim lasts."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_appointmentrequest SET claimed_until = now() - '1 second'::interval")


# A holder who is away


def test_claim_that_ran_out_goes_to_the_next_and_the_late_save_is_refused(client: Client, staff: Staff) -> None:
    away, next_one = signed_in(staff("reception")), staff("clinician")
    row = sent(client)
    assert post_form(away, f"{QUEUE}take-next/", {}).status_code == 302
    seen = kept(row)
    # While it holds, nobody else is given it.
    assert claims.take_next(by=next_one, roles=RECEPTION) is None
    let_time_pass()
    assert (
        post_form(signed_in(next_one), f"{QUEUE}take-next/", {}).headers["Location"].endswith(f"/{row.pk}/change/")
    )
    assert kept(row).holder(timezone.now()) == next_one
    late = verb(away, seen, "move/in_review", note="Typed before lunch.")
    assert late.status_code == 409
    assert "Typed before lunch." in page(late)
    assert kept(row).status == "received"
    # Also with the version of today, as whoever opens the page anew has it.
    late = verb(away, kept(row), "move/in_review", note="Typed after lunch.")
    assert late.status_code == 409
    assert "has this request now" in page(late)
    assert "Typed after lunch." in page(late)
    assert kept(row).status == "received"
    assert kept(row).version == 3


# The verbs


def test_take_give_back_and_take_over(client: Client, staff: Staff) -> None:
    me, other, row = staff("reception"), staff("clinician"), sent(client)
    mine, others = signed_in(me), signed_in(other)
    assert verb(mine, row, "take").status_code == 302
    assert kept(row).holder(timezone.now()) == me
    assert verb(others, kept(row), "take").status_code == 409
    assert verb(others, kept(row), "give-back").status_code == 409
    without_reason = verb(others, kept(row), "take-over", note=" ")
    assert without_reason.status_code in {409, 422}
    assert kept(row).version == 2
    assert verb(others, kept(row), "take-over", note="The patient is on the phone.").status_code == 302
    assert kept(row).holder(timezone.now()) == other
    event = row.events.get(kind=EventKind.TAKEN_OVER)
    assert (event.changed_by, event.note, event.before["claimed_by"]) == (
        other,
        "The patient is on the phone.",
        me.pk,
    )
    assert verb(others, kept(row), "give-back").status_code == 302
    assert kept(row).holder(timezone.now()) is None
    assert verb(others, kept(row), "give-back").status_code == 409  # a second time


@pytest.mark.parametrize("reason", ["a\0b", "x" * 1001])
@pytest.mark.parametrize(("name", "field"), [("take-over", "note"), ("move/in_review", "take_over")])
def test_reason_that_cannot_be_kept_is_refused(
    client: Client, staff: Staff, name: str, field: str, reason: str
) -> None:
    me, row = staff("reception"), sent(client)
    verb(signed_in(me), row, "take")
    refused = verb(signed_in(staff("clinician")), kept(row), name, **{field: reason})
    assert refused.status_code == 422
    assert (kept(row).holder(timezone.now()), kept(row).version) == (me, 2)


@pytest.mark.parametrize("name", ["take", "take-over", "give-back"])
def test_verb_is_refused_by_get_stale_to_others_and_when_closed(client: Client, staff: Staff, name: str) -> None:
    me, row = staff("reception"), sent(client)
    browser = signed_in(me)
    assert browser.get(f"{QUEUE}{row.pk}/{name}/").status_code == 405
    assert verb(signed_in(staff("editor")), row, name, note="Why.").status_code == 403
    assert verb(Client(), row, name, note="Why.").headers["Location"].startswith("/admin/login/")
    assert verb(browser, row, name, version=7, note="Why.").status_code == 409
    assert post_form(browser, f"{QUEUE}{row.pk}/{name}/", {"note": "Why."}).status_code == 409
    assert post_form(browser, f"{QUEUE}999999/{name}/", {"version": 1}).status_code == 404
    AppointmentRequest.objects.update(status="withdrawn")
    assert verb(browser, row, name, note="Why.").status_code == 409
    assert kept(row).version == 1


def test_log_out_gives_everything_back(client: Client, staff: Staff) -> None:
    me, other = staff("reception"), staff("clinician")
    rows = [sent(client, birth_date_year=f"{1950 + number}") for number in range(3)]
    browser = signed_in(me)
    for row in rows[:2]:
        assert verb(browser, row, "take").status_code == 302
    claims.take(rows[2], by=other, roles=frozenset({Role.CLINICIAN}))
    assert post_form(browser, "/admin/logout/", {}).status_code == 200
    holders = [kept(row).holder(timezone.now()) for row in rows]
    assert holders == [None, None, other]
    assert [row.events.order_by("-version")[0].kind for row in rows[:2]] == [EventKind.RELEASED] * 2
    assert post_form(browser, "/admin/logout/", {}).status_code in {200, 302}  # a second time, by nobody


# Who has it


def test_banner_says_who_has_it_and_offers_what_may_be_done(client: Client, staff: Staff) -> None:
    me, other, row = staff("reception"), staff("clinician"), sent(client, "fever")
    mine, others = signed_in(me), signed_in(other)
    assert "Nobody has this request." in record(mine, row)
    assert f'action="{QUEUE}{row.pk}/take/"' in record(mine, row)
    verb(mine, row, "take")
    assert "You have this request." in record(mine, row)
    assert re.search(r'data-claim="left">(20 minutes left|until )', record(mine, row))
    assert f'action="{QUEUE}{row.pk}/give-back/"' in record(mine, row)
    seen = record(others, row)
    assert "reception has this request now." in seen
    assert f'action="{QUEUE}{row.pk}/take-over/"' in seen
    assert f'action="{QUEUE}{row.pk}/take/"' not in seen
    assert 'class="reason-urgency">Urgent: ' in seen
    let_time_pass()
    assert "Nobody has this request." in record(others, row)
    AppointmentRequest.objects.update(status="withdrawn", claimed_by=None, claimed_until=None)
    assert 'id="claim"' not in record(others, row)


def test_who_tells_holder_time_and_version_and_nothing_of_the_patient(client: Client, staff: Staff) -> None:
    me, row = staff("reception"), sent(client)
    browser, path = signed_in(me), f"{QUEUE}{row.pk}/who/"
    assert browser.get(path).json() == {"version": 1, "sentence": "Nobody has this request.", "left": ""}
    until = timezone.now() + datetime.timedelta(minutes=7, seconds=30)
    AppointmentRequest.objects.update(claimed_by=staff("clinician"), claimed_until=until)
    response = browser.get(path)
    assert response.json() == {
        "version": 1,
        "sentence": "clinician has this request now.",
        "left": "8 minutes left",
    }
    assert response.headers["Cache-Control"] == "no-store, private"
    AppointmentRequest.objects.update(claimed_until=timezone.now() + datetime.timedelta(days=2))
    assert browser.get(path).json()["left"].startswith("until ")
    assert post_form(browser, path, {}).status_code == 405
    assert signed_in(staff("editor")).get(path).status_code == 403
    assert Client().get(path).status_code == 302
    assert browser.get(f"{QUEUE}999999/who/").status_code == 404
    with CaptureQueriesContext(connection) as captured:
        browser.get(path)
    assert len(captured) <= 8


def test_row_shows_holder_and_offers_take(client: Client, staff: Staff) -> None:
    me, row = staff("reception"), sent(client)
    browser = signed_in(me)
    html = page(browser.get(QUEUE))
    assert f'formaction="{QUEUE}{row.pk}/take/" name="version" value="1"' in html
    assert verb(browser, row, "take").status_code == 302
    assert f"{QUEUE}{row.pk}/take/" not in page(browser.get(QUEUE))
    assert ">reception</bdi>" in page(signed_in(staff("clinician")).get(QUEUE))


# A holder who is gone


FRIDAY, SATURDAY = datetime.date(2026, 12, 4), datetime.date(2026, 12, 5)


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [
        (FRIDAY, "10:00", "10:20"),
        (FRIDAY, "16:35", "16:55"),
        (FRIDAY, "16:50", "17:10"),
        (FRIDAY, "18:00", "18:20"),
        (SATURDAY, "10:00", "10:20"),
        (FRIDAY, "07:00", "08:50"),
    ],
)
def test_no_claim_survives_the_night(day: datetime.date, begins: str, ends: str) -> None:
    """The clinic is open from 8:30 to 17:00. Before it opens, a claim waits for its first working minute."""
    zone = working_hours().zone
    begin, end = (datetime.datetime.combine(day, datetime.time.fromisoformat(at), zone) for at in (begins, ends))
    assert claim_ends(begin) == end


def save_account(person: User, **changes: Any) -> None:
    """On its page of the admin, by whoever runs the site."""
    root = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("root")
    fields = {"username": person.username, "is_active": "on", "is_staff": "on", "groups": group("reception")}
    fields |= {"date_joined_0": "2026-01-05", "date_joined_1": "09:00:00"} | changes
    fields = {name: value for name, value in fields.items() if value}
    answer = post_form(signed_in(root), f"/admin/auth/user/{person.pk}/change/", fields)
    assert answer.status_code == 302, page(answer)


def group(name: str) -> str:
    return str(Group.objects.get(name=name).pk)


@pytest.mark.parametrize("left", [{"is_active": ""}, {"is_staff": ""}, {"groups": "editor"}, {"groups": ""}])
def test_who_is_gone_has_nothing(client: Client, staff: Staff, left: dict[str, str]) -> None:
    """At once, with an entry in the record that names the role under which it was taken."""
    gone, other, row = staff("reception"), staff("clinician"), sent(client, "fever")
    claims.take(row, by=gone, roles=RECEPTION)
    theirs = sent(client, birth_date_year="1950")
    claims.take(theirs, by=other, roles=frozenset({Role.CLINICIAN}))
    save_account(gone, **{name: group(value) if value else "" for name, value in left.items()})
    released = row.events.get(kind=EventKind.RELEASED)
    assert (released.changed_by, released.role) == (gone, "reception")
    assert released.note == "Looks after requests no more."
    assert differences(kept(row)) == {}
    assert "Nobody has this request." in record(signed_in(other), row)
    assert kept(theirs).holder(timezone.now()) == other
    assert claims.take_next(by=other, roles=frozenset({Role.CLINICIAN})) == row


@pytest.mark.parametrize("field", ["is_active", "is_staff", "groups"])
def test_who_is_gone_by_a_statement_keeps_nothing_from_the_next(client: Client, staff: Staff, field: str) -> None:
    """Past the admin: nobody was told of it. Take next and the tabs ask who still looks after requests."""
    gone, other, row = staff("reception"), staff("clinician"), sent(client, "fever")
    claims.take(row, by=gone, roles=RECEPTION)
    if field == "groups":
        gone.groups.clear()
    else:
        User.objects.filter(pk=gone.pk).update(**{field: False})
        assert "Nobody has this request." in record(signed_in(other), row)
    look = Look(other, timezone.now(), working_hours())
    assert counts(look)["unclaimed"] == 1
    assert list(TAB_BY_KEY["unclaimed"].of(AppointmentRequest.objects.all(), look)) == [row]
    assert claims.take_next(by=other, roles=frozenset({Role.CLINICIAN})) == row
    assert kept(row).holder(timezone.now()) == other


def test_account_that_stays_keeps_its_claims(client: Client, staff: Staff) -> None:
    me, row = staff("reception"), sent(client)
    claims.take(row, by=me, roles=RECEPTION)
    save_account(me, first_name="Ana")
    save_account(me, groups=group("clinician"))  # still one who looks after requests
    assert kept(row).holder(timezone.now()) == me
    assert kept(row).version == 2


def test_log_out_gives_back_whatever_the_role_is_by_then(client: Client, staff: Staff) -> None:
    me, row = staff("reception"), sent(client)
    browser = signed_in(me)
    assert verb(browser, row, "take").status_code == 302
    User.groups.through.objects.filter(user=me).delete()  # by a statement: no signal says so
    assert post_form(browser, "/admin/logout/", {}).status_code == 200
    assert kept(row).holder(timezone.now()) is None
    assert row.events.get(kind=EventKind.RELEASED).role == "reception"
