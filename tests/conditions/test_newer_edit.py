"""Two people edit one article: the second sees both versions, and nothing is lost, by whatever way it is saved."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client

from conditions import article_files
from conditions.admin.newer_edit import NewerEditAdmin
from conditions.models import Article, Clue, MayHelp, NewerEdit, Section, Source
from tests.conditions.articles import CAUSE, CONDITION, admin_url, article, form_in, open_form, save
from tests.form_posts import page, post_form

# Real transactions: the history ties rows to versions by the time at which their transaction began.
pytestmark = pytest.mark.django_db(transaction=True)
Staff = Callable[..., User]
START = 2  # the version of the shortened article


@pytest.fixture
def short_articles(clinic_data: None) -> None:
    """The two articles of these tests, with three sources each, and two sections: short pages are quick ones."""
    for key in (CAUSE, CONDITION):
        with transaction.atomic():
            article(key).sources.filter(position__gt=2).delete()
            article(key).sections.filter(position__gt=1).delete()


@pytest.fixture
def first(short_articles: None, staff: Staff) -> Client:
    """The editor who saves first."""
    client = Client()
    client.force_login(staff("editor", "first"))
    return client


@pytest.fixture
def second(short_articles: None, staff: Staff) -> Client:
    """The editor who had the same page open."""
    client = Client()
    client.force_login(staff("editor", "second"))
    return client


def changed(form: dict[str, list[str]], **values: str) -> dict[str, list[str]]:
    return {**form, **{name: [value] for name, value in values.items()}}


def marked(html: str) -> list[str]:
    return [part.split("</mark>")[0] for part in html.split("<mark>")[1:]]


# In the admin


@pytest.mark.parametrize("button", ["_save", "_continue", "_addanother"])
def test_second_editor_is_refused_on_every_button(first: Client, second: Client, button: str) -> None:
    mine, theirs = open_form(second), open_form(first)
    assert save(first, changed(theirs, title="Theirs")).status_code == 302
    response = save(second, changed(mine, title="Mine"), button=button)
    assert response.status_code == 409
    assert article().title == "Theirs"


def test_second_editor_sees_both_versions_and_who_was_first(first: Client, second: Client) -> None:
    mine, theirs = open_form(second), open_form(first)
    save(first, changed(theirs, title="Pain of theirs"))
    html = page(save(second, changed(mine, title="Pain of mine")))
    assert {"theirs", "mine"} <= set(marked(html))
    assert f"first saved version {START + 1}" in html
    assert "Both of you" in html


def test_what_was_typed_is_kept_on_top_of_the_newer_version(first: Client, second: Client) -> None:
    mine, theirs = open_form(second), open_form(first)
    save(first, changed(theirs, title="Theirs", medical_name="Theirs alone"))
    form = form_in(save(second, changed(mine, title="Mine", summary="Mine alone.")))
    assert form["title"] == ["Mine"]
    assert form["summary"] == ["Mine alone."]
    assert form["medical_name"] == ["Theirs alone"]
    assert save(second, form).status_code == 302
    now = article()
    assert (now.title, now.summary, now.medical_name, now.version) == (
        "Mine",
        "Mine alone.",
        "Theirs alone",
        START + 2,
    )


def test_both_versions_stay_in_the_history(first: Client, second: Client) -> None:
    mine, theirs = open_form(second), open_form(first)
    save(first, changed(theirs, title="Theirs"))
    save(second, form_in(save(second, changed(mine, title="Mine"))))
    titles = article().events.order_by("pgh_id").values_list("version", "title")  # type: ignore[attr-defined]
    assert list(titles)[-2:] == [(START + 1, "Theirs"), (START + 2, "Mine")]


@pytest.mark.parametrize(
    ("choice", "title", "medical_name", "claims"),
    [
        ("mine", "Mine", "", ("As it was.", "Mine.")),
        ("theirs", "Theirs", "Theirs alone", ("Theirs.", "As it was.")),
        ("both", "Mine", "Theirs alone", ("Theirs.", "Mine.")),
    ],
)
def test_editor_takes_either_version_or_both(
    first: Client, second: Client, choice: str, title: str, medical_name: str, claims: tuple[str, str]
) -> None:
    article().sources.update(claim="As it was.")
    Article.objects.filter(pk=article().pk).update(medical_name="")
    mine, theirs = open_form(second), open_form(first)
    theirs = changed(theirs, title="Theirs", medical_name="Theirs alone")
    save(first, changed(theirs, **{"sources-0-claim": "Theirs."}))
    response = save(second, changed(mine, title="Mine", **{"sources-1-claim": "Mine."}))
    kept = page(response).split('name="_mine" value="')[1].split('"')[0].replace("&amp;", "&")
    filled = post_form(second, admin_url(), {"_mine": kept, "_fill": choice})
    assert filled.status_code == 409
    assert article().title == "Theirs", "filling the form saves nothing"
    assert save(second, form_in(filled)).status_code == 302
    now = article()
    assert (now.title, now.medical_name) == (title, medical_name)
    assert tuple(now.sources.values_list("claim", flat=True)[:2]) == claims


def test_going_back_and_forth_between_the_choices_loses_nothing(first: Client, second: Client) -> None:
    mine, theirs = open_form(second), open_form(first)
    save(first, changed(theirs, title="Theirs"))
    response = save(second, changed(mine, title="Mine & <b>“yours”</b>\x7f"))
    for choice in ("theirs", "mine", "theirs", "both"):
        kept = page(response).split('name="_mine" value="')[1].split('"')[0].replace("&amp;", "&")
        response = post_form(second, admin_url(), {"_mine": kept, "_fill": choice})
    assert form_in(response)["title"] == ["Mine & <b>“yours”</b>\x7f"]
    assert "<b>“yours”" not in page(response)


def test_third_editor_in_between_is_seen_as_well(first: Client, second: Client, staff: Staff) -> None:
    mine, theirs = open_form(second), open_form(first)
    save(first, changed(theirs, title="Theirs"))
    form = form_in(save(second, changed(mine, title="Mine")))
    save(first, changed(open_form(first), title="Theirs again"))
    response = save(second, form)
    assert response.status_code == 409
    assert "again" in " ".join(marked(page(response)))
    assert article().title == "Theirs again"


def test_what_is_not_valid_is_kept_as_well(first: Client, second: Client) -> None:
    mine, theirs = open_form(second), open_form(first)
    save(first, changed(theirs, title="Theirs"))
    form = form_in(save(second, changed(mine, slug="not a slug", published_from="soon", summary="x" * 300)))
    assert (form["slug"], form["published_from"], form["summary"]) == (["not a slug"], ["soon"], ["x" * 300])


def test_form_without_its_version_is_refused(second: Client) -> None:
    form = open_form(second)
    del form["seen_version"]
    assert save(second, changed(form, title="Mine")).status_code == 409
    assert article().title != "Mine"


def test_save_as_new_never_touches_the_article(first: Client, second: Client) -> None:
    mine, theirs = open_form(second), open_form(first)
    save(first, changed(theirs, title="Theirs"))
    response = save(second, changed(mine, title="Mine"), button="_saveasnew")
    assert response.status_code == 200
    assert "Another article has this address." in page(response)
    assert article().title == "Theirs"
    assert Article.objects.count() == 15


def test_same_edit_by_both_says_so(first: Client, second: Client) -> None:
    mine, theirs = open_form(second), open_form(first)
    save(first, changed(theirs, title="The same"))
    assert "Both versions say the same." in page(save(second, changed(mine, title="The same")))


def test_who_may_not_edit_is_refused_before_anything_is_compared(first: Client, staff: Staff) -> None:
    form = open_form(first)
    reader = Client()
    reader.force_login(staff("clinician"))
    save(first, changed(form, title="Theirs"))
    assert save(reader, changed(form, title="Mine")).status_code == 403


def test_saving_unchanged_changes_no_text(first: Client) -> None:
    before = {key: article_files.digest(article_files.content_of(article(key))) for key in (CAUSE, CONDITION)}
    for key in before:
        assert save(first, open_form(first, key), key).status_code == 302
    assert before == {key: article_files.digest(article_files.content_of(article(key))) for key in before}


# Sources and sections count as the article


def test_sources_of_both_are_put_together(first: Client, second: Client) -> None:
    mine, theirs = open_form(second), open_form(first)
    save(first, changed(theirs, **{"sources-0-claim": "Theirs."}))
    response = save(second, changed(mine, **{"sources-1-claim": "Mine."}))
    assert response.status_code == 409
    assert save(second, form_in(response)).status_code == 302
    assert list(article().sources.values_list("claim", flat=True)[:2]) == ["Theirs.", "Mine."]


def test_source_that_they_added_stays(first: Client, second: Client) -> None:
    mine, theirs = open_form(second), open_form(first)
    count = article().sources.count()
    row = {
        name.replace("sources-0-", f"sources-{count}-"): value
        for name, value in theirs.items()
        if name.startswith("sources-0-")
    }
    row |= {f"sources-{count}-id": [""], f"sources-{count}-key": ["theirs-2026"]}
    assert save(first, {**theirs, **row, "sources-TOTAL_FORMS": [str(count + 1)]}).status_code == 302
    form = form_in(save(second, changed(mine, title="Mine")))
    assert save(second, form).status_code == 302
    assert article().sources.filter(key="theirs-2026").exists()
    assert article().title == "Mine"


def test_source_that_i_added_is_kept(first: Client, second: Client) -> None:
    mine, theirs = open_form(second), open_form(first)
    count = article().sources.count()
    row = {
        name.replace("sources-0-", f"sources-{count}-"): value
        for name, value in mine.items()
        if name.startswith("sources-0-")
    }
    row |= {f"sources-{count}-id": [""], f"sources-{count}-key": ["mine-2026"]}
    save(first, changed(theirs, title="Theirs"))
    response = save(second, {**mine, **row, "sources-TOTAL_FORMS": [str(count + 1)]})
    assert response.status_code == 409
    assert save(second, form_in(response)).status_code == 302
    assert article().sources.filter(key="mine-2026").exists()
    assert article().title == "Theirs"


@pytest.mark.parametrize("i_changed_it", [True, False])
def test_source_that_they_took_away_comes_back_only_where_i_changed_it(
    first: Client, second: Client, i_changed_it: bool
) -> None:
    mine, theirs = open_form(second), open_form(first)
    key = mine["sources-0-key"][0]
    save(first, {**theirs, "sources-0-DELETE": ["on"]})
    change = {"sources-0-claim": "Mine."} if i_changed_it else {"title": "Mine"}
    response = save(second, changed(mine, **change))
    assert response.status_code == 409
    assert save(second, form_in(response)).status_code == 302
    assert article().sources.filter(key=key).exists() is i_changed_it


def test_section_edited_by_another_is_not_overwritten(first: Client, second: Client) -> None:
    mine, theirs = open_form(second, CONDITION), open_form(first, CONDITION)
    save(first, changed(theirs, **{"sections-0-text": "Their section."}), CONDITION)
    response = save(second, changed(mine, title="Mine"), CONDITION)
    assert response.status_code == 409
    assert "Their section." in page(response)
    assert save(second, form_in(response, CONDITION), CONDITION).status_code == 302
    assert article(CONDITION).sections.earliest("position").text == "Their section."
    assert article(CONDITION).title == "Mine"


def test_articles_loaded_again_count_as_an_edit(first: Client) -> None:
    form = open_form(first)
    content = article_files.content_of(article())
    with transaction.atomic():
        loaded = article_files.write(CAUSE, {**content, "title": "Loaded"})
        article_files.relate(loaded, content)
    response = save(first, changed(form, summary="Mine.", **{"sources-1-claim": "Mine."}))
    assert response.status_code == 409
    assert save(first, form_in(response)).status_code == 302
    now = article()
    assert (now.title, now.summary) == ("Loaded", "Mine.")
    assert now.sources.count() == len(content["sources"])
    assert now.sources.all()[1].claim == "Mine."


# Outside the admin


def test_shell_save_over_a_newer_edit_is_refused(clinic_data: None) -> None:
    mine, theirs = article(), article()
    theirs.title = "Theirs"
    theirs.save()
    mine.title = "Mine"
    with pytest.raises(NewerEdit) as refusal:
        mine.save()
    assert refusal.value.newer.title == article().title == "Theirs"
    assert mine.title == "Mine", "what was typed is still there"
    with pytest.raises(NewerEdit):
        mine.save(update_fields=["title"])


def edit_source() -> None:
    source = article().sources.earliest("position")
    source.claim = "Another claim."
    source.save()


def delete_source() -> None:
    article().sources.earliest("position").delete()


def update_sources() -> None:
    article().sources.update(publisher="Another")


def add_clue() -> None:
    Clue.objects.create(
        cause=article(),
        question="eases",
        answer="nothing",
        wording="x",
        source_key="x",
        strength="weak",
        position=99,
    )


def edit_may_help() -> None:
    MayHelp.objects.filter(cause=article()).update(position=7)


def write_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conditions_article SET body = body || '!' WHERE slug = 'sciatica'")


def write_sql_to_source() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conditions_source SET year = 1999 WHERE article_id = %s", [article().pk])


def update_article() -> None:
    Article.objects.filter(pk=article().pk).update(summary="Another summary.")


@pytest.mark.parametrize(
    "edit",
    [
        edit_source,
        delete_source,
        update_sources,
        add_clue,
        edit_may_help,
        write_sql,
        write_sql_to_source,
        update_article,
    ],
)
def test_every_edit_is_seen_by_whoever_had_the_article_open(first: Client, edit: Callable[[], None]) -> None:
    form, opened = open_form(first), article()
    edit()
    now = article()
    assert now.version == opened.version + 1
    assert now.last_changed > opened.last_changed
    assert save(first, changed(form, title="Mine")).status_code == 409
    with pytest.raises(NewerEdit):
        opened.save()


@pytest.mark.parametrize("model", [Source, Section, MayHelp])
def test_row_saved_as_it_was_is_no_edit(clinic_data: None, model: type[Any]) -> None:
    versions = list(Article.objects.order_by("pk").values_list("version", flat=True))
    for row in model.objects.all():
        row.save()
    assert list(Article.objects.order_by("pk").values_list("version", flat=True)) == versions


def test_article_with_all_its_sources_goes_up_by_one_version(first: Client) -> None:
    form = open_form(first)
    names = [name for name in form if name.endswith("-claim") and "__prefix__" not in name]
    assert len(names) == 3
    save(first, {**form, **{name: ["Every claim."] for name in names}})
    assert article().version == START + 1
    assert set(article().sources.values_list("claim", flat=True)) == {"Every claim."}


def test_loading_leaves_alone_what_staff_changed(first: Client, capsys: pytest.CaptureFixture[str]) -> None:
    save(first, changed(open_form(first), title="Theirs"))
    Article.objects.update(loaded_digest="that of an older file")
    call_command("load_articles")
    assert article().title == "Theirs"
    assert f"Left alone, because staff changed it: {CAUSE}" in capsys.readouterr().out


def test_two_saves_at_the_same_moment_leave_one_of_them(first: Client, second: Client) -> None:
    forms = [(first, changed(open_form(first), title="One")), (second, changed(open_form(second), title="Two"))]
    both_ready, statuses = threading.Barrier(2, timeout=20), []

    def press(client: Client, form: dict[str, list[str]]) -> None:
        try:
            url = admin_url()
            both_ready.wait()
            statuses.append(post_form(client, url, {**form, "_save": "Save"}).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=pair) for pair in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302, 409]
    assert article().version == START + 1


def save_elsewhere() -> None:
    """Somebody else saves, over a connection of their own."""

    def save_theirs() -> None:
        theirs = article()
        theirs.title = "Theirs"
        theirs.save()
        connections.close_all()

    somebody_else = threading.Thread(target=save_theirs)
    somebody_else.start()
    somebody_else.join()


def test_save_between_the_comparison_and_the_form_is_seen(second: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The form is read after the version was compared: what it is saved from is what the editor saw."""
    mine = open_form(second)
    stock_get_object, reads = NewerEditAdmin.get_object, []

    def save_before_the_last_read(self: NewerEditAdmin, *args: Any, **kwargs: Any) -> Any:
        reads.append(True)
        if len(reads) == 3:  # the panels read it first, then the comparison, then the form
            save_elsewhere()
        return stock_get_object(self, *args, **kwargs)

    monkeypatch.setattr(NewerEditAdmin, "get_object", save_before_the_last_read)
    assert save(second, changed(mine, title="Mine")).status_code == 409
    assert len(reads) >= 3
    assert article().title == "Theirs"


def test_version_is_asked_again_under_the_lock(second: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody saves after the form was compared and before it is written: Article.save still refuses."""
    mine = open_form(second)
    stock_save = Article.save

    def save_late(self: Article, *args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(Article, "save", stock_save)
        save_elsewhere()
        self.save(*args, **kwargs)

    monkeypatch.setattr(Article, "save", save_late)
    response = save(second, changed(mine, title="Mine", **{"sources-0-claim": "Mine."}))
    assert response.status_code == 409
    assert article().title == "Theirs"
    assert not article().sources.filter(claim="Mine.").exists()
    assert form_in(response)["sources-0-claim"] == ["Mine."]
