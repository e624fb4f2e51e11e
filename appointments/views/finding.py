"""The link to a request is lost: it goes out again to the address that the patient gave."""

from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from appointments import emails
from appointments.forms import FindForm
from appointments.models import AppointmentRequest
from appointments.typed_answers import typed_words
from appointments.views.private import about_a_person
from clinic import outbox
from clinic.client_address import client_address
from clinic.limits import Limit, LimitReached, count

HOUR = timedelta(hours=1)
MOST_PER_SENDER = 10  # in an hour: a family or a clinic's waiting room, not a list of addresses to try
MOST_PER_ADDRESS = 3  # in an hour: mails that somebody else can have sent to a patient
MOST_LINKS = 3  # in one go, the latest requests


@require_http_methods(["GET", "HEAD", "POST"])
@about_a_person
def find_request(request: HttpRequest) -> HttpResponse:
    """Ask for the address, and send the links there. The answer is the same whether or not there is anything to
    send, and takes the same work: nobody learns from it who has asked the clinic."""
    form = FindForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(
            request, "appointments/find_request.html", {"form": form}, status=422 if form.is_bound else 200
        )
    try:
        with transaction.atomic():
            count(Limit("find_request", client_address(request), MOST_PER_SENDER, HOUR))
            _send_links(form.cleaned_data["email"])
    except LimitReached:
        return render(request, "appointments/too_often.html", {"typed": typed_words(request)}, status=429)
    return render(request, "appointments/link_sent.html")


def _send_links(email: str) -> None:
    """Queue the mails; none when this address has had its mails for now."""
    requests = AppointmentRequest.objects.to_follow_by_mail(email)[:MOST_LINKS]
    mails = [emails.about(appointment_request, emails.link_again) for appointment_request in requests]
    nothing = outbox.queued(emails.link_again, request_id=0)
    try:
        with transaction.atomic():
            outbox.queue(*(mails or [nothing]))
            count(Limit("find_request", email.lower(), MOST_PER_ADDRESS, HOUR))
            # The same statements for an address that we do not know, and then nothing of it.
            transaction.set_rollback(not mails)
    except LimitReached:
        return
