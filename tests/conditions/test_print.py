"""A printed article can be handed to a patient: who we are, how to reach us, and the way back to the page."""

import re
from collections.abc import Callable

import pytest
import segno
from django.test import Client
from playwright.sync_api import Page, expect

from clinic.models import ClinicProfile
from conditions.models import Article
from conditions.qr_code import qr_code
from tests.served_site import ServedSite

CONDITION_PAGE = "/conditions/lower-back-pain-when-walking/"
CAUSE_PAGE = "/causes/spinal-stenosis/"
LONGEST = f"https://www.a-clinic-with-a-long-name.example/treatments/{'x' * 80}/"  # as long as a slug can be


def svg_of(client: Client, path: str) -> str:
    (svg,) = re.findall(r'<svg class="qr-code".*?</svg>', client.get(path).content.decode(), re.DOTALL)
    return str(svg)


def drawn(path: str) -> set[tuple[int, int]]:
    """The dark modules (row, column) that a pen following the path leaves behind."""
    dark, x, y = set(), 0, 0
    for move_x, move_y, length in re.findall(r"m(-?\d+) (-?\d+)h(\d+)", path):
        x, y = x + int(move_x), y + int(move_y)
        dark |= {(y, x + step) for step in range(int(length))}
        x += int(length)
    return dark


@pytest.mark.parametrize("address", ["http://testserver/", f"https://clinic.example{CONDITION_PAGE}", LONGEST])
def test_qr_code_is_drawn_as_it_was_made(address: str) -> None:
    made = segno.make(address, error="l", boost_error=False, micro=False).matrix
    code = qr_code(address)

    assert re.fullmatch(r"(m-?\d+ -?\d+h\d+)+", code.path)
    assert code.size == len(made)
    assert drawn(code.path) == {(y, x) for y, row in enumerate(made) for x, is_dark in enumerate(row) if is_dark}


def test_every_article_has_the_code_of_its_own_address(clinic_data: None, client: Client) -> None:
    for article in Article.objects.published():
        path = article.get_absolute_url()
        svg = svg_of(client, path)
        assert f'd="{qr_code(f"http://testserver{path}").path}"' in svg
        assert len(svg.encode()) <= 2_048
        assert 'role="img"' in svg and '<title id="qr-code-title">' in svg
        assert "style=" not in svg and "fill=" not in svg


def test_code_leaves_out_what_follows_a_question_mark(clinic_data: None, client: Client) -> None:
    assert svg_of(client, f"{CAUSE_PAGE}?q=my+secret") == svg_of(client, CAUSE_PAGE)


@pytest.mark.parametrize("path", ["/", "/conditions/", "/privacy/"])
def test_pages_that_are_no_handout_have_no_code(clinic_data: None, client: Client, path: str) -> None:
    assert "qr-code" not in client.get(path).content.decode()


def test_code_is_for_paper_only(clinic_data: None, served_site: ServedSite, page: Page) -> None:
    page.goto(served_site.url + CONDITION_PAGE)
    code = page.locator(".qr-code")
    expect(code).to_be_hidden()

    page.emulate_media(media="print")

    expect(code).to_be_visible()
    box = code.bounding_box()
    assert box is not None
    millimeters = box["width"] / 96 * 25.4
    assert box["width"] == pytest.approx(box["height"], abs=1)
    assert millimeters / (qr_code(served_site.url + CONDITION_PAGE).size + 8) > 0.5, "too fine for a phone to read"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_print_is_black_on_white_and_says_who_we_are(
    clinic_data: None, served_site: ServedSite, open_page: Callable[..., Page], scheme: str
) -> None:
    ClinicProfile.objects.update(address="1 Sample Way\nLos Angeles, CA 90000")
    page = open_page(color_scheme=scheme)
    page.goto(served_site.url + CAUSE_PAGE)
    page.emulate_media(media="print")

    profile = ClinicProfile.objects.get()
    for words in (profile.name, profile.phone_display, "1 Sample Way", served_site.url + CAUSE_PAGE):
        expect(page.get_by_text(words).locator("visible=true").first).to_be_visible()
    expect(page.locator(".care-card--emergency")).to_be_visible()
    for gone in (".site-nav", ".breadcrumbs", ".contents", ".announcement", ".site-footer__links"):
        for part in page.locator(gone).all():
            expect(part).to_be_hidden()
    ink = page.locator("main p").first.evaluate("p => getComputedStyle(p).color")
    paper = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert (ink, paper) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
