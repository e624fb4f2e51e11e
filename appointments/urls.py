"""Addresses of asking and following."""

from django.urls import path

from appointments import views

app_name = "appointments"
urlpatterns = [
    path("request/", views.safety_check, name="safety_check"),
    path("request/help/", views.get_help_now, name="get_help_now"),
    path("request/details/", views.request_appointment, name="request_appointment"),
    path("r/<str:token>/", views.request_status, name="request_status"),
]
