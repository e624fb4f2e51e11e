"""Mail as its readers would see it, on a developer's machine: with DEBUG only, these addresses exist."""

import traceback
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.models import OutgoingMail
from clinic.outbox import Message, NothingToSend, written

MOST = 50


@dataclass
class Preview:
    """A row of the outbox, and its mail as written now; `why_not` when there is none."""

    mail: OutgoingMail
    message: Message | None = None
    why_not: str = ""


@require_safe
@never_cache
def outbox(request: HttpRequest) -> HttpResponse:
    """The latest mails, the newest first, each written at this moment."""
    mails = OutgoingMail.objects.order_by("-id")[:MOST]
    return render(request, "clinic_pages/outbox.html", {"previews": [preview_of(mail) for mail in mails]})


@require_safe
@never_cache
def mail_html(request: HttpRequest, mail_id: int) -> HttpResponse:
    """The HTML half of one mail, itself."""
    preview = preview_of(get_object_or_404(OutgoingMail, pk=mail_id))
    if preview.message is None:
        raise Http404(preview.why_not)
    return HttpResponse(preview.message.html)


def preview_of(mail: OutgoingMail) -> Preview:
    """Write the mail. One that cannot be written shows its developer why."""
    try:
        return Preview(mail, written(mail))
    except NothingToSend as reason:
        return Preview(mail, why_not=f"Nothing to send. {reason}".strip())
    except Exception:
        return Preview(mail, why_not=traceback.format_exc())


urlpatterns = [
    path("", outbox, name="outbox"),
    path("<int:mail_id>/html/", mail_html, name="mail_html"),
]
