"""Every link of the whole site leads somewhere."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.error import HTTPError
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.request import urlopen

import pytest

from tests.journeys.steps import CONDITION

CAUSES = [
    "/causes/muscle-or-ligament-strain/",
    "/causes/degenerative-disc-disease/",
    "/causes/spinal-stenosis/",
    "/causes/sciatica/",
    "/causes/facet-joint-osteoarthritis/",
    "/causes/sacroiliac-joint-dysfunction/",
    "/causes/peripheral-artery-disease/",
]
TREATMENTS = [
    "/treatments/physical-therapy/",
    "/treatments/lifestyle-changes/",
    "/treatments/supportive-footwear/",
    "/treatments/alternative-therapies/",
    "/treatments/medications/",
    "/treatments/surgery/",
]
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls")
OUTSIDE = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?(/[!-~]*)?")
PHONE = re.compile(r"tel:(\+1[0-9]{10}|911)")


class Page(HTMLParser):
    """What a page links to, what can be linked to on it, and what its parts say of one another."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self.ids: list[str] = []
        self.named: list[str] = []  # ids that this page's own elements name
        self.heading_links: list[str] = []
        self._heading = ""
        try:
            with urlopen(address, timeout=10) as response:
                self.status, kind = response.status, response.headers["Content-Type"]
                body = response.read().decode()
        except HTTPError as error:
            with error:
                self.status, kind, body = error.code, "", ""
        if kind.startswith("text/html"):
            self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        for name in {"href", "src", "action", "formaction"} & attributes.keys():
            self.links.append(attributes[name])
        if "id" in attributes:
            self.ids.append(attributes["id"])
        for name in REFERENCES:
            self.named += attributes.get(name, "").split()
        if tag in {"h2", "h3"}:
            self._heading = tag
        elif tag == "a" and self._heading == "h3":
            self.heading_links.append(attributes["href"])

    def handle_endtag(self, tag: str) -> None:
        if tag == self._heading:
            self._heading = ""

    def inner_links(self) -> Iterator[str]:
        """The addresses on this site that the page leads to, with their fragments."""
        for link in self.links:
            if urlsplit(link).scheme not in {"tel"}:
                address = urljoin(self.address, link)
                if urlsplit(address).netloc == urlsplit(self.address).netloc:
                    yield address

    def outer_links(self) -> Iterator[str]:
        """All other addresses that the page leads to."""
        inner = set(self.inner_links())
        for link in self.links:
            if urljoin(self.address, link) not in inner:
                yield link


def is_address(link: str) -> bool:
    """Whether it leads to the web or dials a number. Nobody is asked."""
    return bool(OUTSIDE.fullmatch(link) or PHONE.fullmatch(link))


@pytest.fixture
def pages(site: str) -> dict[str, Page]:
    """Every page that can be reached from the home page, by its address without a fragment."""
    found: dict[str, Page] = {}
    waiting = [site + "/"]
    while waiting:
        address = urldefrag(waiting.pop()).url
        if address not in found:
            found[address] = Page(address)
            waiting += found[address].inner_links()
    return found


def test_whole_site_has_no_broken_link(site: str, pages: dict[str, Page]) -> None:
    assert len([page for page in pages.values() if page.ids]) > 20, "the crawl has not got far"
    broken = []
    for page in pages.values():
        for link in page.inner_links():
            address, fragment = urldefrag(link)
            target = pages[address]
            if target.status != 200:
                broken.append(f"{page.address} -> {link}: {target.status}")
            elif fragment and fragment not in target.ids:
                broken.append(f"{page.address} -> {link}: no such place on that page")
        broken += [f"{page.address} -> {link!r}: no address" for link in page.outer_links() if not is_address(link)]
        broken += [f"{page.address}: names {name!r}, which is not on it" for name in {*page.named} - {*page.ids}]
        twice = sorted({name for name in page.ids if page.ids.count(name) > 1})
        broken += [f"{page.address}: has {name!r} twice" for name in twice]
    assert not broken, "\n".join(broken)


def test_condition_has_its_causes_and_treatments_in_order_each_with_its_own_page(
    site: str, pages: dict[str, Page]
) -> None:
    condition = pages[site + CONDITION]
    assert condition.heading_links == CAUSES + TREATMENTS
    for path in CAUSES + TREATMENTS:
        page = pages[site + path]
        assert page.status == 200
        assert CONDITION in page.links, f"{path} does not lead back"
        related = CAUSES if path in TREATMENTS else TREATMENTS
        assert {*related} & {*page.links}, f"{path} names no {'cause' if path in TREATMENTS else 'treatment'}"


def test_crawl_reaches_the_banners_page_the_form_and_the_papers(site: str, pages: dict[str, Page]) -> None:
    for path in (
        "/treatments/biportal-endoscopic-surgery/",
        "/appointments/request/",
        "/appointments/request/?article=condition/lower-back-pain-when-walking",
        "/privacy/",
        "/accessibility/",
        "/admin/",
    ):
        assert site + path in pages, path
