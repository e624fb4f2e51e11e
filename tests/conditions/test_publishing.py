"""When patients can read an article: by dates alone, entered and shown in the clinic's zone."""

import datetime
import time
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from clinic.models import ClinicProfile
from conditions.models import Article, State
from tests.conditions.articles import CAUSE, admin_url, article, open_form, save
from tests.conditions.filled_form import fields_of
from tests.form_posts import page, post_form
from tests.served_site import ServedSite

pytestmark = pytest.mark.django_db
Staff = Callable[..., User]
PAGE = "/causes/sciatica/"
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def editor(clinic_data: None, client: Client, staff: Staff) -> Client:
    """An editor, signed in."""
    client.force_login(staff("editor"))
    return client


def set_dates(published_from: datetime.datetime | None, withdrawn_from: datetime.datetime | None = None) -> None:
    Article.objects.filter(pk=article().pk).update(published_from=published_from, withdrawn_from=withdrawn_from)


# The states


@pytest.mark.parametrize(
    ("published_from", "withdrawn_from", "state"),
    [
        (None, None, State.DRAFT),
        (-HOUR, None, State.PUBLISHED),
        (0 * HOUR, None, State.PUBLISHED),
        (HOUR, None, State.SCHEDULED),
        (-HOUR, HOUR, State.PUBLISHED),
        (-2 * HOUR, -HOUR, State.WITHDRAWN),
        (-HOUR, 0 * HOUR, State.WITHDRAWN),
        (None, -HOUR, State.WITHDRAWN),
        (None, HOUR, State.DRAFT),
        (HOUR, 2 * HOUR, State.SCHEDULED),
    ],
)
def test_state_comes_from_the_dates_alone(
    clinic_data: None,
    client: Client,
    published_from: datetime.timedelta | None,
    withdrawn_from: datetime.timedelta | None,
    state: State,
) -> None:
    now = timezone.now()
    dates = [None if offset is None else now + offset for offset in (published_from, withdrawn_from)]
    set_dates(*dates)
    assert article().state_at(now) == state
    words = {
        State.DRAFT: Article.objects.drafts(),
        State.SCHEDULED: Article.objects.scheduled(),
        State.PUBLISHED: Article.objects.published(),
    }
    assert [word for word, articles in words.items() if articles.filter(pk=article().pk).exists()] == (
        [state] if state in words else []
    )
    assert Article.objects.not_withdrawn().filter(pk=article().pk).exists() is (state != State.WITHDRAWN)
    assert client.get(PAGE).status_code == (200 if state == State.PUBLISHED else 404)


def test_scheduled_article_appears_within_a_second_with_no_worker_running(
    transactional_db: None, editor: Client, served_site: ServedSite
) -> None:
    """Entered in the admin, in the clinic's zone; against real processes and the real clock of the database."""

    def status() -> int:
        try:
            with urlopen(served_site.url + PAGE) as response:
                return int(response.status)
        except HTTPError as error:
            return error.code

    form = open_form(editor)
    its_time = timezone.now().replace(microsecond=0) + datetime.timedelta(seconds=5)
    typed = its_time.astimezone(ZoneInfo("America/Los_Angeles")).strftime("%Y-%m-%dT%H:%M:%S")
    assert save(editor, {**form, "published_from": [typed]}).status_code == 302
    before, at_once = set(), set()
    while (asked_at := timezone.now()) < its_time + datetime.timedelta(seconds=1):
        answer = status()
        if timezone.now() < its_time:
            before.add(answer)
        elif asked_at >= its_time:
            at_once.add(answer)
        time.sleep(0.05)
    assert (before, at_once) == ({404}, {200})


def test_withdrawn_article_is_gone_from_its_time_on(clinic_data: None, client: Client) -> None:
    its_time = timezone.now() + datetime.timedelta(milliseconds=700)
    set_dates(timezone.now() - HOUR, its_time)
    assert client.get(PAGE).status_code == 200
    time.sleep(0.8)
    assert client.get(PAGE).status_code == 404


# Entering times


def enter(editor: Client, **times: str) -> str:
    """Send the form with these times; what the page says of them, "" when it was saved."""
    response = save(editor, {**open_form(editor), **{name: [value] for name, value in times.items()}})
    return "" if response.status_code == 302 else page(response)


@pytest.mark.parametrize(
    ("typed", "utc"),
    [
        ("2026-07-01T09:00", datetime.datetime(2026, 7, 1, 16, 0, tzinfo=datetime.UTC)),
        ("2026-12-01T09:00", datetime.datetime(2026, 12, 1, 17, 0, tzinfo=datetime.UTC)),
        ("2026-11-01T00:59", datetime.datetime(2026, 11, 1, 7, 59, tzinfo=datetime.UTC)),
        ("2026-11-01T02:00", datetime.datetime(2026, 11, 1, 10, 0, tzinfo=datetime.UTC)),
        ("2027-03-14T01:59", datetime.datetime(2027, 3, 14, 9, 59, tzinfo=datetime.UTC)),
        ("2027-03-14T03:00", datetime.datetime(2027, 3, 14, 10, 0, tzinfo=datetime.UTC)),
    ],
)
def test_time_entered_is_the_clinics_on_both_sides_of_a_change_of_clocks(
    editor: Client, typed: str, utc: datetime.datetime
) -> None:
    assert enter(editor, published_from=typed) == ""
    assert article().published_from == utc
    a_second = datetime.timedelta(seconds=1)
    assert [article().state_at(moment) for moment in (utc - a_second, utc)] == [State.SCHEDULED, State.PUBLISHED]
    assert open_form(editor)["published_from"] == [f"{typed}:00"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-11-01T01:30", "1:30 AM comes twice on November 1, 2026: the clocks go back."),
        ("2027-03-14T02:30", "There is no 2:30 AM on March 14, 2027: the clocks go forward."),
    ],
)
@pytest.mark.parametrize("name", ["published_from", "withdrawn_from"])
def test_time_that_the_clock_skips_or_shows_twice_is_refused_kindly(
    editor: Client, name: str, typed: str, said: str
) -> None:
    before = article().published_from
    html = enter(editor, **{name: typed})
    assert said in html
    assert "Choose a time an hour earlier or later." in html
    assert f'value="{typed}"' in html, "what was typed is still there"
    assert article().published_from == before


def test_half_past_one_is_an_ordinary_time_on_the_day_the_clocks_go_forward(editor: Client) -> None:
    assert enter(editor, published_from="2027-03-14T01:30") == ""
    assert article().published_from == datetime.datetime(2027, 3, 14, 9, 30, tzinfo=datetime.UTC)


def test_zone_stands_by_name_beside_the_times(editor: Client) -> None:
    html = page(editor.get(admin_url()))
    assert html.count("Clinic time: America/Los_Angeles.") == 2


def test_zone_is_the_clinics_own(editor: Client) -> None:
    ClinicProfile.objects.update(time_zone="America/Phoenix")
    assert "Clinic time: America/Phoenix." in page(editor.get(admin_url()))
    assert enter(editor, published_from="2026-11-01T01:30") == "", "Arizona changes no clocks"
    assert article().published_from == datetime.datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/Phoenix"))


def test_withdrawn_before_it_is_published_is_refused(editor: Client) -> None:
    html = enter(editor, published_from="2026-12-01T09:00", withdrawn_from="2026-11-30T09:00")
    assert "It would be withdrawn before it is published." in html


def test_two_articles_of_a_kind_cannot_have_one_address(editor: Client) -> None:
    html = enter(editor, slug="spinal-stenosis")
    assert "Another article has this address." in html
    assert enter(editor, slug="surgery") == "", "a treatment of that name is no cause"


def test_new_article_is_a_draft_of_its_kind_and_its_writers(editor: Client, staff: Staff) -> None:
    form = fields_of(page(editor.get("/admin/conditions/cause/add/")), "cause_form")
    new = {"title": ["New"], "slug": ["new"], "summary": ["New."], "body": ["New.\r\n\r\nTwo."]}
    assert post_form(editor, "/admin/conditions/cause/add/", {**form, **new}).status_code == 302
    made = article("cause/new")
    assert (made.state_at(timezone.now()), made.owner, made.version) == (State.DRAFT, staff("editor"), 1)
    assert made.body == "New.\n\nTwo."
    again = post_form(editor, "/admin/conditions/cause/add/", {**form, **new})
    assert "Another article has this address." in page(again)


@pytest.mark.parametrize("role", ["reception", "clinician", "manager"])
def test_only_editors_publish(clinic_data: None, client: Client, staff: Staff, role: str) -> None:
    editor = Client()
    editor.force_login(staff("editor"))
    form = open_form(editor)
    client.force_login(staff(role))
    assert save(client, {**form, "title": ["Mine"]}).status_code == 403
    assert article(CAUSE).title != "Mine"
