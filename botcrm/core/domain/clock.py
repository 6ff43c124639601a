"""Read a time of day, and say which times a bare hour can mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

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
