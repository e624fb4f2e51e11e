"""One table of red flags feeds every place that names one, and no place words one for itself."""

import re
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from conditions.article_files import CONTENT
from conditions.models import Article, Kind, RedFlag
from tests.form_posts import page, post_form

ROOT = Path(__file__).resolve().parents[2]
ROWS = tomllib.loads((CONTENT / "red_flags.toml").read_text())["red_flag"]

# What gives a red flag away, in our words or others' for it. Those to mention are what some articles are about
# (calf pain that rest eases), so articles may describe them: for these, templates and code alone are searched.
TELLTALES = {
    "saddle-numbness": r"genital|inner thigh|numb\w* (?:around|between)\b[^.]{0,20}\b(?:bottom|groin|anus)\b",
    "bladder": r"\b(?:pee|peeing|urinat\w+|urine|bladder)\b",
    "bowel": r"\b(?:bowels?|poop\w*|incontinen\w+)\b",
    "both-legs": r"(?:numb|weak|tingl)\w*[^.]{0,60}\bboth legs|\bboth legs\b[^.]{0,60}(?:numb|weak|tingl)",
    "leg-strength": r"\bquickly getting weaker|\bfoot drop\b|rapid\w*[^.]{0,20}weak",
    "sexual-function": r"\berect|\bsexual",
    "chest-pain": r"\bchest pain|pain in (?:the|your) chest",
    "sudden-severe-pain": r"clammy|\bfaint|racing heart|short(?:ness of)? breath",
    "serious-accident": r"(?:serious|bad) (?:accident|fall|injury)|car crash|from a height",
    "leg-circulation": r"\b(?:pale|blue|cold)\b[^.]{0,20}\b(?:skin|legs?|foot|feet)\b|skin[^.]{0,9} (?:pale|blue)",
    "fever": r"\bfever|high temperature|\bchills\b",
    "weak-immune-system": r"\bimmun|\bHIV\b",
    "weight-loss": r"(?:weight loss|los\w+ weight)[^.]{0,20}without trying|unexplained (?:weight|loss)",
    "cancer": r"\bcancer|\btumou?r",
    "night-pain": r"worse at night|\bwakes? you\b|night pain",
    "lump": r"\b(?:a|new) lump\b|changed shape",
    "recent-fall": r"\b(?:recent|after a) fall\b",
    "pulsing-belly": r"\bpuls(?:ing|ating)\b|aneurysm",
    "calf-pain": r"calf pain[^.]{0,40}stand still",
    "foot-sores": r"\bsores?\b[^.]{0,30}\bheal|hair loss",
    "over-65": r"\b(?:65|sixty-five) or (?:older|over)",
}
# The words of invented patients, in the developer's demo.
NOT_OURS = {"appointments/demo.py"}


def places(tier: str) -> list[Path]:
    """Every file whose words a reader may see, except the table itself."""
    suffixes = {".html", ".svg", ".txt", ".xml", ".py"}
    found = [
        path
        for room in ("templates", "clinic", "conditions", "appointments")
        for path in (ROOT / room).rglob("*")
        if path.suffix in suffixes and path.is_file() and "migrations" not in path.parts
    ]
    if tier != "mention":
        found += [path for path in CONTENT.rglob("*") if path.suffix in {".md", ".toml"}]
    return [path for path in found if path.name != "red_flags.toml" and str(path.relative_to(ROOT)) not in NOT_OURS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["key"])
def test_red_flag_is_worded_in_the_table_alone(row: dict[str, str]) -> None:
    telltale = re.compile(TELLTALES[row["key"]], re.IGNORECASE)
    assert telltale.search(row["wording"]), "its own wording must give it away, or nothing would be found"
    for path in places(row["tier"]):
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            assert not telltale.search(line), f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
            assert row["wording"].lower() not in line.lower(), f"{path.relative_to(ROOT)}:{number}"


# The care cards


class _Order(HTMLParser):
    """The headings and links of a page in order, each under the section of its care card, if it is in one."""

    def __init__(self) -> None:
        super().__init__()
        self.card = self.heading = ""
        self.headings: list[str] = []
        self.links: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "section" and "care-card" in (has.get("class") or ""):
            self.card = (has.get("aria-labelledby") or "").removeprefix("care-")
        if tag in {"h1", "h2", "h3"}:
            self.heading = tag
            self.headings.append("")
        if tag == "a":
            self.links.append((self.card, has.get("href") or ""))

    def handle_data(self, data: str) -> None:
        if self.heading:
            self.headings[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == self.heading:
            self.heading = ""
            self.headings[-1] = " ".join(self.headings[-1].split())
        if tag == "section":
            self.card = ""


def read_in_order(client: Client, path: str) -> _Order:
    order = _Order()
    order.feed(page(client.get(path)))
    return order


CARDS = {
    "emergency": "Emergency: Call 911 or go to an emergency room now if you have any of these",
    "urgent": "Urgent: Call us today if you have any of these",
    "mention": "Not urgent: Tell us when you ask for an appointment if you have any of these",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "cards"),
    [("condition", ["emergency", "urgent", "mention"]), ("cause", ["emergency", "urgent"]), ("treatment", [])],
)
def test_care_cards_say_how_fast_and_any_of_these(
    clinic_data: None, client: Client, kind: str, cards: list[str]
) -> None:
    for article in Article.objects.filter(kind=kind):
        headings = read_in_order(client, article.get_absolute_url()).headings
        shown = [heading for heading in headings if heading in CARDS.values()]
        assert shown == [CARDS[card] for card in cards], article.key


@pytest.mark.django_db
def test_emergency_card_stands_above_all_there_is_to_read(clinic_data: None, client: Client) -> None:
    for article in Article.objects.exclude(kind=Kind.TREATMENT):
        headings = read_in_order(client, article.get_absolute_url()).headings
        assert headings[:2] == [article.title, CARDS["emergency"]], article.key


@pytest.mark.django_db
def test_emergency_card_leads_nowhere_but_to_the_phone(clinic_data: None, client: Client) -> None:
    for article in Article.objects.exclude(kind=Kind.TREATMENT):
        links = read_in_order(client, article.get_absolute_url()).links
        in_card = [address for card, address in links if card == "emergency"]
        assert in_card == ["tel:911"], article.key


# One row, every place


@pytest.mark.django_db
def test_new_wording_of_a_red_flag_is_everywhere_at_the_next_request(clinic_data: None, client: Client) -> None:
    RedFlag.objects.filter(key="bladder").update(wording="a canary that cannot sing")
    shown = "A canary that cannot sing"
    causes = [article.get_absolute_url() for article in Article.objects.exclude(kind=Kind.TREATMENT)]
    for path in [*causes, "/appointments/request/", "/walking-pattern/"]:
        assert shown in page(client.get(path)), path
    stopped = post_form(client, "/appointments/request/", {"emergency": "bladder"})
    assert shown in page(stopped)
    assert "hard to start" not in page(stopped)


@pytest.mark.django_db
def test_red_flag_out_of_use_is_nowhere_at_the_next_request(clinic_data: None, client: Client) -> None:
    RedFlag.objects.filter(key="bladder").update(is_in_use=False)
    causes = [article.get_absolute_url() for article in Article.objects.exclude(kind=Kind.TREATMENT)]
    for path in [*causes, "/appointments/request/", "/walking-pattern/"]:
        assert "hard to start" not in page(client.get(path)), path


@pytest.mark.django_db
def test_safety_check_and_condition_page_name_the_same_red_flags(clinic_data: None, client: Client) -> None:
    condition = Article.objects.get(kind=Kind.CONDITION)
    for flag in RedFlag.objects.in_use():
        wording = flag.wording[0].upper() + flag.wording[1:]
        for path in (condition.get_absolute_url(), "/appointments/request/"):
            assert page(client.get(path)).count(wording) == 1, (flag.key, path)


# Versions


@pytest.mark.django_db
def test_version_goes_up_with_the_wording_or_the_tier(clinic_data: None) -> None:
    def version() -> int:
        return RedFlag.objects.get(key="bladder").version

    assert version() == 1
    RedFlag.objects.filter(key="bladder").update(wording="trouble when you go")
    assert version() == 2
    flag = RedFlag.objects.get(key="bladder")
    flag.tier = "urgent"
    flag.save()
    assert version() == 3
    RedFlag.objects.filter(key="bladder").update(concern="for staff", position=4, is_in_use=False)
    assert version() == 3


# In the admin


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "warned_of"),
    [
        ({"wording": "a very high temperature"}, "Spanish"),
        ({"wording_es": "calentura"}, "English"),
        ({"wording": "a very high temperature", "wording_es": "fiebre muy alta"}, ""),
        ({"tier": "emergency"}, ""),
    ],
    ids=["English", "Spanish", "both", "tier"],
)
def test_who_changes_one_language_is_told_to_look_at_the_other(
    clinic_data: None, client: Client, staff: Callable[[str], User], changes: dict[str, str], warned_of: str
) -> None:
    client.force_login(staff("clinician"))
    fever = RedFlag.objects.get(key="fever")
    path = reverse("admin:conditions_redflag_change", args=[fever.pk])
    names = ("key", "tier", "wording", "wording_es", "concern", "position")
    fields = {name: getattr(fever, name) for name in names} | {"is_in_use": "on"} | changes
    answer = post_form(client, path, fields, follow=True)
    fever.refresh_from_db()
    assert {name: getattr(fever, name) for name in changes} == changes
    assert ("wording still say the same?" in page(answer)) == bool(warned_of)
    assert not warned_of or f"Does the {warned_of} wording still say the same?" in page(answer)


@pytest.mark.django_db
def test_list_shows_both_languages(clinic_data: None, client: Client, staff: Callable[[str], User]) -> None:
    client.force_login(staff("clinician"))
    shown = page(client.get(reverse("admin:conditions_redflag_changelist")))
    assert "a high temperature or chills" in shown and "fiebre o escalofríos" in shown
