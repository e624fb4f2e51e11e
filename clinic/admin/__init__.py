"""The clinic's own rooms of the staff pages."""

from django.contrib import admin

from clinic.admin import outgoing_mail, practice
from clinic.admin.sign_in import StaffSignInForm
from clinic.admin.staff import StaffAdmin

__all__ = ["StaffAdmin", "outgoing_mail", "practice"]

admin.site.login_form = StaffSignInForm
admin.site.site_header = "Clinic staff"
admin.site.site_title = "Clinic staff"
admin.site.index_title = "Today"
admin.site.empty_value_display = "Not given"
