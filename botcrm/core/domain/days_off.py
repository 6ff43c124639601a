"""Days off that no country's calendar knows: a company's own holidays, and the leave of a person."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from botcrm.core.domain.dates import WhenFound, read_when

_DAY = r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}(?:[./]\d{4})?\.?"
_SPAN = re.compile(rf"({_DAY})(?:\s*(?:\.\.+|[-–—]|to|until|till)\s*({_DAY}))?", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:\.\.+|[-–—]|\b(?:to|until|till)\b)\s*", re.IGNORECASE)
_LEADS = re.compile(r"(?:from|on|away)\s+", re.IGNORECASE)
_WEEKS = re.compile(r"(this|next)\s+week", re.IGNORECASE)
_NONE = ("", "-", "none", "no", "off")
# A range in the settings: most days, so that a slip of a year is no year without work.
_LONGEST = 366
# 27.12-5.1 is a leave over New Year; 7.12-1.12 is a slip.
_OVER_NEW_YEAR = timedelta(days=60)
# More days off a year than these leave no company.
_MOST_YEARLY = 250

Day = tuple[int | None, int, int]
"""A year (None for every year), a month, a day."""
Span = tuple[date, date]
"""First and last day, both included."""


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Days off: once, and every year (as months and days; a range may go over the end of the year)."""

    once: tuple[Span, ...] = ()
    yearly: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()

    def __contains__(self, day: date) -> bool:
        """Tell whether a day is off."""
        if any(first <= day <= last for first, last in self.once):
            return True
        here = (day.month, day.day)
        return any(
            first <= here <= last if first <= last else here >= first or here <= last for first, last in self.yearly
        )


@functools.lru_cache(maxsize=256)
def read_days_off(text: str) -> DaysOff:
    """Read `24.12, 31.12` (each year), `2.5.2026` or `2026-05-02` (once) and ranges: `27.12-31.12`.

    :raises ValueError: something in it is no date, a range that ends before it starts, hardly a day left to work
    """
    once, yearly, days = list[Span](), list[tuple[tuple[int, int], tuple[int, int]]](), 0
    for first, last in _pieces(text):
        if first[0] is None and last[0] is None:
            start, end = _on(first, 2024), _on(last, 2024)  # a leap year: 29.2 is a day
            yearly.append(((start.month, start.day), (end.month, end.day)))
            days += (end - start).days % 366 + 1
        else:
            once.append(_ordered(_on(first, last[0] or 0), _on(last, first[0] or 0)))
    if days > _MOST_YEARLY:
        raise ValueError("hardly a working day is left")
    return DaysOff(tuple(sorted(once)), tuple(yearly))


def read_leave(text: str, today: date, language: str = "en") -> tuple[Span, ...]:
    """Read `1.12-7.12, 24.12` or `tomorrow`, `mon-wed`, `next week`: days without a year are the next ones that are not over.

    :raises ValueError: something in it is no day, or a range ends before it starts or is longer than a year
    """
    spans = list[Span]()
    for piece in filter(str.strip, re.split(r"[,;\n]", text)):
        piece = _LEADS.sub("", piece.strip())
        match = _SPAN.fullmatch(piece)
        if match is not None:
            spans.append(_ahead(_day(match[1]), _day(match[2] or match[1]), today))
        else:
            spans.append(_said(piece, today, language))
    return tuple(sorted(spans))


def _ahead(first: Day, last: Day, today: date) -> Span:
    if first[0] is None and last[0] is None:
        for year in (today.year - 1, today.year, today.year + 1):
            start, end = _on(first, year), _on(last, year)
            if end < start:
                end = _over_new_year(start, _on(last, year + 1))
            if end >= today:
                return start, end
    return _ordered(_on(first, last[0] or today.year), _on(last, first[0] or today.year))


def _over_new_year(first: date, last: date) -> date:
    """Take a range that seems to end before it starts for one over the end of the year, while it is short enough for one."""
    if last - first > _OVER_NEW_YEAR:
        raise ValueError(f"from {first} to {last}")
    return last


def _said(piece: str, today: date, language: str) -> Span:
    """Read days in words: one day, two with a dash or `to` between them, or a week."""
    week = _WEEKS.fullmatch(piece)
    if week is not None:
        monday = today - timedelta(days=today.weekday()) + timedelta(days=7 if week[1].casefold() == "next" else 0)
        return max(today, monday), monday + timedelta(days=6)
    ends = [one.strip() for one in _BETWEEN.split(piece)]
    if len(ends) > 2:
        raise ValueError(f"no day: {piece!r}")
    first = _one_day(ends[0], today, language)
    # The second one is read from the first on: fri-mon is over one weekend.
    last = _one_day(ends[-1], first, language) if len(ends) == 2 else first
    return _ordered(first, last)


def _one_day(text: str, today: date, language: str) -> date:
    match = _SPAN.fullmatch(text)
    if match is not None and match[2] is None:
        return _ahead(_day(match[1]), _day(match[1]), today)[0]
    found = read_when(text, datetime.combine(today, time()), language)
    if not isinstance(found, WhenFound) or found.has_time or found.rest.strip() or found.delta is not None:
        raise ValueError(f"no day: {text!r}")
    return found.at.date()


@functools.lru_cache(maxsize=1024)
def read_spans(text: str) -> tuple[Span, ...]:
    """Read what `show_spans` wrote: each day with its year.

    :raises ValueError: something in it is no such date
    """
    return tuple(sorted(_ordered(_whole(first), _whole(last)) for first, last in _pieces(text)))


def _whole(day: Day) -> date:
    if day[0] is None:
        raise ValueError(f"{day[2]}.{day[1]}. of which year?")
    return date(day[0], day[1], day[2])


def show_spans(spans: Iterable[Span]) -> str:
    """Write days as the setting text that `read_spans` reads: `2026-12-01..2026-12-07`."""
    return ", ".join(f"{first}..{last}" if first != last else str(first) for first, last in spans)


def without_spans(spans: Iterable[Span], first: date, last: date) -> tuple[Span, ...]:
    """Cut days out of leave."""
    left = list[Span]()
    for start, end in spans:
        if end < first or last < start:
            left.append((start, end))
            continue
        if start < first:
            left.append((start, first - timedelta(days=1)))
        if last < end:
            left.append((last + timedelta(days=1), end))
    return tuple(left)


def joined_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Put days together that overlap or follow each other."""
    joined = list[Span]()
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + timedelta(days=1):
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def _pieces(text: str) -> list[tuple[Day, Day]]:
    if text.strip().casefold() in _NONE:
        return []
    found = list[tuple[Day, Day]]()
    for piece in re.split(r"[,;\n]", text):
        if not piece.strip():
            continue
        match = _SPAN.fullmatch(piece.strip())
        if match is None:
            raise ValueError(f"no day: {piece.strip()!r}")
        first = _day(match[1])
        found.append((first, _day(match[2]) if match[2] else first))
    return found


def _day(text: str) -> Day:
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if "-" in text:
        return numbers[0], numbers[1], numbers[2]
    return (numbers[2] if len(numbers) > 2 else None), numbers[1], numbers[0]


def _on(day: Day, year: int) -> date:
    """Return a day in its own year, or in the one given; 29 February is the 28th where the year has none."""
    in_year, month, number = day
    if (month, number) == (2, 29) and in_year is None:
        return date(year, 3, 1) - timedelta(days=1)
    return date(in_year or year, month, number)


def _ordered(first: date, last: date) -> Span:
    if not timedelta() <= last - first <= timedelta(days=_LONGEST):
        raise ValueError(f"from {first} to {last}")
    return first, last


def off_days(*sets: frozenset[date] | DaysOff) -> Callable[[date], bool]:
    """Return whether a day is off by any of these."""
    return lambda day: any(day in days for days in sets)
