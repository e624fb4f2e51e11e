"""The practice: who we are and how to reach us."""

import datetime
import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import Error, models
from django.db.models import Q
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from clinic.readable_errors import is_database_unreachable


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is an IANA time zone known to this machine."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("Choose a time zone such as America/Los_Angeles.", code="unknown_time_zone")


validate_local_path = RegexValidator(
    r"^/[a-z0-9/_-]*$", "Give a page of this site, such as /treatments/surgery/.", code="not_local"
)


class Announcement(models.Model):
    """The banner above every page. At most one is up: the one that the profile names."""

    PUBLIC_FIELDS = ("id", "message", "link_text", "link_path")
    PRIVATE_FIELDS = ()

    message = models.CharField(max_length=160)
    link_text = models.CharField(max_length=40, default="Learn more")
    link_path = models.CharField(max_length=200, validators=[validate_local_path], help_text="A page of this site.")

    def __str__(self) -> str:
        return self.message


class ClinicProfileQuerySet(models.QuerySet["ClinicProfile"]):
    """Words about the one profile."""

    def current(self) -> "ClinicProfile | None":
        """The clinic's profile with its announcement, or None before it is loaded. One query.

        While the database is away, the copy that this process read last: a page that says what went wrong must
        still show the phone number.
        """
        try:
            ClinicProfile.last_known = self.select_related("announcement").first()
        except Error as error:
            if not is_database_unreachable(error):
                raise
        return ClinicProfile.last_known


def clinic_today() -> datetime.date:
    """Today on the clinic's calendar. One query. Raises ClinicProfile.DoesNotExist before the profile is loaded."""
    return timezone.localdate(timezone=ClinicProfile.objects.get().zone)


class ClinicProfile(models.Model):
    """The clinic's name, people, address and numbers. One row: every page and mail takes them from here."""

    PUBLIC_FIELDS = (
        "id",
        "name",
        "clinician",
        "phone",
        "phone_display",
        "address",
        "emergency_number",
        "time_zone",
        "staff_email",
        "announcement",
    )
    PRIVATE_FIELDS = ()

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=80)
    clinician = models.CharField(max_length=80, blank=True)
    phone = PhoneNumberField(help_text="The number that is dialed.")
    phone_display = models.CharField(max_length=30, help_text="The number as people read it.")
    address = models.TextField(max_length=300, blank=True)
    emergency_number = models.CharField(max_length=10, validators=[RegexValidator(r"^[0-9]{2,10}$")])
    time_zone = models.CharField(max_length=64, validators=[validate_time_zone])
    staff_email = models.EmailField(
        blank=True, help_text="Where the staff read notices about urgent requests. They hold no patient's name."
    )
    announcement = models.ForeignKey(
        Announcement, null=True, blank=True, on_delete=models.SET_NULL, help_text="The banner that is up now."
    )

    objects = ClinicProfileQuerySet.as_manager()
    last_known: "ClinicProfile | None" = None  # by this process

    class Meta:
        verbose_name = verbose_name_plural = "clinic profile"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="clinic_profile_is_one_row")]

    def __str__(self) -> str:
        return self.name

    @property
    def phone_href(self) -> str:
        """The address of a link that dials the clinic."""
        return f"tel:{self.phone.as_e164}"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone in which this clinic enters and reads times."""
        return zoneinfo.ZoneInfo(self.time_zone)
