"""Let staff key in requests of callers, see what has happened to them, and keep what belongs to them."""

from django.db import migrations

VIEW = ("view",)
TRIAGE: dict[tuple[str, str], tuple[str, ...]] = {
    ("appointments", "appointmentrequest"): ("add",),
    ("appointments", "requestevent"): VIEW,
    ("clinic", "outgoingmail"): VIEW,
    ("clinic", "paymentoption"): VIEW,
}
LOWER = {("appointments", "appointmentrequest"): ("add", "lower_urgency")}

PERMISSIONS: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {
    "reception": TRIAGE,
    "clinician": {**TRIAGE, **LOWER},
    "manager": {**TRIAGE, ("clinic", "paymentoption"): ("add", "change", "view")},
}


def give_rights(apps, schema_editor):
    """Permissions are usually made after all migrations; the groups need them now."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for role, rights in PERMISSIONS.items():
        group = Group.objects.get(name=role)
        for (app_label, model), actions in rights.items():
            content_type, _ = ContentType.objects.get_or_create(app_label=app_label, model=model)
            meta = apps.get_model(app_label, model)._meta
            named = dict(meta.permissions)
            for action in actions:
                codename = action if action in named else f"{action}_{model}"
                permission, _ = Permission.objects.get_or_create(
                    content_type=content_type,
                    codename=codename,
                    defaults={"name": named.get(action, f"Can {action} {meta.verbose_name}")},
                )
                group.permissions.add(permission)


class Migration(migrations.Migration):
    """Forward only in effect: going back leaves the groups as they are."""

    dependencies = [
        ("appointments", "0005_promise_warned_and_daily_summary"),
        ("clinic", "0002_mail_payment_limits"),
    ]

    operations = [migrations.RunPython(give_rights, migrations.RunPython.noop)]
