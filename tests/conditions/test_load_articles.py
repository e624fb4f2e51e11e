"""The shipped articles, and how they get into the database: once, again, and by two at once."""

import io
import re
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from conditions import article_files
from conditions.models import Article, Condition, MayHelp, RedFlag, Section, Source, Tier
from conditions.rendering import CITATION

CAUSES = (
    "muscle-or-ligament-strain",
    "degenerative-disc-disease",
    "spinal-stenosis",
    "sciatica",
    "facet-joint-osteoarthritis",
    "sacroiliac-joint-dysfunction",
    "peripheral-artery-disease",
)
TREATMENTS = (
    "physical-therapy",
    "lifestyle-changes",
    "supportive-footwear",
    "alternative-therapies",
    "medications",
    "surgery",
)
HEADINGS = {
    "cause": (
        "What it is",
        "What it feels like when you walk",
        "Who gets it",
        "How it is found",
        "What helps",
        "What to ask at your visit",
    ),
    "treatment": (
        "What it is",
        "How it may help when you walk",
        "What the evidence says",
        "Risks and limits",
        "Who it may suit",
        "What to ask at your visit",
    ),
}
SHIPPED = article_files.read_all()
BY_KEY = pytest.mark.parametrize("key", SHIPPED)


def load() -> str:
    """Run the command; what it printed."""
    output = io.StringIO()
    call_command("load_articles", stdout=output)
    return output.getvalue()


def everything() -> list[list[tuple[Any, ...]]]:
    """Every row that the command writes, with its id: a row written anew has another."""
    models = (Article, Source, Section, MayHelp, RedFlag)
    return [sorted(model.objects.values_list(), key=repr) for model in models]


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped files, from which the command reads."""
    copy = tmp_path / "content"
    shutil.copytree(article_files.CONTENT, copy)
    monkeypatch.setattr(article_files, "CONTENT", copy)
    return copy


def edit(path: Path, old: str, new: str) -> None:
    """Change a file, in one place."""
    text = path.read_text()
    assert text.count(old) >= 1, old
    path.write_text(text.replace(old, new, 1))


# Loading


@pytest.mark.django_db
def test_load_articles_with_a_bad_file_into_an_empty_database_loads_nothing(content: Path) -> None:
    edit(content / "conditions" / "lower-back-pain-when-walking.md", "causes/sciatica\n", "causes/gout\n")
    with pytest.raises(CommandError, match="gout"):
        load()
    assert not Article.objects.exists()
    assert not RedFlag.objects.exists()


@pytest.mark.django_db
def test_load_articles_into_an_empty_database_publishes_all() -> None:
    assert load() == f"Loaded 21 red flags, {len(SHIPPED)} articles and 20 clues.\n"
    assert {article.key for article in Article.objects.published()} == set(SHIPPED)
    for key, content in SHIPPED.items():
        article = Article.objects.with_key(key).get()
        assert article_files.content_of(article) == content


@pytest.mark.django_db
def test_load_articles_again_changes_nothing(clinic_data: None) -> None:
    before = everything()
    assert load() == "Loaded 0 red flags, 0 articles and 0 clues.\n"
    assert everything() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        lambda: Article.objects.with_key("cause/sciatica").update(body="Ours."),
        lambda: Article.objects.with_key("cause/sciatica").update(title="Ours"),
        lambda: Source.objects.filter(article__slug="sciatica").first().delete(),  # type: ignore[union-attr]
        lambda: Source.objects.filter(article__slug="sciatica").update(strength="unknown"),
        lambda: MayHelp.objects.filter(cause__slug="sciatica").first().delete(),  # type: ignore[union-attr]
    ],
    ids=["body", "title", "a source less", "a source changed", "a treatment less"],
)
def test_load_articles_leaves_alone_what_staff_changed(
    clinic_data: None, content: Path, change: Callable[[], Any]
) -> None:
    change()
    before = everything()
    edit(content / "causes" / "sciatica.md", "## What it is", "The file has changed.\n\n## What it is")
    assert load() == (
        "Loaded 0 red flags, 0 articles and 0 clues.\nLeft alone, because staff changed it: cause/sciatica\n"
    )
    assert everything() == before


@pytest.mark.django_db
def test_load_articles_leaves_alone_a_section_that_staff_changed(clinic_data: None, content: Path) -> None:
    Section.objects.filter(article__slug="sciatica").update(text="Ours.")
    edit(content / "conditions" / "lower-back-pain-when-walking.md", "closing: |", "closing: |\n  Changed.\n")
    assert "Left alone, because staff changed it: condition/lower-back-pain-when-walking" in load()
    assert Section.objects.get(article__slug="sciatica").text == "Ours."


@pytest.mark.django_db
def test_load_articles_updates_an_untouched_article_and_no_other(clinic_data: None, content: Path) -> None:
    before = {article.key: article for article in Article.objects.all()}
    edit(content / "causes" / "sciatica.md", "## What it is", "The file has changed.\n\n## What it is")
    assert load() == "Loaded 0 red flags, 1 articles and 0 clues.\n"
    for article in Article.objects.all():
        old = before[article.key]
        assert article.pk == old.pk
        assert (article.body == old.body) == (article.key != "cause/sciatica")
        assert article.published_from == old.published_from
    sciatica = Article.objects.with_key("cause/sciatica").get()
    assert "The file has changed." in sciatica.body
    assert article_files.content_of(sciatica) == article_files.read(content / "causes" / "sciatica.md")
    assert load() == "Loaded 0 red flags, 0 articles and 0 clues.\n"


@pytest.mark.django_db
def test_load_articles_does_not_publish_what_staff_withdrew(clinic_data: None, content: Path) -> None:
    Article.objects.with_key("cause/sciatica").update(withdrawn_from=timezone.now())
    edit(content / "causes" / "sciatica.md", "## What it is", "The file has changed.\n\n## What it is")
    load()
    sciatica = Article.objects.with_key("cause/sciatica")
    assert "The file has changed." in sciatica.get().body
    assert not sciatica.published().exists()


@pytest.mark.django_db
def test_load_articles_leaves_the_red_flags_that_are_there(clinic_data: None) -> None:
    RedFlag.objects.filter(key="fever").update(wording="chills", is_in_use=False)
    RedFlag.objects.filter(key="lump").delete()
    assert load().startswith("Loaded 1 red flags")
    assert RedFlag.objects.get(key="fever").wording == "chills"
    assert not RedFlag.objects.get(key="fever").is_in_use
    assert RedFlag.objects.filter(key="lump").exists()


@pytest.mark.django_db
def test_load_articles_gives_an_older_site_the_spanish_of_signs_that_nobody_changed(clinic_data: None) -> None:
    without_version_trigger("UPDATE conditions_redflag SET wording_es = ''")
    RedFlag.objects.filter(key="lump").update(wording="a lump")
    RedFlag.objects.filter(key="cancer").update(tier=Tier.MENTION)
    assert load() == (
        "Loaded 0 red flags, 0 articles and 0 clues.\n"
        "Has no Spanish wording: red flag lump\nHas no Spanish wording: red flag cancer\n"
    )
    fever = RedFlag.objects.get(key="fever")
    assert (fever.wording_es, fever.version) == ("fiebre o escalofríos", 2)
    assert RedFlag.objects.get(key="lump").wording_es == ""


@pytest.mark.django_db
def test_load_articles_leaves_the_spanish_that_staff_wrote_or_cleared(clinic_data: None) -> None:
    without_version_trigger("UPDATE conditions_redflag SET wording_es = '' WHERE key IN ('fever', 'chest-pain')")
    RedFlag.objects.filter(key="fever").update(wording_es="calentura")
    load()
    RedFlag.objects.filter(key="chest-pain").update(wording_es="")
    RedFlag.objects.filter(key="cancer").update(wording_es="")
    load()
    spanish = dict(RedFlag.objects.values_list("key", "wording_es"))
    assert (spanish["fever"], spanish["chest-pain"], spanish["cancer"]) == ("calentura", "", "")


def without_version_trigger(statement: str) -> None:
    """As the rows stood before there was Spanish: nobody had changed them, so their version is still 1."""
    with pgtrigger.ignore("conditions.RedFlag:counts_wordings"), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_load_articles_by_two_at_once_loads_once() -> None:
    together = threading.Barrier(2)

    def load_too(_: int) -> str:
        try:
            together.wait(timeout=30)
            return load()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        printed = sorted(pool.map(load_too, range(2)))
    assert printed == [
        "Loaded 0 red flags, 0 articles and 0 clues.\n",
        f"Loaded 21 red flags, {len(SHIPPED)} articles and 20 clues.\n",
    ]
    assert Article.objects.count() == len(SHIPPED)
    assert load() == "Loaded 0 red flags, 0 articles and 0 clues.\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("causes/sciatica.md", "title: ", "title: [", "sciatica.md"),
        ("causes/sciatica.md", "title: ", "titel: ", "unknown fields: titel"),
        ("causes/sciatica.md", "title: ", "title: " + "x" * 200, "cause/sciatica"),
        (
            "causes/sciatica.md",
            "## What it is",
            "A claim.[^no-such-source]\n\n## What it is",
            "no source for no-such-source",
        ),
        ("causes/sciatica.md", "diagram: sciatic-nerve", "diagram: heart", "diagram"),
        ("causes/sciatica.md", "treatments:", "treatments: 3 #", "sciatica.md"),
        ("causes/sciatica.md", "  - key: ", "  - kee: ", "no source for"),
        ("causes/sciatica.md", "url: https://", "url: javascript://", "cause/sciatica"),
        ("causes/sciatica.md", "kind: ", "kind: rumor #", "cause/sciatica"),
        (
            "conditions/lower-back-pain-when-walking.md",
            "causes/sciatica\n",
            "causes/gout\n",
            "there is no article cause/gout",
        ),
        (
            "conditions/lower-back-pain-when-walking.md",
            "- article: causes/sciatica\n",
            "- artikel: causes/sciatica\n",
            "has no 'article'",
        ),
        (
            "conditions/lower-back-pain-when-walking.md",
            "causes/sciatica\n",
            "causes/spinal-stenosis\n",
            "already exists",
        ),
        ("red_flags.toml", "[[red_flag]]", "[[red_flag", "red_flags.toml"),
        ("red_flags.toml", "key = ", "kee = ", "red_flags.toml: there is no 'key'"),
        ("red_flags.toml", 'tier = "emergency"', 'tier = "soon"', "red_flags.toml"),
        ("clues.toml", "[[clue]]", "[[clue", "clues.toml"),
        ("clues.toml", "cause = ", "course = ", "clues.toml: there is no 'cause'"),
    ],
)
def test_load_articles_says_in_one_line_what_is_wrong_with_a_file(
    clinic_data: None, content: Path, name: str, old: str, new: str, reason: str
) -> None:
    RedFlag.objects.filter(key="saddle-numbness").delete()
    before = everything()
    edit(content / name, old, new)
    with pytest.raises(CommandError) as error:
        load()
    assert reason in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert everything() == before


@pytest.mark.django_db
def test_load_articles_says_in_one_line_that_a_file_is_no_text(clinic_data: None, content: Path) -> None:
    (content / "causes" / "sciatica.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match=r"sciatica\.md"):
        load()


@pytest.mark.django_db
def test_load_articles_names_a_treatment_that_stands_twice(clinic_data: None, content: Path) -> None:
    path = content / "causes" / "sciatica.md"
    path.write_text(re.sub(r"treatments: \[([a-z-]+)", r"treatments: [\1, \1", path.read_text()))
    with pytest.raises(CommandError, match=r"cause/sciatica: .*already exists"):
        load()


# What is shipped


@pytest.mark.django_db
def test_condition_has_all_causes_and_treatments_in_order(clinic_data: None) -> None:
    (condition,) = Condition.objects.published().with_sections()
    sections = [section.article for section in condition.section_list]
    assert [article.slug for article in sections if article.kind == "cause"] == list(CAUSES)
    assert [article.slug for article in sections if article.kind == "treatment"] == list(TREATMENTS)
    assert [article.kind for article in sections] == ["cause"] * 7 + ["treatment"] * 6


def test_shipped_articles_are_the_agreed_ones() -> None:
    assert set(SHIPPED) == {
        "condition/lower-back-pain-when-walking",
        *(f"cause/{slug}" for slug in CAUSES),
        *(f"treatment/{slug}" for slug in TREATMENTS),
        "treatment/biportal-endoscopic-surgery",
    }


@pytest.mark.parametrize(
    "key", [key for key in SHIPPED if not key.startswith("condition/") and "biportal" not in key]
)
def test_article_has_its_six_headings_in_order(key: str) -> None:
    headings = re.findall(r"^## (.+)$", SHIPPED[key]["body"], flags=re.MULTILINE)
    assert tuple(headings) == HEADINGS[key.split("/")[0]]


def texts(key: str) -> str:
    """All that readers read of an article."""
    content = SHIPPED[key]
    return "\n\n".join([content["body"], content["closing"], *(text for _, text in content["sections"])])


@BY_KEY
def test_article_cites_every_source_and_has_a_source_for_every_citation(key: str) -> None:
    cited = set(CITATION.findall(texts(key)))
    sources = [source["key"] for source in SHIPPED[key]["sources"]]
    assert len(sources) == len(set(sources))
    assert cited == set(sources)
    assert not re.search(r"\[\^(?![a-z0-9-]{1,60}\])", texts(key))


@BY_KEY
def test_article_has_short_sentences(key: str) -> None:
    """At most 25 words each, so that a reader of 9 to 11 gets to the end of them."""
    plain = re.sub(r"\[\^[a-z0-9-]+\]", " ", texts(key))
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", plain)
    for block in re.split(r"\n\s*\n|\n(?=- |\d+\. |#)", plain):
        block = re.sub(r"^\s*(?:[-#]+|\d+\.)\s+", "", block.strip())
        for sentence in re.split(r"(?<=[.!?])[\"”’)]*\s+", re.sub(r"[*_]", "", block)):
            words = re.findall(r"[\w’'-]+", sentence)
            assert len(words) <= 25, sentence


@BY_KEY
def test_article_links_only_to_pages_that_are_there(key: str) -> None:
    for target in set(re.findall(r"\]\(([^)]*)\)", texts(key))) - {reverse("conditions:walking_pattern")}:
        match = re.fullmatch(r"/(condition|cause|treatment)s/([a-z-]+)/", target)
        assert match, target
        assert f"{match[1]}/{match[2]}" in SHIPPED, target


@BY_KEY
def test_article_leaves_names_and_numbers_of_the_clinic_to_its_profile(key: str) -> None:
    text = texts(key)
    assert "Spine Pro" not in text
    assert not re.search(r"\b911\b|\d{3}-\d{3}-\d{4}|SPINE", text)
    assert not re.search(r"<[a-z/!]|!\[", text, flags=re.IGNORECASE)


def test_every_treatment_of_the_condition_may_help_a_cause() -> None:
    named = {slug for key, content in SHIPPED.items() if key.startswith("cause/") for slug in content["treatments"]}
    assert named <= {*TREATMENTS, "biportal-endoscopic-surgery"}
    assert set(TREATMENTS) - named <= {"supportive-footwear"}  # its evidence supports no cause in particular


@pytest.mark.django_db
def test_red_flags_have_every_tier(clinic_data: None) -> None:
    assert set(RedFlag.objects.in_use().values_list("tier", flat=True)) == set(Tier.values)
