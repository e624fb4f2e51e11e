"""What waits for editors: in lists with counts, on the staff's first page and above every list of articles."""

import datetime
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from clinic.models import clinic_today
from conditions.models import Article, Cause, SignOff, Source
from tests.conditions.articles import article
from tests.conditions.signed import sign
from tests.form_posts import page, post_form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic_data")]
Staff = Callable[..., User]
LIST = "/admin/conditions/article/"
DAY = datetime.timedelta(days=1)
STENOSIS = "cause/spinal-stenosis"


@pytest.fixture
def editor(client: Client, staff: Staff) -> Client:
    """An editor, signed in. One article of the fifteen is in each list, or all but one."""
    client.force_login(staff("editor"))
    return client


def listed(client: Client, key: str, path: str = LIST) -> list[str]:
    """The titles of a list, as the page shows them."""
    html = page(client.get(path, {"list": key}))
    return re.findall(r'href="/admin/conditions/[a-z]+/\d+/change/[^"]*">([^<]+)</a>', html)


def only(**values: object) -> None:
    """Let one article have these values."""
    Article.objects.filter(slug="spinal-stenosis").update(**values)


def test_drafts_scheduled_and_withdrawn(editor: Client) -> None:
    only(published_from=None)
    assert listed(editor, "drafts") == ["Spinal stenosis"]
    only(published_from=timezone.now() + DAY)
    assert (listed(editor, "drafts"), listed(editor, "scheduled")) == ([], ["Spinal stenosis"])
    only(published_from=timezone.now() - DAY, withdrawn_from=timezone.now())
    assert (listed(editor, "drafts"), listed(editor, "scheduled")) == ([], [])
    assert "Spinal stenosis" not in listed(editor, "unsigned")


def test_mine_and_those_without_an_owner(editor: Client, staff: Staff) -> None:
    assert (len(listed(editor, "mine")), len(listed(editor, "nobodys"))) == (0, 15)
    only(owner=staff("editor"))
    assert (listed(editor, "mine"), len(listed(editor, "nobodys"))) == (["Spinal stenosis"], 14)
    only(owner=staff("editor", "another"))
    assert (listed(editor, "mine"), len(listed(editor, "nobodys"))) == ([], 14)


def test_unsigned_and_overdue(editor: Client, staff: Staff) -> None:
    assert len(listed(editor, "unsigned")) == 15
    sign(STENOSIS, staff("clinician"))
    assert "Spinal stenosis" not in listed(editor, "unsigned")
    assert listed(editor, "overdue") == []
    SignOff.objects.update(signed_at=timezone.now() - 400 * DAY, next_review_on=clinic_today() - DAY)
    assert listed(editor, "overdue") == ["Spinal stenosis"]
    only(summary="Changed after the sign-off.")
    assert "Spinal stenosis" in listed(editor, "unsigned")


def test_sources_not_checked_for_twelve_months(editor: Client, staff: Staff) -> None:
    assert len(listed(editor, "unchecked")) == 15
    Source.objects.update(checked_on=clinic_today() - 365 * DAY, checked_by=staff("editor"))
    assert listed(editor, "unchecked") == []
    old = article(STENOSIS).sources.earliest("position")
    old.checked_on = clinic_today() - 366 * DAY
    old.save()
    assert listed(editor, "unchecked") == ["Spinal stenosis"]


def test_every_list_stands_above_the_articles_with_its_count(editor: Client) -> None:
    only(published_from=None)
    html = page(editor.get(LIST))
    for said in ("All (15)", "Mine (0)", "Drafts (1)", "Scheduled (0)", "Overdue for review (0)", "Unsigned (15)"):
        assert f">{said}</a>" in html
    assert 'aria-current="true">All (15)</a>' in html


def test_list_of_one_kind_counts_its_kind(editor: Client) -> None:
    only(published_from=None)
    html = page(editor.get("/admin/conditions/cause/"))
    assert (">All (7)</a>" in html, ">Drafts (1)</a>" in html) == (True, True)
    assert listed(editor, "drafts", "/admin/conditions/treatment/") == []
    assert len(listed(editor, "unsigned", "/admin/conditions/cause/")) == Cause.objects.count()


def test_list_costs_the_same_for_more_articles(editor: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            editor.get(LIST)
        return len(queries)

    few = cost()
    Article.objects.bulk_create(
        Article(kind="cause", slug=f"cause-{number}", title=f"Cause {number}", summary="A.", body="A.")
        for number in range(20)
    )
    assert cost() == few


def test_only_the_lists_of_work_narrow_it(editor: Client) -> None:
    assert editor.get(LIST, {"title__regex": "["}).status_code == 400
    assert editor.get(LIST, {"owner__password": "x"}).status_code == 400
    assert editor.get(LIST, {"list": "no-such-list"}).status_code in {200, 302}


def test_article_of_the_list_of_all_leads_to_the_page_of_its_kind(editor: Client) -> None:
    found = article("treatment/surgery")
    assert editor.get(f"{LIST}{found.pk}/change/").headers["Location"] == (
        f"/admin/conditions/treatment/{found.pk}/change/"
    )
    assert post_form(editor, f"{LIST}{found.pk}/change/", {"title": "Mine"}).status_code == 302
    assert article("treatment/surgery").title != "Mine"
    assert editor.get(f"{LIST}add/").status_code == 403
    assert post_form(editor, f"{LIST}{found.pk}/delete/", {"post": "yes"}).status_code == 403


# The staff's first page


def home(client: Client, staff: Staff, role: str) -> str:
    client.force_login(staff(role))
    html = page(client.get("/admin/"))
    return html.split('id="content-main"')[1].split('class="all-rooms"')[0]


@pytest.mark.parametrize(
    ("role", "sees_queue", "sees_lists"),
    [
        ("reception", True, False),
        ("clinician", True, True),
        ("manager", True, False),
        ("editor", False, True),
    ],
)
def test_first_page_opens_on_the_work_of_the_role(
    client: Client, staff: Staff, role: str, sees_queue: bool, sees_lists: bool
) -> None:
    html = home(client, staff, role)
    assert ("/admin/appointments/appointmentrequest/" in html) is sees_queue
    assert (f"{LIST}?list=unsigned" in html) is sees_lists
    if sees_queue and sees_lists:
        assert html.index("appointmentrequest") < html.index("?list=unsigned"), "the queue comes first"


def test_first_page_names_what_waits(client: Client, staff: Staff) -> None:
    only(published_from=None)
    html = home(client, staff, "editor")
    assert ">Drafts: 1</a>" in html
    assert f'/admin/conditions/cause/{article(STENOSIS).pk}/change/">Spinal stenosis</a>' in html
    assert ">Unsigned: 15</a>" in html
    assert html.count("Degenerative disc disease</a>") == 1, "under one list only, though three hold it"
    assert "Recent actions" not in html
    assert ">All 15<" in html
    assert ">Overdue for review: 0</a>" in html


def test_first_page_counts_open_requests(client: Client, staff: Staff) -> None:
    assert "No open request" in home(client, staff, "reception")
