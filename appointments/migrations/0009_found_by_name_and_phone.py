from typing import Any

import django.db.models.functions.text
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import appointments.models.phone_digits


def reckon_name_keys(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Those of requests that had none, or whose whole words had no mark. Saving reckons them."""
    requests: Any = apps.get_model("appointments", "AppointmentRequest")._default_manager
    for appointment_request in requests.only("full_name").iterator(chunk_size=1_000):
        appointment_request.save(update_fields=["name_keys"])


class Migration(migrations.Migration):
    """Search by what is kept: numbers stand as tel:+1-424-555-0134, and their last seven characters are not digits."""

    dependencies = [("appointments", "0008_triage_rights")]

    operations = [
        migrations.RemoveIndex(model_name="appointmentrequest", name="request_by_phone"),
        migrations.AddIndex(
            model_name="appointmentrequest",
            index=models.Index(
                django.db.models.functions.text.Right(appointments.models.phone_digits.Digits("phone"), 7),
                condition=models.Q(("phone", ""), _negated=True),
                name="request_by_phone",
            ),
        ),
        # Last: what it changes waits for its deferred checks until the end of the transaction.
        migrations.RunPython(reckon_name_keys, migrations.RunPython.noop),
    ]
