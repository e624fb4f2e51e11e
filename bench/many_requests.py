"""A table of requests as it may stand after years: any number of invented patients, made by the database itself."""

import datetime
from collections.abc import Iterator
from itertools import product
from typing import Any

from django.db import connection
from psycopg2.extras import execute_values

from appointments.day_calendar import bounds
from appointments.models import AppointmentRequest
from appointments.models.name_keys import keys_of, words_of
from appointments.models.sending import REFERENCE_ALPHABET
from clinic.models import working_hours

TABLE = AppointmentRequest._meta.db_table
# Parts of invented names. The first of each list are the most common, by far: see `pick`.
FIRST_STARTS = (
    "Mar",
    "Jo",
    "Ele",
    "Ro",
    "Ana",
    "Da",
    "Lu",
    "Te",
    "Bri",
    "Ga",
    "Isa",
    "Ke",
    "Na",
    "Phi",
    "Wi",
    "Zo",
)
FIRST_ENDS = (
    *("ia", "sé", "nor", "bert", "lise", "niel", "cía", "resa", "an", "briel", "bel", "vin", "dia", "lippa"),
    *("lma", "ra", "th", "ndro", "mund", "tilde", "vanna", "ric"),
)
LAST_STARTS = (
    *("Gar", "Smit", "Mül", "Cher", "O'Do", "Lindq", "Ngu", "Pem", "Tor", "Whit", "Kowa", "Bal", "Fitz"),
    *("Harg", "Jur", "Quil", "Sored", "Ydr", "Zamb", "Dras", "Van Hau", "De la Mo", "Even", "Ilm", "Rusk"),
    *("Ursk",),
)
LAST_MIDDLES = ("c", "mar", "bel", "ten", "rov", "din", "gash", "lef", "pon", "wick", "zul", "fer", "kan", "tom")
LAST_ENDS = ("ía", "h", "ler", "son", "ovic", "berg", "ski", "ford", "well", "stein", "quist", "etti", "ard")
AS_NUMBER = "(hashint8extended(n, {}) & 2147483647) / 2147483648.0"  # of row n, another one for each purpose


def fill(total: int, now: datetime.datetime) -> None:
    """Put `total` requests, with the first row of the record and one sent mail of each, into the empty tables of
    the default database; commits. Row n is the same patient whatever the total. Indexes are made afterwards."""
    hours = working_hours()
    today = now.astimezone(
        hours.zone
    ).date()  # there is another day in the clinic than in UTC, for hours of each day
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        cursor.execute("SET synchronous_commit = off; SET TIME ZONE 'UTC'")
        _make_names(cursor)
        with _WithoutIndexes(cursor):
            values = _values()
            names = ", ".join(f'"{name}"' for name in values)
            cursor.execute(
                f"INSERT INTO {TABLE} (id, {names}) SELECT n, {', '.join(values.values())} FROM ({ROWS}) rows",
                {"total": total, "now": now, "today": bounds(today, hours)[0], "alphabet": REFERENCE_ALPHABET},
            )
        cursor.execute(RECORD)
        cursor.execute(MAILS)
        for table in (TABLE, "appointments_statuschange"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
        cursor.execute("RESET session_replication_role; RESET synchronous_commit")
        cursor.execute("VACUUM (ANALYZE)")


def _make_names(cursor: Any) -> None:
    """The names and their keys, as a request keeps them: reckoned once for each word."""
    cursor.execute("CREATE TEMP TABLE names (part text, number int, name text, keys text, UNIQUE (part, number))")
    lists = {
        "first": ["".join(parts) for parts in product(FIRST_STARTS, FIRST_ENDS)],
        "last": ["".join(parts) for parts in product(LAST_STARTS, LAST_MIDDLES, LAST_ENDS)],
    }
    rows = [(part, number, name, _keys(name)) for part, names in lists.items() for number, name in _dealt(names)]
    execute_values(cursor, "INSERT INTO names VALUES %s", rows)
    cursor.execute("ANALYZE names")


def _dealt(names: list[str]) -> Iterator[tuple[int, str]]:
    """The names with their numbers, so that the common ones do not all begin alike."""
    step = 1_009  # a prime that divides no such list
    for place in range(len(names)):
        yield place, names[place * step % len(names)]


def _keys(name: str) -> str:
    return " ".join(sorted({key for word in words_of(name) for key in keys_of(word)}))


class _WithoutIndexes:
    """Drops what indexes can be dropped, and makes them again: a million rows one by one take ten times as long."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def __enter__(self) -> None:
        self.cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            [TABLE],
        )
        self.indexes = self.cursor.fetchall()
        for name, _ in self.indexes:
            self.cursor.execute(f'DROP INDEX "{name}"')

    def __exit__(self, *error: object) -> None:
        for _, definition in self.indexes:
            self.cursor.execute(definition)


def _number(purpose: int) -> str:
    return AS_NUMBER.format(purpose)


def _pick(purpose: int, part: str) -> str:
    """A common name far more often than a rare one, as in a town: the first of 4,000 in one of 250 rows."""
    return f"floor(pow({_number(purpose)}, 1.5) * (SELECT count(*) FROM names WHERE part = '{part}'))"


# What the columns of a row are made from. A twentieth is open, most of it of the last weeks. Also of ten thousand
# every tab has enough to fill a page: pages are compared that show as many rows.
ROWS = f"""
SELECT pack.*, first.name || ' ' || last.name AS full_name, first.keys || ' ' || last.keys AS keys,
    lower(translate(first.name || '.' || last.name, $$éíüO' $$, 'eiuo')) AS address,
    CASE WHEN is_open THEN CASE WHEN c2 < .5 THEN 'received' WHEN c2 < .85 THEN 'in_review'
            ELSE 'awaiting_patient' END
        ELSE CASE WHEN c2 < .6 THEN 'booked' WHEN c2 < .72 THEN 'declined' WHEN c2 < .8 THEN 'unreachable'
            WHEN c2 < .85 THEN 'duplicate' ELSE 'withdrawn' END END AS stands,
    CASE WHEN c3 < .01 THEN 1 WHEN c3 < .15 THEN 2 WHEN c3 < .35 THEN 3 ELSE 4 END AS urgent
FROM (
    SELECT n, (n * 99999989) %% 282429536481 AS coded,
        %(now)s::timestamptz - (%(total)s - n) * (interval '5 years' / %(total)s) - interval '1 minute' AS came,
        {_number(1)} < CASE WHEN n > .93 * %(total)s THEN .68 ELSE .0026 END AS is_open,
        {", ".join(f"{_number(purpose)} AS c{purpose}" for purpose in range(2, 12))},
        {_pick(20, "first")}::int AS first_number, {_pick(21, "last")}::int AS last_number,
        (SELECT array_agg(id ORDER BY id) FROM auth_user) AS staff
    FROM generate_series(1, %(total)s::bigint) n
) pack
JOIN names first ON first.part = 'first' AND first.number = first_number
JOIN names last ON last.part = 'last' AND last.number = last_number
"""
PERSON = "staff[1 + floor(c4 * array_length(staff, 1))::int]"
IS_CLAIMED = "(is_open AND stands <> 'received' AND c5 < .14)"
IS_PLANNED = "(is_open AND stands <> 'received' AND c6 < .6)"
IS_ANSWERED = "(stands IN ('booked', 'declined', 'awaiting_patient') OR stands = 'in_review' AND c7 < .4)"
LETTERS = [f"substr(%(alphabet)s, 1 + (coded / {27**place} %% 27)::int, 1)" for place in range(8)]
VALUES = {
    "key": "md5(n::text)::uuid",
    "token_digest": "encode(sha256(n::text::bytea), 'hex')",
    "answers_digest": "encode(sha256((-n)::text::bytea), 'hex')",
    "reference": f"{' || '.join(LETTERS[:4])} || '-' || {' || '.join(LETTERS[4:])}",
    "status": "stands",
    "urgency": "urgent",
    "source": "CASE WHEN c8 < .15 THEN 'phone' ELSE 'web' END",
    "keyed_in_by_id": f"CASE WHEN c8 < .15 THEN {PERSON} END",
    "language": "CASE WHEN c9 < .12 THEN 'es' ELSE 'en' END",
    "received_at": "came",
    # Of what is open a third is late, and the rest of the promises end in the next days.
    "reply_by": "greatest(came, CASE WHEN is_open THEN %(now)s + (c10 - .3) * interval '3 days'"
    " ELSE came + urgent * interval '6 hours' END)",
    "answered_at": f"CASE WHEN {IS_ANSWERED} THEN came + interval '1 minute' * c10 END",
    "answered_by_id": f"CASE WHEN {IS_ANSWERED} THEN {PERSON} END",
    "answered_after": f"CASE WHEN {IS_ANSWERED} THEN interval '1 minute' * c10 END",
    "worse_at": "CASE WHEN is_open AND c11 < .01 OR stands = 'booked' AND c11 < .0002 THEN came END",
    "patient_wrote_at": "CASE WHEN is_open AND c11 > .95 THEN came END",
    "windows_end_at": "CASE WHEN c5 < .8 THEN %(now)s + (c6 - .2) * interval '30 days' END",
    "claimed_by_id": f"CASE WHEN {IS_CLAIMED} THEN {PERSON} END",
    "claimed_until": f"CASE WHEN {IS_CLAIMED} THEN %(now)s + (c5 / .14 - .7) * interval '1 hour' END",
    "next_step": f"CASE WHEN {IS_PLANNED} THEN 'call' ELSE '' END",
    "next_step_on": f"CASE WHEN {IS_PLANNED} THEN (%(now)s)::date + floor(c6 * 16)::int - 4 END",
    "next_step_by_id": f"CASE WHEN {IS_PLANNED} THEN CASE WHEN c8 > .6 THEN staff[1] ELSE {PERSON} END END",
    "second_look_on": "CASE WHEN is_open AND c7 > .93 THEN (%(now)s)::date + 1 END",
    "appointment_starts_at": "CASE WHEN stands = 'booked' THEN CASE WHEN c9 > .985 THEN %(today)s::timestamptz"
    " + interval '19 hours' * c7 + interval '1 hour' ELSE came + (1 + c7 * 20) * interval '1 day' END END",
    "appointment_with_id": f"CASE WHEN stands = 'booked' THEN {PERSON} END",
    "name_keys": "keys::tsvector",
    "full_name": "full_name",
    "birth_date": "date '1930-01-01' + floor(c2 * 7919 + c3 * 21000)::int %% 29000",
    "phone": "CASE WHEN c4 < .95 THEN 'tel:+1-' || 201 + floor(c5 * 780)::int || '-' || 200 + floor(c6 * 800)::int"
    " || '-' || lpad(floor(c7 * 10000)::int::text, 4, '0') ELSE '' END",
    "email": "CASE WHEN c4 >= .95 OR c8 < .8 THEN address || n || '@mail.example' ELSE '' END",
    "problem": "repeat('My lower back hurts when I walk to the bus. ', 2 + (n %% 9)::int)",
    "windows": "ARRAY['0-morning', '3-afternoon']",
    "privacy_version": "'2026-11-24'",
    "duration": "'over_12_weeks'",
    "preferred_contact": "CASE WHEN c4 < .95 THEN 'phone' ELSE 'email' END",
}
RECORD = f"""
INSERT INTO appointments_statuschange (appointment_request_id, version, from_status, to_status, changed_at, role,
    note, message, before, after)
SELECT id, 1, '', 'received', received_at, 'patient', '', '', '{{}}', '{{}}' FROM {TABLE}
"""
MAILS = f"""
INSERT INTO clinic_outgoingmail (message_id, function, arguments, topic, created_at, next_attempt_at, attempts,
    sent_at, failure)
SELECT md5(id::text)::uuid, 'appointments.emails.received', '{{}}', 'request:' || id, received_at, received_at, 1,
    received_at, '' FROM {TABLE} WHERE email <> ''
"""


def _values() -> dict[str, str]:
    """What is written into each column: as above, else the default of its field, else nothing."""
    values = {}
    for field in AppointmentRequest._meta.concrete_fields:
        if field.primary_key or field.generated or not field.column:
            continue
        default = field.get_default()
        if field.column in VALUES:
            values[field.column] = VALUES[field.column]
        elif default is None and field.null:
            continue
        else:
            written = {list: "'{}'", bool: str(default), int: str(default)}
            values[field.column] = written.get(type(default), f"'{default}'")
    return values
