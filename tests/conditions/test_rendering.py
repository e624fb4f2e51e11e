"""Article text becomes HTML in one place, and nothing gets through it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conditions.rendering import to_html

SOURCES = [{"key": "first"}, {"key": "second"}, {"key": "third-2020"}]
# Written out again by hand: what article text may become.
ALLOWED = {
    **dict.fromkeys(("p", "h4", "ul", "ol", "li", "strong", "em", "blockquote", "br", "hr"), set()),
    "a": {"href", "class", "aria-label", "rel"},
    "h2": {"id"},
    "h3": {"id"},
    "sup": {"class"},
}


class Reader(HTMLParser):
    """Tags, attributes and link targets of a text, as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.targets: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name) for name, _ in attrs]
        self.targets += [value or "" for name, value in attrs if name in {"href", "src", "action", "formaction"}]
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append("!--")

    def handle_decl(self, decl: str) -> None:
        self.tags.append("!")

    def handle_pi(self, data: str) -> None:
        self.tags.append("?")


def assert_within_the_allowlist(html: str) -> Reader:
    read = Reader(html)
    assert set(read.tags) <= set(ALLOWED)
    for tag, attribute in read.attributes:
        assert attribute in ALLOWED[tag]
    for target in read.targets:
        # What a browser makes of it: blanks at the ends and control characters within do not count.
        plain = re.sub(r"[\x00-\x20]", "", target)
        assert re.match(r"(https?://|tel:|#|/(?![/\\])|$)", plain), target
    return read


# What articles are made of


def test_markdown_becomes_html() -> None:
    html = to_html("One *two* **three**.\n\n## Four\n\n- five\n- six\n\n> seven\n\n1. eight\n")
    assert html == (
        "<p>One <em>two</em> <strong>three</strong>.</p>\n"
        '<h2 id="four">Four</h2>\n<ul>\n<li>five</li>\n<li>six</li>\n</ul>\n'
        "<blockquote>\n<p>seven</p>\n</blockquote>\n<ol>\n<li>eight</li>\n</ol>\n"
    )


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/causes/sciatica/", "/causes/sciatica/"),
        ("#what-helps", "#what-helps"),
        ("https://example.org/a?b=1&c=2#d", "https://example.org/a?b=1&amp;c=2#d"),
        ("http://example.org/", "http://example.org/"),
        ("tel:+14242177463", "tel:+14242177463"),
    ],
)
def test_link_to_a_page_is_kept(target: str, kept: str) -> None:
    assert f'<a href="{kept}" rel="noreferrer">x</a>' in to_html(f"[x]({target})")


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#115;cript:alert(1)",
        "&#1;javascript:alert(1)",
        "<java\tscript:alert(1)>",
        "vbscript:x",
        "data:text/html,<b>1</b>",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "//example.org/",
        "\\\\/\\\\/example.org",
        "&#47;/example.org/",
        "mailto:x@example.org",
        "file:///etc/passwd",
        "ftp://example.org/",
        "blob:https://example.org/1",
        "causes/sciatica/",
        "?article=1",
    ],
)
def test_link_to_anything_else_is_no_link(target: str) -> None:
    for markdown in (f"[x]({target})", f"[x][1]\n\n[1]: {target}", f"<{target}>"):
        read = assert_within_the_allowlist(to_html(markdown))
        assert "a" not in read.tags, markdown
        assert "alert(1)" not in read.targets


@pytest.mark.parametrize(
    "target",
    [
        "/\t/example.org/",
        "/&#9;/example.org/",
        "/&#10;/example.org",
        "/%09/example.org/",
        "/\\example.org/",
        "/&bsol;example.org/",
    ],
)
def test_link_that_browsers_might_read_otherwise_stays_on_this_site(target: str) -> None:
    assert_within_the_allowlist(to_html(f"[x](<{target}>)"))


@pytest.mark.parametrize(
    "raw",
    [
        "<script>alert(1)</script>",
        "<b>bold</b>",
        '<img src="x" onerror="alert(1)">',
        "<svg onload=alert(1)>",
        "<iframe src=//example.org></iframe>",
        "<style>*{display:none}</style>",
        '<a href="javascript:alert(1)">x</a>',
        "<!-- hidden -->",
        "<?php ?>",
        "<![CDATA[x]]>",
        "<form action=/><input name=x></form>",
        "<base href=//example.org>",
        "</p></div><h1>Big</h1>",
    ],
)
def test_raw_html_is_shown_as_text(raw: str) -> None:
    for markdown in (raw, f"Before {raw} after.", f"- {raw}", f"## {raw}", f"> {raw}", f"[{raw}](/x/)"):
        read = assert_within_the_allowlist(to_html(markdown))
        assert "".join(raw.split()) in "".join(read.text.split()), markdown


def test_images_are_off() -> None:
    html = to_html("![A spine](https://example.org/spine.png) ![b][1]\n\n[1]: /static/x.svg")
    assert "<img" not in html
    assert "A spine" in html


# Citations


def test_citations_are_numbered_in_the_order_of_the_sources() -> None:
    html = to_html("Third.[^third-2020] First.[^first][^second]", SOURCES)
    links = re.findall(
        r'<sup class="citation"><a href="#source-(\d)" aria-label="Source (\d)"[^>]*>(\d)</a></sup>', html
    )
    assert links == [("3", "3", "3"), ("1", "1", "1"), ("2", "2", "2")]


def test_citation_works_within_lists_headings_and_emphasis() -> None:
    html = to_html("- *a*[^first]\n\n## b[^second]\n\n> c **d**[^first]\n\n**e[^second]**", SOURCES)
    assert html.count('class="citation"') == 4
    assert 'id="b"' in html


def test_citation_without_a_source_is_left_out() -> None:
    html = to_html("A claim.[^nowhere] Another.[^first]", SOURCES)
    assert "nowhere" not in html
    assert "A claim. Another." in html


def test_citation_is_no_way_in() -> None:
    for key in ('"><script>', "a b", "A", "<b>", "x" * 61):
        read = assert_within_the_allowlist(to_html(f"x[^{key}]", SOURCES))
        assert "a" not in read.tags


def test_citation_in_code_stays_text() -> None:
    assert "sup" not in Reader(to_html("`[^first]`", SOURCES)).tags


# Headings


def test_headings_get_different_ids() -> None:
    read = Reader(to_html("## What helps\n\n## What helps\n\n### What *helps*[^first]\n\n## ???\n\n## ¿?", SOURCES))
    assert read.ids == ["what-helps", "what-helps-2", "what-helps-3", "part", "part-2"]


def test_headings_of_a_text_among_others_get_none() -> None:
    assert Reader(to_html("## What helps", heading_ids=False)).ids == []


# Whatever an editor writes


PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *(
                "<script>",
                "</script>",
                "<img src=x onerror=y>",
                "<svg/onload=x>",
                "<a href='javascript:x'>",
                "</a>",
            ),
            *(
                "[x](javascript:x)",
                "[x](//y)",
                "![x](y)",
                "[^first]",
                "[^",
                "](",
                "[",
                "](data:x)",
                "<//x>",
                "<javascript:x>",
            ),
            *(
                "\n\n",
                "\n",
                "- ",
                "# ",
                "## ",
                "### ",
                "> ",
                "```\n",
                "`",
                "*",
                "**",
                "~~~",
                "    ",
                "\t",
                "---\n",
                "1. ",
            ),
            *(
                "&lt;",
                "&#60;",
                "&#x3c;script&#x3e;",
                "&quot;",
                "\\",
                "<",
                ">",
                '"',
                "'",
                "\u202e",
                "\0",
                "|",
                "<!--",
                "-->",
            ),
            *(
                '[x]: javascript:y "z"\n',
                "[x]",
                '[x](/y "<b>")',
                '" onmouseover="x',
                "<https://example.org>",
                "<x@y.z>",
            ),
        ]
    ),
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_markdown_stays_within_the_allowlist(markdown: str) -> None:
    assert_within_the_allowlist(to_html(markdown, SOURCES))
    assert_within_the_allowlist(to_html(markdown, SOURCES, heading_ids=False))
