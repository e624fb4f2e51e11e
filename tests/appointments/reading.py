"""A page as its reader gets it: the texts, in which language each is said to be, and where links and forms lead."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
READ_OUT = ("alt", "aria-label", "placeholder", "title")


@dataclass(frozen=True)
class Link:
    """Where a link, a form or a button leads, and which language it says is there; "" where it says none."""

    address: str
    hreflang: str


@dataclass
class Reading:
    """What was found: texts with the language that holds for them, and links, in the page's order."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    @classmethod
    def of(cls, html: str) -> "Reading":
        """Read a page from its first tag to its last."""
        reader = _Reader()
        reader.feed(html)
        reader.close()
        return reader.reading

    def in_language(self, language: str) -> set[str]:
        """The texts that are said to be in this language."""
        return {text for found, text in self.texts if found.split("-")[0] == language}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.reading = Reading()
        self.languages = [""]
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        language = has.get("lang", self.languages[-1])
        for name in READ_OUT:
            self._keep(language, has.get(name, ""))
        if tag == "meta" and has.get("name") == "description":
            self._keep(language, has["content"])
        for name in ("href", "action", "formaction"):
            if name in has and tag != "link":
                self.reading.links.append(Link(has[name], has.get("hreflang", "")))
        if tag not in VOID:
            self.languages.append(language)
            self.silent += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.languages.pop()
            self.silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._keep(self.languages[-1], data)

    def _keep(self, language: str, text: str) -> None:
        if any(character.isalpha() for character in text):
            self.reading.texts.append((language, " ".join(text.split())))
