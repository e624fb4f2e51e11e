"""What a patient answers: the fields of a request that come from its form, and who may not see them."""

from django.core.validators import MaxLengthValidator
from django.db import models
from phonenumber_field.modelfields import PhoneNumberField

from appointments.models.answers import (
    WINDOWS,
    AccessNeed,
    Course,
    Duration,
    EasedBy,
    LegsAffected,
    Numbness,
    PartOfDay,
    PatientHistory,
    PreferredContact,
    RecordKind,
    SeenBefore,
    ShortNotice,
    SpokenLanguage,
    WalkingDistance,
    choice,
    several,
)
from clinic.models import PaymentOption
from conditions.models import Article

PROBLEM_MAX_LENGTH = 2_000  # characters


class PatientAnswers(models.Model):
    """The answers of AppointmentRequestForm, as AppointmentRequest keeps them."""

    PRIVATE_FIELDS: tuple[str, ...] = (
        "article",
        "is_checked_by_clinician",
        "problem",
        "duration",
        "walking_distance",
        "eased_by",
        "legs_affected",
        "numbness",
        "course",
        "seen_before",
        "records_held",
        "full_name",
        "birth_date",
        "patient_history",
        "proxy_name",
        "proxy_relation",
        "has_proxy_consent",
        "spoken_language",
        "other_language",
        "needs_interpreter",
        "access_needs",
        "phone",
        "email",
        "preferred_contact",
        "contact_times",
        "may_leave_voicemail",
        "may_name_clinic",
        "may_text",
        "windows",
        "unsuitable_dates",
        "earliest_date",
        "latest_date",
        "short_notice",
        "payment_option",
    )

    article = models.ForeignKey(
        Article, null=True, blank=True, on_delete=models.SET_NULL, verbose_name="about the page"
    )
    is_checked_by_clinician = models.BooleanField("a clinician has already checked it", default=False)
    problem = models.TextField(validators=[MaxLengthValidator(PROBLEM_MAX_LENGTH)])
    duration = models.CharField("since", max_length=20, choices=Duration)
    walking_distance = choice(WalkingDistance, "stops walking after")
    eased_by = choice(EasedBy, "eased by")
    legs_affected = choice(LegsAffected, "legs")
    numbness = choice(Numbness, "numbness or weakness")
    course = choice(Course, "course")
    seen_before = choice(SeenBefore, "seen for this before")
    records_held = several(RecordKind, "has in hand")

    full_name = models.CharField(max_length=150)
    birth_date = models.DateField("date of birth")
    patient_history = choice(PatientHistory, "has been here before")
    proxy_name = models.CharField("asked for by", max_length=150, blank=True)
    proxy_relation = models.CharField("who is their", max_length=60, blank=True)
    has_proxy_consent = models.BooleanField("patient agrees that this person asks", default=False)
    spoken_language = models.CharField(
        "speaks", max_length=5, choices=SpokenLanguage, default=SpokenLanguage.ENGLISH
    )
    other_language = models.CharField(max_length=60, blank=True)
    needs_interpreter = models.BooleanField(default=False)
    access_needs = several(AccessNeed, "needs")

    phone = PhoneNumberField(blank=True)
    email = models.EmailField(blank=True)
    preferred_contact = models.CharField(max_length=5, choices=PreferredContact)
    contact_times = several(PartOfDay, "best reached")
    may_leave_voicemail = models.BooleanField(default=False)
    may_name_clinic = models.BooleanField("may say where we call from", default=False)
    may_text = models.BooleanField("may send a text message", default=False)

    windows = several(WINDOWS, "times that suit")
    unsuitable_dates = models.CharField("dates that do not suit", max_length=300, blank=True)
    earliest_date = models.DateField(null=True, blank=True)
    latest_date = models.DateField(null=True, blank=True)
    short_notice = choice(ShortNotice, "could come")

    payment_option = models.ForeignKey(
        PaymentOption, null=True, blank=True, on_delete=models.PROTECT, verbose_name="pays by"
    )
    privacy_version = models.CharField("agreed to the privacy page of", max_length=10)

    class Meta:
        abstract = True
