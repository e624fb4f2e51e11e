"""Make one group for each staff role, with what it may see and change in the admin."""

from django.db import migrations

ALL = ("add", "change", "delete", "view")
EDIT = ("add", "change", "view")
VIEW = ("view",)

ARTICLES = ("condition", "cause", "treatment", "section", "mayhelp", "source")
READ_ARTICLES = {("conditions", model): VIEW for model in (*ARTICLES, "redflag")}
TRIAGE = {("appointments", model): VIEW for model in ("appointmentrequest", "statuschange", "redflaganswer")}

PERMISSIONS: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {
    "reception": {**TRIAGE, **READ_ARTICLES},
    "clinician": {**TRIAGE, **READ_ARTICLES, ("conditions", "redflag"): EDIT},
    "editor": {
        **{("conditions", model): EDIT for model in ("condition", "cause", "treatment")},
        **{("conditions", model): ALL for model in ("section", "mayhelp", "source")},
        ("conditions", "redflag"): VIEW,
        ("clinic", "announcement"): ALL,
    },
    "manager": {
        **TRIAGE,
        **READ_ARTICLES,
        ("clinic", "clinicprofile"): ("change", "view"),
        ("clinic", "announcement"): ALL,
        ("clinic", "openinghours"): ALL,
        ("clinic", "closeddate"): ALL,
    },
}


def make_groups(apps, schema_editor):
    """Permissions are usually made after all migrations; the groups need them now."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for role, rights in PERMISSIONS.items():
        group, _ = Group.objects.get_or_create(name=role)
        for (app_label, model), actions in rights.items():
            content_type, _ = ContentType.objects.get_or_create(app_label=app_label, model=model)
            name = apps.get_model(app_label, model)._meta.verbose_name
            for action in actions:
                permission, _ = Permission.objects.get_or_create(
                    content_type=content_type,
                    codename=f"{action}_{model}",
                    defaults={"name": f"Can {action} {name}"},
                )
                group.permissions.add(permission)


class Migration(migrations.Migration):
    """Forward only in effect: groups may have members by then, so going back leaves them."""

    dependencies = [
        ("appointments", "0001_initial"),
        ("clinic", "0001_initial"),
        ("conditions", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
