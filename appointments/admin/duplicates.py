"""The part of a request's page about other requests of the same person: to link them, to unlink them, and to read
both records as one."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from appointments.admin.acts import answers_of
from appointments.admin.record import take_over_beside
from appointments.admin.timeline import Entry, names_of, timeline
from appointments.admin.verbs import VerbsAdmin, reason_to_take_over
from appointments.duplicates import LINK_NOTE_MAX_LENGTH, link, unlink
from appointments.lifecycle import TRIAGE, RequestStatus
from appointments.look_alikes import LookAlike, look_alikes
from appointments.models import AppointmentRequest, ContactAttempt, RedFlagAnswer, RequestEvent, StatusChange
from appointments.roles import roles_of
from appointments.staff_forms import SeenForm

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

NAME = "appointments_appointmentrequest"


class LinkForm(SeenForm):
    """Of which request this one is a duplicate, and how one knows that it is the same person."""

    name = "duplicate-of"
    reference = forms.CharField(
        max_length=20,
        help_text="Such as K7MQ-4XDP. It stays open, and this request is closed.",
        error_messages={"required": "Enter the reference of the other request"},
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(
        self, appointment_request: AppointmentRequest, data: Any = None, *, like: LookAlike | None = None
    ) -> None:
        initial = None
        if like is not None:
            self.name = f"duplicate-of-{like.appointment_request.reference}"
            initial = {"reference": like.appointment_request.reference, "note": like.why}
        super().__init__(appointment_request, data, initial=initial)
        self.fields["reference"].label = "Reference of the other request"
        self.fields["note"] = forms.CharField(
            label="How you know that it is the same person",
            max_length=LINK_NOTE_MAX_LENGTH,
            widget=forms.Textarea({"rows": 2}),
            help_text="Kept on both records. The patient does not see it.",
            error_messages={"required": "Say how you know that it is the same person"},
        )

    def clean_reference(self) -> str:
        """As the clinic writes it, whatever was typed in between; of a request that there is."""
        letters = "".join(letter for letter in self.cleaned_data["reference"].upper() if letter.isalnum())
        reference = f"{letters[:4]}-{letters[4:]}"
        self.found = AppointmentRequest.objects.filter(reference=reference).first()
        if self.found is None:
            raise ValidationError("No request has this reference", code="unknown")
        return reference


class UnlinkForm(SeenForm):
    """Why a request is no duplicate after all. The record of the original names the duplicate before it."""

    name = "not-a-duplicate"
    note = forms.CharField(
        label="Why not",
        max_length=LINK_NOTE_MAX_LENGTH,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="Kept on both records. The patient does not see it.",
    )


@dataclass(frozen=True)
class Like:
    """A look-alike, and the form that links this request to it, for whoever may."""

    found: LookAlike
    form: LinkForm | None


@dataclass(frozen=True)
class Duplicates:
    """What the page shows of other requests of the same person."""

    original: AppointmentRequest | None
    linked: list[AppointmentRequest]
    alike: list[Like]
    form: LinkForm | None  # for a reference that is typed in
    may_act: bool
    entries: list[Entry] = field(default_factory=list)  # of the linked ones, marked as theirs


class DuplicatesAdmin(VerbsAdmin):
    """The part of the admin that links requests of one person."""

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses and one for each verb."""
        views: dict[str, Callable[..., HttpResponse]] = {
            "duplicate-of": self.duplicate_of_view,
            "not-a-duplicate": self.not_a_duplicate_view,
        }
        own = [
            path(f"<int:object_id>/{address}/", self.admin_site.admin_view(view), name=f"{NAME}_{address}")
            for address, view in views.items()
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_POST)
    def duplicate_of_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Close this request as a duplicate of another one, which keeps the oldest clock of both."""

        def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
            form = LinkForm(appointment_request, request.POST)
            note = answers_of(form)["note"]
            assert form.found is not None  # noqa: S101  # it is valid
            take_over = reason_to_take_over(request, appointment_request)
            link(appointment_request, form.found, by=by, roles=roles_of(by), note=note, take_over=take_over)
            return f"a duplicate of {form.found}", f"Linked to {form.found}."

        return self._do(request, object_id, act, tried="duplicate-of", form_of=LinkForm, takes_over=False)

    @method_decorator(require_POST)
    def not_a_duplicate_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """End the link, and give back what the other request took over by it."""

        def act(appointment_request: AppointmentRequest, by: "User") -> tuple[str, str]:
            note = answers_of(UnlinkForm(appointment_request, request.POST))["note"]
            take_over = reason_to_take_over(request, appointment_request)
            change = unlink(appointment_request, by=by, roles=roles_of(by), note=note, take_over=take_over)
            return f"“{change.get_to_status_display()}”", "Unlinked."

        return self._do(request, object_id, act, tried="not-a-duplicate", takes_over=False)

    def record_page(
        self, request: HttpRequest, appointment_request: AppointmentRequest, **how: Any
    ) -> TemplateResponse:
        """The record, with what is told of other requests of the same person: their entries stand among its own."""
        response = super().record_page(request, appointment_request, **how)
        context = response.context_data or {}
        shown = how.get("shown")
        found = duplicates_of(appointment_request, request.user, shown if isinstance(shown, LinkForm) else None)
        together = sorted([*context["timeline"], *found.entries], key=lambda entry: entry.happened_at)
        response.context_data = {**context, "duplicates": found, "timeline": together}
        if isinstance(shown, LinkForm) and found.form is shown:
            beside = take_over_beside(how.get("refusal"), shown)
            mistakes = [] if context["newer"] else list(shown.mistakes())
            response.context_data |= {"unsaved": [], "take_over_beside": beside, "mistakes": mistakes}
        return response


def duplicates_of(
    appointment_request: AppointmentRequest, user: "User | AnonymousUser", shown: LinkForm | None = None
) -> Duplicates:
    """What the page of a request shows of others. At most eight queries, however many there are."""
    may_act = bool(roles_of(user) & TRIAGE)
    may_link = may_act and appointment_request.is_open
    linked = list(appointment_request.duplicates.order_by("received_at", "id"))
    original = appointment_request.duplicate_of if appointment_request.status == RequestStatus.DUPLICATE else None
    alike = [
        Like(one, LinkForm(appointment_request, like=one) if may_link and one.can_be_original else None)
        for one in look_alikes(appointment_request)
    ]
    return Duplicates(
        original=original,
        linked=linked,
        alike=alike,
        form=(shown or LinkForm(appointment_request)) if may_link else None,
        may_act=may_act,
        entries=entries_of_others([*linked, *([original] if original else [])], appointment_request),
    )


def entries_of_others(others: Iterable[AppointmentRequest], of: AppointmentRequest) -> list[Entry]:
    """All that happened to these requests, which are linked with `of`, each entry marked with whose it is. At most
    six queries, however many there are, and none when there are none."""
    by_pk = {other.pk: other for other in others}
    if not by_pk:
        return []
    moves = _by_request(StatusChange.objects.select_related("changed_by"), by_pk)
    events = _by_request(RequestEvent.objects.select_related("changed_by"), by_pk)
    answers = _by_request(RedFlagAnswer.objects.all(), by_pk)
    attempts = _by_request(ContactAttempt.objects.all(), by_pk)
    names = names_of(row for rows in (*moves.values(), *events.values()) for row in rows)
    return [
        replace(entry, heading=f"{_whose(other, of)}: {entry.heading}")
        for pk, other in by_pk.items()
        for entry in timeline(moves[pk], events[pk], answers[pk], attempts[pk], names)
    ]


def _whose(other: AppointmentRequest, of: AppointmentRequest) -> str:
    return f"{'Duplicate' if other.duplicate_of_id == of.pk else 'Original'} {other.reference}"


def _by_request(rows: QuerySet[Any], by_pk: Mapping[int, Model]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows.filter(appointment_request__in=by_pk):
        found[row.appointment_request_id].append(row)
    return found
