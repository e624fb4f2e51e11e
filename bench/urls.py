"""The site's addresses, those of the two plain views, and the plain admin."""

from django.urls import path

from bench import plain, stock
from clinic.urls import urlpatterns as ours

urlpatterns = [
    path("plain/send/", plain.plain_send),
    path("plain/form/", plain.plain_form),
    path("stock/", stock.site.urls),
    *ours,
]
handler500 = "clinic.views.server_error"
