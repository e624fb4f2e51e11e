"""A check of a source ends when its claim or its address changes."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("conditions", "0006_synonyms_in_a_to_z"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="source",
            trigger=pgtrigger.compiler.Trigger(
                name="ends_check",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."claim" IS DISTINCT FROM (NEW."claim") OR OLD."url" IS DISTINCT FROM (NEW."url"))',
                    func="\n            IF (NEW.checked_on, NEW.checked_by_id) IS NOT DISTINCT FROM (OLD.checked_on, OLD.checked_by_id) THEN\n                NEW.checked_on = NULL;\n                NEW.checked_by_id = NULL;\n            END IF;\n            RETURN NEW;\n        ",
                    hash="e5a8d44dd41bb62334ac9730be672e72547d796f",
                    operation="UPDATE",
                    pgid="pgtrigger_ends_check_197f6",
                    table="conditions_source",
                    when="BEFORE",
                ),
            ),
        ),
    ]
