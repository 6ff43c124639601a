"""Count in working time: shifts with breaks, holidays, leave. All moments are aware UTC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

Shift = tuple[time, time]
"""Start and end by the wall clock; an end of 00:00 is the end of the day."""


class WorkingHoursError(ValueError):
    """Say which part of a working-hours setting cannot be read (`part`, `reason`)."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{reason}: {part!r}")
        self.part = part
        self.reason = reason


def read_working_hours(text: str) -> dict[int, tuple[Shift, ...]]:
    """Read `Mon-Fri 09:00-18:00` or `Mon-Thu 9-13,14-18; Fri 9-16`; weekdays 0 (Monday) to 6."""
    raise NotImplementedError


def show_working_hours(week: Mapping[int, tuple[Shift, ...]]) -> str:
    """Write working hours as the setting text that `read_working_hours` reads."""
    raise NotImplementedError


def country_holidays(country: str, years: Iterable[int]) -> frozenset[date]:
    """List a country's public holidays (ISO 3166 code, `DE` or `DE-BY`); ValueError if unknown."""
    raise NotImplementedError


@dataclass(frozen=True)
class Schedule:
    """A zone, a week of shifts, holidays and leave.

    :ivar zone: IANA name
    :ivar week: weekday (0 Monday) to shifts
    :ivar holidays: dates off, or a function that says whether a date is off
    :ivar leave: ranges off, aware UTC, end excluded
    :raises ValueError: unknown zone, shifts out of order, or no working time at all
    """

    zone: str
    week: Mapping[int, tuple[Shift, ...]]
    holidays: frozenset[date] | Callable[[date], bool] = frozenset()
    leave: tuple[tuple[datetime, datetime], ...] = ()

    def is_working(self, moment: datetime) -> bool: raise NotImplementedError
    def is_working_day(self, day: date) -> bool: raise NotImplementedError
    def next_working_moment(self, moment: datetime) -> datetime: raise NotImplementedError
    def add_working(self, moment: datetime, length: timedelta) -> datetime: raise NotImplementedError
    def working_between(self, start: datetime, end: datetime) -> timedelta: raise NotImplementedError
    def add_business_days(self, moment: datetime, days: int) -> datetime: raise NotImplementedError


def smart_due(moment: datetime, schedule: Schedule, days: int = 3) -> datetime:
    """Give the smart activity's due time: business days ahead, at the current hour, minutes cut."""
    raise NotImplementedError
