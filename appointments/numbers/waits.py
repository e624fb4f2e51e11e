"""How long patients waited for the first contact, which promises were kept, and why others were not.

One statement reads each request that was received in the range once, with its record, and sums it up for all of
them and for each group. It is SQL, because the ORM has no grouping sets, no lateral joins and no percentiles.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection

from appointments.lifecycle import OPEN_STATUSES, RequestStatus
from appointments.models import EventKind
from appointments.numbers.period import Period

PERCENTILES = (50, 90, 95)
NO_ANSWER = timedelta(days=36_500)  # stands for "not answered": longer than any answer took


class Outcome(StrEnum):
    """What became of the promise of a request. Each request has exactly one."""

    KEPT = "kept"
    LATE = "late"  # answered, after it
    WAITING = "waiting"  # it has passed, and the patient still waits
    NEVER = "never"  # it had passed when the request was closed without an answer
    NOT_DUE = "not_due"
    CLOSED_BEFORE = "closed_before"  # closed without an answer, before it had passed
    DUPLICATE = "duplicate"  # answered with the request that it repeats
    NO_PROMISE = "no_promise"


MISSED = (Outcome.LATE, Outcome.WAITING, Outcome.NEVER)


class Reason(StrEnum):
    """Why a promise was missed: what had not happened when it passed."""

    NOT_TAKEN = "not_taken"  # nobody of the staff had acted on it
    NOT_TRIED = "not_tried"  # somebody had, but nobody had tried to reach the patient
    NOT_REACHED = "not_reached"  # it was tried, in vain


class By(StrEnum):
    """By what requests are put into groups."""

    ALL = "all"
    URGENCY = "urgency"  # as it was when the request was sent
    SOURCE = "source"
    LANGUAGE = "language"  # that the patient speaks
    PROXY = "proxy"


@dataclass(frozen=True)
class Spread:
    """The times within which 50, 90 and 95 of 100 requests fall. None where none counts, NO_ANSWER for never."""

    half: timedelta | None = None
    nine_in_ten: timedelta | None = None
    most: timedelta | None = None

    def times(self) -> tuple[timedelta | None, ...]:
        """The three, the shortest first."""
        return self.half, self.nine_in_ten, self.most


@dataclass(frozen=True)
class Group:
    """The requests that have `key` in common. `people` and the spreads count those that were answered, and those
    that were not although the promise has passed: an answer that never came is longer than any other."""

    requests: int = 0
    demo: int = 0  # of them: invented ones
    counted: int = 0
    people: int = 0
    waited: Spread = Spread()  # from receipt to the first contact
    worked: Spread = Spread()  # the same in the clinic's working time
    promised: Spread = Spread()  # from receipt to the promise
    outcomes: dict[Outcome, int] = field(default_factory=dict)
    reasons: dict[tuple[Reason, Outcome], int] = field(default_factory=dict)

    @property
    def missed(self) -> int:
        """How many promises were missed."""
        return sum(self.outcomes.get(outcome, 0) for outcome in MISSED)

    @property
    def due(self) -> int:
        """How many promises were kept or missed."""
        return self.outcomes.get(Outcome.KEPT, 0) + self.missed


Groups = dict[tuple[By, str], Group]

# The promise that counts is the earliest that the patient was told before the first contact: a later one does not
# make good a missed one. The row has the last one; the events that changed it have what it was before.
_COHORT = """
    SELECT
        r.id, r.status, r.source, r.spoken_language, r.proxy_name <> '' AS is_proxy, r.received_at, r.answered_at,
        r.answered_after, r.birth_date, lower(r.full_name) AS name, r.is_demo,
        coalesce(happened.first_urgency, r.urgency) AS first_urgency,
        least(CASE WHEN happened.promises > 0 THEN happened.first_promise ELSE r.reply_by END, happened.soonest)
            AS promised,
        coalesce(r.answered_at, CASE WHEN r.status <> ALL(%(open)s) THEN moved.last_at END, %(now)s) AS ended_at,
        least(happened.acted_at, moved.acted_at) AS acted_at,
        happened.tried_at
    FROM appointments_appointmentrequest r
    CROSS JOIN LATERAL (
        SELECT
            count(*) FILTER (WHERE e.after ? 'reply_by') AS promises,
            (array_agg((e.before->>'reply_by')::timestamptz ORDER BY e.version)
                FILTER (WHERE e.after ? 'reply_by'))[1] AS first_promise,
            min((e.after->>'reply_by')::timestamptz)
                FILTER (WHERE e.changed_at <= coalesce(r.answered_at, %(now)s)) AS soonest,
            (array_agg((e.before->>'urgency')::integer ORDER BY e.version)
                FILTER (WHERE e.after ? 'urgency'))[1] AS first_urgency,
            min(e.changed_at) FILTER (WHERE e.changed_by_id IS NOT NULL) AS acted_at,
            min(e.changed_at) FILTER (WHERE e.kind = %(tried)s AND NOT EXISTS (
                SELECT FROM appointments_requestevent u
                WHERE u.appointment_request_id = r.id AND u.undoes = e.version
            )) AS tried_at
        FROM appointments_requestevent e
        WHERE e.appointment_request_id = r.id
    ) happened
    CROSS JOIN LATERAL (
        SELECT
            max(c.changed_at) AS last_at,
            min(c.changed_at) FILTER (WHERE c.changed_by_id IS NOT NULL AND c.version > 1) AS acted_at
        FROM appointments_statuschange c
        WHERE c.appointment_request_id = r.id
    ) moved
    WHERE r.received_at >= %(starts_at)s AND r.received_at < %(ends_at)s
"""
_JUDGED = """
    SELECT
        *,
        CASE
            WHEN answered_at IS NULL AND status = %(duplicate)s THEN 'duplicate'
            WHEN promised IS NULL THEN 'no_promise'
            WHEN answered_at <= promised THEN 'kept'
            WHEN answered_at > promised THEN 'late'
            WHEN promised < ended_at THEN CASE WHEN status = ANY(%(open)s) THEN 'waiting' ELSE 'never' END
            ELSE CASE WHEN status = ANY(%(open)s) THEN 'not_due' ELSE 'closed_before' END
        END AS outcome,
        CASE
            WHEN acted_at IS NULL OR acted_at > promised THEN 'not_taken'
            WHEN tried_at IS NULL OR tried_at > promised THEN 'not_tried'
            ELSE 'not_reached'
        END AS reason
    FROM cohort
"""
_TIMED = """
    SELECT
        *,
        CASE WHEN outcome IN ('waiting', 'never') THEN %(no_answer)s ELSE answered_at - received_at END AS waited,
        CASE WHEN outcome IN ('waiting', 'never') THEN %(no_answer)s ELSE answered_after END AS worked
    FROM judged
"""
_SUMMED_UP = """
    SELECT
        CASE
            WHEN GROUPING(first_urgency) = 0 THEN 'urgency'
            WHEN GROUPING(source) = 0 THEN 'source'
            WHEN GROUPING(spoken_language) = 0 THEN 'language'
            WHEN GROUPING(is_proxy) = 0 THEN 'proxy'
            ELSE 'all'
        END,
        coalesce(first_urgency::text, source, spoken_language, is_proxy::text, ''),
        count(*),
        count(*) FILTER (WHERE is_demo),
        count(waited),
        count(DISTINCT (birth_date, name)) FILTER (WHERE waited IS NOT NULL),
        percentile_disc(%(cuts)s::float[]) WITHIN GROUP (ORDER BY waited),
        percentile_disc(%(cuts)s::float[]) WITHIN GROUP (ORDER BY worked),
        percentile_disc(%(cuts)s::float[]) WITHIN GROUP (ORDER BY promised - received_at)
            FILTER (WHERE waited IS NOT NULL),
        {counts}
    FROM timed
    GROUP BY GROUPING SETS ((), (first_urgency), (source), (spoken_language), (is_proxy))
"""


def _statement() -> str:
    """With a count for each outcome, and for each reason of each outcome that is a missed promise."""
    counts = [f"count(*) FILTER (WHERE outcome = '{outcome}')" for outcome in Outcome]
    counts += [
        f"count(*) FILTER (WHERE outcome = '{outcome}' AND reason = '{reason}')"
        for reason in Reason
        for outcome in MISSED
    ]
    steps = f"cohort AS ({_COHORT}), judged AS ({_JUDGED}), timed AS MATERIALIZED ({_TIMED})"
    return f"WITH {steps} {_SUMMED_UP}".replace("{counts}", ", ".join(counts))


_STATEMENT = _statement()


def groups(period: Period, now: datetime) -> Groups:
    """The requests received in the period, as they stand at `now`: all of them, and each group. One query.

    A group without a request is not there; that of all always is, under (By.ALL, "").
    """
    values: dict[str, Any] = {
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
        "now": now,
        "open": [status.value for status in OPEN_STATUSES],
        "duplicate": RequestStatus.DUPLICATE.value,
        "tried": EventKind.CONTACT_TRIED.value,
        "no_answer": NO_ANSWER,
        "cuts": [percent / 100 for percent in PERCENTILES],
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, values)
        return dict(_group(row) for row in cursor.fetchall())


def _group(row: tuple[Any, ...]) -> tuple[tuple[By, str], Group]:
    by, key, requests, demo, counted, people, waited, worked, promised, *counts = row
    numbers: Iterator[int] = iter(counts)
    return (By(by), key), Group(
        requests=requests,
        demo=demo,
        counted=counted,
        people=people,
        waited=Spread(*(waited or ())),
        worked=Spread(*(worked or ())),
        promised=Spread(*(promised or ())),
        outcomes={outcome: next(numbers) for outcome in Outcome},
        reasons={(reason, outcome): next(numbers) for reason in Reason for outcome in MISSED},
    )
