"""Keep with each sign-off the text that was signed, so that a second person can see what has changed since."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conditions", "0004_edits_count"),
    ]

    operations = [
        migrations.AddField(
            model_name="signoff",
            name="content",
            field=models.JSONField(default=dict, editable=False),
            preserve_default=False,
        ),
    ]
