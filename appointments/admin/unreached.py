"""The list of patients whom our mail did not reach: somebody has to call."""

from dataclasses import dataclass

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from appointments.admin.record import FOLDER
from appointments.admin.words import phone_words
from appointments.mail_trouble import unreached
from appointments.models import AppointmentRequest
from clinic.models import OutgoingMail
from clinic.outbox import title_of

ROWS_OF_A_PAGE = 50


@dataclass(frozen=True)
class Unreached:
    """A request, and the mail that did not reach its patient."""

    appointment_request: AppointmentRequest
    mail: OutgoingMail

    @property
    def phone(self) -> str:
        """The number as one dials it here."""
        return phone_words(self.appointment_request.phone)

    @property
    def title(self) -> str:
        """What the mail told, in plain words."""
        return title_of(self.mail)


class UnreachedAdmin(admin.ModelAdmin):
    """The part of the admin that lists whom no mail has reached."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and that of the list."""
        view = self.admin_site.admin_view(self.unreached_view)
        return [path("unreached/", view, name="appointments_appointmentrequest_unreached"), *super().get_urls()]

    @method_decorator(require_safe)
    def unreached_view(self, request: HttpRequest) -> HttpResponse:
        """Whom to call, the latest failure first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        page = Paginator(unreached(), ROWS_OF_A_PAGE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Mail that reached nobody",
            "page": page,
            "rows": [Unreached(appointment_request, mail) for appointment_request, mail in page.object_list],
        }
        return TemplateResponse(request, f"{FOLDER}/unreached.html", context)
