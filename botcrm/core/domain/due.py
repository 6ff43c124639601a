"""Sort what is due into the columns of the home screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from botcrm.core.domain.zones import start_of_day, to_wall

Column = Literal["overdue", "today", "this_week", "next_week", "later", "none"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The edges of a person's days and weeks in aware UTC; each end is the start of what follows."""

    today_start: datetime
    today_end: datetime
    week_end: datetime
    next_week_end: datetime


def day_bounds(now: datetime, zone: str, week_start: int = 0) -> Bounds:
    """Give today's and the weeks' edges in a zone.

    :param now: aware UTC
    :param week_start: the weekday a week starts on, 0 (Monday) to 6
    """
    today = to_wall(now, zone).date()
    to_week_end = 7 - (today.weekday() - week_start) % 7
    return Bounds(
        today_start=start_of_day(today, zone),
        today_end=start_of_day(today + timedelta(days=1), zone),
        week_end=start_of_day(today + timedelta(days=to_week_end), zone),
        next_week_end=start_of_day(today + timedelta(days=to_week_end + 7), zone),
    )


WEEK_STARTS = {"mon": 0, "sat": 5, "sun": 6}


def week_start_of(name: str) -> int:
    """Give the weekday of a setting such as "Sun": 0 is Monday; an unknown one is Monday too."""
    return WEEK_STARTS.get(name[:3].casefold(), 0)


def column_of(due: datetime | None, now: datetime, bounds: Bounds, *, has_time: bool = True) -> Column:
    """Say in which column something due belongs.

    Due earlier today is overdue once its time has passed; due today without a time, only when the day is over.
    """
    if due is None:
        return "none"
    if due < bounds.today_start or (has_time and due < now):
        return "overdue"
    if due < bounds.today_end:
        return "today"
    if due < bounds.week_end:
        return "this_week"
    if due < bounds.next_week_end:
        return "next_week"
    return "later"
