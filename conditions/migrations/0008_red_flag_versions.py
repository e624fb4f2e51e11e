"""A red flag's version goes up with every change of its wording or tier."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conditions", "0007_checks_end"),
    ]

    operations = [
        migrations.AlterField(
            model_name="redflag",
            name="version",
            field=models.PositiveSmallIntegerField(
                default=1, help_text="Goes up by itself when the wording or the tier changes."
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="redflag",
            trigger=pgtrigger.compiler.Trigger(
                name="counts_wordings",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."tier" IS DISTINCT FROM (NEW."tier") OR OLD."wording" IS DISTINCT FROM (NEW."wording"))',
                    func="\n            IF NEW.version = OLD.version THEN NEW.version = OLD.version + 1; END IF;\n            RETURN NEW;\n        ",
                    hash="5e666bf6900df8cb553ab12b3ce2e366ce046f58",
                    operation="UPDATE",
                    pgid="pgtrigger_counts_wordings_6e322",
                    table="conditions_redflag",
                    when="BEFORE",
                ),
            ),
        ),
    ]
