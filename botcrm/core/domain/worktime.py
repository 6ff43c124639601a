"""Count in working time: shifts with breaks, holidays, leave. All moments are aware UTC."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from botcrm.core.domain.zones import start_of_day, to_utc, to_wall, zone_info

Shift = tuple[time, time]
"""Start and end by the wall clock; an end of 00:00 is the end of the day."""

Span = tuple[datetime, datetime]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PART = re.compile(r"(?P<days>[^\W\d][^\d:]*?)\s*:?\s*(?P<hours>\d.*|off|closed)", re.IGNORECASE)
_SPLIT = re.compile(r"[;\n]|(?<=\d),\s*(?=[^\W\d])")
_RANGE = re.compile(r"\s*(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?\s*")
_SHIFTS = re.compile(r"(?<=\d)\s+(?:(?:and|&|\+)\s+)?(?=\d[\d:.]*\s*[-–—])", re.IGNORECASE)
_DAY_MINUTES = 24 * 60
# Ten years without a working moment is a mistake in the holidays, not a schedule.
_FARTHEST = 3660
_MOST_CACHED = 2000


class WorkingHoursError(ValueError):
    """Say which part of a working-hours setting cannot be read (`part`, `reason`)."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{reason}: {part!r}")
        self.part = part
        self.reason = reason


class NoWorkingTimeError(ValueError):
    """Refuse a schedule without any working time."""


def read_working_hours(text: str) -> dict[int, tuple[Shift, ...]]:
    """Read `Mon-Fri 09:00-18:00` or `Mon-Thu 9-13,14-18; Fri 9-16`; weekdays 0 (Monday) to 6, days off left out.

    A shift over midnight (`22-6`) goes on into the next day. `Sun-Thu` wraps; `daily` is every day; `Sat off` is read.

    :raises WorkingHoursError: a part that is no days and hours, a day said twice, shifts that overlap, no hours at all
    """
    week: dict[int, list[tuple[int, int]]] = {}
    said: set[int] = set()
    for part in filter(str.strip, _SPLIT.split(text)):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise WorkingHoursError(part.strip(), "not days and hours")
        days = _read_days(match["days"])
        if said & set(days):
            raise WorkingHoursError(part.strip(), "a day twice")
        said.update(days)
        for start, end in _read_hours(match["hours"]):
            for day in days:
                if start < end:
                    week.setdefault(day, []).append((start, end))
                    continue
                week.setdefault(day, []).append((start, _DAY_MINUTES))
                if end:
                    week.setdefault((day + 1) % 7, []).append((0, end))
    if not week:
        raise WorkingHoursError(text.strip(), "no working hours")
    for day, shifts in week.items():
        shifts.sort()
        if any(later[0] < earlier[1] for earlier, later in pairwise(shifts)):
            raise WorkingHoursError(_DAYS[day], "shifts overlap")
    return {day: tuple((_time(start), _time(end)) for start, end in week[day]) for day in sorted(week)}


def _read_days(text: str) -> list[int]:
    if text.strip().lower() in ("daily", "every day", "all days"):
        return list(range(7))
    days: list[int] = []
    for piece in text.split(","):
        ends = [_read_day(name, piece) for name in re.split(r"[-–—]", piece)]
        if len(ends) > 2:
            raise WorkingHoursError(piece.strip(), "not a range of days")
        days += [(ends[0] + i) % 7 for i in range((ends[-1] - ends[0]) % 7 + 1)]
    return days


def _read_day(name: str, piece: str) -> int:
    low = name.strip().lower().rstrip(".")
    found = [i for i, full in enumerate(_FULL_DAYS) if len(low) >= 2 and full.startswith(low)]
    if len(found) != 1:
        raise WorkingHoursError(piece.strip(), "not a day of the week")
    return found[0]


def _read_hours(text: str) -> list[tuple[int, int]]:
    if text.strip().lower() in ("off", "closed"):
        return []
    shifts = []
    # A break is written with a comma, `and`, or nothing but a space between two shifts.
    for piece in _SHIFTS.sub(",", text).split(","):
        match = _RANGE.fullmatch(piece)
        if match is None:
            raise WorkingHoursError(piece.strip(), "not hours like 9-18 or 09:00-18:00")
        start = int(match[1]) * 60 + int(match[2] or 0)
        end = int(match[3]) * 60 + int(match[4] or 0)
        if max(start, end) > _DAY_MINUTES or start == end or max(int(match[2] or 0), int(match[4] or 0)) > 59:
            raise WorkingHoursError(piece.strip(), "no such hours")
        shifts.append((start % _DAY_MINUTES, end))
    return shifts


def _time(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)


def show_working_hours(week: Mapping[int, tuple[Shift, ...]]) -> str:
    """Write working hours as the setting text that `read_working_hours` reads."""
    parts: list[tuple[list[int], str]] = []
    for day in range(7):
        shifts = week.get(day, ())
        hours = ",".join(f"{start:%H:%M}-{f'{end:%H:%M}' if end != time() else '24:00'}" for start, end in shifts)
        if parts and parts[-1][1] == hours:
            parts[-1][0].append(day)
        else:
            parts.append(([day], hours))
    return "; ".join(
        f"{_DAYS[days[0]]}{f'-{_DAYS[days[-1]]}' if len(days) > 1 else ''} {hours}" for days, hours in parts if hours
    )


def country_holidays(country: str, years: Iterable[int]) -> frozenset[date]:
    """List a country's public holidays.

    :param country: ISO 3166 code, with a part of the country if wanted: `DE`, `DE-BY`
    :raises ValueError: the country or the part is unknown
    """
    import holidays

    name, _, part = country.strip().upper().partition("-")
    try:
        return frozenset(holidays.country_holidays(name, subdiv=part or None, years=list(years)))
    except NotImplementedError as error:
        raise ValueError(f"no holidays are known for {country!r}") from error


@dataclass(frozen=True)
class Schedule:
    """A zone, a week of shifts, holidays and leave.

    :ivar zone: IANA name
    :ivar week: weekday (0 Monday) to shifts in order
    :ivar holidays: dates off, or a function that says whether a date is off
    :ivar leave: ranges off, aware, end excluded
    :raises NoWorkingTimeError: no shift in the week (a ValueError)
    :raises ValueError: unknown zone, a wrong weekday, shifts out of order
    """

    zone: str
    week: Mapping[int, tuple[Shift, ...]]
    holidays: frozenset[date] | Callable[[date], bool] = frozenset()
    leave: tuple[Span, ...] = ()
    _spans: dict[date, tuple[Span, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _counts: dict[tuple[date, date, int], int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        zone_info(self.zone)
        if not any(self.week.values()):
            raise NoWorkingTimeError("a schedule needs a shift")
        for day, shifts in self.week.items():
            if day not in range(7):
                raise ValueError(f"no weekday {day}")
            edges = [edge for start, end in shifts for edge in (_minutes(start), _minutes(end) or _DAY_MINUTES)]
            if edges != sorted(set(edges)) and edges != sorted(edges):
                raise ValueError(f"shifts out of order on {_DAYS[day]}")
            if any(start == end for start, end in zip(edges[::2], edges[1::2], strict=True)):
                raise ValueError(f"an empty shift on {_DAYS[day]}")

    def is_working(self, moment: datetime) -> bool:
        """Say whether a moment lies in a shift; the end of a shift does not."""
        day = to_wall(moment, self.zone).date()
        return any(start <= moment < end for start, end in self.spans(day))

    def is_working_day(self, day: date) -> bool:
        """Say whether any working time is left on a day."""
        return bool(self.spans(day))

    def working_days_after(self, day: date, last: date, most: int) -> int:
        """Count the working days after a day up to another, the latter included; at most `most`."""
        key = (day, last, most)
        count = self._counts.get(key)
        if count is None:
            count = 0
            while day < last and count < most:
                day += timedelta(days=1)
                count += self.is_working_day(day)
            if len(self._counts) >= _MOST_CACHED:
                self._counts.clear()
            # A list asks the same of each of its deals, and of the same days all day long.
            self._counts[key] = count
        return count

    def next_working_moment(self, moment: datetime) -> datetime:
        """Give the moment itself if it is working time, else the start of the next shift."""
        start, _ = next(self._from(moment))
        return max(start, moment.astimezone(UTC))

    def add_working(self, moment: datetime, length: timedelta) -> datetime:
        """Give the moment when `length` of working time has passed since `moment`.

        It may be the very end of a shift. No length gives the moment itself, so that lengths add up.

        :raises ValueError: a negative length
        """
        if length < timedelta():
            raise ValueError("working time is added, not taken away")
        moment = moment.astimezone(UTC)
        if not length:
            return moment
        for start, end in self._from(moment):
            start = max(start, moment)
            if start + length <= end:
                return start + length
            length -= end - start
        raise AssertionError("spans do not end")

    def working_between(self, start: datetime, end: datetime) -> timedelta:
        """Measure the working time between two moments; negative if `end` is before `start`."""
        if end < start:
            return -self.working_between(end, start)
        total = timedelta()
        day, last = to_wall(start, self.zone).date(), to_wall(end, self.zone).date()
        while day <= last:
            for begin, stop in self.spans(day):
                total += max(timedelta(), min(stop, end) - max(begin, start))
            day += timedelta(days=1)
        return total

    def add_business_days(self, moment: datetime, days: int) -> datetime:
        """Give the same wall time on the `days`-th working day after; 0 is the day itself, or the next working day.

        :raises ValueError: a negative number of days
        """
        if days < 0:
            raise ValueError("business days are counted ahead")
        wall = to_wall(moment, self.zone)
        day, left = wall.date(), days
        for _ in range(_FARTHEST * max(1, days)):
            if self.is_working_day(day) and (left == 0 or day != wall.date()):
                left -= day != wall.date()
                if left <= 0:
                    return to_utc(datetime.combine(day, wall.time()), self.zone)
            day += timedelta(days=1)
        raise NoWorkingTimeError("no working day within reach")

    def spans(self, day: date) -> tuple[Span, ...]:
        """Give a day's working time in aware UTC, without leave."""
        known = self._spans.get(day)
        if known is None:
            if len(self._spans) >= _MOST_CACHED:
                self._spans.clear()
            known = self._spans[day] = self._compute(day)
        return known

    def _compute(self, day: date) -> tuple[Span, ...]:
        off = day in self.holidays if isinstance(self.holidays, frozenset) else self.holidays(day)
        if off:
            return ()
        spans = []
        for start, end in self.week.get(day.weekday(), ()):
            begin = to_utc(datetime.combine(day, start), self.zone)
            if end == time():
                stop = start_of_day(day + timedelta(days=1), self.zone)
            else:
                stop = to_utc(datetime.combine(day, end), self.zone)
            # A shift that the clock jumps over has no length.
            if begin < stop:
                spans.append((begin, stop))
        for away, back in self.leave:
            spans = [piece for span in spans for piece in _without(span, away, back)]
        return tuple(spans)

    def _from(self, moment: datetime) -> Iterator[Span]:
        """Walk over the spans that end after a moment."""
        day, idle = to_wall(moment, self.zone).date(), 0
        while idle < _FARTHEST:
            idle += 1
            for span in self.spans(day):
                if span[1] > moment:
                    idle = 0
                    yield span
            day += timedelta(days=1)
        raise NoWorkingTimeError("no working moment within reach")


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _without(span: Span, away: datetime, back: datetime) -> Iterator[Span]:
    """Cut a range out of a span."""
    start, end = span
    if back <= start or end <= away:
        yield span
        return
    if start < away:
        yield start, away.astimezone(UTC)
    if back < end:
        yield back.astimezone(UTC), end


def smart_due(moment: datetime, schedule: Schedule, days: int = 3) -> datetime:
    """Give the smart activity's due time: some business days ahead at the current hour, minutes cut.

    Made at 15:50, it is due at 15:00 three business days later.
    """
    wall = to_wall(moment, schedule.zone).replace(minute=0, second=0, microsecond=0)
    return schedule.add_business_days(to_utc(wall, schedule.zone), days)
