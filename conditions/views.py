"""Reading: find an article, read it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from conditions.models import Article, Cause, Condition, Kind, RedFlag, Treatment, by_tier
from conditions.rendering import to_html


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where a patient starts: the conditions, their causes, and how to ask for an appointment."""
    conditions = list(Condition.objects.published().with_sections())
    causes = {
        section.article.pk: section.article
        for condition in conditions
        for section in condition.section_list
        if section.article.kind == Kind.CAUSE
    }
    return render(request, "conditions/home.html", {"conditions": conditions, "causes": causes.values()})


@require_safe
def condition_list(request: HttpRequest) -> HttpResponse:
    """Everything there is to read: conditions, causes, treatments, by name."""
    articles = list(Article.objects.published().order_by("title").defer("body", "closing"))
    by_kind = {
        "conditions": [article for article in articles if article.kind == Kind.CONDITION],
        "causes": [article for article in articles if article.kind == Kind.CAUSE],
        "treatments": [article for article in articles if article.kind == Kind.TREATMENT],
    }
    return render(request, "conditions/condition_list.html", by_kind)


@require_safe
def condition_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A condition: when to get care now, its causes, its treatments, when to see us."""
    articles = Condition.objects.published().with_sources().with_sections()
    condition = get_object_or_404(articles, slug=slug)
    sections: list[dict[str, Any]] = [
        {"article": section.article, "html": to_html(section.text, condition.source_list, heading_ids=False)}
        for section in condition.section_list
    ]
    context = {
        "article": condition,
        "body": to_html(condition.body, condition.source_list),
        "causes": [section for section in sections if section["article"].kind == Kind.CAUSE],
        "treatments": [section for section in sections if section["article"].kind == Kind.TREATMENT],
        "closing": to_html(condition.closing, condition.source_list),
        "red_flags": by_tier(RedFlag.objects.in_use()),
    }
    return render(request, "conditions/condition_detail.html", context)


@require_safe
def cause_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One cause: what it is, how it feels when walking, what may help."""
    cause = get_object_or_404(Cause.objects.published().with_sources().with_related(), slug=slug)
    return _article_detail(request, cause)


@require_safe
def treatment_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One treatment: how it may help, how good the evidence is, what it risks."""
    treatment = get_object_or_404(Treatment.objects.published().with_sources().with_related(), slug=slug)
    return _article_detail(request, treatment)


def _article_detail(request: HttpRequest, article: Article) -> HttpResponse:
    context = {
        "article": article,
        "body": to_html(article.body, article.source_list),
        "red_flags": by_tier(RedFlag.objects.in_use()),
    }
    return render(request, "conditions/article_detail.html", context)
