"""A reader's working time, put together from the settings in force: hours, public and own holidays, leave."""

import functools
from datetime import datetime, timedelta

from botcrm.core.domain.days_off import off_days, read_days_off, read_spans
from botcrm.core.domain.preferences import Preferences
from botcrm.core.domain.worktime import Schedule, country_holidays, read_working_hours
from botcrm.core.domain.zones import start_of_day, to_wall

_AN_HOUR = timedelta(hours=1)


def schedule_of(prefs: Preferences, now: datetime, *, leave: bool = True) -> Schedule:
    """Return the working time of whoever these settings are in force for.

    :param leave: without it, only what holds for the whole company counts
    """
    away = prefs.leave if leave else ""
    return _schedule(prefs.zone, prefs.working_hours, prefs.holidays, prefs.days_off, away, now.year)


@functools.lru_cache(maxsize=512)
def _schedule(zone: str, hours: str, country: str, days_off: str, leave: str, year: int) -> Schedule:
    public = country_holidays(country, range(year - 2, year + 4)) if country else frozenset()
    spans = tuple(
        (start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone)) for first, last in read_spans(leave)
    )
    free = off_days(public, read_days_off(days_off)) if days_off else public
    return Schedule(zone=zone, week=read_working_hours(hours), holidays=free, leave=spans)


def business_days_since(week: Schedule, since: datetime, now: datetime, most: int = 100) -> int:
    """Count the working days after the day of one moment up to the day of another, the latter included; at most `most`."""
    return week.working_days_after(to_wall(since, week.zone).date(), to_wall(now, week.zone).date(), most)


def in_hours(week: Schedule, moment: datetime) -> datetime:
    """Return a moment of a working day as it is if it is working time; else one near it on that day.

    In a break or before work it becomes the start of the next shift, after work the last hour of the last one. A day without
    work leaves it as it is.
    """
    spans = week.spans(to_wall(moment, week.zone).date())
    if not spans or any(start <= moment < end for start, end in spans):
        return moment
    later = [start for start, _ in spans if start > moment]
    if later:
        return later[0]
    start, end = spans[-1]
    return max(start, end - _AN_HOUR)
