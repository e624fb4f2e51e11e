"""Articles, sources and red flags: what the words mean, and what the database refuses."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from conditions.models import Article, Cause, Condition, MayHelp, RedFlag, Section, Source, Treatment, by_tier

NOW = timezone.now()


@contextmanager
def refused_by(constraint: str) -> Iterator[None]:
    """The database refuses what is done inside, by the constraint of this name. Deferred ones are asked now."""
    with pytest.raises(IntegrityError, match=f'"{constraint}'), transaction.atomic():  # noqa: PT012
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


WRONG: list[tuple[str, type[models.Model], dict[str, Any]]] = [
    ("article_address_once", Article, {"kind": "cause", "slug": "sciatica"}),
    ("article_kind_exists", Article, {"kind": "news"}),
    ("article_diagram_exists", Article, {"diagram": "heart"}),
    ("article_withdrawn_after_published", Article, {"withdrawn_from": NOW - datetime.timedelta(days=9)}),
    ("section_article_once", Section, {"article": "spinal-stenosis"}),
    ("section_position_once", Section, {"position": 2}),
    ("may_help_once", MayHelp, {"treatment": "same"}),
    ("source_key_once", Source, {"key": "same"}),
    ("source_checked_by_somebody", Source, {"checked_on": NOW.date()}),
    ("source_url_is_web", Source, {"url": "javascript:alert(1)"}),
    ("red_flag_tier_exists", RedFlag, {"tier": "soon"}),
    ("red_flag_version_positive", RedFlag, {"version": 0}),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("constraint", "model", "wrong"), WRONG, ids=[row[0] for row in WRONG])
def test_row_that_breaks_a_rule_is_refused_by_the_database(
    clinic_data: None, constraint: str, model: type[models.Model], wrong: dict[str, Any]
) -> None:
    rows = model._default_manager.order_by("pk")
    if model is Article:
        row = rows.get(slug="surgery")
    elif model is Section:
        row = rows.get(article__slug="sciatica")
    else:
        row = rows[1]
    if wrong.get("article"):
        wrong = {"article": Article.objects.get(slug=wrong["article"])}
    if "same" in wrong.values():
        first, row = rows.filter(**{_owner(model): getattr(rows[0], _owner(model))})[:2]
        name = next(iter(wrong))
        wrong = {name: getattr(first, name)}
    with refused_by(constraint):
        model._default_manager.filter(pk=row.pk).update(**wrong)


def _owner(model: type[models.Model]) -> str:
    return "cause" if model is MayHelp else "article"


def test_every_named_constraint_has_a_row_that_it_refuses() -> None:
    ours = (Article, Section, MayHelp, Source, RedFlag)
    named = {constraint.name for model in ours for constraint in model._meta.constraints}
    assert named == {name for name, _, _ in WRONG}


@pytest.mark.django_db
def test_sections_change_places_in_one_transaction(clinic_data: None) -> None:
    first, second = Section.objects.order_by("position")[:2]
    with transaction.atomic():
        Section.objects.filter(pk=first.pk).update(position=1)
        Section.objects.filter(pk=second.pk).update(position=0)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert next(iter(Section.objects.order_by("position"))) == second


@pytest.mark.django_db
def test_article_that_is_a_section_cannot_be_deleted(clinic_data: None) -> None:
    with pytest.raises(models.ProtectedError):
        Article.objects.get(slug="sciatica").delete()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "data:text/html,x", "//example.org", "ftp://example.org", "https://"),
        *(
            'https://example.org/"onclick="x',
            "https://example.org/ x",
            "https://example.org/<b>",
            "x https://example.org",
        ),
        "https://example.org/\nx",
    ],
)
def test_source_address_is_of_the_web(clinic_data: None, url: str) -> None:
    source = Source.objects.all()[0]
    source.url = url
    with pytest.raises(ValidationError) as error:
        source.full_clean()
    assert set(error.value.message_dict) == {"url"}


@pytest.mark.django_db
def test_published_is_reckoned_from_the_two_dates(clinic_data: None) -> None:
    now = timezone.now()
    hour = datetime.timedelta(hours=1)
    cases = [
        (None, None, False),
        (None, now + hour, False),
        (now - hour, None, True),
        (now + hour, None, False),
        (now - hour, now + hour, True),
        (now - 2 * hour, now - hour, False),
    ]
    for published_from, withdrawn_from, is_published in cases:
        surgery = Article.objects.filter(slug="surgery")
        surgery.update(published_from=published_from, withdrawn_from=withdrawn_from)
        assert surgery.published().exists() == is_published, (published_from, withdrawn_from)


@pytest.mark.django_db
def test_each_proxy_sees_its_own_kind(clinic_data: None) -> None:
    for proxy, kind, count in ((Condition, "condition", 1), (Cause, "cause", 7), (Treatment, "treatment", 7)):
        assert set(proxy.objects.values_list("kind", flat=True)) == {kind}
        assert proxy.objects.count() == proxy.objects.published().count() == count


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key", ["", "/", "cause", "cause/", "/sciatica", "treatment/sciatica", "cause/sciatica/", "x" * 999]
)
def test_key_of_nothing_finds_nothing(clinic_data: None, key: str) -> None:
    assert not Article.objects.with_key(key).exists()


@pytest.mark.django_db
def test_with_sources_gives_them_in_order_and_once(clinic_data: None) -> None:
    for article in Article.objects.with_sources():
        assert [source["key"] for source in article.source_list] == list(
            article.sources.order_by("position").values_list("key", flat=True)
        )


@pytest.mark.django_db
def test_with_related_leaves_out_what_is_not_published(clinic_data: None) -> None:
    sciatica = Article.objects.with_related().get(slug="sciatica")
    slugs = [card["slug"] for card in sciatica.treatment_list]
    assert slugs == list(sciatica.helped_by.order_by("position").values_list("treatment__slug", flat=True))
    Article.objects.filter(slug=slugs[0]).update(published_from=None)
    Article.objects.filter(kind="condition").update(withdrawn_from=timezone.now())
    sciatica = Article.objects.with_related().get(slug="sciatica")
    assert [card["slug"] for card in sciatica.treatment_list] == slugs[1:]
    assert sciatica.condition_list == []


@pytest.mark.django_db
def test_red_flags_come_by_tier_then_by_place(clinic_data: None) -> None:
    RedFlag.objects.filter(key="fever").update(position=0)
    RedFlag.objects.filter(key="calf-pain").update(position=0)
    RedFlag.objects.filter(key="lump").update(is_in_use=False)
    flags = list(RedFlag.objects.in_use())
    tiers = [flag.tier for flag in flags]
    assert tiers == sorted(tiers, key=["emergency", "urgent", "mention"].index)
    assert "lump" not in {flag.key for flag in flags}
    grouped = by_tier(flags)
    assert list(grouped) == ["emergency", "urgent", "mention"]
    assert grouped["urgent"][0].key == "fever"
    assert sum(map(len, grouped.values())) == len(flags)
