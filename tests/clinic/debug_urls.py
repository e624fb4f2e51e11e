"""The addresses of the site as with DEBUG, which the test runner turns off."""

from django.urls import include, path

from clinic import urls

urlpatterns = [*urls.urlpatterns, path("mail/", include("clinic.mail_viewer"))]
