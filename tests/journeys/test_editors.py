"""Two editors at one article, in two browsers; and every page that editors work with, in all sizes and colors."""

from collections.abc import Callable

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.browser import Faults
from tests.conditions.articles import CAUSE, admin_url, article
from tests.journeys.inspection import MOUSE, Inspection
from tests.journeys.steps import press, sign_in

Staff = Callable[..., User]
BODY = "textarea[name=body]"


def open_article(page: Page, site: str) -> None:
    """The article's form."""
    page.goto(site + admin_url(CAUSE))


def test_second_editor_loses_nothing(
    site: str, open_page: Callable[..., Page], faults: Faults, staff: Staff
) -> None:
    faults.expect("status of 409")
    first, second = open_page(), open_page(java_script_enabled=False)
    for page, name in ((first, "first"), (second, "second")):
        staff("editor", name)
        sign_in(page, site, name)
        open_article(page, site)

    first.get_by_label("Title:", exact=True).fill("The title of the first")
    press(first, "Save and continue editing")
    second.get_by_label("Title:", exact=True).fill("The title of the second")
    second.locator(BODY).fill("What the second wrote for an hour.")
    press(second, "Save")

    alert = second.get_by_role("alert")
    expect(alert).to_contain_text("Nothing is saved yet")
    expect(alert).to_contain_text("first saved version 2")
    versions = second.get_by_role("table", name="Where the two versions differ")
    expect(versions).to_contain_text("The title of the first")
    expect(versions).to_contain_text("The title of the second")
    expect(second.locator(BODY)).to_have_value("What the second wrote for an hour.")

    press(second, "All of theirs")
    expect(second.get_by_label("Title:", exact=True)).to_have_value("The title of the first")
    press(second, "All of mine")
    expect(second.locator(BODY)).to_have_value("What the second wrote for an hour.")
    press(second, "My changes on top of theirs")
    second.get_by_label("Title:", exact=True).fill("A title of both")
    press(second, "Save and continue editing")

    now = article(CAUSE) if article(CAUSE).title == "A title of both" else None
    assert now is not None
    assert now.body == "What the second wrote for an hour."
    second.get_by_role("link", name="History: every version").click()
    second.get_by_role("link", name="Version 2").click()
    expect(second.locator("#content-main")).to_contain_text("The title of the first")


def test_link_for_a_reviewer_opens_without_an_account(
    site: str, open_page: Callable[..., Page], staff: Staff
) -> None:
    editor, reviewer = open_page(), open_page(java_script_enabled=False)
    staff("editor")
    sign_in(editor, site, "editor")
    open_article(editor, site)
    editor.get_by_text("Link for a reviewer without an account").click()
    reviewer.goto(editor.get_by_label("Copy this address").input_value())
    expect(reviewer.get_by_role("region", name="Preview")).to_contain_text("Preview of a draft, until")
    assert not reviewer.context.cookies()


def test_editors_pages(site: str, page: Page, faults: Faults, staff: Staff) -> None:
    faults.expect("status of 409")
    inspection = Inspection(page, smallest_target=MOUSE)
    staff("editor")
    sign_in(page, site, "editor")
    inspection.look("first page of an editor")
    page.goto(site + "/admin/conditions/article/")
    inspection.look("all articles")
    page.goto(site + "/admin/conditions/article/?list=drafts")
    inspection.look("drafts, none", is_page_of_its_own=False)
    page.goto(site + "/admin/conditions/treatment/")
    inspection.look("treatments")
    page.goto(site + "/admin/conditions/treatment/add/")
    inspection.look("a new treatment")
    open_article(page, site)
    inspection.look("the form of an article")

    page.get_by_label("Title:", exact=True).fill("Mine")
    other = article(CAUSE)
    other.title = "Theirs <b>"
    other.save()
    press(page, "Save")
    inspection.look("both versions")
    page.get_by_label("Published from:").fill("2026-11-01T01:30")
    press(page, "Save")
    inspection.look("a time that comes twice", is_page_of_its_own=False)
    page.goto(site + admin_url(CAUSE, "history"))
    inspection.look("history")
    page.goto(site + admin_url(CAUSE, "history/1"))
    inspection.look("a version")
    inspection.assert_fine()


def test_preview_in_all_sizes_and_colors(site: str, page: Page, faults: Faults, staff: Staff) -> None:
    faults.expect("status of 404")
    staff("editor")
    sign_in(page, site, "editor")
    open_article(page, site)
    link = page.get_by_label("Copy this address").input_value()
    inspection = Inspection(page)
    page.goto(link)
    inspection.look("a preview")
    page.goto(f"{site}/preview/ended/")
    inspection.look("a preview that has ended")
    inspection.assert_fine()
