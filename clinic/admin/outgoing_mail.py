"""The outbox, as the staff see it: which mail reached nobody, and which still waits."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import dateformat, timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from clinic.admin.staff import StaffAdmin
from clinic.models import OutgoingMail
from clinic.outbox import title_of, try_again


@admin.register(OutgoingMail)
class OutgoingMailAdmin(StaffAdmin):
    """Failed mails first, then those that wait. Nothing is edited; a failed one can be tried again.

    Whoever may see a mail may have it tried again: it goes to the person that it was for, by its own function.
    """

    list_display = ("title", "status", "about", "queued", "next_try", "attempts", "failure")
    list_display_links = ("title",)
    list_per_page = 50
    fields = (
        *("status", "failure", "title", "about", "function", "message_id", "queued", "next_try", "attempts"),
        *("sent_at", "failed_at", "dropped_at"),
    )
    readonly_fields = fields
    sortable_by = ()  # the work to be done comes first
    show_full_result_count = False
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """In the order of the work."""
        return OutgoingMail.objects.in_work_order()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Under its own name: nothing is selected here."""
        return super().changelist_view(request, {"title": "Outgoing mails", **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Mail is queued by what causes it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        """No field is edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        """A mail that was not sent must stay in sight."""
        return False

    @admin.display(description="Status")
    def status(self, mail: OutgoingMail) -> str:
        """The word for where it stands."""
        return mail.state.capitalize()

    @admin.display(description="Mail")
    def title(self, mail: OutgoingMail) -> str:
        """What it tells."""
        return title_of(mail)

    @admin.display(description="About")
    def about(self, mail: OutgoingMail) -> str:
        """What it is about, such as "Request 12"."""
        return mail.topic.replace(":", " ").capitalize() or "None"

    @admin.display(description="Queued")
    def queued(self, mail: OutgoingMail) -> str:
        """When its cause was committed, in the clinic's zone."""
        return _moment(mail.created_at)

    @admin.display(description="Next try")
    def next_try(self, mail: OutgoingMail) -> str:
        """When it is tried next, if it waits."""
        return _moment(mail.next_attempt_at) if mail.state == "waiting" else "None"

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and the one of the verb."""
        again = path(
            "<int:object_id>/try-again/",
            self.admin_site.admin_view(self.try_again_view),
            name="clinic_outgoingmail_try_again",
        )
        return [again, *super().get_urls()]

    @method_decorator(require_POST)
    def try_again_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Put a failed mail back in the outbox. One that has not failed is left as it is, and that is said."""
        mail: OutgoingMail | None = self.get_object(request, str(object_id))
        if not self.has_view_permission(request, mail):
            raise PermissionDenied
        if mail is None:
            raise Http404
        if try_again(mail):
            self.log_change(request, mail, "Tried again.")
            self.message_user(request, "The mail is tried again now.")
        else:
            self.message_user(request, "This mail has not failed, or somebody else was first.", "WARNING")
        return redirect("admin:clinic_outgoingmail_change", object_id)


def _moment(when: datetime) -> str:
    return dateformat.format(timezone.localtime(when), "D, M j, g:i A T")
