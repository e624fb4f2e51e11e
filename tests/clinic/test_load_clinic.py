"""The profile, opening hours and banner of a new installation."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import translation

from clinic.models import Announcement, ClinicProfile, ClosedDate, OpeningHours, PaymentOption


def load() -> str:
    """Run the command; what it printed."""
    output = io.StringIO()
    call_command("load_clinic", stdout=output)
    return output.getvalue()


def everything() -> list[list[tuple[Any, ...]]]:
    models = (ClinicProfile, Announcement, OpeningHours, ClosedDate, PaymentOption)
    return [sorted(model.objects.values_list()) for model in models]


@pytest.mark.django_db
def test_load_clinic_makes_the_profile_of_the_clinic() -> None:
    assert load() == "Loaded the profile of The Spine Pro.\n"
    profile = ClinicProfile.objects.get()
    assert (profile.name, profile.clinician) == ("The Spine Pro", "Dr. Hooman Melamed")
    assert (profile.phone_href, profile.phone_display) == ("tel:+14242177463", "424-21-SPINE")
    assert (profile.emergency_number, profile.time_zone) == ("911", "America/Los_Angeles")
    assert profile.announcement is not None
    assert profile.announcement.link_path == "/treatments/biportal-endoscopic-surgery/"
    profile.full_clean()
    for row in (
        *OpeningHours.objects.all(),
        *ClosedDate.objects.all(),
        *Announcement.objects.all(),
        *PaymentOption.objects.all(),
    ):
        row.full_clean()
    assert {row.weekday for row in OpeningHours.objects.all()} == {0, 1, 2, 3, 4}


@pytest.mark.django_db
def test_load_clinic_again_overwrites_nothing() -> None:
    load()
    ClinicProfile.objects.update(name="Another name", announcement=None, address="1 Main Street")
    Announcement.objects.all().delete()
    OpeningHours.objects.filter(weekday=0).delete()
    ClosedDate.objects.all().delete()
    PaymentOption.objects.filter(name="Medicare").delete()
    PaymentOption.objects.update(is_offered=False)
    before = everything()
    assert load() == "The clinic's profile is there: left as it is.\n"
    assert everything() == before


@pytest.mark.django_db
def test_load_clinic_gives_an_older_clinic_its_ways_to_pay() -> None:
    load()
    PaymentOption.objects.all().delete()
    ClinicProfile.objects.update(name="Another name")
    assert load() == "Loaded the ways to pay.\nThe clinic's profile is there: left as it is.\n"
    assert ClinicProfile.objects.get().name == "Another name"
    offered = list(PaymentOption.objects.offered())
    assert len(offered) == 6
    assert offered[1].name == "Medicare"
    with translation.override("es"):
        assert offered[-1].local_name == "Todavía no lo sé"


@pytest.mark.django_db(transaction=True)
def test_load_clinic_by_two_at_once_loads_once() -> None:
    together = threading.Barrier(2)

    def load_too(_: int) -> str:
        try:
            together.wait(timeout=30)
            return load()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        printed = sorted(pool.map(load_too, range(2)))
    assert printed == ["Loaded the profile of The Spine Pro.\n", "The clinic's profile is there: left as it is.\n"]
    assert OpeningHours.objects.count() == 10
    assert Announcement.objects.count() == 1
    assert PaymentOption.objects.count() == 6
