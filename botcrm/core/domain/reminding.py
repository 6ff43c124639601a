"""When somebody is reminded: how long before, by kind of activity, and never in their quiet hours."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise

from botcrm.core.domain.lengths import read_length
from botcrm.core.domain.zones import to_utc, to_wall

MOST_EARLY = 5
MOST_MINUTES = 14 * 24 * 60
_HOURS = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?")
_KIND = re.compile(r"([^\W\d][\w-]{0,31})\s*[:=]?\s+(.+)")
_LENGTH = re.compile(r"0(?=\s|$)|\d+\s*[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours of the wall clock in which nobody is disturbed; over midnight where the end is before the start."""

    start: time
    end: time

    def period(self, moment: datetime, zone: str) -> tuple[datetime, datetime] | None:
        """Return the quiet hours that a moment lies in as aware UTC, the end excluded; None where it lies in none."""
        wall = to_wall(moment, zone)
        day = wall.date()
        for first in (day - timedelta(days=1), day):
            last = first if self.start < self.end else first + timedelta(days=1)
            end_wall = datetime.combine(last, self.end)
            # What the clock shows as over is over; what it shows as still to come may be here, where an hour comes twice.
            if end_wall <= wall or (begin := to_utc(datetime.combine(first, self.start), zone)) > moment:
                continue
            if moment < (end := to_utc(end_wall, zone)):
                return begin, end
        return None


@functools.lru_cache(maxsize=256)
def read_quiet(text: str) -> Quiet | None:
    """Read quiet hours, `22:00-7:00`; nothing is none.

    :raises ValueError: it is something else
    """
    if not text.strip():
        return None
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    start, end = (time(int(match[n]) % 24, int(match[n + 1] or 0)) for n in (1, 3))
    if start == end or max(int(match[1]), int(match[3])) > 24:
        raise ValueError(text)
    return Quiet(start, end)


def show_quiet(quiet: Quiet | None) -> str:
    """Write quiet hours as the setting holds them."""
    return f"{quiet.start:%H:%M}-{quiet.end:%H:%M}" if quiet else ""


@functools.lru_cache(maxsize=256)
def read_by_kind(text: str) -> dict[str, tuple[int, ...]]:
    """Read lengths by kind of activity, `meeting 1 day 1h, call 5m`: kind -> minutes, the longest first; `task 0` is none at all.

    :raises ValueError: it is something else
    """
    found: dict[str, tuple[int, ...]] = {}
    for part in filter(str.strip, re.split(r"[,;]", text)):
        match = _KIND.fullmatch(part.strip())
        if match is None:
            raise ValueError(part)
        found[match[1].lower()] = read_lengths(match[2])
    return found


def read_lengths(text: str) -> tuple[int, ...]:
    """Read lengths with spaces between them, `1 day 1h`, as minutes, the longest first; 0 is none.

    :raises ValueError: one of them is none, they are too many or too long
    """
    pieces = _LENGTH.findall(text)
    if not pieces or "".join("".join(pieces).split()) != "".join(text.split()):
        raise ValueError(text)
    lengths = [read_length(piece) for piece in pieces]
    if any(length is None for length in lengths):
        raise ValueError(text)
    minutes = sorted({int(length / timedelta(minutes=1)) for length in lengths if length}, reverse=True)
    if len(minutes) > MOST_EARLY or any(one > MOST_MINUTES for one in minutes):
        raise ValueError(text)
    return tuple(minutes)


def show_minutes(minutes: int) -> str:
    """Write a length as `read_lengths` reads it: 1d, 2h, 90m."""
    for unit, size in (("d", 24 * 60), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m" if minutes else "0"


def show_by_kind(lengths: dict[str, tuple[int, ...]]) -> str:
    """Write lengths by kind as the setting holds them."""
    return ", ".join(f"{kind} {' '.join(map(show_minutes, minutes)) or '0'}" for kind, minutes in lengths.items())


def stored_minutes(minutes: Iterable[int]) -> str:
    """Write the minutes of one activity's own reminders as its column holds them: `1440,15`, empty for none."""
    return ",".join(str(one) for one in sorted(set(minutes), reverse=True))


def minutes_in(column: str) -> tuple[int, ...]:
    """Read what `stored_minutes` wrote."""
    return tuple(int(one) for one in column.split(",") if one)


@dataclass(frozen=True, slots=True)
class Telling:
    """One reminder: at which moment, how many minutes before was meant (0: at the time), and until when it is of use."""

    at: datetime
    minutes: int
    until: datetime | None = None


def tellings(
    due_at: datetime, before: Iterable[int], *, now: datetime, zone: str, quiet: Quiet | None = None
) -> tuple[Telling, ...]:
    """Give the reminders of something that is due, in order; what is past already is left out, except that of the time itself.

    In quiet hours nobody is disturbed. What is due within them is told when they begin, once, unless they have begun already:
    who plans a call at night for the same night is up. What would be told in them of something later is told at their end.
    """
    asleep = quiet.period(due_at, zone) if quiet else None
    if asleep and asleep[0] > now:
        moments = _early(due_at, before, now, zone, quiet)
        told = [one for one in moments if one.at < asleep[0]]
        return _until(told, Telling(asleep[0], 0, due_at))
    return _until(_early(due_at, before, now, zone, None if asleep else quiet), Telling(due_at, 0))


def _early(due_at: datetime, before: Iterable[int], now: datetime, zone: str, quiet: Quiet | None) -> list[Telling]:
    found: dict[datetime, Telling] = {}
    for minutes in sorted(set(before), reverse=True):
        moment = due_at - timedelta(minutes=minutes)
        if moment <= now or not minutes:
            continue
        asleep = quiet.period(moment, zone) if quiet else None
        moment = asleep[1] if asleep else moment
        if moment < due_at:
            found[moment] = Telling(moment, minutes)
    return list(found.values())


def _until(early: list[Telling], last: Telling) -> tuple[Telling, ...]:
    """Say of each until when it is of use: the next one tells more."""
    ends = [following.at for _, following in pairwise((*early, last))]
    return (*(Telling(one.at, one.minutes, end) for one, end in zip(early, ends, strict=True)), last)
