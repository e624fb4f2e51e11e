"""The list of requests as Django's own admin makes it: a plain ModelAdmin over the same table."""

from django.contrib import admin

from appointments.models import AppointmentRequest


class StockRequest(AppointmentRequest):
    """The same rows under another name, for an admin of their own."""

    class Meta:
        proxy = True
        app_label = "appointments"


class StockAdmin(admin.ModelAdmin):
    """What the documentation of the admin teaches."""

    list_display = ("full_name", "urgency", "status", "received_at", "reply_by", "reference")
    list_filter = ("status", "urgency")
    search_fields = ("full_name", "phone", "email", "reference")  # icontains
    date_hierarchy = "received_at"
    ordering = ("urgency", "received_at")


site = admin.AdminSite("stock")
site.register(StockRequest, StockAdmin)
