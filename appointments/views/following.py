"""Following a request that was sent: what the patient sees of it, and may do with it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from appointments.forms import WithdrawForm
from appointments.lifecycle import MoveRefused, RequestStatus, Role
from appointments.models import AppointmentRequest
from appointments.views.private import about_a_person


@require_http_methods(["GET", "HEAD", "POST"])
@about_a_person
def request_status(request: HttpRequest, token: str) -> HttpResponse:
    """Where a request stands, what happens next and by when; and the way to take it back."""
    appointment_request = get_object_or_404(AppointmentRequest.objects.with_token(token))
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    refusal = None
    if form.is_valid():
        try:
            appointment_request.move_to(RequestStatus.WITHDRAWN, by=None, roles=frozenset({Role.PATIENT}))
        except MoveRefused as error:
            refusal = error
            appointment_request.refresh_from_db()
        else:
            return redirect(request.path)
    context = {
        "appointment_request": appointment_request,
        "is_late": appointment_request.is_late(timezone.now()),
        "form": form,
        "refusal": refusal,
    }
    status = 409 if refusal else 422 if form.errors else 200
    return render(request, "appointments/request_status.html", context, status=status)
