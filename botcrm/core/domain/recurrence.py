"""What comes again and again: rules as RFC 5545 writes them (`FREQ=WEEKLY;BYDAY=MO`), and when the next time is.

All times are wall times of one zone; what the clock does with them is `zones.to_utc`'s. A rule of working days, like the first
one of the month, follows the company's working days instead of Monday to Friday.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

IsWorking = Callable[[date], bool]
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKING = "MO,TU,WE,TH,FR"
DAILY_WORKING = f"FREQ=DAILY;BYDAY={WORKING}"
PRESETS = (
    "every day",
    "every working day",
    "every week",
    "every 2 weeks",
    "every month",
    "first working day of the month",
    "last working day of the month",
    "every 3 months",
    "every year",
)
MOST_LENGTH = 120
_MONTHLY_WORKING = re.compile(rf"FREQ=MONTHLY;BYDAY={WORKING};BYSETPOS=(-?\d+)")
_ALLOWED = re.compile(
    r"FREQ=(?:DAILY|WEEKLY|MONTHLY|YEARLY)"
    r"(?:;(?:INTERVAL=[1-9]\d?|BYDAY=[-+\dA-Z,]+|BYMONTHDAY=[-\d,]+|BYMONTH=[\d,]+|BYSETPOS=-?\d+))*"
)
_SHORTEST_MONTH = 28
# What does not come for so long, or only in ever so few months, is a mistake in the rule.
_MOST_DAYS = 3660
_MOST_MONTHS = 60
_YEAR_9000 = 9000


class WrongRule(ValueError):
    """A rule that is none, or that never comes (`rule`)."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"no rule that comes again: {rule!r}")
        self.rule = rule


def read_rule(text: str) -> str:
    """Check a rule and return it as it is stored: capitals, without `RRULE:`.

    :raises WrongRule: it is more than days, weeks, months and years with their days, or it never comes
    """
    rule = "".join(text.split()).upper().removeprefix("RRULE:")
    if len(rule) > MOST_LENGTH or not _ALLOWED.fullmatch(rule):
        raise WrongRule(text)
    try:
        found = next_wall(rule, datetime(2024, 1, 1), datetime(2023, 12, 31))
    except ValueError as error:
        raise WrongRule(text) from error
    if found is None:
        raise WrongRule(text)
    return rule


def is_of_working_days(rule: str) -> bool:
    """Tell whether a rule follows working days."""
    return rule == DAILY_WORKING or _MONTHLY_WORKING.fullmatch(rule) is not None


def next_wall(rule: str, slot: datetime, after: datetime, is_working: IsWorking | None = None) -> datetime | None:
    """Give the first wall time that a rule names after `after`; None where none comes any more.

    :param slot: a time that the rule named before, or the first it may name: the time of day, and what every second week counts from
    :param is_working: says which days are worked; without it Monday to Friday are
    """
    if is_of_working_days(rule):
        return _working(rule, slot, max(after, slot - timedelta(seconds=1)), is_working or _monday_to_friday)
    found: datetime | None = _parsed(rule, slot).after(after)
    return found if found is None or found.year < _YEAR_9000 else None


@functools.lru_cache(maxsize=512)
def _parsed(rule: str, slot: datetime) -> Any:
    from dateutil.rrule import rrulestr

    return rrulestr(rule, dtstart=slot)


def first_wall(rule: str, start: datetime, after: datetime, is_working: IsWorking | None = None) -> datetime | None:
    """Give the first time of a rule that begins now: every second Monday begins next Monday.

    :param start: today at the time of day
    """
    return next_wall(re.sub(r";INTERVAL=\d+", "", rule), start, after, is_working)


def _monday_to_friday(day: date) -> bool:
    return day.weekday() < 5


def _working(rule: str, slot: datetime, after: datetime, is_working: IsWorking) -> datetime | None:
    return next((wall for wall in _working_walls(rule, slot, after, is_working) if wall > after), None)


def _working_walls(rule: str, slot: datetime, after: datetime, is_working: IsWorking) -> Iterator[datetime]:
    monthly = _MONTHLY_WORKING.fullmatch(rule)
    if monthly is None:
        for step in range(_MOST_DAYS):
            day = after.date() + timedelta(days=step)
            if is_working(day):
                yield datetime.combine(day, slot.time())
        return
    place = int(monthly[1])
    first = after.date().replace(day=1)
    for _ in range(_MOST_MONTHS):
        following = (first + timedelta(days=32)).replace(day=1)
        days = [day for n in range((following - first).days) if is_working(day := first + timedelta(days=n))]
        if abs(place) <= len(days) and place:
            yield datetime.combine(days[place - 1 if place > 0 else place], slot.time())
        first = following


def on_day_of_month(day: int) -> str:
    """Write the part of a rule that says which day of the month; in a month that is too short it is the last one."""
    if day <= _SHORTEST_MONTH:
        return f"BYMONTHDAY={day}"
    return f"BYMONTHDAY={','.join(str(n) for n in range(_SHORTEST_MONTH, day + 1))};BYSETPOS=-1"


def whole_rule(rule: str, day: date) -> str:
    """Complete a rule that says `every week` or `every month` but not on which day, by the day of its first time."""
    found = re.fullmatch(r"FREQ=(WEEKLY|MONTHLY|YEARLY)(?:;INTERVAL=\d+)?", rule)
    if found is None:
        return rule
    if found[1] == "WEEKLY":
        return f"{rule};BYDAY={WEEKDAYS[day.weekday()]}"
    month = f";BYMONTH={day.month}" if found[1] == "YEARLY" else ""
    return f"{rule}{month};{on_day_of_month(day.day)}"


def preset_rule(preset: str, day: date) -> str:
    """Write one of `PRESETS` as the rule that `day` is the first day of.

    :raises KeyError: it is none of them
    """
    month_day = on_day_of_month(day.day)
    return {
        "every day": "FREQ=DAILY",
        "every working day": DAILY_WORKING,
        "every week": f"FREQ=WEEKLY;BYDAY={WEEKDAYS[day.weekday()]}",
        "every 2 weeks": f"FREQ=WEEKLY;INTERVAL=2;BYDAY={WEEKDAYS[day.weekday()]}",
        "every month": f"FREQ=MONTHLY;{month_day}",
        "first working day of the month": f"FREQ=MONTHLY;BYDAY={WORKING};BYSETPOS=1",
        "last working day of the month": f"FREQ=MONTHLY;BYDAY={WORKING};BYSETPOS=-1",
        "every 3 months": f"FREQ=MONTHLY;INTERVAL=3;{month_day}",
        "every year": f"FREQ=YEARLY;BYMONTH={day.month};{month_day}",
    }[preset]


def preset_of(rule: str, day: date) -> str | None:
    """Return which of `PRESETS` a rule is for something on `day`, if it is one."""
    return next((preset for preset in PRESETS if preset_rule(preset, day) == rule), None)


def parts_of(rule: str) -> dict[str, str]:
    """Return a rule's parts by name."""
    return dict(part.split("=", 1) for part in rule.split(";"))
