"""Signing an article, and keeping a sign-off, on the staff pages; and what patients see of it then."""

import datetime
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic.models import clinic_today
from conditions.differences import pieces_of
from conditions.models import Amendment, Article, SignOff, Source
from conditions.sign_offs import ReviewStatus
from tests.conditions.filled_form import fields_of
from tests.conditions.signed import CAUSE, CONDITION, TREATMENT, hash_now, page_of, review_of, sign
from tests.form_posts import page, post_form

pytestmark = pytest.mark.django_db
Staff = Callable[..., User]


def admin_url(key: str, step: str = "change") -> str:
    kind, _ = key.split("/")
    return f"/admin/conditions/{kind}/{Article.objects.with_key(key).get().pk}/{step}/"


def answers(key: str, **changes: Any) -> dict[str, Any]:
    in_a_year = clinic_today() + datetime.timedelta(days=365)
    filled = {
        "name": "Dr. Demo Person",
        "credentials": "MD",
        "next_review_on": in_a_year.isoformat(),
        "is_read": "on",
    }
    return {**filled, "seen": hash_now(key), **changes}


def structured_data(client: Client, key: str) -> str:
    """All that the page tells machines."""
    kind, slug = key.split("/")
    html = page(client.get(f"/{kind}s/{slug}/"))
    blocks = re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', html, flags=re.DOTALL)
    assert blocks, "the page tells machines nothing"
    return json.dumps([json.loads(block) for block in blocks])


# One clinical word of a signed article


def change_by_the_admin(key: str, client: Client, staff: Staff) -> None:
    """As an editor does it: open the form, change a word, save."""
    client.force_login(staff("editor"))
    form = fields_of(page(client.get(admin_url(key))), f"{key.split('/')[0]}_form")
    (summary,) = form["summary"]
    response = post_form(client, admin_url(key), {**form, "summary": summary + " Never rest."})
    assert response.status_code == 302, page(response)
    client.logout()


def change_by_the_shell(key: str, client: Client, staff: Staff) -> None:
    article = Article.objects.with_key(key).get()
    article.summary += " Never rest."
    article.save()


def change_by_raw_sql(key: str, client: Client, staff: Staff) -> None:
    kind, slug = key.split("/")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conditions_article SET summary = summary || ' Never rest.' WHERE kind = %s AND slug = %s",
            [kind, slug],
        )
        assert cursor.rowcount == 1


@pytest.mark.parametrize("key", [CONDITION, CAUSE, TREATMENT])
@pytest.mark.parametrize("change", [change_by_the_admin, change_by_the_shell, change_by_raw_sql])
def test_one_clinical_word_takes_the_badge_away_at_the_next_request(
    clinic_data: None,
    client: Client,
    staff: Staff,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    change: Callable[[str, Client, Staff], None],
) -> None:
    sign(key, staff("clinician"))
    assert "Reviewed by Dr. Demo Person, MD, on" in page_of(client, key)
    assert "lastReviewed" in structured_data(client, key)
    assert "reviewedBy" in structured_data(client, key)

    change(key, client, staff)
    assert review_of(client, key).status == ReviewStatus.CHANGED
    assert "Reviewed by" not in page_of(client, key)
    assert "This text has changed since Dr. Demo Person, MD, signed it on" in page_of(client, key)
    assert "lastReviewed" not in structured_data(client, key)
    assert "reviewedBy" not in structured_data(client, key)

    client.force_login(staff("clinician"))
    assert post_form(client, admin_url(key, "sign-off"), answers(key)).status_code == 302
    client.logout()
    assert review_of(client, key).holds
    assert "Reviewed by Dr. Demo Person, MD, on" in page_of(client, key)
    assert "lastReviewed" in structured_data(client, key)

    later = timezone.now() + datetime.timedelta(days=367)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert "The review of this text has been overdue since" in page_of(client, key)
    assert "Reviewed by" not in page_of(client, key)
    assert "lastReviewed" not in structured_data(client, key)
    assert "reviewedBy" not in structured_data(client, key)


# Signing


@pytest.mark.parametrize("key", [CONDITION, CAUSE, TREATMENT])
def test_sign_off_page_shows_all_that_is_signed(clinic_data: None, client: Client, staff: Staff, key: str) -> None:
    client.force_login(staff("clinician"))
    html = page(client.get(admin_url(key, "sign-off")))
    article = Article.objects.with_evidence().with_sections().with_key(key).get()
    assert f'name="seen" value="{hash_now(key)}"' in html
    words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    for text in [article.title, article.summary, *(section.article.name for section in article.section_list)]:
        assert text in words
    for number, source in enumerate(article.source_list, start=1):
        assert f'<li id="source-{number}">' in html
        assert source["url"].replace("&", "&amp;") in html
    copies = sum(source["read_where"] == "copy" for source in article.source_list)
    assert html.count("Primary source not opened") == copies
    urgency = {"condition": 3, "cause": 2, "treatment": 0}[article.kind]
    assert html.count("if you have any of these") == urgency


def test_clinician_signs_from_the_articles_page(clinic_data: None, client: Client, staff: Staff) -> None:
    client.force_login(staff("clinician"))
    panel = page(client.get(admin_url(CAUSE)))
    assert "No clinician has signed off this text yet." in panel
    assert admin_url(CAUSE, "sign-off") in panel
    assert post_form(client, admin_url(CAUSE, "sign-off"), answers(CAUSE)).status_code == 302
    sign_off = SignOff.objects.get()
    assert (sign_off.signed_by, sign_off.name, sign_off.credentials) == (
        staff("clinician"),
        "Dr. Demo Person",
        "MD",
    )
    assert "Reviewed by Dr. Demo Person, MD, on" in " ".join(page(client.get(admin_url(CAUSE))).split())
    assert post_form(client, admin_url(CAUSE, "sign-off"), answers(CAUSE)).status_code == 302
    assert SignOff.objects.count() == 1


def test_sign_off_is_offered_for_a_year(clinic_data: None, client: Client, staff: Staff) -> None:
    client.force_login(staff("clinician"))
    in_a_year = clinic_today() + datetime.timedelta(days=365)
    assert f'value="{in_a_year.isoformat()}"' in page(client.get(admin_url(CAUSE, "sign-off")))


@pytest.mark.parametrize("role", ["reception", "editor", "manager"])
def test_only_clinicians_sign(clinic_data: None, client: Client, staff: Staff, role: str) -> None:
    client.force_login(staff(role))
    assert "Read and sign off" not in page(client.get(admin_url(CAUSE)))
    assert client.get(admin_url(CAUSE, "sign-off")).status_code == 403
    assert post_form(client, admin_url(CAUSE, "sign-off"), answers(CAUSE)).status_code == 403
    assert not SignOff.objects.exists()


def test_sign_off_asks_who_you_are(clinic_data: None, client: Client) -> None:
    response = post_form(client, admin_url(CAUSE, "sign-off"), answers(CAUSE))
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")
    assert not SignOff.objects.exists()


def test_sign_off_of_a_text_that_changed_meanwhile_is_refused(
    clinic_data: None, client: Client, staff: Staff
) -> None:
    client.force_login(staff("clinician"))
    seen = answers(CAUSE)
    Source.objects.filter(article__slug="spinal-stenosis", position=0).update(claim="It never hurts.")
    for filled in (seen, {**seen, "name": ""}):
        response = post_form(client, admin_url(CAUSE, "sign-off"), filled)
        html = page(response)
        assert response.status_code == 409
        assert "The text has changed since you opened this page. Read it again." in html
        assert "It never hurts." in html
        assert 'id="id_is_read" required>' in html, "ticked, though nobody has read the new text yet"
    assert not SignOff.objects.exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": ""}, "This field is required"),
        ({"credentials": " "}, "This field is required"),
        ({"is_read": ""}, "Tick this only when you have read all of it."),
        ({"next_review_on": ""}, "This field is required"),
        ({"next_review_on": "soon"}, "Enter a valid date"),
        ({"next_review_on": "2020-01-01"}, "from a week to three years from now"),
        ({"next_review_on": "2999-01-01"}, "from a week to three years from now"),
    ],
)
def test_sign_off_with_something_missing_says_what(
    clinic_data: None, client: Client, staff: Staff, changes: dict[str, str], error: str
) -> None:
    client.force_login(staff("clinician"))
    response = post_form(client, admin_url(CAUSE, "sign-off"), answers(CAUSE, **changes))
    assert response.status_code == 422
    assert error in page(response)
    assert not SignOff.objects.exists()


def test_sign_off_by_get_only_shows(clinic_data: None, client: Client, staff: Staff) -> None:
    client.force_login(staff("clinician"))
    assert client.get(admin_url(CAUSE, "sign-off"), answers(CAUSE)).status_code == 200
    assert not SignOff.objects.exists()


# Edits that are not clinical


def edited_after_signing(staff: Staff) -> None:
    sign(CAUSE, staff("clinician"))
    Article.objects.with_key(CAUSE).update(summary="Less room, for nerves.")


def test_two_editors_keep_a_sign_off_through_an_edit(clinic_data: None, client: Client, staff: Staff) -> None:
    edited_after_signing(staff)
    client.force_login(staff("editor"))
    html = page(client.get(admin_url(CAUSE, "edits")))
    assert "Less" in html
    assert "<ins>" in html
    marked = post_form(client, admin_url(CAUSE, "edits"), {"seen": hash_now(CAUSE), "reason": "A comma"})
    assert marked.status_code == 302
    assert not review_of(client, CAUSE).holds

    confirm = f"{admin_url(CAUSE, 'edits')}{Amendment.objects.get().pk}/confirm/"
    refused = post_form(client, confirm, {})
    assert refused.status_code == 403
    assert "a second person has to confirm it" in page(refused)
    assert "somebody else has to confirm it" in page(client.get(admin_url(CAUSE, "edits")))

    client.force_login(staff("editor", "second"))
    html = page(client.get(admin_url(CAUSE, "edits")))
    assert "“A comma”" in html
    assert confirm in html
    assert client.get(confirm).status_code == 405
    assert not review_of(client, CAUSE).holds
    assert post_form(client, confirm, {}).status_code == 302
    assert review_of(client, CAUSE).holds
    assert post_form(client, confirm, {}).status_code == 409
    amendment = Amendment.objects.get()
    assert (amendment.marked_by, amendment.confirmed_by) == (staff("editor"), staff("editor", "second"))


def test_changes_since_the_sign_off_are_those_alone(clinic_data: None, client: Client, staff: Staff) -> None:
    edited_after_signing(staff)
    Source.objects.filter(article__slug="spinal-stenosis", key="katz-2022").update(year=2023)
    client.force_login(staff("editor"))
    html = page(client.get(admin_url(CAUSE, "edits")))
    assert re.findall(r'<h2 id="difference-\d+">([^<]+)</h2>', html) == ["Summary", "Source katz-2022"]
    changed = re.findall(r"<(?:ins|del)><span[^>]*>\w+: </span>([^<]*)<", html)
    assert changed[-2:] == ["2022", "2023"]


def test_clinician_may_confirm_but_not_mark(clinic_data: None, client: Client, staff: Staff) -> None:
    edited_after_signing(staff)
    fields = {"seen": hash_now(CAUSE), "reason": "A comma"}
    client.force_login(staff("clinician"))
    assert post_form(client, admin_url(CAUSE, "edits"), fields).status_code == 403
    client.force_login(staff("editor"))
    post_form(client, admin_url(CAUSE, "edits"), fields)
    client.force_login(staff("clinician"))
    confirm = f"{admin_url(CAUSE, 'edits')}{Amendment.objects.get().pk}/confirm/"
    assert post_form(client, confirm, {}).status_code == 302
    assert review_of(client, CAUSE).holds


@pytest.mark.parametrize("role", ["reception", "manager"])
def test_others_neither_mark_nor_confirm(clinic_data: None, client: Client, staff: Staff, role: str) -> None:
    edited_after_signing(staff)
    fields = {"seen": hash_now(CAUSE), "reason": "A comma"}
    client.force_login(staff(role))
    assert post_form(client, admin_url(CAUSE, "edits"), fields).status_code == 403
    client.force_login(staff("editor"))
    post_form(client, admin_url(CAUSE, "edits"), fields)
    client.force_login(staff(role))
    confirm = f"{admin_url(CAUSE, 'edits')}{Amendment.objects.get().pk}/confirm/"
    assert post_form(client, confirm, {}).status_code == 403
    assert not review_of(client, CAUSE).holds


def test_edit_of_another_text_than_was_seen_is_not_marked(clinic_data: None, client: Client, staff: Staff) -> None:
    edited_after_signing(staff)
    fields = {"seen": hash_now(CAUSE), "reason": "A comma"}
    Article.objects.with_key(CAUSE).update(summary="It never hurts.")
    client.force_login(staff("editor"))
    response = post_form(client, admin_url(CAUSE, "edits"), fields)
    assert response.status_code == 409
    assert "The text has changed since you opened this page" in page(response)
    assert post_form(client, admin_url(CAUSE, "edits"), {"seen": hash_now(CAUSE), "reason": ""}).status_code == 422
    assert not Amendment.objects.exists()


def test_mark_on_another_article_cannot_be_confirmed_here(clinic_data: None, client: Client, staff: Staff) -> None:
    edited_after_signing(staff)
    client.force_login(staff("editor"))
    post_form(client, admin_url(CAUSE, "edits"), {"seen": hash_now(CAUSE), "reason": "A comma"})
    client.force_login(staff("editor", "second"))
    elsewhere = f"{admin_url('cause/sciatica', 'edits')}{Amendment.objects.get().pk}/confirm/"
    assert post_form(client, elsewhere, {}).status_code == 404
    assert post_form(client, admin_url(CAUSE, "edits").replace("cause", "treatment", 1), {}).status_code == 404


# What changed, in words


@pytest.mark.parametrize(
    ("before", "after", "fates"),
    [
        ("", "", []),
        ("one", "one", ["same"]),
        ("", "one", ["new"]),
        ("one", "", ["gone"]),
        ("sit down", "sit up", ["same", "gone", "new"]),
        ("a\nb\nc", "a\nc", ["same", "gone", "same"]),
    ],
)
def test_pieces_say_what_stayed_what_is_gone_and_what_is_new(before: str, after: str, fates: list[str]) -> None:
    pieces = pieces_of(before, after)
    assert [piece.fate for piece in pieces] == fates
    assert "".join(piece.text for piece in pieces if piece.fate != "new") == before
    assert "".join(piece.text for piece in pieces if piece.fate != "gone") == after
