"""Find the moments of what happens once a day by somebody's wall clock."""

from datetime import date, datetime, time, timedelta

from botcrm.core.domain.zones import start_of_day, to_utc, to_wall


def moment_on(day: date, at: time, zone: str) -> datetime | None:
    """Return the moment of a time of day on a date, None where the zone skipped the whole date.

    A time that the clock skips is the first valid minute after the gap, one that comes twice the first of the two.
    """
    moment = to_utc(datetime.combine(day, at), zone)
    if to_wall(moment, zone).date() != day and to_wall(start_of_day(day, zone), zone).date() != day:
        return None
    return moment


def next_daily(now: datetime, at: time, zone: str) -> tuple[date, datetime]:
    """Return the date and the moment of the first occurrence strictly after `now`."""
    day = to_wall(now, zone).date() - timedelta(days=1)
    while True:
        moment = moment_on(day, at, zone)
        if moment is not None and moment > now:
            return day, moment
        day += timedelta(days=1)


def last_daily(now: datetime, at: time, zone: str) -> tuple[date, datetime]:
    """Return the date and the moment of the last occurrence at or before `now`."""
    day = to_wall(now, zone).date() + timedelta(days=1)
    while True:
        moment = moment_on(day, at, zone)
        if moment is not None and moment <= now:
            return day, moment
        day -= timedelta(days=1)
