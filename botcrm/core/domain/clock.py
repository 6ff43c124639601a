"""Read a time of day, and say which times a bare hour can mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from botcrm.core.domain.date_tokens import Tokens

PART_TIMES = {"morning": time(9), "afternoon": time(14), "evening": time(18), "night": time(21)}


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as said.

    :ivar hour: 0 to 24; 24 is the midnight that ends a day
    :ivar exact: said so that only one reading is left (`15:00`, `07`, `3pm`)
    :ivar minutes_said: whether minutes were said
    :ivar part: morning, afternoon, evening or night, if said; with `hour` None it is all that was said
    """

    hour: int | None
    minute: int = 0
    exact: bool = False
    minutes_said: bool = False
    part: str | None = None

    def times(self) -> list[tuple[int, int]]:
        """List the (hour, minute) readings, the likeliest first.

        With no am or pm: 1 to 5 is the afternoon if no minutes were said, and unclear with minutes (`3:30`); a bare 6
        or 7 is unclear; anything else is as written on a 24-hour clock.
        """
        if self.hour is None:
            default = PART_TIMES[self.part or "morning"]
            return [(default.hour, default.minute)]
        hour, minute = self.hour, self.minute
        late = ((hour + 12) % 24, minute)
        if self.exact or hour > 12 or hour == 0:
            return [(hour, minute)]
        if self.part is not None:
            return [_in_part(hour, minute, self.part)]
        if hour <= 5:
            return [late, (hour, minute)] if self.minutes_said else [late]
        if hour <= 7 and not self.minutes_said:
            return [(hour, minute), late]
        return [(hour, minute)]


def _in_part(hour: int, minute: int, part: str) -> tuple[int, int]:
    if part in ("am", "morning"):
        return (0 if part == "am" and hour == 12 else hour), minute
    if part == "night":
        return (hour + 12 if 6 <= hour < 12 else hour % 12), minute
    return (12 if hour == 12 else hour + 12), minute


def read_clock(t: Tokens, i: int, *, bare: bool) -> tuple[Clock, int] | None:
    """Read a time of day; a lone hour only after `at` or (`bare`) after a day."""
    if i >= t.count:
        return None
    named = _named(t, i)
    if named is not None:
        return named
    at = t.phrase("at", i)
    j = at[1] if at is not None else i
    if at is not None:
        named = _named(t, j)
        if named is not None:
            return named
    hour = t.number(j, 2)
    if hour is None or hour > 24:
        return None
    return _hour(t, hour, j, bare=bare or at is not None, after_at=at is not None)


def _named(t: Tokens, i: int) -> tuple[Clock, int] | None:
    """Read noon, midnight, `half past 3`, `quarter to 4`."""
    found = t.phrase("clock", i)
    if found is None:
        return None
    meaning, j = found
    if meaning in ("noon", "midnight"):
        return Clock(12 if meaning == "noon" else 24, exact=True), j
    hour = t.number(j, 2)
    if hour is None or not 1 <= hour <= 23:
        return None
    minute = {"half": 30, "quarter": 15, "before": 45}[meaning]
    if meaning == "before":
        hour = hour - 1 or 12
    clock = Clock(hour, minute)
    return _part_after(t, clock, j + 1)


def _hour(t: Tokens, hour: int, i: int, *, bare: bool, after_at: bool) -> tuple[Clock, int] | None:
    """Read what follows an hour: minutes, am or pm, o'clock."""
    padded, j = len(t.tokens[i]) == 2 and t.tokens[i][0] == "0", i + 1
    minute = None
    # `1h30` is a length; `15h30` after a day is a time.
    marks = (":", ".", "h") if bare and hour > 12 else (":", ".")
    if j < t.count and t.tokens[j] in marks and t.glued(j) and t.glued(j + 1):
        minute = t.number(j + 1, 2)
        if minute is None or len(t.tokens[j + 1]) != 2 or minute > 59 or (hour == 24 and minute):
            return None
        j += 2
        if j + 1 < t.count and t.tokens[j] in (":", ".") and t.glued(j) and t.glued(j + 1):
            seconds = t.number(j + 1, 2)
            if t.tokens[j] == "." or seconds is None:
                return None
            j += 2
    clock = Clock(hour, minute or 0, exact=padded, minutes_said=minute is not None)
    read = _part_after(t, clock, j)
    if minute is not None or read[0].part is not None or read[0].exact != padded:
        return read
    word = t.phrase("hour_word", j)
    if word is not None and (t.words.month_first is None or after_at or bare):
        return _part_after(t, clock, word[1])
    if not bare or not t.may_end(j) or t.phrase("units", j) is not None:
        return None
    if t.phrase("months", j) is not None:
        return None
    return read


def _part_after(t: Tokens, clock: Clock, i: int) -> tuple[Clock, int]:
    """Read am, pm, `in the morning` after a time."""
    part = t.phrase("parts", i)
    if part is None or (clock.hour or 0) > 12 or not t.may_end(part[1]):
        return clock, i
    meaning, end = part
    if meaning in ("am", "pm") and (clock.hour or 0) < 1:
        return clock, i
    return Clock(clock.hour, clock.minute, clock.exact, clock.minutes_said, meaning), end
