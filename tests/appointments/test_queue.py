"""The queue: its order, the reasons for it, its tabs with their counts, and its pages."""

import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from appointments import claims
from appointments.contact import log_attempt
from appointments.lifecycle import OPEN_STATUSES, NextStep, RequestStatus, Role, Urgency
from appointments.listing import BadKey, Listing, page_after
from appointments.models import AppointmentRequest, Channel, ContactAttempt, EventKind, Outcome, SavedView
from appointments.patient_word import take_word
from appointments.plan import hand_over, plan
from appointments.promise import ALLOWANCES, NEAR_AT_LEAST, NEAR_PART
from appointments.queue import known_of, reasons
from appointments.tabs import TABS, Look, counts
from clinic.models import ClinicProfile, working_hours
from tests.appointments.patients import sent
from tests.appointments.test_query_counts import copy_requests
from tests.form_posts import page, post_form
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]

QUEUE = "/admin/appointments/appointmentrequest/"
RECEPTION = frozenset({Role.RECEPTION})
HOUR = datetime.timedelta(hours=1)
Staff = Callable[..., User]


def put(appointment_request: AppointmentRequest, **values: Any) -> AppointmentRequest:
    """The request as if it stood like this; no rule of ours is asked."""
    AppointmentRequest.objects.filter(pk=appointment_request.pk).update(**values)
    return AppointmentRequest.objects.get(pk=appointment_request.pk)


def now_here() -> datetime.datetime:
    return timezone.now().astimezone(ClinicProfile.objects.get().zone)


def told(appointment_request: AppointmentRequest, here: datetime.datetime | None = None) -> list[str]:
    """The reasons in words."""
    fresh = AppointmentRequest.objects.get(pk=appointment_request.pk)
    return [str(one) for one in reasons(fresh, here or now_here(), known_of([fresh])[fresh.pk])]


def signed_in(person: User) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


# Reasons


def test_reasons_come_in_the_order_of_the_queue(client: Client) -> None:
    here = now_here().replace(hour=12)
    put(
        sent(client, "fever", "weight-loss", "calf-pain"),
        received_at=here - 2 * 24 * HOUR,
        reply_by=here + datetime.timedelta(minutes=40, seconds=10),
        worse_at=here - datetime.timedelta(minutes=20, seconds=10),
        windows_end_at=here - HOUR,
        patient_wrote_at=here - datetime.timedelta(minutes=10, seconds=10),
    )
    first, *others = told(AppointmentRequest.objects.get(), here)
    assert first.startswith("Urgent: ")
    assert first.count(";") == 1  # the two that ask for it, not what is only to be mentioned
    assert others == [
        "Got worse 20 minutes ago",
        "Promise in 40 minutes",
        "The patient wrote 10 minutes ago",
        "Third day waiting",
        "Needs new dates",
    ]


def test_report_that_it_got_worse_is_told_once(client: Client) -> None:
    here = now_here()
    kept = put(
        sent(client),
        worse_at=here - datetime.timedelta(minutes=20, seconds=30),
        patient_wrote_at=here - datetime.timedelta(minutes=20, seconds=29),
    )
    assert "Got worse 20 minutes ago" in told(kept, here)
    assert not [text for text in told(kept, here) if "wrote" in text]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"received_at": -3, "reply_by": -2}, "Promise missed by 2 hours"),
        ({"reply_by": 49}, "Promise in 2 days"),
        ({"received_at": -3, "reply_by": 0}, "Promise in 0 minutes"),
        ({"received_at": -3}, "Waiting for 3 hours"),
        ({"received_at": -24}, "Second day waiting"),
        ({"received_at": -24 * 10}, "11th day waiting"),
        ({"received_at": -24 * 21}, "22nd day waiting"),
        ({"worse_at": 0}, "Got worse just now"),
        ({"windows_end_at": -1, "dates_asked_at": -1}, "Needs new dates: the patient was asked"),
    ],
)
def test_reason_in_words(client: Client, values: dict[str, int], expected: str) -> None:
    here = now_here().replace(hour=15)
    kept = put(sent(client), **{name: here + hours * HOUR for name, hours in values.items()})
    assert expected in told(kept, here)


def test_reason_says_which_try_is_due_and_when(client: Client, staff: Staff) -> None:
    kept, by = sent(client), staff("reception")
    for _ in range(2):
        log_attempt(kept, Channel.PHONE, Outcome.NO_ANSWER, by=by, roles=RECEPTION)
    first, second = ContactAttempt.objects.order_by("id")
    yesterday = first.tried_on - datetime.timedelta(days=1)
    ContactAttempt.objects.filter(pk=first.pk).update(tried_on=yesterday, part_of_day="morning")
    ContactAttempt.objects.filter(pk=second.pk).update(tried_on=yesterday, part_of_day="midday")
    here = now_here()
    assert kept.next_step_on is not None
    assert any(text.startswith("Put off until ") and text.endswith(": call the patient") for text in told(kept))
    put(kept, next_step_on=here.date())
    assert "Third try is due, in the afternoon" in told(kept)
    assert ContactAttempt.objects.tries(kept).times == 2
    # Twice in one part of one day is one try.
    ContactAttempt.objects.update(part_of_day="morning")
    assert "Second try is due, at midday or in the afternoon" in told(kept)
    # Whoever was reached since then is not called for a third time.
    log_attempt(AppointmentRequest.objects.get(), Channel.PHONE, Outcome.REACHED, by=by, roles=RECEPTION)
    assert not [text for text in told(kept) if "try" in text]


def test_reason_says_what_is_due_since_when(client: Client, staff: Staff) -> None:
    kept, by, here = sent(client), staff("reception"), now_here()
    plan(kept, NextStep.GET_RECORDS, here.date(), by, by=by, roles=RECEPTION)
    assert "Due today: get scans or letters" in told(kept)
    put(kept, next_step_on=datetime.date(2026, 1, 5))
    assert "Due since Monday, January 5: get scans or letters" in told(kept)
    put(kept, status=RequestStatus.AWAITING_PATIENT, second_look_on=here.date())
    assert told(kept)[-2:] == ["A second look is due", "Waiting for the patient"]
    put(kept, status=RequestStatus.WITHDRAWN, next_step="", next_step_on=None, next_step_by=None)
    assert told(kept) == []


def test_reasons_cost_two_queries_however_many_rows(client: Client) -> None:
    copy_requests(sent(client, "fever"), 20)
    rows = list(AppointmentRequest.objects.all())
    with CaptureQueriesContext(connection) as captured:
        known = known_of(rows)
        assert all(reasons(row, now_here_once, known[row.pk]) for row in rows for now_here_once in [timezone.now()])
    assert len(captured) == 2


# The order, against a slow twin


def slow_order(row: AppointmentRequest) -> tuple[Any, ...]:
    """The order in words of its own: the most urgent; of these who got worse, the earliest first; then whose
    promise, where one stands, ends first; then the longest wait."""
    never = datetime.datetime.max.replace(tzinfo=datetime.UTC)
    stands = row.answered_at is None or row.patient_wrote_at is not None
    return (
        row.urgency,
        row.worse_at is None,
        row.worse_at or never,
        (row.reply_by if stands else None) is None,
        (row.reply_by if stands else None) or never,
        row.received_at,
        row.pk,
    )


def is_in(tab: str, row: AppointmentRequest, look: Look) -> bool:
    """Whether the tab holds the row, in plain Python."""
    is_open = row.status in OPEN_STATUSES
    waits = is_open or (row.status == "booked" and row.worse_at is not None)
    has = row.claimed_until is not None and row.claimed_until > look.now
    allowed = ALLOWANCES[Urgency(row.urgency)]
    edge = look.hours.add_working_time(look.now, max(allowed / NEAR_PART, NEAR_AT_LEAST))
    owed = row.answered_at is None or row.patient_wrote_at is not None
    starts = row.appointment_starts_at
    today = look.now.astimezone(look.hours.zone).date()
    return {
        "open": waits,
        "mine": waits and ((has and row.claimed_by_id == look.user.pk) or row.next_step_by_id == look.user.pk),
        "unclaimed": waits and not has,
        "urgent": waits and row.urgency <= 2,
        "promise": waits and owed and row.reply_by is not None and row.reply_by < edge,
        "patient": row.status == "awaiting_patient",
        "dates": is_open and row.windows_end_at is not None and row.windows_end_at < look.now,
        "today": row.status == "booked"
        and starts is not None
        and starts.astimezone(look.hours.zone).date() == today,
    }[tab]


HOURS = st.integers(-80, 80)
ONE = st.fixed_dictionaries(
    {
        "urgency": st.integers(1, 4),
        "status": st.sampled_from(RequestStatus.values),
        "received": st.integers(-80, 0),
        "reply": st.none() | st.integers(0, 160),  # after it was received
        "worse": st.none() | st.integers(-5, 0),
        "wrote": st.none() | st.integers(-5, 0),
        "answered": st.booleans(),
        "windows": st.none() | HOURS,
        "claim": st.none() | st.integers(-1, 1),
        "is_mine": st.booleans(),
        "step": st.none() | st.integers(-2, 2),
    }
)


# Open, and with nothing to say of it but that it waits.
NOTHING_SPECIAL: dict[str, Any] = {
    **{"urgency": 4, "status": "in_review", "received": -30, "answered": True, "is_mine": False},
    **dict.fromkeys(("reply", "worse", "wrote", "windows", "claim", "step")),
}


def stand(
    row: AppointmentRequest, facts: dict[str, Any], people: tuple[User, User], now: datetime.datetime
) -> None:
    """Let the row stand as these facts say: hours from now, each None where there is none."""

    def at(hours: int | None) -> datetime.datetime | None:
        return None if hours is None else now + hours * HOUR

    me, other = people
    somebody, is_open = (me if facts["is_mine"] else other), facts["status"] in OPEN_STATUSES
    has_step = facts["step"] is not None and is_open
    put(
        row,
        urgency=facts["urgency"],
        status=facts["status"],
        received_at=at(facts["received"]),
        reply_by=None if facts["reply"] is None else at(facts["received"] + facts["reply"]),
        worse_at=at(facts["worse"]),
        patient_wrote_at=at(facts["wrote"]),
        answered_at=now if facts["answered"] else None,
        answered_by=other if facts["answered"] else None,
        answered_after=HOUR if facts["answered"] else None,
        windows_end_at=at(facts["windows"]),
        claimed_by=None if facts["claim"] is None else somebody,
        claimed_until=at(facts["claim"]),
        next_step="call" if has_step else "",
        next_step_on=now.date() + datetime.timedelta(days=facts["step"]) if has_step else None,
        next_step_by=somebody if has_step else None,
        appointment_starts_at=at(facts["windows"] or 1) if facts["status"] == "booked" else None,
    )


@pytest.mark.usefixtures("clinic_data")
class TestOrder(TestCase):
    """The database against the slow twin, over whatever hypothesis thinks of."""

    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),  # to make an example smaller takes minutes here
    )
    @example([NOTHING_SPECIAL])
    @given(st.lists(ONE, min_size=1, max_size=12))
    def test_order_tabs_counts_pages_and_reasons(self, everybody: list[dict[str, Any]]) -> None:
        AppointmentRequest.objects.all().delete()
        people = make_staff("reception"), make_staff("clinician")
        now = timezone.now()
        pattern = sent(Client(), "fever")
        copy_requests(pattern, len(everybody) - 1)
        for row, facts in zip(AppointmentRequest.objects.order_by("id"), everybody, strict=True):
            stand(row, facts, people, now)
        rows, look = list(AppointmentRequest.objects.all()), Look(people[0], now, working_hours())
        number = counts(look)
        for tab in TABS:
            order = slow_order if tab.in_queue else lambda row: (row.appointment_starts_at, row.pk)
            expected = sorted((row for row in rows if is_in(tab.key, row, look)), key=order)
            assert number[tab.key] == len(expected), tab.key
            for size in (1, 3):
                assert list(each_page(Listing(tab=tab.key), look, size)) == expected, tab.key
        known, here = known_of(rows), now.astimezone(look.hours.zone)
        for row in rows:
            assert bool(reasons(row, here, known[row.pk])) == is_in("open", row, look)


def each_page(listing: Listing, look: Look, size: int) -> Iterator[AppointmentRequest]:
    """The rows of every page, from the first to the last."""
    key = ""
    while True:
        found = page_after(key, listing.of(AppointmentRequest.objects.all(), look), size=size)
        assert len(found.rows) <= size
        yield from found.rows
        if not (key := found.next_key):
            return


def test_pages_show_each_closed_request_once_the_latest_first(client: Client, staff: Staff) -> None:
    copy_requests(sent(client), 24)
    AppointmentRequest.objects.filter(pk__in=AppointmentRequest.objects.values("pk")[:11]).update(
        status="withdrawn"
    )
    look = Look(staff("reception"), timezone.now(), working_hours())
    for listing, count in ((Listing(status="withdrawn"), 11), (Listing(status="all"), 25)):
        rows = list(each_page(listing, look, 4))
        assert len(rows) == len({row.pk for row in rows}) == count
        assert rows == sorted(rows, key=lambda row: (row.received_at, row.pk), reverse=True)


def test_row_that_leaves_between_two_pages_hides_no_other(client: Client, staff: Staff) -> None:
    """Of an offset the row that moves up in its place would be skipped."""
    copy_requests(sent(client), 9)
    look, listing = Look(staff("reception"), timezone.now(), working_hours()), Listing()
    everything = list(each_page(listing, look, 4))
    first = page_after("", listing.of(AppointmentRequest.objects.all(), look), size=4)
    put(first.rows[0], status="withdrawn")
    put(first.rows[3], urgency=1)
    second = page_after(first.next_key, listing.of(AppointmentRequest.objects.all(), look), size=4)
    assert second.rows == everything[4:8]


@pytest.mark.parametrize("key", ["x", "1", "1_2_3_4_5_6", "1_2_3_4_x", "1_9" + "9" * 17 + "_1_1_1", "1_²_3_4_5"])
def test_key_that_is_none_leads_to_the_first_page(staff: Staff, key: str) -> None:
    look = Look(staff("reception"), timezone.now(), working_hours())
    with pytest.raises(BadKey):
        page_after(key, Listing().of(AppointmentRequest.objects.all(), look), size=5)
    response = signed_in(staff("reception")).get(QUEUE, {"after": key})
    assert (response.status_code, response.headers["Location"]) == (302, f"{QUEUE}?e=1")


# What the database does for it


def plan_of(sql: str) -> str:
    """How the database runs it, where a look at the whole table is the last resort."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


def captured(act: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        act()
    return [query["sql"] for query in queries.captured_queries]


def test_counts_of_open_tabs_are_one_statement_that_reads_the_index_alone(client: Client, staff: Staff) -> None:
    sent(client)
    look = Look(staff("reception"), timezone.now(), working_hours())
    of_queue, of_today = captured(lambda: counts(look))
    assert "Index Only Scan using request_queue" in plan_of(of_queue)
    assert "request_by_appointment" in plan_of(of_today)


# Which index finds the pages of each list.
INDEX_OF = {
    **{Listing(tab=tab.key): "Index Only Scan using request_queue" for tab in TABS if tab.in_queue},
    Listing(tab="mine"): "Scan",  # few rows: by claim and owner, or by the queue
    Listing(tab="today"): "Scan using request_by_appointment",
    Listing(status="in_review"): "Index Only Scan using request_queue",
    Listing(tab="open", urgency="2"): "Index Only Scan using request_queue",
    Listing(status="declined"): "Backward using request_by_",
    Listing(status="all"): "Index Only Scan Backward using request_by_receipt",
}


def test_pages_are_found_in_their_index_without_an_offset(client: Client, staff: Staff) -> None:
    copy_requests(sent(client), 4_000)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE appointments_appointmentrequest
            SET urgency = 1 + id % 4,
                windows_end_at = now() - '1 h'::interval,
                status = (ARRAY['received', 'in_review', 'awaiting_patient', 'declined', 'withdrawn'])[1 + id % 5]
            """
        )
        cursor.execute("ANALYZE appointments_appointmentrequest")
    look = Look(staff("reception"), timezone.now(), working_hours())
    for listing, index in INDEX_OF.items():
        requests = listing.of(AppointmentRequest.objects.all(), look)
        (first,) = captured(lambda requests=requests: page_after("", requests, size=50))  # type: ignore[misc]
        middle = key_in_the_middle(listing, look)
        (later,) = captured(lambda requests=requests, key=middle: page_after(key, requests, size=50))  # type: ignore[misc]
        for sql in (first, later):
            assert "OFFSET" not in sql
            assert "COUNT(" not in sql
            assert index in plan_of(sql), (listing, plan_of(sql))
        if listing.the_tab and listing.the_tab.key in {"mine", "today"}:
            continue
        assert re.search(r"Index Cond: .*ROW\(", plan_of(later)), listing


def key_in_the_middle(listing: Listing, look: Look) -> str:
    """The key that some page in the middle begins after."""
    found = page_after("", listing.of(AppointmentRequest.objects.all(), look), size=300)
    return found.next_key or "_".join(["1"] * len(listing.order))


# The list by HTTP


def names(browser: Client, query: str = "") -> list[str]:
    return re.findall(r'/change/"><bdi>([^<]*)</bdi>', page(browser.get(QUEUE + query)))


def test_tabs_by_http_with_counts_and_reasons(client: Client, staff: Staff) -> None:
    me = staff("reception")
    browser = signed_in(me)
    mine = sent(client, full_name="Mine Patient", birth_date_year="1950")
    sent(client, "fever", full_name="Urgent Patient", birth_date_year="1951")
    claims.take(mine, by=me, roles=RECEPTION)
    left = datetime.timedelta(minutes=7, seconds=30)  # when the clinic is shut, the twenty minutes end another day
    put(mine, claimed_until=timezone.now() + left)
    assert names(browser) == ["Urgent Patient", "Mine Patient"]
    assert names(browser, "?tab=mine") == ["Mine Patient"]
    assert names(browser, "?tab=unclaimed") == names(browser, "?tab=urgent") == ["Urgent Patient"]
    assert names(browser, "?tab=open&urgency=4") == ["Mine Patient"]
    html = page(browser.get(QUEUE))
    shown = dict(re.findall(r">([A-Z][a-z ]+) <span class=\"count\">(\d+)</span>", html))
    assert shown == {
        **{"Open": "2", "Mine": "1", "Unclaimed": "1", "Urgent": "1", "Promise near": shown["Promise near"]},
        **{"Waiting for patient": "0", "Needs new dates": "0", "Booked today": "0"},
    }
    assert re.search(r'class="reason-urgency">Urgent: [a-z]', html)
    assert "8 minutes left" in html
    assert ">You</bdi>" in html


def test_empty_tab_says_what_is_empty(staff: Staff) -> None:
    browser = signed_in(staff("reception"))
    for tab in TABS:
        assert tab.empty in page(browser.get(f"{QUEUE}?tab={tab.key}")), tab
    assert len({tab.empty for tab in TABS}) == len(TABS)
    assert "No request is like that." in page(browser.get(f"{QUEUE}?tab=mine&urgency=1"))


def test_promise_names_its_zone(client: Client, staff: Staff) -> None:
    winter = datetime.datetime(2026, 12, 1, 17, 30, tzinfo=datetime.UTC)
    put(sent(client), reply_by=winter)
    summer = winter - datetime.timedelta(days=60)
    put(sent(client), reply_by=summer, received_at=summer - HOUR)
    html = page(signed_in(staff("reception")).get(QUEUE))
    assert "Dec 1, 9:30 AM PST" in html and "Oct 2, 10:30 AM PDT" in html


def test_next_page_and_back_by_http(client: Client, staff: Staff) -> None:
    copy_requests(sent(client), 60)
    browser = signed_in(staff("reception"))
    html = page(browser.get(QUEUE + "?tab=unclaimed"))
    (address,) = re.findall(r'rel="next" href="([^"]*)"', html)
    assert "Back to the first page" not in html
    second = browser.get(QUEUE + address.replace("&amp;", "&"))
    assert page(second).count("data-row") == 11
    assert 'rel="next"' not in page(second)
    assert '<a class="button quiet" href="?tab=unclaimed">Back to the first page' in page(second)


def test_unknown_parameter_is_refused(staff: Staff) -> None:
    browser = signed_in(staff("reception"))
    assert browser.get(QUEUE + "?full_name=x").status_code == 400
    assert browser.get(QUEUE + "?tab=nonsense&status=x&urgency=9&p=3").status_code == 200


def test_keys_page_says_what_the_keys_do(staff: Staff) -> None:
    assert "Take the next request" in page(signed_in(staff("reception")).get(f"{QUEUE}keys/"))
    assert signed_in(staff("editor")).get(f"{QUEUE}keys/").status_code == 403


# Bulk


def hand_over_path() -> str:
    return f"{QUEUE}hand-over/"


def test_hand_over_says_of_each_row_what_became_of_it(client: Client, staff: Staff) -> None:
    me, other, third = staff("reception"), staff("clinician"), staff("manager")
    free, held, stale, closed, his = (sent(client, birth_date_year=f"{1950 + n}") for n in range(5))
    held_by = AppointmentRequest.objects.get(pk=held.pk)
    claims.take(held_by, by=third, roles=frozenset({Role.MANAGER}))
    hand_over(his, other, by=me, roles=RECEPTION)
    put(closed, status="withdrawn")
    rows = [(free, 1), (held, held_by.version), (stale, 7), (closed, 1), (his, his.version)]
    fields = {"ticked": [f"{row.pk}:{version}" for row, version in rows], "owner": other.pk}
    html = page(post_form(signed_in(me), hand_over_path(), fields))
    assert "4 not handed over" in html
    assert "1 now with clinician" in html
    for words in ("has this request now", "Somebody else has changed", "waits for nobody", "already the work of"):
        assert words in html, words
    free.refresh_from_db()
    assert (free.next_step_by, free.next_step, free.version) == (other, "look", 2)
    assert free.events.get().kind == EventKind.PLANNED
    assert AppointmentRequest.objects.get(pk=stale.pk).version == 1
    # Once more changes nothing; and what one has done oneself, nobody else has.
    again = page(post_form(signed_in(me), hand_over_path(), fields))
    assert "0 now with clinician" in again
    assert again.count("You have changed this request yourself") == 1


def test_hand_over_tells_of_a_row_that_is_gone_and_of_one_that_the_patient_changed(
    client: Client, staff: Staff
) -> None:
    me, row = staff("reception"), sent(client)
    fresh = AppointmentRequest.objects.get(pk=row.pk)
    claims.take(fresh, by=me, roles=RECEPTION)
    take_word(fresh, EventKind.ADDED, note="One thing more.")
    fields = {"ticked": [f"{row.pk}:1", "999999:1"], "owner": staff("clinician").pk}
    html = page(post_form(signed_in(me), hand_over_path(), fields))
    assert "2 not handed over" in html and "0 now with clinician" in html
    assert "Request number 999999: It is no longer there." in html
    assert "Somebody else has changed" in html  # the patient, too


def test_hand_over_is_refused_to_others_and_by_get(client: Client, staff: Staff) -> None:
    row, me = sent(client), staff("reception")
    fields = {"ticked": f"{row.pk}:1", "owner": me.pk}
    assert signed_in(me).get(hand_over_path()).status_code == 405
    assert post_form(signed_in(staff("editor")), hand_over_path(), fields).status_code == 403
    assert post_form(Client(), hand_over_path(), fields).headers["Location"].startswith("/admin/login/")
    wrong: dict[str, Any]
    for wrong in ({"owner": ""}, {"owner": staff("editor").pk}, {"owner": "x"}, {"ticked": []}):
        assert post_form(signed_in(me), hand_over_path(), {**fields, **wrong}).status_code == 422
    for wrong in ({"ticked": "x:1"}, {"ticked": "1"}, {"ticked": "²:1"}, {"note": "x" * 1_001}):
        assert post_form(signed_in(me), hand_over_path(), {**fields, **wrong}).status_code == 400
    row.refresh_from_db()
    assert row.version == 1


def test_hand_over_that_lacks_something_keeps_what_was_filled_in(client: Client, staff: Staff) -> None:
    row, me = sent(client), staff("reception")
    html = page(post_form(signed_in(me), hand_over_path(), {"owner": me.pk, "note": "On <leave>."}))
    assert "Tick at least one request." in html and 'value="On &lt;leave&gt;."' in html
    assert f'<option value="{me.pk}" selected>' in html
    assert f'href="{QUEUE}?tab=urgent"' in html, "links lead to the queue, wherever it is shown"
    html = page(post_form(signed_in(me), hand_over_path(), {"ticked": f"{row.pk}:1", "note": "Kept."}))
    assert "Choose who they are for." in html and 'value="Kept."' in html
    assert f'aria-label="Tick {row.reference}" checked' in html


# Saved views


def test_view_is_kept_shared_and_dropped_by_its_owner_alone(staff: Staff) -> None:
    me, other = signed_in(staff("reception")), signed_in(staff("clinician"))
    fields = {"name": "My urgent ones", "tab": "mine", "urgency": "2", "full_name__regex": "[", "status": "evil"}
    response = post_form(me, f"{QUEUE}view/keep/", fields)
    assert response.headers["Location"] == f"{QUEUE}?tab=mine&urgency=2"
    view = SavedView.objects.get()
    assert view.query == "tab=mine&urgency=2"
    address = f"{QUEUE}view/{view.pk}/"
    assert other.get(address).headers["Location"] == f"{QUEUE}?tab=mine&urgency=2"
    assert "My urgent ones" in page(other.get(QUEUE))
    assert post_form(other, f"{address}drop/", {}).status_code == 403
    assert me.get(f"{address}drop/").status_code == 405
    assert SavedView.objects.count() == 1
    # What was kept by other means leads nowhere else.
    SavedView.objects.update(query="full_name__regex=[&next=//elsewhere.example")
    assert other.get(address).headers["Location"] == QUEUE
    assert post_form(me, f"{address}drop/", {}).status_code == 302
    assert other.get(address).status_code == 404


def test_view_of_somebody_who_left_is_dropped_by_a_manager_on_record(staff: Staff) -> None:
    left, manager = staff("reception"), staff("manager")
    post_form(signed_in(left), f"{QUEUE}view/keep/", {"name": "Monday list", "tab": "mine"})
    view = SavedView.objects.get()
    left.is_active = False
    left.save()
    address = f"{QUEUE}view/{view.pk}/drop/"
    others = signed_in(staff("clinician"))
    assert address not in page(others.get(QUEUE)) and post_form(others, address, {}).status_code == 403
    browser = signed_in(manager)
    html = page(browser.get(QUEUE))
    assert address in html and "kept by <bdi>reception</bdi>" in html
    assert post_form(browser, address, {}).status_code == 302
    assert not SavedView.objects.exists()
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr, entry.is_deletion()) == (manager, "Monday list", True)
    assert entry.change_message == "Deleted a view that reception kept."
    assert post_form(others, f"{QUEUE}view/keep/", {"name": "monday LIST"}).status_code == 302
    assert SavedView.objects.get().kept_by.username == "clinician"


def test_view_is_not_kept_without_a_name_of_its_own(staff: Staff) -> None:
    me = signed_in(staff("reception"))
    assert me.get(f"{QUEUE}view/keep/").status_code == 405
    for name in ("Urgent", "urgent", "", " ", "x" * 61, "a\0b"):
        assert post_form(me, f"{QUEUE}view/keep/", {"name": name, "tab": "urgent"}).status_code == 302
        html = page(me.get(QUEUE))
        assert "Constraint" not in html
        assert ("There is a view with the name “urgent” already. Choose another name." in html) is (
            name == "urgent"
        )
    assert [view.name for view in SavedView.objects.all()] == ["Urgent"]
    assert post_form(signed_in(staff("editor")), f"{QUEUE}view/keep/", {"name": "Mine"}).status_code == 403
