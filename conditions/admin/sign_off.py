"""Signing off an article, and keeping a sign-off through an edit that is not clinical. From the article's page."""

import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods, require_POST

from conditions.differences import differences_of
from conditions.models import Amendment, Article, RedFlag, SignOff, SignOffRefused
from conditions.pages import page_of
from conditions.sign_offs import clinical_content

SOONEST_REVIEW = datetime.timedelta(days=7)  # sooner, it would not be worth signing
LATEST_REVIEW = datetime.timedelta(days=3 * 365)
HTTP_STATUS_OF_REFUSAL = {"same_person": 403}


class SignOffForm(forms.Form):
    """How a clinician signs: the words that patients read, until when, and that all of it was read."""

    name = forms.CharField(max_length=80, help_text="As patients read it, such as Ana Lopez.")
    credentials = forms.CharField(max_length=80, help_text="As patients read them, such as MD, spine surgeon.")
    next_review_on = forms.DateField(label="Next review on", widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    is_read = forms.BooleanField(
        label="I have read all of the text above with its sources and warning signs, and I stand by it.",
        error_messages={"required": "Tick this only when you have read all of it."},
    )

    def clean_next_review_on(self) -> datetime.date:
        """A week to three years from today in the clinic's zone, the current one on staff pages."""
        day: datetime.date = self.cleaned_data["next_review_on"]
        if not SOONEST_REVIEW <= day - timezone.localdate() <= LATEST_REVIEW:
            raise ValidationError("Choose a day from a week to three years from now.", code="out_of_range")
        return day


class NotClinicalForm(forms.Form):
    """Why an editor holds an edit not to be clinical."""

    reason = forms.CharField(max_length=300, help_text="Such as: a comma was missing. The second person reads it.")


def _person(request: HttpRequest) -> User:
    """Who is signed in: on pages of the admin there always is somebody."""
    return cast(User, request.user)


class SignOffAdmin(admin.ModelAdmin):
    """The part of an article's admin page that is about its sign-off. Everything acts by POST."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and those of the sign-off."""
        views = {"sign_off": self.sign_off_view, "edits": self.edits_view}
        own = [
            path(
                f"<int:object_id>/{name.replace('_', '-')}/",
                self.admin_site.admin_view(view),
                name=f"conditions_{self.opts.model_name}_{name}",
            )
            for name, view in views.items()
        ]
        confirm = path(
            "<int:object_id>/edits/<int:amendment_id>/confirm/",
            self.admin_site.admin_view(self.confirm_view),
            name=f"conditions_{self.opts.model_name}_confirm",
        )
        return [*own, confirm, *super().get_urls()]

    def sign_off_panel(self, request: HttpRequest, article: Article) -> dict[str, Any]:
        """What panel_sign_off.html knows: what patients are told now, and what this person may do about it."""
        page = page_of(self._as_shown(request, article.pk))
        return {
            "review": page["review"],
            "may_sign": request.user.has_perm("conditions.sign_off"),
            "sign_off_url": self._url("sign_off", article.pk),
            "edits_url": self._url("edits", article.pk),
            "waiting": self._waiting(page["article"], page["review"].content_hash),
            "sign_offs": SignOff.objects.filter(article=article)[:5],
        }

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def sign_off_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The text as patients read it, and the form to sign it. POST signs exactly the text that was shown."""
        article = self._as_shown(request, object_id)
        if not request.user.has_perm("conditions.sign_off"):
            raise PermissionDenied
        page = page_of(article)
        in_a_year = timezone.localdate() + datetime.timedelta(days=365)
        unsigned = {"name": _person(request).get_full_name(), "next_review_on": in_a_year}
        if request.method != "POST":
            return self._page(request, "sign_off", page, form=SignOffForm(initial=unsigned))
        form = SignOffForm(request.POST)
        try:
            if request.POST.get("seen") != page["review"].content_hash:
                raise SignOffRefused("changed", "The text has changed since you opened this page. Read it again.")
            if not form.is_valid():
                return self._page(request, "sign_off", page, form=form, status=422)
            fields = {name: form.cleaned_data[name] for name in ("name", "credentials", "next_review_on")}
            red_flags = RedFlag.objects.shown_on(article.kind)
            sign_off = SignOff.objects.sign(
                article, red_flags, seen=request.POST["seen"], by=_person(request), **fields
            )
        except SignOffRefused as refusal:
            return self._page(request, "sign_off", page, form=form, refusal=refusal, status=409)
        self.log_change(request, article, f"Signed off until {sign_off.next_review_on}.")
        messages.success(request, "Signed. Patients see your name and the date from now on.")
        return redirect(self._url("change", article.pk))

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def edits_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What has changed since the sign-off. POST marks all of it as not clinical."""
        article = self._as_shown(request, object_id)
        if request.method != "POST":
            return self._edits_page(request, article, NotClinicalForm())
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        form = NotClinicalForm(request.POST)
        if not form.is_valid():
            return self._edits_page(request, article, form, status=422)
        red_flags = RedFlag.objects.shown_on(article.kind)
        try:
            Amendment.objects.mark(
                article,
                red_flags,
                seen=request.POST.get("seen", ""),
                by=_person(request),
                reason=form.cleaned_data["reason"],
            )
        except SignOffRefused as refusal:
            return self._edits_page(request, article, form, refusal=refusal, status=409)
        self.log_change(request, article, f"Marked as not clinical: {form.cleaned_data['reason']}")
        messages.success(request, "Marked. The sign-off holds again once a second person has confirmed it.")
        return redirect(self._url("change", article.pk))

    @method_decorator(require_POST)
    def confirm_view(self, request: HttpRequest, object_id: int, amendment_id: int) -> HttpResponse:
        """Confirm, as the second person, that what has changed is not clinical."""
        article = self._as_shown(request, object_id)
        if not self._may_confirm(request, article):
            raise PermissionDenied
        amendment = get_object_or_404(Amendment, pk=amendment_id, sign_off__article_id=article.pk)
        try:
            amendment.confirm(article, RedFlag.objects.shown_on(article.kind), by=_person(request))
        except SignOffRefused as refusal:
            status = HTTP_STATUS_OF_REFUSAL.get(refusal.code, 409)
            return self._edits_page(request, article, NotClinicalForm(), refusal=refusal, status=status)
        self.log_change(request, article, f"Confirmed as not clinical: {amendment.reason}")
        messages.success(request, "Confirmed. Patients see the sign-off again.")
        return redirect(self._url("change", article.pk))

    def _as_shown(self, request: HttpRequest, object_id: int) -> Article:
        """The article with all that its page shows, for whoever may look at it."""
        articles = Article.objects.filter(pk__in=self.get_queryset(request).filter(pk=object_id))
        article = get_object_or_404(articles.with_evidence().with_related().with_sections())
        if not self.has_view_permission(request, article):
            raise PermissionDenied
        return article

    def _url(self, name: str, object_id: int) -> str:
        return reverse(f"admin:conditions_{self.opts.model_name}_{name}", args=[object_id])

    def _may_confirm(self, request: HttpRequest, article: Article) -> bool:
        return request.user.has_perm("conditions.sign_off") or self.has_change_permission(request, article)

    def _waiting(self, article: Article, current: str) -> Amendment | None:
        """The mark on the text as it is now that a second person has yet to confirm."""
        newest = SignOff.objects.newest_of(article)
        marks = Amendment.objects.waiting().select_related("marked_by")
        return marks.filter(sign_off=newest, hash_after=current).first() if newest else None

    def _edits_page(
        self, request: HttpRequest, article: Article, form: NotClinicalForm, **more: Any
    ) -> TemplateResponse:
        page = page_of(article)
        newest = SignOff.objects.newest_of(article)
        now = clinical_content(article, RedFlag.objects.shown_on(article.kind))
        waiting = self._waiting(article, page["review"].content_hash)
        extra: dict[str, Any] = {
            "differences": differences_of(newest.content, now) if newest else [],
            "waiting": waiting,
            "is_own": waiting is not None and waiting.marked_by == request.user,
            "may_mark": self.has_change_permission(request, article),
            "may_confirm": self._may_confirm(request, article),
            "confirm_url": waiting and f"{self._url('edits', article.pk)}{waiting.pk}/confirm/",
        }
        return self._page(request, "edits", page, form=form, **extra, **more)

    def _page(
        self, request: HttpRequest, name: str, page: dict[str, Any], *, status: int = 200, **extra: Any
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            **page,
            "opts": self.opts,
            "title": {"sign_off": "Sign off", "edits": "Changes since the sign-off"}[name],
            "subtitle": page["article"].title,
            "change_url": self._url("change", page["article"].pk),
            **extra,
        }
        return TemplateResponse(request, f"admin/conditions/article/{name}.html", context, status=status)
