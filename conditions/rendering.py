"""The only place where article text becomes HTML: CommonMark without raw HTML, then an allowlist."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import nh3
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

ALLOWED_TAGS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "a", "strong", "em", "blockquote", "br", "hr", "sup"}
ALLOWED_ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),  # else nh3 lets title and lang through on every tag
    "a": {"href", "class", "aria-label"},
    "h2": {"id"},
    "h3": {"id"},
    "sup": {"class"},
}
CITATION = re.compile(r"\[\^([a-z0-9-]{1,60})\]")
MARK_START, MARK_END = "\ue000", "\ue001"  # around words to mark: characters that stand for nothing in Unicode
_MARKED = re.compile(f"{MARK_START}([^{MARK_START}{MARK_END}]*){MARK_END}")


class Heading(NamedTuple):
    """A heading within an article: the id that a link leads to, and its words."""

    id: str
    text: str


def to_html(text: str, sources: Sequence[dict[str, Any]] = (), *, heading_ids: bool = True) -> SafeString:
    """Article text (Markdown) as HTML that is safe to show.

    `sources` are the article's, in order, as `ArticleQuerySet.with_sources` gives them: each [^key] becomes a link
    to the note of its number; a key that no source has is left out. Headings get ids from their words, for links
    within the page, unless `heading_ids` is off (when several texts stand on one page).
    """
    numbers = {source["key"]: number for number, source in enumerate(sources, start=1)}
    html = _MARKDOWN.render(text, {"numbers": numbers, "heading_ids": heading_ids})
    return mark_safe(nh3.clean(html, tags=ALLOWED_TAGS, attributes=ALLOWED_ATTRIBUTES, link_rel="noreferrer"))  # noqa: S308


def headings(text: str) -> list[Heading]:
    """The headings of the second level in an article's text, with the ids that `to_html` gives them."""
    tokens = _MARKDOWN.parse(text, {"heading_ids": True})
    return [
        Heading(str(opening.attrGet("id")), "".join(part.content for part in inline.children or []))
        for opening, inline in pairwise(tokens)
        if opening.type == "heading_open" and opening.tag == "h2"
    ]


def plain_blocks(text: str) -> list[str]:
    """The words of each paragraph and list item of an article's text, without headings and citations."""
    tokens = _MARKDOWN.parse(text, {})
    return [
        "".join(part.content if part.type == "text" else " " for part in inline.children or []).strip()
        for opening, inline in pairwise(tokens)
        if opening.type == "paragraph_open"
    ]


def links(text: str) -> list[tuple[str, str]]:
    """Where an article's text links to, and the words that carry each link; notes left out."""
    parts = [part for token in _MARKDOWN.parse(text, {}) for part in token.children or []]
    return [
        (str(opening.attrGet("href")), words.content)
        for opening, words in pairwise(parts)
        if opening.type == "link_open"
    ]


def marked(text: str) -> SafeString:
    """Plain text as HTML, with what stands between MARK_START and MARK_END marked."""
    pieces = _MARKED.split(text)
    for number, piece in enumerate(pieces):
        clean = piece.replace(MARK_START, "").replace(MARK_END, "")
        pieces[number] = format_html("<mark>{}</mark>", clean) if number % 2 else clean
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def _is_safe_link(url: str) -> bool:
    """Pages of this site and web pages; no script, no data, no address that borrows the page's scheme."""
    return url.startswith(("/", "#", "https://", "http://", "tel:")) and not url.startswith(("//", "/\\"))


def _number_citations(state: StateCore) -> None:
    """Turn [^key] in running text into a link to that source's note."""
    numbers: dict[str, int] = state.env.get("numbers", {})
    for block in state.tokens:
        if block.type == "inline":
            block.children = [part for child in block.children or [] for part in _cited(child, numbers)]


def _cited(token: Token, numbers: dict[str, int]) -> list[Token]:
    if token.type != "text" or "[^" not in token.content:
        return [token]
    parts: list[Token] = []
    for index, piece in enumerate(CITATION.split(token.content)):
        if index % 2 == 0:
            parts.append(Token("text", "", 0, content=piece))
        elif piece in numbers:
            parts.extend(_note_link(numbers[piece]))
    return parts


def _note_link(number: int) -> list[Token]:
    attributes: dict[str, str | int | float] = {
        "href": f"#source-{number}",
        "aria-label": f"Source {number}",
    }
    return [
        Token("sup_open", "sup", 1, attrs={"class": "citation"}),
        Token("link_open", "a", 1, attrs=attributes),
        Token("text", "", 0, content=str(number)),
        Token("link_close", "a", -1),
        Token("sup_close", "sup", -1),
    ]


def _name_headings(state: StateCore) -> None:
    """Give each heading an id made of its words, so that it can be linked to."""
    if not state.env.get("heading_ids"):
        return
    seen: dict[str, int] = {}
    for opening, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if opening.type == "heading_open":
            name = slugify(CITATION.sub("", inline.content)) or "part"
            seen[name] = seen.get(name, 0) + 1
            opening.attrSet("id", name if seen[name] == 1 else f"{name}-{seen[name]}")


def _build() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).disable("image")
    markdown.validateLink = _is_safe_link  # type: ignore[method-assign]
    markdown.core.ruler.push("name_headings", _name_headings)
    markdown.core.ruler.push("number_citations", _number_citations)
    return markdown


_MARKDOWN = _build()
