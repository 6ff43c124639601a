"""Times in queries: `5d`, `3 weeks`, `today`, `last-month`, `1.11`, `2026-11-01..2026-11-30`, as stretches between two moments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from botcrm.core.domain.calendar_days import month_end, plus_months
from botcrm.core.domain.dates import WhenFound, read_when
from botcrm.core.domain.durations import read_duration
from botcrm.core.domain.periods import Period, named_period, read_period
from botcrm.core.domain.text import fold
from botcrm.core.domain.zones import start_of_day, to_utc, to_wall

_UNITS = {
    "hour": "h|hr|hrs|hour|hours|ч|час|часа|часов|godz|godziny|godzin|時間",
    "day": "d|day|days|д|дн|день|дня|дней|dni|dzień|dzien|日",
    "week": "w|wk|wks|week|weeks|нед|неделя|недели|недель|tyg|tydzień|tygodnie|tygodni|週間|週",
    "month": "mo|mon|mos|month|months|мес|месяц|месяца|месяцев|mies|miesiąc|miesiące|miesięcy|ヶ月|か月",
    "year": "y|yr|yrs|year|years|г|год|года|лет|rok|lata|lat|年",
}
_BY_WORD = {word: unit for unit, words in _UNITS.items() for word in words.split("|")}
_AGE = re.compile(r"(\d{1,5})\s*([^\W\d_]{1,10})\.?")
_AHEAD = {"tomorrow": (1, "day"), "next week": (1, "week"), "next month": (1, "month"), "next year": (1, "year")}


@dataclass(frozen=True, slots=True)
class Reader:
    """When and where a query is read.

    :ivar now: aware
    :ivar zone: IANA name
    :ivar week_start: the weekday a week starts on, 0 (Monday) to 6
    """

    now: datetime
    zone: str
    language: str = "en"
    week_start: int = 0

    @property
    def today(self) -> date:
        """Return the reader's day."""
        return to_wall(self.now, self.zone).date()


@dataclass(frozen=True, slots=True)
class Stretch:
    """From a moment to another one, which is outside; None where it has no end."""

    since: datetime | None
    until: datetime | None


def read_age(text: str) -> timedelta | tuple[int, int] | None:
    """Read a length of time in a query: hours, days and weeks exactly, else (months, 0); None where it is none."""
    match = _AGE.fullmatch(text.strip())
    unit = _BY_WORD.get(match[2].casefold()) if match else None
    if match is None or unit is None:
        minutes = read_duration(text)
        return timedelta(minutes=minutes) if minutes else None
    count = int(match[1])
    match unit:
        case "hour":
            return timedelta(hours=count)
        case "day":
            return timedelta(days=count)
        case "week":
            return timedelta(weeks=count)
    return (count * (12 if unit == "year" else 1), 0)


def _moved(reader: Reader, age: timedelta | tuple[int, int], sign: int) -> datetime | None:
    """Return the moment so far from now; None where no calendar goes that far."""
    try:
        if isinstance(age, timedelta):
            return reader.now + sign * age
        wall = to_wall(reader.now, reader.zone)
        return to_utc(datetime.combine(plus_months(wall.date(), sign * age[0]), wall.time()), reader.zone)
    except (OverflowError, ValueError):
        return None


def read_stretch(
    operator: str, text: str, reader: Reader, *, ahead: bool = False, longer: bool = False
) -> Stretch | None:
    """Read which times a condition means; None where the text says no time.

    A length of time counts from now: backwards, where `created<30d` is younger than that; forwards where `ahead`, where
    `close<30d` is sooner than that. Anything else is days, the first and the last of them inside.

    :param operator: `:`, `>`, `<`, `>=` or `<=`
    :param longer: `:` means at least so long ago (idle:5d)
    """
    first, dots, last = text.partition("..")
    if dots and operator == ":":
        start, end = _days(first, reader, ahead), _days(last, reader, ahead)
        return _between(start.since, end.until, reader) if start and end else None
    age = read_age(text)
    if age is not None:
        edge = _moved(reader, age, 1 if ahead else -1)
        if edge is None:
            return None
        if operator == ":":
            if longer:
                return Stretch(None, edge)
            return Stretch(reader.now, edge) if ahead else Stretch(edge, None)
        later = operator.startswith(">") == ahead
        return Stretch(edge, None) if later else Stretch(None, edge)
    days = _days(text, reader, ahead)
    if days is None:
        return None
    whole = _between(days.since, days.until, reader)
    if whole is None:
        return None
    match operator:
        case ">":
            return Stretch(whole.until, None)
        case ">=":
            return Stretch(whole.since, None)
        case "<":
            return Stretch(None, whole.since)
        case "<=":
            return Stretch(None, whole.until)
    return whole


def _between(since: date, until: date, reader: Reader) -> Stretch | None:
    """Return the stretch of whole days; None where it begins or ends outside of the calendar."""
    try:
        return Stretch(start_of_day(since, reader.zone), start_of_day(until + timedelta(days=1), reader.zone))
    except (OverflowError, ValueError):
        return None


def _days(text: str, reader: Reader, ahead: bool) -> Period | None:
    """Read the days that a text names."""
    plain = fold(text)
    spoken = plain if plain[:1].isdecimal() else plain.replace("-", " ").replace("_", " ")
    if not plain or len(plain) > 60:
        return None
    try:
        if ahead and spoken in _AHEAD:
            return _after(*_AHEAD[spoken], reader)
        period = read_period(spoken.split(), reader.today)
        known = period is not None and period[1] == len(spoken.split())
        day = _day(spoken, reader) if not known or ahead else None
        if ahead and day is not None:
            return day
        return _next_such(period[0], spoken, reader, ahead) if period is not None and known else day
    except (OverflowError, ValueError):
        return None


def _next_such(period: Period, text: str, reader: Reader, ahead: bool) -> Period:
    """Return a period, the next one of its name where what is asked for lies ahead: in November, December is to come."""
    if not ahead or period.until >= reader.today or re.search(r"\d{4}", text) or text.startswith(("last", "yesterday")):
        return period
    return Period(plus_months(period.since, 12), month_end(plus_months(period.until.replace(day=1), 12)))


def _after(count: int, unit: str, reader: Reader) -> Period:
    if unit == "day":
        day = reader.today + timedelta(days=count)
        return Period(day, day)
    this = named_period(f"this_{unit}", reader.today, reader.week_start)
    first = this.until + timedelta(days=1)
    return named_period(f"this_{unit}", first, reader.week_start)


def _day(text: str, reader: Reader) -> Period | None:
    found = read_when(text, to_wall(reader.now, reader.zone), reader.language, allow_past=True)
    if not isinstance(found, WhenFound) or found.rest.strip():
        return None
    return Period(found.at.date(), found.at.date())
