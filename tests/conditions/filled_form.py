"""A form of a page as a browser would send it: what is filled in, without pressing anything."""

from html.parser import HTMLParser


class _Fields(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.values: dict[str, list[str]] = {}
        self.is_inside = False
        self.textarea = self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        name = has.get("name") or ""
        if tag == "form":
            self.is_inside = has.get("id") == self.form_id
        elif not self.is_inside:
            return
        elif tag == "input" and name and has.get("type") not in {"submit", "button", "image", "reset"}:
            if has.get("type") not in {"checkbox", "radio"} or "checked" in has:
                self.values.setdefault(name, []).append(has.get("value") or "")
        elif tag == "textarea":
            self.textarea, self.is_at_start = name, True
            self.values[name] = [""]
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in has:
            self.values.setdefault(self.select, []).append(has.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self.textarea:
            data = data.removeprefix("\n") if self.is_at_start else data
            self.is_at_start = False
            self.values[self.textarea][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        elif tag == "textarea":
            self.textarea = ""


def fields_of(html: str, form_id: str) -> dict[str, list[str]]:
    """What the form with this id holds, by the names of its controls."""
    fields = _Fields(form_id)
    fields.feed(html)
    assert fields.values, f"there is no form {form_id} on this page"
    return fields.values
