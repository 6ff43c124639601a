"""Read the periods that reports are asked for: `this month`, `last 30 days`, `q3`, `2026-10`, `1.10-15.11`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from botcrm.core.domain.calendar_days import date_of, month_end, plus_months
from botcrm.core.domain.date_words import LANGUAGES
from botcrm.core.domain.text import fold

MOST_DAYS = 3660
_MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `since` to `until`, both included."""

    since: date
    until: date


# What people call a period, by the names that `named_period` knows; a row reads in any language.
_NAMES = {
    "today": "today|сегодня|dzisiaj|dziś|今日",
    "yesterday": "yesterday|вчера|wczoraj|昨日",
    "this_week": "this week|week|эта неделя|на этой неделе|ten tydzień|w tym tygodniu|今週",
    "last_week": "last week|прошлая неделя|на прошлой неделе|zeszły tydzień|w zeszłym tygodniu|先週",
    "this_month": "this month|month|этот месяц|в этом месяце|ten miesiąc|w tym miesiącu|今月",
    "last_month": "last month|прошлый месяц|в прошлом месяце|zeszły miesiąc|w zeszłym miesiącu|先月",
    "this_quarter": "this quarter|quarter|этот квартал|ten kwartał|今四半期",
    "last_quarter": "last quarter|прошлый квартал|zeszły kwartał|前四半期",
    "this_year": "this year|year|этот год|в этом году|ten rok|w tym roku|今年",
    "last_year": "last year|прошлый год|в прошлом году|zeszły rok|w zeszłym roku|昨年",
}
_DAY = r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}(?:[./]\d{4})?\.?"
_RANGE = re.compile(rf"(?:from )?({_DAY}) ?(?:-|–|—|\.\.|to) ?({_DAY})")
_LAST_DAYS = re.compile(r"(?:last|past) (\d{1,4}) days?|(\d{1,4}) days?")
_QUARTER = re.compile(r"(?:q([1-4])|([1-4])q)(?: ?(?:of )?(\d{4}))?")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_MONTH = re.compile(r"((?:19|20)\d{2})-(\d{1,2})|(\d{1,2})[./]((?:19|20)\d{2})")


def named_period(name: str, today: date, week_start: int = 0) -> Period:
    """Return a period by name: today, yesterday, this_week, last_week, … of month, quarter and year.

    :param week_start: the weekday a week starts on, 0 (Monday) to 6
    :raises KeyError: there is none of this name
    """
    if name in ("today", "yesterday"):
        day = today - timedelta(days=int(name == "yesterday"))
        return Period(day, day)
    which, unit = name.split("_")
    back = {"this": 0, "last": 1}[which]
    if unit == "week":
        monday = today - timedelta(days=(today.weekday() - week_start) % 7 + 7 * back)
        return Period(monday, monday + timedelta(days=6))
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    first = today.replace(day=1, month=(today.month - 1) // months * months + 1)
    return _months(plus_months(first, -months * back), months)


def _months(first: date, count: int) -> Period:
    return Period(first, month_end(plus_months(first, count - 1)))


@cache
def _names() -> dict[str, str]:
    return {fold(phrase): name for name, phrases in _NAMES.items() for phrase in phrases.split("|")}


@cache
def _month_names() -> dict[str, int]:
    return {
        fold(word): number
        for words in LANGUAGES.values()
        for number, names in enumerate(words.months, 1)
        for word in names.split("|")
    }


def read_period(words: Sequence[str], today: date) -> tuple[Period, int] | None:
    """Read the longest period at the start of a list of words: (period, how many words it took); None if there is none.

    A quarter, a month or a day without its year is the last one that has begun.

    :param words: as typed
    """
    for count in range(min(_MOST_WORDS, len(words)), 0, -1):
        found = _read(fold(" ".join(words[:count])), today)
        if found is not None and found.since <= found.until and (found.until - found.since).days < MOST_DAYS:
            return found, count
    return None


def _read(text: str, today: date) -> Period | None:
    if name := _names().get(text):
        return named_period(name, today)
    if match := _LAST_DAYS.fullmatch(text):
        days = int(match[1] or match[2])
        return Period(today - timedelta(days=days - 1), today) if days else None
    if match := _QUARTER.fullmatch(text):
        return _quarter(int(match[1] or match[2]), match[3], today)
    if _YEAR.fullmatch(text):
        return _months(date(int(text), 1, 1), 12)
    if match := _MONTH.fullmatch(text):
        first = date_of(int(match[1] or match[4]), int(match[2] or match[3]), 1)
        return _months(first, 1) if first else None
    if match := _RANGE.fullmatch(text):
        return _range(match[1], match[2], today)
    if re.fullmatch(_DAY, text):
        day = _day(text, today)
        return Period(day, day) if day else None
    return _month_of(text, today)


def _quarter(number: int, year: str | None, today: date) -> Period:
    first = date(int(year) if year else today.year, number * 3 - 2, 1)
    return _months(plus_months(first, -12) if not year and first > today else first, 3)


def _month_of(text: str, today: date) -> Period | None:
    """Read a month's name, with its year or without."""
    name, _, year = text.partition(" ")
    month = _month_names().get(name.rstrip("."))
    if month is None or (year and not _YEAR.fullmatch(year)):
        return None
    first = date(int(year) if year else today.year, month, 1)
    return _months(plus_months(first, -12) if not year and first > today else first, 1)


def _range(start: str, end: str, today: date) -> Period | None:
    since = _day(start, today)
    if since is None:
        return None
    # Without a year, the range ends on the first such day after its start, which may lie ahead.
    until = _day(end, plus_months(since, 12) - timedelta(days=1))
    return Period(since, until) if until else None


def _day(text: str, latest: date) -> date | None:
    """Read a day; without a year it is the last such one, not after `latest`."""
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    if "-" in text:
        return date_of(*numbers)
    day, month = numbers[:2]
    if len(numbers) == 3:
        return date_of(numbers[2], month, day)
    for year in range(latest.year, latest.year - 8, -1):
        found = date_of(year, month, day)
        if found is not None and found <= latest:
            return found
    return None


def period_name(period: Period, today: date) -> str | None:
    """Return the name that `named_period` has for these days, if they are one of those."""
    return next((name for name in _NAMES if named_period(name, today) == period), None)
