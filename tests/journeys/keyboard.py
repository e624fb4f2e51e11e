"""A person with a keyboard and no mouse. Watches, at every step, that the focus can be seen and goes in order."""

from dataclasses import dataclass

from playwright.sync_api import Page

FOCUS = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const label = element.labels && element.labels.length ? element.labels[0].innerText : null;
  return {
    tag: element.tagName.toLowerCase(),
    words: (element.getAttribute("aria-label") || label || element.innerText || element.value || "").trim(),
    place: all.indexOf(element),
    middle: box.top + box.height / 2 + scrollY,
    left: box.left,
    is_ringed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
      && !/, 0\\)$|^transparent$/.test(style.outlineColor),
    is_in_view: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""

SAME_LINE = 15.0  # pixels between the middles of what stands side by side


@dataclass(frozen=True)
class Stop:
    """Where the focus is."""

    tag: str
    words: str
    place: int  # among all that can have it, in the order of the page's source
    middle: float  # pixels from the top of the page
    left: float
    is_ringed: bool
    is_in_view: bool


class Keyboard:
    """Presses keys on a page. Every stop of the Tab key on the page is in `stops`, until the next page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.stops: list[Stop] = []

    def focus(self) -> Stop:
        """Where the focus is now."""
        return Stop(**self.page.evaluate(FOCUS))

    def tab(self) -> Stop:
        """To the next stop. Fails when it cannot be seen there, or lies before the last one in the source."""
        self.page.keyboard.press("Tab")
        stop = self.focus()
        assert stop.tag != "body", f"the page ends after {self.stops[-1:]}"
        if self.stops and stop.place == self.stops[-1].place:
            return stop  # the next part of the same box, as in a date: the browser's own affair
        assert stop.is_ringed, f"no ring around {stop}"
        assert stop.is_in_view, f"the focus is out of sight at {stop}"
        if self.stops:
            assert stop.place >= self.stops[-1].place, f"from {self.stops[-1]} back to {stop}"
        self.stops.append(stop)
        return stop

    def tab_to(self, words: str, tag: str | None = None) -> Stop:
        """Tab on until something whose words begin so."""
        for _ in range(150):
            stop = self.tab()
            if stop.words.startswith(words) and tag in (None, stop.tag):
                return stop
        raise AssertionError(f"no {words!r} among {[stop.words for stop in self.stops]}")

    def type(self, text: str) -> None:
        """Letter by letter, as typed."""
        self.page.keyboard.type(text)

    def press(self, key: str) -> None:
        """One key that does something on this page."""
        self.page.keyboard.press(key)

    def press_and_go(self, key: str = "Enter") -> None:
        """A key that leads to another page. There the Tab key begins anew."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.keyboard.press(key)
        self.stops = []

    def assert_read_top_down(self) -> None:
        """On a page of one column, each stop since its top is below the last one, or beside it on the right."""
        for before, after in zip(self.stops, self.stops[1:], strict=False):
            is_beside = abs(after.middle - before.middle) < SAME_LINE
            is_next = after.left >= before.left if is_beside else after.middle > before.middle
            assert is_next, f"from {before} back to {after}"
