"""Reading: find an article, read it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from clinic.public_page import public_page
from conditions.a_to_z import letters_of
from conditions.forms import SearchForm, WalkingPatternForm
from conditions.models import Article, Cause, Condition, Kind, RedFlag, Synonym, Treatment, by_tier
from conditions.old_addresses import leads_on
from conditions.pages import page_of
from conditions.patterns import result_of
from conditions.preview import read_token
from conditions.search import find
from conditions.walking_line import line_of, sign


@public_page
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


@public_page
def condition_list(request: HttpRequest) -> HttpResponse:
    """Everything there is to read: conditions, causes, treatments, by name."""
    articles = list(Article.objects.published().order_by("title").defer("body", "closing"))
    by_kind = {
        "conditions": [article for article in articles if article.kind == Kind.CONDITION],
        "causes": [article for article in articles if article.kind == Kind.CAUSE],
        "treatments": [article for article in articles if article.kind == Kind.TREATMENT],
    }
    return render(request, "conditions/condition_list.html", by_kind)


@public_page
@leads_on(Kind.CONDITION)
def condition_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A condition: when to get care now, its causes, its treatments, when to see us."""
    articles = Condition.objects.published().with_evidence().with_sections()
    return render(request, "conditions/condition_detail.html", page_of(get_object_or_404(articles, slug=slug)))


@public_page
@leads_on(Kind.CAUSE)
def cause_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One cause: what it is, how it feels when walking, what may help."""
    articles = Cause.objects.published().with_evidence().with_related()
    return render(request, "conditions/article_detail.html", page_of(get_object_or_404(articles, slug=slug)))


@public_page
@leads_on(Kind.TREATMENT)
def treatment_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One treatment: how it may help, how good the evidence is, what it risks."""
    articles = Treatment.objects.published().with_evidence().with_related()
    return render(request, "conditions/article_detail.html", page_of(get_object_or_404(articles, slug=slug)))


@public_page
def a_to_z(request: HttpRequest) -> HttpResponse:
    """Every article by its names, and the synonyms that lead to them, in the order of the alphabet."""
    articles = Article.objects.published().only("kind", "slug", "title", "short_title", "medical_name")
    return render(request, "conditions/a_to_z.html", {"letters": letters_of(articles, Synonym.objects.in_a_to_z())})


@gzip_page
@require_safe
@cache_control(no_store=True, private=True)
def search(request: HttpRequest) -> HttpResponse:
    """The articles that fit what a patient typed. It is not kept: not here, not in a log, not in a cache."""
    form = SearchForm(request.GET if "q" in request.GET else None)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    result = find(text) if text else None
    context: dict[str, Any] = {"form": form, "text": text, "result": result}
    if result is None or not result.hits:
        context["conditions"] = Condition.objects.published().only("kind", "slug", "title", "short_title")
    return render(request, "conditions/search.html", context, status=422 if form.errors else 200)


@require_safe
@cache_control(no_store=True, private=True)
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """An article as it stands now, published or not, for whoever was given the link. No search engine keeps it."""
    opened = read_token(token, timezone.now())
    articles = Article.objects.with_evidence().with_sections().with_related()
    article = articles.filter(pk=opened.article_id).first() if opened else None
    if article is None:
        response = render(request, "conditions/preview_ended.html", status=404)
    else:
        stem = "condition_detail" if article.kind == Kind.CONDITION else "article_detail"
        context = {**page_of(article), "preview": opened, "page_template": f"conditions/{stem}.html"}
        response = render(request, "conditions/preview.html", context)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(no_store=True, private=True)
def walking_pattern(request: HttpRequest) -> HttpResponse:
    """A few questions about walking, and what the answers may point to. Kept nowhere, in no address."""
    form = WalkingPatternForm(request.POST if request.method == "POST" else None)
    red_flags = list(RedFlag.objects.in_use())
    context: dict[str, Any] = {"form": form, "red_flags": by_tier(red_flags)}
    if form.is_valid():
        answers = form.answers()
        result = result_of(answers, Cause.objects.published().with_sources().with_clues())
        line = line_of(answers)
        context |= {
            "result": result,
            "answered_flags": [flag for flag in red_flags if flag.key in result.red_flag_keys],
            "line": line,
            "signed_line": sign(line),
        }
    return render(request, "conditions/walking_pattern.html", context, status=422 if form.errors else 200)
