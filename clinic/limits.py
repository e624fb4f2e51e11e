"""How often somebody may do something. One counter in the database, exact over any number of processes."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils.crypto import salted_hmac

SALT = "clinic.limits"


@dataclass(frozen=True)
class Limit:
    """`sender`, such as an address, may do `action` at most `most` times in a `window` that begins with the first.

    The same sender may stand under several limits with different windows.
    """

    action: str
    sender: str
    most: int
    window: timedelta

    @property
    def digest(self) -> str:
        """What the database keeps of action, sender and window: without the site's secret it tells nothing."""
        counted = json.dumps([self.action, self.sender, self.window.total_seconds()])
        return salted_hmac(SALT, counted, algorithm="sha256").hexdigest()


class LimitReached(Exception):
    """Somebody has done something as often as they may for now."""

    def __init__(self, action: str) -> None:
        super().__init__(action)
        self.action = action


def count(*limits: Limit) -> None:
    """Count one try under each of these limits. Raises LimitReached when it is one too many under any of them.

    One statement. Call it in the transaction of what it limits, and let that be rolled back by LimitReached: then a
    refused try is not counted. Until the transaction ends, others with the same limit wait, and nobody else does.
    """
    # Everybody locks in the same order, so no two of us ever wait for each other.
    rows = sorted({limit.digest: limit for limit in sorted(limits, key=lambda limit: -limit.most)}.items())
    if not rows:
        return
    with connection.cursor() as cursor:
        values: list[Any] = [value for digest, limit in rows for value in (digest, limit.window)]
        cursor.execute(
            # Only the number of rows is put into the text.
            f"""
            INSERT INTO clinic_ratecount AS counted (sender_digest, window_ends_at, count)
            VALUES {", ".join(["(%s, statement_timestamp() + %s, 1)"] * len(rows))}
            ON CONFLICT (sender_digest) DO UPDATE SET
                count = CASE WHEN counted.window_ends_at <= statement_timestamp() THEN 1
                             ELSE counted.count + 1 END,
                window_ends_at = CASE WHEN counted.window_ends_at <= statement_timestamp()
                             THEN EXCLUDED.window_ends_at ELSE counted.window_ends_at END
            RETURNING sender_digest, count
            """,  # noqa: S608
            values,
        )
        counts = dict(cursor.fetchall())
    for digest, limit in rows:
        if counts[digest] > limit.most:
            raise LimitReached(limit.action)


def purge() -> int:
    """Delete the counts whose window has ended; how many. Commits, unless in a transaction.

    It passes by rows that somebody is counting in, so that it waits for nobody.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM clinic_ratecount WHERE id IN (
                SELECT id FROM clinic_ratecount WHERE window_ends_at <= statement_timestamp()
                FOR UPDATE SKIP LOCKED
            )
            """
        )
        return int(cursor.rowcount)
