"""A sign-off stands for exactly one text: whatever changes it, by whatever path, the page stops saying so."""

import datetime
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from clinic.models import clinic_today
from conditions.models import (
    Amendment,
    Article,
    Clue,
    MayHelp,
    RedFlag,
    Section,
    SignOff,
    SignOffRefused,
    Source,
)
from conditions.sign_offs import ReviewStatus, content_hash, review_state, signed_hashes
from tests.conditions.signed import (
    CAUSE,
    CONDITION,
    TREATMENT,
    content_now,
    hash_now,
    page_of,
    read,
    review_of,
    sign,
)

pytestmark = pytest.mark.django_db
Staff = Callable[..., User]


def shown(key: str) -> list[RedFlag]:
    return list(RedFlag.objects.shown_on(key.split("/")[0]))


# What the page says


def test_shipped_articles_are_unsigned_and_say_so(clinic_data: None, client: Client) -> None:
    assert Article.objects.unsigned().count() == Article.objects.count() > 10
    for article in Article.objects.all():
        html = page_of(client, article.key)
        assert "No clinician has signed off this text yet." in html, article.key
        assert "Reviewed by" not in html


@pytest.mark.parametrize("key", [CONDITION, CAUSE, TREATMENT])
def test_sign_off_is_shown_with_name_and_dates(clinic_data: None, client: Client, staff: Staff, key: str) -> None:
    sign_off = sign(key, staff("clinician"), next_review_on=datetime.date(2028, 2, 29))
    assert sign_off.content_hash == content_hash(sign_off.content) == hash_now(key)
    review = review_of(client, key)
    assert review.holds
    html = page_of(client, key)
    assert "Reviewed by Dr. Demo Person, MD, on " in html
    assert 'Next review <time datetime="2028-02-29">February 29, 2028</time>.' in html
    assert "No clinician" not in html


def test_sign_off_of_one_article_says_nothing_of_another(clinic_data: None, client: Client, staff: Staff) -> None:
    sign(CAUSE, staff("clinician"))
    assert review_of(client, "cause/sciatica").status == ReviewStatus.NEVER
    assert not Article.objects.with_key(CAUSE).unsigned().exists()
    assert Article.objects.unsigned().count() == Article.objects.count() - 1


def test_sign_off_counts_days_in_the_clinics_zone(clinic_data: None, client: Client, staff: Staff) -> None:
    sign_off = sign(CAUSE, staff("clinician"))
    evening = datetime.datetime(2026, 3, 2, 4, 30, tzinfo=datetime.UTC)  # the evening before in Los Angeles
    SignOff.objects.filter(pk=sign_off.pk).update(signed_at=evening)
    assert review_of(client, CAUSE).signed_on == datetime.date(2026, 3, 1)


# What voids it


@pytest.mark.parametrize(
    ("key", "change"),
    [
        (CAUSE, lambda: Article.objects.with_key(CAUSE).update(title="Narrow spine")),
        (CAUSE, lambda: Article.objects.with_key(CAUSE).update(short_title="Narrow spine")),
        (CAUSE, lambda: Article.objects.with_key(CAUSE).update(medical_name="Stenosis")),
        (CAUSE, lambda: Article.objects.with_key(CAUSE).update(summary="It never hurts.")),
        (CAUSE, lambda: Article.objects.with_key(CAUSE).update(diagram="worn-disc")),
        (CAUSE, lambda: Article.objects.with_key(CAUSE).update(body="Always operate.")),
        (CONDITION, lambda: Article.objects.with_key(CONDITION).update(closing="Never see us.")),
        (CONDITION, lambda: Section.objects.filter(article__slug="surgery").update(text="Always.")),
        (CONDITION, lambda: Section.objects.filter(article__slug="surgery").delete()),
        (CONDITION, lambda: Article.objects.with_key(TREATMENT).update(short_title="An operation")),
        (CONDITION, lambda: Article.objects.with_key(TREATMENT).update(withdrawn_from=timezone.now())),
        *[
            (key, lambda field=field, value=value: Source.objects.filter(position=0).update(**{field: value}))
            for key in (CONDITION, CAUSE, TREATMENT)
            for field, value in {
                "claim": "It always helps.",
                "citation": "Somebody, somewhere",
                "publisher": "Somebody",
                "year": 1901,
                "url": "https://clinic.example/",
                "kind": "trial",
                "direction": "against",
                "strength": "strong",
            }.items()
        ],
        (TREATMENT, lambda: Source.objects.filter(article__slug="surgery", position=0).delete()),
        (CONDITION, lambda: RedFlag.objects.filter(key="fever").update(wording="a fever")),
        (CONDITION, lambda: RedFlag.objects.filter(key="calf-pain").update(tier="urgent")),
        (CAUSE, lambda: RedFlag.objects.filter(key="bladder").update(wording="trouble peeing")),
        (CAUSE, lambda: RedFlag.objects.filter(key="bladder").update(is_in_use=False)),
        (CAUSE, lambda: Clue.objects.filter(cause__slug="spinal-stenosis").update(wording="it is")),
        (CAUSE, lambda: Clue.objects.filter(cause__slug="spinal-stenosis").delete()),
    ],
)
def test_clinical_change_voids_the_sign_off(
    clinic_data: None, client: Client, staff: Staff, key: str, change: Callable[[], Any]
) -> None:
    Clue.objects.update_or_create(
        cause=read(CAUSE),
        question="eases",
        answer="sitting",
        defaults={"wording": "sitting eases it", "source_key": "suri-2010", "strength": "weak", "position": 0},
    )
    sign(key, staff("clinician"))
    assert review_of(client, key).holds
    change()
    review = review_of(client, key)
    assert (review.status, review.holds) == (ReviewStatus.CHANGED, False)
    html = page_of(client, key)
    assert "This text has changed since Dr. Demo Person, MD, signed it on" in html
    assert "Reviewed by" not in html
    assert Article.objects.with_key(key).unsigned().exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda: Article.objects.with_key(CAUSE).update(published_from=timezone.now()),
        lambda: Article.objects.with_key(CAUSE).update(owner=User.objects.first()),
        lambda: Source.objects.update(read_where="copy"),
        lambda: Source.objects.update(checked_on=clinic_today(), checked_by=User.objects.first()),
        lambda: Source.objects.filter(article__slug="sciatica").update(claim="Another article's"),
        lambda: RedFlag.objects.filter(tier="mention").update(wording="not on this page"),
        lambda: RedFlag.objects.filter(key="bladder").update(concern="for staff", version=2),
        lambda: RedFlag.objects.update(position=0),
        lambda: MayHelp.objects.all().delete(),
    ],
)
def test_change_that_is_not_clinical_leaves_the_sign_off(
    clinic_data: None, client: Client, staff: Staff, change: Callable[[], Any]
) -> None:
    sign(CAUSE, staff("clinician"))
    change()
    assert review_of(client, CAUSE).holds


def test_sign_off_is_back_when_the_text_is(clinic_data: None, client: Client, staff: Staff) -> None:
    sign(CAUSE, staff("clinician"))
    summary = read(CAUSE).summary
    Article.objects.with_key(CAUSE).update(summary="It never hurts.")
    assert not review_of(client, CAUSE).holds
    Article.objects.with_key(CAUSE).update(summary=summary)
    assert review_of(client, CAUSE).holds


def test_newest_sign_off_counts(clinic_data: None, client: Client, staff: Staff) -> None:
    sign(CAUSE, staff("clinician"), name="Dr. First")
    Article.objects.with_key(CAUSE).update(summary="Another text.")
    sign(CAUSE, staff("clinician"), name="Dr. Second")
    assert review_of(client, CAUSE).name == "Dr. Second"
    Article.objects.with_key(CAUSE).update(summary="A third text.")
    assert review_of(client, CAUSE).status == ReviewStatus.CHANGED


# The clock


@pytest.mark.parametrize(
    ("days", "status"), [(364, "signed"), (365, "signed"), (366, "overdue"), (4000, "overdue")]
)
def test_review_is_overdue_from_the_day_after(
    clinic_data: None,
    client: Client,
    staff: Staff,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    status: str,
) -> None:
    due = clinic_today() + datetime.timedelta(days=365)
    sign(CAUSE, staff("clinician"), next_review_on=due)
    later = timezone.now() + datetime.timedelta(days=days)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert review_of(client, CAUSE).status == status
    assert ("The review of this text has been overdue since" in page_of(client, CAUSE)) == (status == "overdue")
    overdue = Article.objects.overdue_review(clinic_today())
    assert overdue.exists() == (status == "overdue")


def test_text_that_changed_is_not_called_overdue(clinic_data: None, staff: Staff) -> None:
    sign(CAUSE, staff("clinician"))
    Article.objects.with_key(CAUSE).update(summary="Another text.")
    far = timezone.now() + datetime.timedelta(days=4000)
    assert review_state(read(CAUSE), shown(CAUSE), far).status == ReviewStatus.CHANGED


# Signing


def test_sign_refuses_a_text_that_was_not_seen(clinic_data: None, staff: Staff) -> None:
    seen = hash_now(CAUSE)
    Source.objects.filter(article__slug="spinal-stenosis", position=0).update(strength="strong")
    with pytest.raises(SignOffRefused, match="has changed") as refused:
        sign(CAUSE, staff("clinician"), seen=seen)
    assert refused.value.code == "changed"
    assert not SignOff.objects.exists()


def test_sign_twice_is_one_sign_off(clinic_data: None, staff: Staff) -> None:
    assert sign(CAUSE, staff("clinician")) == sign(CAUSE, staff("clinician"))
    sign(CAUSE, staff("clinician"), next_review_on=clinic_today() + datetime.timedelta(days=200))
    assert SignOff.objects.count() == 2


def test_loading_the_articles_again_keeps_a_sign_off(clinic_data: None, client: Client, staff: Staff) -> None:
    sign(CONDITION, staff("clinician"))
    call_command("load_articles", verbosity=0)
    assert review_of(client, CONDITION).holds


def test_demo_signs_nothing(clinic_data: None, settings: Any) -> None:
    settings.DEBUG = True
    settings.DEMO_PASSWORD = "for this test only"
    call_command("load_demo", stdout=io.StringIO())
    assert User.objects.filter(username="clinician").exists()
    assert not SignOff.objects.exists()


def test_two_rows_of_one_place_do_not_change_the_hash(clinic_data: None) -> None:
    Source.objects.filter(article__slug="spinal-stenosis").update(position=0)
    RedFlag.objects.update(position=0)
    before = content_now(CAUSE)
    Source.objects.filter(key="suri-2010").update(checked_on=None)  # moves the row in its table
    RedFlag.objects.filter(key="bladder").update(version=7)
    assert content_hash(content_now(CAUSE)) == content_hash(before)


# Edits that are not clinical


def edit(key: str, summary: str) -> str:
    """Change the article; the hash of what it is now."""
    Article.objects.with_key(key).update(summary=summary)
    return hash_now(key)


def mark(key: str, by: User, reason: str = "A comma") -> Amendment:
    return Amendment.objects.mark(read(key), shown(key), seen=hash_now(key), by=by, reason=reason)


def test_edit_confirmed_by_a_second_person_keeps_the_sign_off(
    clinic_data: None, client: Client, staff: Staff
) -> None:
    sign(CAUSE, staff("clinician"))
    edit(CAUSE, "With a comma, here.")
    amendment = mark(CAUSE, staff("editor"))
    assert review_of(client, CAUSE).status == ReviewStatus.CHANGED
    amendment.confirm(read(CAUSE), shown(CAUSE), by=staff("editor", "second"))
    assert review_of(client, CAUSE).holds
    assert not Article.objects.with_key(CAUSE).unsigned().exists()
    edit(CAUSE, "It never hurts.")
    assert not review_of(client, CAUSE).holds


def test_edit_cannot_be_confirmed_by_who_marked_it(clinic_data: None, client: Client, staff: Staff) -> None:
    sign(CAUSE, staff("clinician"))
    edit(CAUSE, "With a comma, here.")
    amendment = mark(CAUSE, staff("editor"))
    with pytest.raises(SignOffRefused) as refused:
        amendment.confirm(read(CAUSE), shown(CAUSE), by=staff("editor"))
    assert refused.value.code == "same_person"
    with pytest.raises(IntegrityError), transaction.atomic():
        Amendment.objects.update(confirmed_by=staff("editor"), confirmed_at=timezone.now())
    assert not review_of(client, CAUSE).holds


def test_edit_that_changed_again_cannot_be_confirmed(clinic_data: None, client: Client, staff: Staff) -> None:
    sign(CAUSE, staff("clinician"))
    edit(CAUSE, "With a comma, here.")
    amendment = mark(CAUSE, staff("editor"))
    edit(CAUSE, "It never hurts.")
    with pytest.raises(SignOffRefused) as refused:
        amendment.confirm(read(CAUSE), shown(CAUSE), by=staff("editor", "second"))
    assert refused.value.code == "changed"
    assert not review_of(client, CAUSE).holds


def test_edit_marked_before_a_newer_sign_off_cannot_be_confirmed(clinic_data: None, staff: Staff) -> None:
    sign(CAUSE, staff("clinician"))
    edit(CAUSE, "With a comma, here.")
    amendment = mark(CAUSE, staff("editor"))
    sign(CAUSE, staff("clinician"))
    with pytest.raises(SignOffRefused) as refused:
        amendment.confirm(read(CAUSE), shown(CAUSE), by=staff("editor", "second"))
    assert refused.value.code == "signed_again"


def test_edit_is_confirmed_once(clinic_data: None, staff: Staff) -> None:
    sign(CAUSE, staff("clinician"))
    edit(CAUSE, "With a comma, here.")
    amendment = mark(CAUSE, staff("editor"))
    again = Amendment.objects.get()
    amendment.confirm(read(CAUSE), shown(CAUSE), by=staff("editor", "second"))
    with pytest.raises(SignOffRefused) as refused:
        again.confirm(read(CAUSE), shown(CAUSE), by=staff("editor", "third"))
    assert refused.value.code == "confirmed"
    assert Amendment.objects.get().confirmed_by == staff("editor", "second")


def test_mark_needs_a_signed_text_that_changed(clinic_data: None, staff: Staff) -> None:
    with pytest.raises(SignOffRefused) as refused:
        mark(CAUSE, staff("editor"))
    assert refused.value.code == "never_signed"
    sign(CAUSE, staff("clinician"))
    with pytest.raises(SignOffRefused) as refused:
        mark(CAUSE, staff("editor"))
    assert refused.value.code == "nothing_changed"
    edit(CAUSE, "With a comma, here.")
    assert mark(CAUSE, staff("editor")) == mark(CAUSE, staff("editor", "second"), reason="Another")
    assert Amendment.objects.get().reason == "A comma"


def test_edits_chain_in_whatever_order_they_were_confirmed(clinic_data: None, staff: Staff) -> None:
    sign_off = sign(CAUSE, staff("clinician"))
    signed = sign_off.content_hash
    now, marks = timezone.now(), {"marked_by": staff("editor"), "reason": "A comma", "marked_at": timezone.now()}
    confirmed = {"confirmed_by": staff("editor", "second"), "confirmed_at": now}
    for before, after, agreed in [
        ("b" * 64, "c" * 64, confirmed),
        (signed, "b" * 64, confirmed),
        ("c" * 64, "d" * 64, {}),
        ("x" * 64, "y" * 64, confirmed),
    ]:
        sign_off.amendments.create(hash_before=before, hash_after=after, **marks, **agreed)
    assert signed_hashes(read(CAUSE)) == {signed, "b" * 64, "c" * 64}


def test_edits_of_an_older_sign_off_do_not_count(clinic_data: None, client: Client, staff: Staff) -> None:
    sign(CAUSE, staff("clinician"))
    signed = read(CAUSE).summary
    amended = edit(CAUSE, "With a comma, here.")
    mark(CAUSE, staff("editor")).confirm(read(CAUSE), shown(CAUSE), by=staff("editor", "second"))
    edit(CAUSE, signed)
    later = clinic_today() + datetime.timedelta(days=400)
    sign(CAUSE, staff("clinician"), next_review_on=later)
    assert review_of(client, CAUSE).holds
    assert edit(CAUSE, "With a comma, here.") == amended
    assert not review_of(client, CAUSE).holds


# What it costs


@pytest.mark.parametrize(("key", "queries"), [(CONDITION, 4), (CAUSE, 4), (TREATMENT, 4)])
def test_page_of_a_signed_article_stays_within_its_queries(
    clinic_data: None,
    client: Client,
    staff: Staff,
    django_assert_max_num_queries: Callable[..., Any],
    key: str,
    queries: int,
) -> None:
    sign(key, staff("clinician"))
    edit(key, "With a comma, here.")
    mark(key, staff("editor")).confirm(read(key), shown(key), by=staff("editor", "second"))
    review_of(client, key)
    with django_assert_max_num_queries(queries):
        assert review_of(client, key).holds
