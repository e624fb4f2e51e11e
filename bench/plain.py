"""What Django does out of the box: a ModelForm that commits one INSERT of the same row, and a form drawn by as_div.

The table has the columns of ours and nothing else: no constraint, no index, no foreign key to look up.
"""

import secrets
import uuid
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from appointments.choices import form_choices
from appointments.forms import AppointmentRequestForm
from appointments.models import AppointmentRequest

TABLE = "bench_plain_request"

# What a patient fills in, and what the view adds.
ASKED = [
    *("problem", "duration", "walking_distance", "eased_by", "legs_affected", "numbness", "course", "seen_before"),
    *("records_held", "full_name", "birth_date", "patient_history", "proxy_name", "proxy_relation"),
    *(
        "has_proxy_consent",
        "spoken_language",
        "other_language",
        "needs_interpreter",
        "access_needs",
        "phone",
        "email",
    ),
    *("preferred_contact", "contact_times", "may_leave_voicemail", "may_name_clinic", "may_text", "windows"),
    *("unsuitable_dates", "earliest_date", "latest_date", "short_notice"),
]


def _columns() -> dict[str, Any]:
    """The fields of a request. A foreign key is a number here, so that stock validation looks nothing up."""
    columns: dict[str, Any] = {}
    for field in AppointmentRequest._meta.concrete_fields:
        if isinstance(field, models.ForeignKey):
            columns[field.attname] = models.BigIntegerField(null=True, blank=True)
        else:
            columns[field.name] = field.clone()
    return columns


class _Meta:
    app_label = "appointments"
    managed = False
    db_table = TABLE


PlainRequest: Any = type("PlainRequest", (models.Model,), {**_columns(), "Meta": _Meta, "__module__": __name__})
PlainForm: Any = forms.modelform_factory(PlainRequest, fields=ASKED)


def plain_send(request: HttpRequest) -> HttpResponse:
    """The textbook view: valid, saved, redirected."""
    now = timezone.now()
    first = PlainRequest(
        key=uuid.uuid4(),
        token_digest=secrets.token_hex(32),
        answers_digest=secrets.token_hex(32),
        reference=secrets.token_hex(4),
        urgency=2,
        received_at=now,
        reply_by=now,
        privacy_version="2026-11",
    )
    form = PlainForm(request.POST or None, instance=first)
    if not form.is_valid():
        return render(request, "plain_form.html", {"form": form}, status=422 if form.is_bound else 200)
    form.save()
    return HttpResponseRedirect("/plain/sent/")


def plain_form(request: HttpRequest) -> HttpResponse:
    """The form that patients see, in the same base template, drawn by Django: two queries as on our page."""
    return render(request, "plain_form.html", {"form": AppointmentRequestForm(form_choices())})
