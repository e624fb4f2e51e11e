"""Put the clinic's profile, opening hours, announcement and ways to pay in the database, where there are none."""

import tomllib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from clinic.models import Announcement, ClinicProfile, ClosedDate, OpeningHours, PaymentOption

CONTENT = Path(__file__).resolve().parents[2] / "content" / "clinic.toml"


class Command(BaseCommand):
    """`manage.py load_clinic`. A clinic that has a profile is left as it is, but for ways to pay if it has none."""

    help = "Load the clinic's profile, opening hours and announcement where there is no profile, and ways to pay."

    def handle(self, *args: Any, **options: Any) -> None:
        """All in one transaction; two at once load it once."""
        content = tomllib.loads(CONTENT.read_text())
        with transaction.atomic():
            profile, is_new = ClinicProfile.objects.get_or_create(id=1, defaults=content["profile"])
            self._load_payment_options(content["payment_options"], is_new)
            if not is_new:
                self.stdout.write("The clinic's profile is there: left as it is.")
                return
            profile.announcement = Announcement.objects.create(**content["announcement"])
            profile.full_clean()
            profile.save()
            OpeningHours.objects.bulk_create(
                OpeningHours(weekday=weekday, opens=row["opens"], closes=row["closes"])
                for row in content["opening_hours"]
                for weekday in row["weekdays"]
            )
            ClosedDate.objects.bulk_create(ClosedDate(**row) for row in content["closed_dates"])
        self.stdout.write(f"Loaded the profile of {profile.name}.")

    def _load_payment_options(self, rows: list[dict[str, str]], is_new: bool) -> None:
        """Also for a clinic that is older than the list of them."""
        if PaymentOption.objects.exists():
            return
        PaymentOption.objects.bulk_create(
            (PaymentOption(position=position, **row) for position, row in enumerate(rows, start=1)),
            ignore_conflicts=True,  # another one loads them at this moment
        )
        if not is_new:
            self.stdout.write("Loaded the ways to pay.")
