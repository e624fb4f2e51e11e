"""Reading: find an article, read it."""


from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from conditions.models import Article, Cause, Condition, Kind, Treatment
from conditions.pages import page_of


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
    articles = Condition.objects.published().with_evidence().with_sections()
    return render(request, "conditions/condition_detail.html", page_of(get_object_or_404(articles, slug=slug)))


@require_safe
def cause_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One cause: what it is, how it feels when walking, what may help."""
    articles = Cause.objects.published().with_evidence().with_related()
    return render(request, "conditions/article_detail.html", page_of(get_object_or_404(articles, slug=slug)))


@require_safe
def treatment_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One treatment: how it may help, how good the evidence is, what it risks."""
    articles = Treatment.objects.published().with_evidence().with_related()
    return render(request, "conditions/article_detail.html", page_of(get_object_or_404(articles, slug=slug)))
