"""What must stand where it stands with any font: the header in one row, and no word broken in two."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from appointments.models import CannedReply
from clinic.models import OutgoingMail
from tests.appointments.following import kept
from tests.browser import Faults
from tests.journeys.steps import QUEUE, SAFETY_CHECK, answer_safety_check, press, sign_in
from tests.journeys.test_spanish import say

HEADERS = ("/", "/conditions/", "/privacy/", "/es/privacy/", SAFETY_CHECK, f"/es{SAFETY_CHECK}")
# The words that stand on more than one line.
BROKEN_WORDS = """() => {
  const broken = [];
  for (const cell of document.querySelectorAll(".week th")) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const word of texts.currentNode.data.matchAll(/\\S+/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, word.index);
        range.setEnd(texts.currentNode, word.index + word[0].length);
        if (range.getClientRects().length > 1) broken.push(word[0]);
      }
    }
  }
  return broken;
}"""


@pytest.mark.parametrize("width", [1280, 1366, 1920])
def test_header_is_one_row_at_a_desk(site: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for path in HEADERS:
        page.goto(site + path)
        brand = page.locator(".brand").bounding_box()
        contact = page.locator(".site-header__contact").bounding_box()
        assert brand and contact
        assert contact["y"] < brand["y"] + brand["height"], path


def test_language_and_phone_share_a_row_on_a_phone(site: str, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    for path in (SAFETY_CHECK, f"/es{SAFETY_CHECK}"):
        page.goto(site + path)
        language = page.locator(".language-switch").bounding_box()
        phone = page.locator(".site-header__contact").bounding_box()
        assert language and phone
        assert abs(language["y"] - phone["y"]) < 4, path
        assert phone["x"] > language["x"] + language["width"], path


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_word_of_the_week_is_broken(
    site: str, open_page: Callable[..., Page], staff: Callable[[str], User], width: int
) -> None:
    staff("reception")
    page = open_page(viewport={"width": width, "height": 900})
    page.goto(site + SAFETY_CHECK)
    answer_safety_check(page)
    assert page.evaluate(BROKEN_WORDS) == []
    page.goto(f"{site}/es{SAFETY_CHECK}")
    page.get_by_label(say("None of these")).check()
    press(page, say("Continue"))
    expect(page.locator(".week")).to_be_visible()
    assert page.evaluate(BROKEN_WORDS) == []
    sign_in(page, site, "reception")
    page.goto(f"{site}{QUEUE}add/")
    answer_safety_check(page)
    expect(page.locator(".week")).to_be_visible()
    assert page.evaluate(BROKEN_WORDS) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_callers_form_looks_like_the_patients(
    site: str, page: Page, faults: Faults, staff: Callable[[str], User]
) -> None:
    staff("reception")
    looks = []
    sign_in(page, site, "reception")
    for path, button in ((SAFETY_CHECK, "Check your answers"), (f"{QUEUE}add/", "Put it into the queue")):
        page.goto(site + path)
        answer_safety_check(page)
        summary = page.locator(".fold > summary").first.bounding_box()
        fold = page.locator(".fold").first.bounding_box()
        assert summary and fold
        assert fold["height"] < 60, f"an empty strip: {path}"
        press(page, button)
        name = page.locator("#id_full_name")
        looks.append(name.evaluate("box => getComputedStyle(box).border"))
    assert looks[0] == looks[1]


def test_table_of_numbers_is_whole_at_a_desk_and_says_that_it_scrolls_on_a_phone(
    site: str, page: Page, staff: Callable[[str], User]
) -> None:
    kept("fever")
    staff("manager")
    sign_in(page, site, "manager")
    page.goto(f"{site}{QUEUE}numbers/")
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    clipped = "parts => parts.filter(part => part.scrollWidth > part.clientWidth).map(part => part.ariaLabel)"
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.locator(".figure__scroll").evaluate_all(clipped) == []
    expect(page.locator(".figure__hint:visible")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 900})
    for table in page.locator(".figure__table").all():
        if table.locator(".figure__scroll").evaluate("part => part.scrollWidth > part.clientWidth"):
            expect(table.locator(".figure__hint")).to_be_visible()


def test_lists_of_the_staff_are_cards_on_a_phone(site: str, page: Page, staff: Callable[[str], User]) -> None:
    appointment_request = kept()
    CannedReply.objects.create(title="Please call us", body="We have a question. " * 9)
    OutgoingMail.objects.about(appointment_request.topic).update(
        failed_at=timezone.now(), failure="No mailbox. " * 9
    )
    staff("manager")
    sign_in(page, site, "manager")
    page.set_viewport_size({"width": 390, "height": 900})
    for path in ("/admin/appointments/cannedreply/", "/admin/clinic/outgoingmail/"):
        page.goto(site + path)
        assert page.locator(".results").evaluate("list => list.scrollWidth <= list.clientWidth"), path
    page.goto(f"{site}/admin/appointments/cannedreply/add/")
    press(page, "Save")
    label, error = (page.locator(f".field-title {part}").bounding_box() for part in ("label", ".errorlist"))
    assert label and error
    assert abs(label["x"] - error["x"]) < 2, "an error stands over its label"


@pytest.mark.parametrize("width", [390, 1280])
def test_sign_in_says_the_same_at_every_width(site: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}/admin/")
    button = page.get_by_role("button", name="Log in")
    assert button.evaluate("one => getComputedStyle(one).textTransform") == "none"
    assert page.locator("label").all_inner_texts() == ["Username", "Password"]
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    button.click()
    expect(page.locator(".errornote")).to_have_text(re.compile("not the username and password of"))
