"""The doors of the house."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from clinic import views

urlpatterns = [
    path("", include("conditions.urls")),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("robots.txt", views.robots, name="robots"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    # English at the address itself, Spanish under /es/.
    *i18n_patterns(
        path("appointments/", include("appointments.urls")),
        path("privacy/", views.privacy, name="privacy"),
        prefix_default_language=False,
    ),
]
if settings.DEBUG:  # on a developer's machine only: mail is other people's
    urlpatterns.append(path("mail/", include("clinic.mail_viewer")))
handler500 = "clinic.views.server_error"
