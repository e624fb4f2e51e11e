"""Let staff keep what belongs to the triage, and make names findable that were sent before."""

from django.db import migrations

from appointments.models.name_keys import keys_of, words_of

VIEW = ("view",)
ALL = ("add", "change", "delete", "view")
TRIAGE: dict[tuple[str, str], tuple[str, ...]] = {
    ("appointments", "contactattempt"): VIEW,
    ("appointments", "cannedreply"): ALL,
    ("appointments", "savedview"): ALL,
    ("appointments", "daysignoff"): VIEW,
}
ROLES = ("reception", "clinician", "manager")
AT_A_TIME = 2_000  # rows


def give_rights(apps, schema_editor):
    """Permissions are usually made after all migrations; the groups need them now."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for role in ROLES:
        group = Group.objects.get(name=role)
        for (app_label, model), actions in TRIAGE.items():
            content_type, _ = ContentType.objects.get_or_create(app_label=app_label, model=model)
            name = apps.get_model(app_label, model)._meta.verbose_name
            for action in actions:
                permission, _ = Permission.objects.get_or_create(
                    content_type=content_type,
                    codename=f"{action}_{model}",
                    defaults={"name": f"Can {action} {name}"},
                )
                group.permissions.add(permission)


def make_names_findable(apps, schema_editor):
    """The keys of every name that is there already."""
    AppointmentRequest = apps.get_model("appointments", "AppointmentRequest")
    some = []
    for row in AppointmentRequest.objects.only("full_name").iterator(AT_A_TIME):
        row.name_keys = " ".join(sorted({key for word in words_of(row.full_name) for key in keys_of(word)}))
        some.append(row)
        if len(some) == AT_A_TIME:
            AppointmentRequest.objects.bulk_update(some, ["name_keys"])
            some.clear()
    AppointmentRequest.objects.bulk_update(some, ["name_keys"])


class Migration(migrations.Migration):
    """Forward only in effect: going back leaves the groups as they are."""

    dependencies = [("appointments", "0007_triage")]

    operations = [
        migrations.RunPython(give_rights, migrations.RunPython.noop),
        migrations.RunPython(make_names_findable, migrations.RunPython.noop),
    ]
