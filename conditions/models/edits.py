"""Every edit counts: whoever edits an article by whatever path, its version goes up in the same transaction.

Triggers, because the admin, a command, a shell, `QuerySet.update` and plain SQL all end in the database. Whoever
has read an article at one version can tell whether anybody edited it since, its sources and sections included.
"""

import pgtrigger


def counts_edits() -> pgtrigger.Trigger:
    """For the article's own row: an update that does not raise the version itself has it raised."""
    return pgtrigger.Trigger(
        name="counts_edits",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange(exclude=["version", "last_changed", "search_vector"]),
        func="""
            IF NEW.version = OLD.version THEN
                NEW.version = OLD.version + 1;
                NEW.last_changed = clock_timestamp();
            END IF;
            RETURN NEW;
        """,
    )


def edits_article(column: str) -> pgtrigger.Trigger:
    """For a table whose rows are part of the article that `column` names: a change to a row is an edit of it.

    Once a transaction: an article saved with ten of its sources goes up by one version, not by eleven. Its newest
    event tells, because events carry the start of their transaction.
    """
    return pgtrigger.Trigger(
        name="edits_article",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN RETURN NULL; END IF;
            UPDATE conditions_article SET version = version + 1, last_changed = clock_timestamp()
            WHERE id IN (OLD.{column}, NEW.{column}) AND NOT EXISTS (
                SELECT FROM conditions_articleevent
                WHERE pgh_obj_id = conditions_article.id AND pgh_created_at = transaction_timestamp()
            );
            RETURN NULL;
        """,  # noqa: S608 -- the column is named by our own models
    )
