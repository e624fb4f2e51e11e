"""Every version of an article: who made it, what it changed, and the way back."""

import datetime
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from pghistory.models import Context

from conditions.history import restore, versions_of
from conditions.models import Article, NewerEdit, Source
from tests.conditions.articles import CAUSE, CONDITION, admin_url, article, open_form, save
from tests.form_posts import page, post_form

# Real transactions: rows are tied to versions by the time at which their transaction began.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clinic_data")]
Staff = Callable[..., User]


@pytest.fixture
def editor(client: Client, staff: Staff) -> Client:
    """An editor, signed in."""
    client.force_login(staff("editor"))
    return client


def edit(key: str = CAUSE, **values: str) -> Article:
    edited = article(key)
    for name, value in values.items():
        setattr(edited, name, value)
    edited.save()
    return edited


def changes(key: str = CAUSE) -> list[list[str]]:
    return [version.changed_parts for version in versions_of(article(key))][1:]


# What is kept


def test_every_path_leaves_a_version_with_what_it_changed(editor: Client) -> None:
    save(editor, {**open_form(editor), "title": ["By the admin"]})
    edit(summary="By a shell.")
    Article.objects.filter(slug="sciatica").update(medical_name="By an update")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conditions_article SET body = body || ' By SQL.' WHERE slug = 'sciatica'")
    assert changes() == [["Title"], ["Summary"], ["Medical name"], ["Text"]]
    assert [version.number for version in versions_of(article())] == [1, 2, 3, 4, 5]


def test_sources_and_sections_belong_to_the_version_that_changed_them() -> None:
    first, second = article().sources.order_by("position")[:2]
    first.claim = "Another claim."
    first.save()
    second.delete()
    article().sources.create(
        position=50, key="new-2026", claim="New.", citation="New", publisher="New", url="https://clinic.example/"
    )
    assert changes() == [[f"Source {first.key}"], [f"Source {second.key}"], ["Source new-2026"]]
    versions = versions_of(article())
    assert [second.key in version.snapshot.sources for version in versions] == [True, True, False, False]
    assert [version.snapshot.sources.get("new-2026") is None for version in versions] == [True, True, True, False]


def test_source_under_another_key_is_one_gone_and_one_new() -> None:
    source = article().sources.earliest("position")
    old, source.key = source.key, "renamed-2026"
    source.save()
    assert changes() == [["Source renamed-2026", f"Source {old}"]]


def test_section_is_named_by_its_article() -> None:
    section = article(CONDITION).sections.earliest("position")
    section.text = "Another text."
    section.save()
    assert changes(CONDITION) == [[f"Section {section.article.title}"]]


def test_all_that_one_save_changed_is_one_version(editor: Client) -> None:
    form = open_form(editor)
    save(editor, {**form, "title": ["New"], "sources-0-claim": ["New."], "sources-1-DELETE": ["on"]})
    (changed,) = changes()
    assert changed == ["Title", f"Source {form['sources-0-key'][0]}", f"Source {form['sources-1-key'][0]}"]


def test_words_that_went_and_came_are_told(editor: Client) -> None:
    edit(title="Pain in the leg")
    edit(title="Pain in the back")
    (difference,) = versions_of(article())[-1].differences
    assert difference.label == "Title"
    assert [(piece.fate, piece.text) for piece in difference.pieces] == [
        ("same", "Pain in the "),
        ("gone", "leg"),
        ("new", "back"),
    ]


def test_dates_are_told_in_the_clinics_zone_and_people_by_name(editor: Client, staff: Staff) -> None:
    staff("editor", "owner")
    form = open_form(editor)
    owner = str(User.objects.get(username="owner").pk)
    save(editor, {**form, "published_from": ["2026-07-01T09:00"], "owner": [owner]})
    html = page(editor.get(admin_url(what="history/2")))
    now = re.sub(r"<del>.*?</del>|<[^>]+>|Added: ", "", html)
    assert "July 1, 2026, 9:00 AM PDT" in now
    assert re.search(r"Owner\s+owner", now)


# Who


def test_editor_is_named_and_no_address_is_kept(editor: Client, staff: Staff) -> None:
    save(editor, {**open_form(editor), "title": ["New"]})
    version = versions_of(article())[-1]
    assert version.made_by == "editor"
    kept = [context.metadata for context in Context.objects.all()]
    assert {"user": staff("editor").pk} in kept
    assert {name for metadata in kept for name in metadata} == {"user", "command"}


def test_who_is_gone_and_who_is_unknown_are_told_apart(editor: Client, staff: Staff) -> None:
    save(editor, {**open_form(editor), "title": ["New"]})
    edit(title="Newer")
    User.objects.filter(username="editor").delete()
    assert [version.made_by for version in versions_of(article())][1:] == [
        "Somebody who no longer works here",
        "Outside the staff pages",
    ]


def test_command_that_loads_articles_is_named() -> None:
    article().section_of.all().delete()
    article().delete()
    call_command("load_articles")
    assert versions_of(article())[-1].made_by == "The command load_articles"


# Reading it


def test_list_tells_who_when_and_what_newest_first(editor: Client) -> None:
    save(editor, {**open_form(editor), "title": ["New"]})
    html = page(editor.get(admin_url(what="history")))
    assert re.findall(r">Version (\d+)</a>", html) == ["2", "1"]
    assert re.search(r"[A-Z][a-z]+day, [A-Z][a-z]+ \d+, 20\d\d, \d+:\d\d [AP]M P[SD]T", html)
    assert ">editor<" in html
    assert ">Title<" in html


def test_differences_are_escaped_and_without_styles(editor: Client) -> None:
    edit(title="<script>alert(1)</script>")
    edit(title="<b onclick=x>“&amp;”</b>")
    html = page(editor.get(admin_url(what="history/3")))
    assert "<script>alert" not in html
    assert "<b onclick" not in html
    assert "style=" not in html.split('id="content-main"')[1]
    assert "<ins>" in html
    assert "<del>" in html


@pytest.mark.parametrize("role", ["reception", "clinician", "manager", "editor"])
def test_all_staff_read_the_history_and_only_editors_restore(client: Client, staff: Staff, role: str) -> None:
    edit(title="New")
    client.force_login(staff(role))
    assert client.get(admin_url(what="history")).status_code == 200
    may_restore = role == "editor"
    assert ("Restore this version" in page(client.get(admin_url(what="history/1")))) is may_restore
    response = post_form(client, admin_url(what="history/1/restore"), {"seen_version": "2"})
    assert response.status_code == (302 if may_restore else 403)
    assert (article().title == "New") is not may_restore


@pytest.mark.parametrize("what", ["history", "history/1", "history/1/restore"])
def test_history_is_for_staff(client: Client, what: str) -> None:
    assert client.get(admin_url(what=what)).status_code == 302
    assert post_form(client, admin_url(what=what), {"seen_version": "1"}).status_code == 302
    assert article().version == 1


def test_version_that_never_was_is_not_found(editor: Client) -> None:
    assert editor.get(admin_url(what="history/99")).status_code == 404
    assert post_form(editor, admin_url(what="history/99/restore"), {"seen_version": "1"}).status_code == 404


def test_history_of_an_article_of_another_kind_is_not_found(editor: Client) -> None:
    treatment = article("treatment/surgery")
    assert editor.get(f"/admin/conditions/cause/{treatment.pk}/history/").status_code == 404


# The way back


def press_restore(editor: Client, number: int, seen_version: int | None = None, key: str = CAUSE) -> int:
    seen = article(key).version if seen_version is None else seen_version
    url = admin_url(key, f"history/{number}/restore")
    return int(post_form(editor, url, {"seen_version": str(seen)}).status_code)


def test_restoring_makes_a_new_version_with_the_old_texts(editor: Client) -> None:
    before = article()
    save(editor, {**open_form(editor), "title": ["New"], "body": ["New."], "sources-0-claim": ["New."]})
    assert press_restore(editor, 1) == 302
    now = article()
    assert (now.title, now.body, now.version) == (before.title, before.body, 3)
    assert not now.sources.filter(claim="New.").exists()
    versions = versions_of(now)
    assert versions[-1].snapshot.parts == versions[0].snapshot.parts
    assert versions[-1].made_by == "editor"


def test_restoring_brings_back_sources_and_takes_away_later_ones(editor: Client) -> None:
    before = list(article().sources.values_list("key", "claim", "position", "read_where"))
    with transaction.atomic():
        article().sources.filter(position__lt=3).delete()
    article().sources.create(
        position=50, key="new-2026", claim="New.", citation="New", publisher="New", url="https://clinic.example/"
    )
    assert press_restore(editor, 1) == 302
    assert list(article().sources.values_list("key", "claim", "position", "read_where")) == before


def test_restoring_brings_back_sections(editor: Client) -> None:
    before = list(article(CONDITION).sections.values_list("article", "position", "text"))
    with transaction.atomic():
        article(CONDITION).sections.filter(position__gt=5).delete()
        article(CONDITION).sections.update(text="New.")
    assert press_restore(editor, 1, key=CONDITION) == 302
    assert list(article(CONDITION).sections.values_list("article", "position", "text")) == before


def test_address_dates_and_owner_stay_as_they_are(editor: Client, staff: Staff) -> None:
    edit(slug="moved", title="New")
    moved = Article.objects.get(slug="moved")
    moved.published_from, moved.owner = None, staff("editor")
    moved.save()
    assert press_restore(editor, 1, key="cause/moved") == 302
    now = article("cause/moved")
    assert (now.published_from, now.owner) == (None, staff("editor"))
    assert now.title != "New"


def test_restoring_over_somebody_elses_newer_edit_is_refused(editor: Client) -> None:
    edit(title="New")
    edit(title="Newer")
    assert press_restore(editor, 1, seen_version=2) == 409
    assert article().title == "Newer"
    refused = page(post_form(editor, admin_url(what="history/1/restore"), {"seen_version": "2"}))
    assert "Nothing was changed" in refused
    assert post_form(editor, admin_url(what="history/1/restore"), {}).status_code == 409


def test_restore_of_an_article_that_was_read_too_early_changes_nothing() -> None:
    edit(title="New")
    first = versions_of(article())[0]
    stale = article()
    edit(title="Newer")
    with pytest.raises(NewerEdit):
        restore(stale, first.snapshot)
    assert article().title == "Newer"


def test_restoring_acts_by_post_alone_and_twice_is_once(editor: Client) -> None:
    edit(title="New")
    assert editor.get(admin_url(what="history/1/restore")).status_code == 405
    assert article().title == "New"
    assert press_restore(editor, 1, seen_version=2) == 302
    assert press_restore(editor, 1, seen_version=2) == 409
    assert article().version == 3


def test_a_clinicians_check_of_a_source_is_part_of_the_history(staff: Staff) -> None:
    source = Source.objects.filter(article=article()).earliest("position")
    source.checked_on, source.checked_by = datetime.date(2026, 1, 2), staff("editor")
    source.save()
    (difference,) = versions_of(article())[-1].differences
    added = "".join(piece.text for piece in difference.pieces if piece.fate == "new")
    assert "Checked on: 2026-01-02" in added
    assert "Checked by: editor" in added
