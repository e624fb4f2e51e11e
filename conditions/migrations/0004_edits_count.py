"""Count every edit of an article, of whatever path, and keep the sources and sections that are taken away."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("conditions", "0003_walking_diagrams"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="article",
            trigger=pgtrigger.compiler.Trigger(
                name="counts_edits",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."body" IS DISTINCT FROM (NEW."body") OR OLD."closing" IS DISTINCT FROM (NEW."closing") OR OLD."diagram" IS DISTINCT FROM (NEW."diagram") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."loaded_digest" IS DISTINCT FROM (NEW."loaded_digest") OR OLD."medical_name" IS DISTINCT FROM (NEW."medical_name") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."published_from" IS DISTINCT FROM (NEW."published_from") OR OLD."short_title" IS DISTINCT FROM (NEW."short_title") OR OLD."slug" IS DISTINCT FROM (NEW."slug") OR OLD."summary" IS DISTINCT FROM (NEW."summary") OR OLD."title" IS DISTINCT FROM (NEW."title") OR OLD."withdrawn_from" IS DISTINCT FROM (NEW."withdrawn_from"))',
                    func="\n            IF NEW.version = OLD.version THEN\n                NEW.version = OLD.version + 1;\n                NEW.last_changed = clock_timestamp();\n            END IF;\n            RETURN NEW;\n        ",
                    hash="f2099e094e77be4e4cffe690070486fc293121c4",
                    operation="UPDATE",
                    pgid="pgtrigger_counts_edits_493c1",
                    table="conditions_article",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clue",
            trigger=pgtrigger.compiler.Trigger(
                name="edits_article",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN RETURN NULL; END IF;\n            UPDATE conditions_article SET version = version + 1, last_changed = clock_timestamp()\n            WHERE id IN (OLD.cause_id, NEW.cause_id) AND NOT EXISTS (\n                SELECT FROM conditions_articleevent\n                WHERE pgh_obj_id = conditions_article.id AND pgh_created_at = transaction_timestamp()\n            );\n            RETURN NULL;\n        ",
                    hash="b632ba3a5f6004d1d93ae0d06e73a1e27bca9f78",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_edits_article_0556a",
                    table="conditions_clue",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mayhelp",
            trigger=pgtrigger.compiler.Trigger(
                name="edits_article",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN RETURN NULL; END IF;\n            UPDATE conditions_article SET version = version + 1, last_changed = clock_timestamp()\n            WHERE id IN (OLD.cause_id, NEW.cause_id) AND NOT EXISTS (\n                SELECT FROM conditions_articleevent\n                WHERE pgh_obj_id = conditions_article.id AND pgh_created_at = transaction_timestamp()\n            );\n            RETURN NULL;\n        ",
                    hash="af549ad7ac4f08380868f484474a62c6d8b640a6",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_edits_article_ef26b",
                    table="conditions_mayhelp",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="section",
            trigger=pgtrigger.compiler.Trigger(
                name="edits_article",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN RETURN NULL; END IF;\n            UPDATE conditions_article SET version = version + 1, last_changed = clock_timestamp()\n            WHERE id IN (OLD.condition_id, NEW.condition_id) AND NOT EXISTS (\n                SELECT FROM conditions_articleevent\n                WHERE pgh_obj_id = conditions_article.id AND pgh_created_at = transaction_timestamp()\n            );\n            RETURN NULL;\n        ",
                    hash="a53246acccd34099d98914c8be4f1c8d77d7c165",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_edits_article_fe35d",
                    table="conditions_section",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="section",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "conditions_sectionevent" ("article_id", "condition_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "text") VALUES (OLD."article_id", OLD."condition_id", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."position", OLD."text"); RETURN NULL;',
                    hash="ebb5adfb065c0ed1d512ab101839ca4d5f916119",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_5c92f",
                    table="conditions_section",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="source",
            trigger=pgtrigger.compiler.Trigger(
                name="edits_article",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN RETURN NULL; END IF;\n            UPDATE conditions_article SET version = version + 1, last_changed = clock_timestamp()\n            WHERE id IN (OLD.article_id, NEW.article_id) AND NOT EXISTS (\n                SELECT FROM conditions_articleevent\n                WHERE pgh_obj_id = conditions_article.id AND pgh_created_at = transaction_timestamp()\n            );\n            RETURN NULL;\n        ",
                    hash="8f256ca5203e26a88bb5578cfe4334a4c18f6bda",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_edits_article_71945",
                    table="conditions_source",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="source",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "conditions_sourceevent" ("article_id", "checked_by_id", "checked_on", "citation", "claim", "direction", "id", "key", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "publisher", "read_where", "strength", "url", "year") VALUES (OLD."article_id", OLD."checked_by_id", OLD."checked_on", OLD."citation", OLD."claim", OLD."direction", OLD."id", OLD."key", OLD."kind", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."position", OLD."publisher", OLD."read_where", OLD."strength", OLD."url", OLD."year"); RETURN NULL;',
                    hash="e43134cc87cf0c4ec41db5e59bfe1448e8f4a685",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_55ce2",
                    table="conditions_source",
                    when="AFTER",
                ),
            ),
        ),
    ]
