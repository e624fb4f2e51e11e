"""The site's addresses, and those of the two plain views."""

from django.urls import path

from bench import plain
from clinic.urls import urlpatterns as ours

urlpatterns = [
    path("plain/send/", plain.plain_send),
    path("plain/form/", plain.plain_form),
    *ours,
]
handler500 = "clinic.views.server_error"
