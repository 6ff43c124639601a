"""Read one date phrase at the start of a text, with one language's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from botcrm.core.domain.clock import Clock, read_clock
from botcrm.core.domain.date_tokens import Tokens
from botcrm.core.domain.date_words import Words
from botcrm.core.domain.day_reader import Day, DayReader
from botcrm.core.domain.durations import scan_duration


@dataclass(frozen=True, slots=True)
class Reading:
    """What a phrase was read as: a length of time from now, or days and times.

    :ivar end: where the phrase ends
    :ivar other: the times it means if it is no day after all (`9.10`)
    """

    end: int
    delta: timedelta | None = None
    day: Day | None = None
    clocks: tuple[Clock, ...] = ()
    other: tuple[Clock, ...] | None = None


def read_phrase(text: str, now: datetime, words: Words, *, allow_past: bool) -> Reading | None:
    """Read the longest date phrase at the start of a text."""
    return _Reader(text, now, words, allow_past).read()


class _Reader:
    """Put a day and a time together; each method reads at a token and gives what comes after."""

    def __init__(self, text: str, now: datetime, words: Words, allow_past: bool) -> None:
        self.t = Tokens(text, words)
        self.days = DayReader(self.t, now, allow_past=allow_past)

    def read(self) -> Reading | None:
        if not self.t.count:
            return None
        delta = self._delta()
        if delta is not None:
            return Reading(self.t.ends[delta[1] - 1], delta=delta[0])
        best: Reading | None = None
        day = self.days.day(0)
        if day is not None:
            best = self._with_clock(*day)
        clock = read_clock(self.t, 0, bare=False)
        if clock is not None:
            other = self._with_day(*clock)
            if other is not None and (best is None or other.end > best.end):
                return other
            if other is not None and best is not None and other.end == best.end and self._like_a_time(best):
                return Reading(best.end, day=best.day, other=other.clocks)
        return best

    def _with_clock(self, day: Day, i: int) -> Reading | None:
        """Read a part of the day and a time after a day."""
        best = Reading(self.t.ends[i - 1], day=day, clocks=day.clock) if self.t.may_end(i) else None
        if day.clock:
            return best
        part, j = day.part, self.t.skip(i, ",")
        if part is None:
            part_found = self.t.phrase("parts", j)
            if part_found is not None and part_found[0] not in ("am", "pm"):
                part, i = part_found
                day = Day(day.dates, None, part)
                if self.t.may_end(i):
                    best = Reading(self.t.ends[i - 1], day=day, clocks=(Clock(None, part=part),))
                j = self.t.skip(i, ",")
        elif self.t.may_end(i):
            best = Reading(self.t.ends[i - 1], day=day, clocks=(Clock(None, part=part),))
        clock = read_clock(self.t, j, bare=True) if not self.t.glued(j) else None
        if clock is not None and self.t.may_end(clock[1]):
            read, end = clock
            if part is not None and read.part is None:
                read = Clock(read.hour, read.minute, read.exact, read.minutes_said, part)
            return Reading(self.t.ends[end - 1], day=day, clocks=(read,))
        return best

    def _with_day(self, clock: Clock, i: int) -> Reading | None:
        """Read a day after a time."""
        best = Reading(self.t.ends[i - 1], clocks=(clock,)) if self.t.may_end(i) else None
        day = self.days.day(self.t.skip(i, ","))
        if day is not None and not day[0].clock and self.t.may_end(day[1]):
            part = clock.part or day[0].part
            clock = Clock(clock.hour, clock.minute, clock.exact, clock.minutes_said, part)
            return Reading(self.t.ends[day[1] - 1], day=day[0], clocks=(clock,))
        return best

    def _like_a_time(self, day: Reading) -> bool:
        """Say whether `9.10` was read as a date where English may mean a time; `15.12` is hardly one."""
        if self.t.words.month_first is not None or day.clocks or self.t.count < 3 or self.t.tokens[1] != ".":
            return False
        return int(self.t.tokens[2]) % 5 == 0

    def _delta(self) -> tuple[timedelta, int] | None:
        """Read `in 2h`, `2 hours ago`, `30 minutes from now`: an exact length of time from now."""
        within = self.t.phrase("within", 0)
        past = self.t.phrase("past", 0)
        if past is not None and self.t.may_end(past[1]):
            return timedelta(minutes=int(past[0])), past[1]
        i = within[1] if within is not None else 0
        length = self._minutes(i)
        if length is None:
            return None
        minutes, end = length
        if within is not None:
            return (timedelta(minutes=minutes), end) if self.t.may_end(end) else None
        for table, sign in (("ago", -1), ("from_now", 1)):
            found = self.t.phrase(table, end)
            if found is not None and self.t.may_end(found[1]):
                return timedelta(minutes=sign * minutes), found[1]
        return None

    def _minutes(self, i: int) -> tuple[int, int] | None:
        if i >= self.t.count:
            return None
        scanned = scan_duration(self.t.text, self.t.starts[i])
        if scanned is not None:
            for end in range(i, self.t.count):
                if self.t.ends[end] >= scanned[1]:
                    return (scanned[0], end + 1) if self.t.ends[end] == scanned[1] else None
            return None
        counted = self.days.counted(i)
        if counted is None or counted[1] not in ("minute", "hour"):
            return None
        return counted[0] * (60 if counted[1] == "hour" else 1), counted[2]
