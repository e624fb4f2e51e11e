"""Pages about the clinic itself, the two health doors, and the pages for what went wrong."""

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.models import ClinicProfile
from clinic.public_page import public_page


@public_page
def privacy(request: HttpRequest) -> HttpResponse:
    """What we ask, why, who reads it, and for how long it is kept."""
    return render(request, "clinic_pages/privacy.html", {"privacy_version": settings.PRIVACY_VERSION})


@public_page
def accessibility(request: HttpRequest) -> HttpResponse:
    """What was tested, what was not, and how to tell us."""
    return render(request, "clinic_pages/accessibility.html")


@public_page
def robots(request: HttpRequest) -> HttpResponse:
    """What search engines need not ask for, and where the list of pages is."""
    return render(request, "clinic_pages/robots.txt", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and every migration is applied, else 503."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, InterfaceError):
        return HttpResponse(
            "the database cannot be reached\n", status=503, content_type="text/plain; charset=utf-8"
        )
    if waiting:
        return HttpResponse("migrations wait\n", status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse("ready\n", content_type="text/plain; charset=utf-8")


def server_error(request: HttpRequest) -> HttpResponse:
    """Something of ours broke. Needs no database: the phone number is the last one that this process has read."""
    page = loader.render_to_string("500.html", {"clinic": ClinicProfile.last_known})
    return HttpResponse(page, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without the token of the page it belongs to: a page left open for long, or cookies are off."""
    return render(request, "403_csrf.html", status=403)
