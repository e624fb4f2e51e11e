"""The site's addresses, and one whose view is broken on purpose."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from clinic.urls import handler500, urlpatterns

__all__ = ["handler500", "urlpatterns"]


def broken(request: HttpRequest) -> HttpResponse:
    """Fail, as no view should."""
    raise RuntimeError("broken on purpose")


urlpatterns = [*urlpatterns, path("broken/", broken)]
