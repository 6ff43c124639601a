"""Days off that no country's calendar knows: a company's own holidays, and the leave of a person."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}(?:[./]\d{4})?\.?"
_SPAN = re.compile(rf"({_DAY})(?:\s*(?:\.\.+|[-–—]|to|until|till)\s*({_DAY}))?", re.IGNORECASE)
_NONE = ("", "-", "none", "no", "off")
# A range in the settings: most days, so that a slip of a year is no year without work.
_LONGEST = 366
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


def read_leave(text: str, today: date) -> tuple[Span, ...]:
    """Read `1.12-7.12, 24.12`: days without a year are the next ones that are not over.

    :raises ValueError: something in it is no date, or a range ends before it starts or is longer than a year
    """
    return tuple(sorted(_ahead(first, last, today) for first, last in _pieces(text)))


def _ahead(first: Day, last: Day, today: date) -> Span:
    if first[0] is None and last[0] is None:
        for year in (today.year - 1, today.year, today.year + 1):
            start, end = _on(first, year), _on(last, year)
            if end < start:
                end = _on(last, year + 1)
            if end >= today:
                return start, end
    return _ordered(_on(first, last[0] or today.year), _on(last, first[0] or today.year))


@functools.lru_cache(maxsize=1024)
def read_spans(text: str) -> tuple[Span, ...]:
    """Read what `show_spans` wrote.

    :raises ValueError: something in it is no such date
    """
    return read_leave(text, date.min.replace(year=2000))


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
