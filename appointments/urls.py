"""Addresses of asking and following, and of the clinicians' calendars."""

from django.urls import path

from appointments import views

app_name = "appointments"
urlpatterns = [
    path("request/", views.safety_check, name="safety_check"),
    path("request/help/", views.get_help_now, name="get_help_now"),
    path("request/details/", views.request_appointment, name="request_appointment"),
    path("find/", views.find_request, name="find_request"),
    path("r/<str:token>/", views.request_status, name="request_status"),
    path("r/<str:token>/worse/", views.report_worse, name="report_worse"),
    path("r/<str:token>/contact/", views.change_contact, name="change_contact"),
    path("r/<str:token>/times/", views.change_times, name="change_times"),
    path("r/<str:token>/add/", views.add_note, name="add_note"),
    path("r/<str:token>/withdraw/", views.withdraw_request, name="withdraw_request"),
    path("r/<str:token>/appointment.ics", views.appointment_calendar, name="appointment_calendar"),
    path("feed/<str:token>.ics", views.calendar_feed, name="calendar_feed"),
]
