"""The form before anything is typed, kept ready: to draw its questions takes longer than all else on the page."""

import datetime
from functools import lru_cache

from crispy_forms.utils import render_crispy_form
from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override

from appointments.choices import FormChoices
from appointments.forms import AppointmentRequestForm

MOST_KEPT = 128  # two languages, and each article that a patient may come from


def blank_form(choices: FormChoices, article_key: str) -> SafeString:
    """The questions as HTML, this article chosen, in the language of the page. No query.

    Each process keeps what it has drawn under all that it depends on: another list, day or language is drawn anew.
    Nothing that anybody typed is kept, and an article that is not listed counts as none. While templates are being
    written, with DEBUG, nothing is kept at all.
    """
    draw = _drawn.__wrapped__ if settings.DEBUG else _drawn
    listed = article_key if choices.article_id(article_key) is not None else ""
    return draw(get_language() or "", tuple(choices.articles), tuple(choices.payments), choices.today, listed)


@lru_cache(maxsize=MOST_KEPT)
def _drawn(
    language: str,
    articles: tuple[tuple[str, str], ...],
    payments: tuple[tuple[int, str], ...],
    today: datetime.date,
    article_key: str,
) -> SafeString:
    choices = FormChoices(
        list(articles), list(payments), datetime.datetime.combine(today, datetime.time(), datetime.UTC)
    )
    with override(language):
        form = AppointmentRequestForm(choices, initial={"article": article_key})
        html: SafeString = render_crispy_form(form)
    return html
