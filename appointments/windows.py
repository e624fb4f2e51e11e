"""When the times that a patient prefers have passed: then the request needs new dates."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from appointments.models.answers import PartOfDay, window

# On the clinic's clock. By then nobody can be offered that part of the day any more.
PART_ENDS = {PartOfDay.MORNING: time(12), PartOfDay.MIDDAY: time(14), PartOfDay.AFTERNOON: time(18)}

# For whoever names weekdays and no last date: after four weeks they may not suit any more. The clinic's own
# choice of service, for it to confirm.
WEEKLY_WINDOWS_LAST = timedelta(days=28)

# Python's calendar ends with the year 9999. Whoever names a day beyond this one means "whenever".
FURTHEST_DAY = date.max - WEEKLY_WINDOWS_LAST - timedelta(days=1)


def windows_end_at(
    received_at: datetime, windows: Collection[str], earliest: date | None, latest: date | None, zone: tzinfo
) -> datetime | None:
    """The end, in UTC, of the last time that the patient would prefer; None when any time is fine.

    `received_at` is aware, and for times that were changed later it is when that was. `windows` are names such as
    0-morning, and none of them means any; `earliest` and `latest` are days on the clinic's calendar. Where no
    window lies between the two, the end of the last day counts.
    """
    if not windows and latest is None:
        return None
    first_day = max(received_at.astimezone(zone).date(), min(earliest or date.min, FURTHEST_DAY))
    last_day = min(latest, FURTHEST_DAY) if latest else first_day + WEEKLY_WINDOWS_LAST
    day = last_day
    while windows and day >= first_day and day > last_day - timedelta(days=7):
        for part in reversed(PartOfDay):
            if window(day.weekday(), part) in windows:
                return _instant(day, PART_ENDS[part], zone)
        day -= timedelta(days=1)
    return _instant(last_day, PART_ENDS[PartOfDay.AFTERNOON], zone)


def _instant(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)
