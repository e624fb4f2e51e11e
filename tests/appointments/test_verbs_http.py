"""What staff do with a request, by HTTP against the running server: the whole table of moves, and every verb that
there is. The verbs are read from the URLconf, so that a new one cannot be forgotten."""

import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from appointments.lifecycle import RequestStatus, Role
from appointments.models import AppointmentRequest, RequestEvent, StatusChange
from clinic.models import OutgoingMail
from tests.appointments.moves import RECEPTION, let_go, try_in_vain
from tests.appointments.test_admin import QUEUE, STAFF, date_and_time, in_days, in_status, signed_in
from tests.appointments.test_lifecycle import EXPECTED
from tests.form_posts import page, post_form
from tests.plain_browser import PlainBrowser
from tests.served_site import ServedSite
from tests.staff import PASSWORD

StaffFactory = Callable[[str], User]

# Addresses of one request under which nothing is done: pages to read.
PAGES = {"change", "history", "delete", "who"}
LINKS = {("in_review", "duplicate"): "duplicate-of", ("duplicate", "in_review"): "not-a-duplicate"}


def verbs() -> Iterator[str]:
    """The address of every verb on one request, below the address of the request."""
    for route in routes(get_resolver().url_patterns):
        found = re.fullmatch(r"admin/appointments/appointmentrequest/<[^>]*object_id>/(.+)/", route)
        if found and found[1] not in PAGES:
            yield found[1]


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


EVERY_VERB = sorted({re.sub(r"<slug:status>", "{status}", verb) for verb in verbs()})
ADDRESSES = [
    address
    for verb in EVERY_VERB
    for address in ([verb.format(status=to) for to in RequestStatus.values] if "{" in verb else [verb])
]


def everything(appointment_request: AppointmentRequest) -> list[Any]:
    """All rows that an act could change."""
    return [
        list(AppointmentRequest.objects.order_by("pk").values()),
        list(StatusChange.objects.order_by("pk").values()),
        list(RequestEvent.objects.order_by("pk").values()),
        list(OutgoingMail.objects.order_by("pk").values("pk", "function", "arguments")),
    ]


def all_fields(appointment_request: AppointmentRequest, owner: User) -> dict[str, Any]:
    """What any verb needs, all of it right."""
    return {
        "version": appointment_request.version,
        "note": "Because.",
        "message": "Please ask elsewhere.",
        "urgency": 1,
        **date_and_time(3),
        "channel": "phone",
        "outcome": "no_answer",
        "step": "look",
        "on": f"{timezone.localdate() + datetime.timedelta(days=2):%Y-%m-%d}",
        "owner": owner.pk,
    }


def test_the_verbs_are_these() -> None:
    """Read from the URLconf: whoever adds one sees here that it is tested."""
    assert set(EVERY_VERB) == {
        *("move/{status}", "urgency", "appointment", "log-call", "plan", "undo"),
        *("take", "take-over", "give-back", "duplicate-of", "not-a-duplicate", "second-look"),
    }


# The running server


def browsers_of(site: ServedSite, people: list[User]) -> dict[str, PlainBrowser]:
    """A browser for each of them, signed in by the form."""
    browsers = {}
    for person in people:
        browser = PlainBrowser(site.url)
        browser.get("/admin/login/")
        answer = browser.post(
            "/admin/login/", {"username": person.username, "password": PASSWORD, "next": "/admin/"}
        )
        assert answer.status == 302, answer
        browser.get("/admin/")
        browsers[person.username] = browser
    return browsers


@pytest.mark.django_db(transaction=True)
def test_table_of_status_role_and_move_over_the_running_server(
    clinic_data: None, served_site: ServedSite, staff: StaffFactory
) -> None:
    """Every triple: what the table allows works; all else answers 403 or 409, and nothing at all has changed."""
    people = [staff(role) for role in STAFF]
    clinician = next(person for person in people if person.username == "clinician")
    browsers = browsers_of(served_site, people)
    worked, refused = 0, 0
    for status in RequestStatus.values:
        appointment_request = in_status(status, clinician)
        for target in RequestStatus.values:
            if target == RequestStatus.UNREACHABLE and status == RequestStatus.IN_REVIEW:
                try_in_vain(appointment_request, clinician)
                let_go(appointment_request)
            allowed, needs = EXPECTED.get((status, target), (set(), ""))
            verb = LINKS.get((status, target), f"move/{target}")
            for role, browser in browsers.items():
                original = in_status("received", clinician, birth_date_year="1950") if "o" in needs else None
                fields: dict[str, Any] = {"version": appointment_request.version}
                fields |= {"note": f"Said {role}."} if "n" in needs else {}
                fields |= {"message": f"From {role}."} if "w" in needs else {}
                # The same patient at the same time, each time anew: that asks for a word.
                fields |= {**date_and_time(3), "despite_clash": "on"} if "t" in needs else {}
                fields |= {"reference": original.reference} if original else {}
                before = everything(appointment_request)
                answer = browser.post(f"{QUEUE}{appointment_request.pk}/{verb}/", fields)
                if role in allowed:
                    worked += 1
                    assert answer.status == 302, (status, target, role, answer)
                    last = StatusChange.objects.filter(appointment_request=appointment_request).last()
                    assert last is not None
                    assert (last.from_status, last.to_status, last.role) == (status, target, role)
                    appointment_request = in_status(status, clinician)
                    if target == RequestStatus.UNREACHABLE:
                        try_in_vain(appointment_request, clinician)
                        let_go(appointment_request)
                else:
                    refused += 1
                    assert answer.status == (403 if role == "editor" or allowed else 409), (status, target, role)
                    assert everything(appointment_request) == before, (status, target, role)
    assert worked == sum(len(roles - {"patient"}) for roles, _ in EXPECTED.values())
    assert refused > 200


@pytest.mark.django_db(transaction=True)
def test_every_verb_refuses_get_and_a_stale_version_over_the_running_server(
    clinic_data: None, served_site: ServedSite, staff: StaffFactory
) -> None:
    manager = staff("manager")
    (browser,) = browsers_of(served_site, [manager]).values()
    for status in (RequestStatus.IN_REVIEW, RequestStatus.BOOKED):
        appointment_request = in_status(status, staff("clinician"))
        before = everything(appointment_request)
        for address in ADDRESSES:
            path = f"{QUEUE}{appointment_request.pk}/{address}/"
            assert browser.get(path).status == 405, address
            for version in (appointment_request.version - 1, appointment_request.version + 1, "", "x"):
                fields = {**all_fields(appointment_request, manager), "version": version}
                assert browser.post(path, fields).status == 409, (address, version)
        assert everything(appointment_request) == before


# The four questions for every verb, without a server of their own: does it work is asked of each in its own module


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_verb_by_anything_but_post_is_refused(
    clinic_data: None, staff: StaffFactory, address: str, method: str
) -> None:
    appointment_request = in_status("in_review", staff("clinician"))
    before = everything(appointment_request)
    path = f"{QUEUE}{appointment_request.pk}/{address}/"
    assert getattr(signed_in(staff("manager")), method)(path).status_code == 405
    assert everything(appointment_request) == before


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_verb_by_the_wrong_person_is_refused(clinic_data: None, staff: StaffFactory, address: str) -> None:
    """An editor, a person who is no longer staff, nobody, and a page of another site."""
    manager = staff("manager")
    appointment_request = in_status("in_review", staff("clinician"))
    fields, path = all_fields(appointment_request, manager), f"{QUEUE}{appointment_request.pk}/{address}/"
    before = everything(appointment_request)
    assert post_form(signed_in(staff("editor")), path, fields).status_code == 403
    assert post_form(Client(), path, fields).status_code == 302
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(manager)
    assert post_form(forged, path, fields).status_code == 403
    left = signed_in(manager)
    User.objects.filter(pk=manager.pk).update(is_staff=False)
    assert post_form(left, path, fields).status_code == 302
    assert everything(appointment_request) == before


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_verb_of_whoever_does_not_have_it_is_refused_but_for_raising_and_taking_over(
    clinic_data: None, staff: StaffFactory, address: str
) -> None:
    """Somebody else has it: 409, with who it is, and with what was typed still in the page."""
    clinician, manager = staff("clinician"), staff("manager")
    appointment_request = in_status("in_review", clinician)
    appointment_request.change("claimed", by=clinician, role=Role.CLINICIAN)  # type: ignore[arg-type]
    fields = {**all_fields(appointment_request, manager), "note": "A carefully written reason."}
    before = everything(appointment_request)
    response = post_form(signed_in(manager), f"{QUEUE}{appointment_request.pk}/{address}/", fields)
    if address in {"urgency", "take-over", "second-look"}:
        assert response.status_code < 500
        return
    assert response.status_code in {403, 409, 422}, (address, page(response))
    if address in {"log-call", "plan", "move/booked", "move/awaiting_patient", "move/declined"}:
        assert response.status_code == 409
        assert page(response).count("clinician has this request now.") >= 2  # on top, and beside what is kept
        assert "Take it over, because" in page(response)
        assert page(response).count("A carefully written reason.") >= 2  # beside what is kept, and in its form
    assert everything(appointment_request) == before


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_verb_on_a_request_that_is_not_there_is_not_found(
    clinic_data: None, staff: StaffFactory, address: str
) -> None:
    assert post_form(signed_in(staff("manager")), f"{QUEUE}999999/{address}/", {"version": 1}).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_verb_a_second_time_by_a_double_click_changes_nothing_more(
    clinic_data: None, staff: StaffFactory, address: str
) -> None:
    manager = staff("manager")
    appointment_request = in_status("in_review", manager)
    fields, path = all_fields(appointment_request, manager), f"{QUEUE}{appointment_request.pk}/{address}/"
    browser = signed_in(manager)
    first = post_form(browser, path, fields)
    assert first.status_code in {302, 409, 422}, address
    after = everything(appointment_request)
    assert post_form(browser, path, fields).status_code in {409, 422}, address
    assert everything(appointment_request) == after


# Nothing overwritten


@pytest.mark.django_db
def test_stale_save_shows_both_versions_side_by_side_and_keeps_the_form(
    clinic_data: None, staff: StaffFactory
) -> None:
    reception, clinician = staff("reception"), staff("clinician")
    seen = in_status("in_review", clinician)
    now = AppointmentRequest.objects.get(pk=seen.pk)
    now.move_to("awaiting_patient", by=reception, roles=RECEPTION, message="Send <us> the scan.")
    now.move_to("in_review", by=None, roles=frozenset({Role.PATIENT}))
    let_go(now)
    fields = {
        "version": seen.version,
        "note": "Typed <reason>.",
        "place": "Room “7”",
        "clinician": clinician.pk,
        **date_and_time(9),
    }
    response = post_form(signed_in(clinician), f"{QUEUE}{seen.pk}/move/booked/", fields)
    html = page(response)
    assert response.status_code == 409
    kept, tried = html[html.index("Kept now") : html.index("You tried, not saved")], html[html.index("You tried") :]
    for shown in ("In review", "Since you opened it", "Waiting for patient", "reception (Reception)", "Patient"):
        assert shown in kept, shown
    assert "Send &lt;us&gt; the scan." in kept
    assert "Received" not in kept[kept.index("Since you opened it") :]  # that was there when it was opened
    shown_of_form = ("Typed &lt;reason&gt;.", "Room “7”", f"{in_days(9):%Y-%m-%d} 14:30", "clinician")
    for shown in shown_of_form:
        assert shown in tried[: tried.index("</section>")], shown
    form = html[html.index("/move/booked/") :]
    assert "Typed &lt;reason&gt;." in form and "Room “7”" in form and f'value="{now.version}"' in form
    # Pressed once more, on purpose, it works.
    fields["version"] = now.version
    assert post_form(signed_in(clinician), f"{QUEUE}{seen.pk}/move/booked/", fields).status_code == 302


@pytest.mark.django_db
def test_late_save_of_a_holder_whose_claim_ran_out_is_refused_with_both_versions(
    clinic_data: None, staff: StaffFactory
) -> None:
    reception, manager = staff("reception"), staff("manager")
    late = in_status("in_review", reception)
    theirs = AppointmentRequest.objects.get(pk=late.pk)
    theirs.change("claimed", by=manager, role=Role.MANAGER)  # type: ignore[arg-type]
    fields = {"version": late.version, "message": "Please send your letter.", "note": "Half an hour of work."}
    before = everything(late)
    response = post_form(signed_in(reception), f"{QUEUE}{late.pk}/move/awaiting_patient/", fields)
    assert response.status_code == 409
    html = page(response)
    assert html.count("manager has this request now.") >= 2
    assert html.count("Half an hour of work.") >= 2 and html.count("Please send your letter.") >= 2
    assert everything(late) == before


@pytest.mark.django_db
def test_refused_for_the_sake_of_a_claim_there_is_one_way_to_take_over_and_it_keeps_what_was_typed(
    clinic_data: None, staff: StaffFactory
) -> None:
    reception, manager = staff("reception"), staff("manager")
    appointment_request = in_status("in_review", reception)
    appointment_request.change("claimed", by=reception, role=Role.RECEPTION)  # type: ignore[arg-type]
    browser, record = signed_in(manager), f"{QUEUE}{appointment_request.pk}"
    fields = {"version": appointment_request.version, "channel": "phone", "outcome": "no_answer", "note": "Noon."}
    html = page(post_form(browser, f"{record}/log-call/", fields))
    assert "/take-over/" not in html  # whose button would send nothing of what was typed
    assert 'href="#log-call_take_over"' in html and 'id="log-call_take_over"' in html
    link = {"version": appointment_request.version, "reference": "K7MQ-4XDP", "note": "Same birthday."}
    other = in_status("received", reception)
    html = page(post_form(browser, f"{record}/duplicate-of/", {**link, "reference": other.reference}))
    assert "/take-over/" not in html
    assert 'href="#duplicate-of_take_over"' in html and 'id="duplicate-of_take_over"' in html
    # Where nothing was typed, the button on top is the way.
    html = page(post_form(browser, f"{record}/undo/", {"version": appointment_request.version}))
    assert "/take-over/" in html and "#undo_take_over" not in html


@pytest.mark.django_db
def test_stale_save_of_ones_own_request_says_you(clinic_data: None, staff: StaffFactory) -> None:
    reception = staff("reception")
    appointment_request = in_status("in_review", reception)
    appointment_request.change("claimed", by=reception, role=Role.RECEPTION)  # type: ignore[arg-type]
    path = f"{QUEUE}{appointment_request.pk}/log-call/"
    html = page(post_form(signed_in(reception), path, {"version": 1, "outcome": "no_answer"}))
    assert html.count("You have this request.") == 2 and "reception</strong> has this request" not in html


@pytest.mark.django_db
def test_claimed_request_is_taken_over_and_acted_on_with_one_form(clinic_data: None, staff: StaffFactory) -> None:
    reception, manager = staff("reception"), staff("manager")
    appointment_request = in_status("in_review", reception)
    appointment_request.change("claimed", by=reception, role=Role.RECEPTION)  # type: ignore[arg-type]
    browser, path = signed_in(manager), f"{QUEUE}{appointment_request.pk}/log-call/"
    fields = {"version": appointment_request.version, "channel": "phone", "outcome": "no_answer"}
    assert post_form(browser, path, fields).status_code == 409
    assert post_form(browser, path, {**fields, "take_over": " \n"}).status_code == 409
    assert post_form(browser, path, {**fields, "take_over": "She is ill.", "outcome": "x"}).status_code == 422
    assert not appointment_request.events.filter(kind="taken_over").exists()  # both or neither
    assert post_form(browser, path, {**fields, "take_over": "She is ill."}).status_code == 302
    events = list(appointment_request.events.values_list("kind", "changed_by__username", "note"))
    assert events[-2:] == [("taken_over", "manager", "She is ill."), ("contact_tried", "manager", "")]
    appointment_request.refresh_from_db()
    assert appointment_request.holder(timezone.now()) == manager
