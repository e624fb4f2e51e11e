"""Let clinicians sign off articles, and editors keep walking-pattern clues and search synonyms."""

from django.db import migrations

ALL = ("add", "change", "delete", "view")
READERS = ("reception", "clinician", "manager")

PERMISSIONS: dict[str, dict[str, tuple[str, ...]]] = {
    **{role: {"clue": ("view",), "signoff": ("view",)} for role in READERS},
    "editor": {"clue": ALL, "synonym": ALL, "signoff": ("view",)},
}


def give_rights(apps, schema_editor):
    """Permissions are usually made after all migrations; the groups need them now."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")

    def give(role, model, codename, name):
        content_type, _ = ContentType.objects.get_or_create(app_label="conditions", model=model)
        permission, _ = Permission.objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )
        Group.objects.get(name=role).permissions.add(permission)

    for role, rights in PERMISSIONS.items():
        for model, actions in rights.items():
            verbose_name = apps.get_model("conditions", model)._meta.verbose_name
            for action in actions:
                give(role, model, f"{action}_{model}", f"Can {action} {verbose_name}")
    give("clinician", "signoff", "sign_off", "Can sign off articles as a clinician")


class Migration(migrations.Migration):
    """Forward only in effect: going back leaves the groups as they are."""

    dependencies = [
        ("appointments", "0002_roles"),
        ("conditions", "0002_publishing_and_evidence"),
    ]

    operations = [migrations.RunPython(give_rights, migrations.RunPython.noop)]
