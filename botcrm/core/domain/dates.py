"""Read date phrases as people type them: `fri 10:00`, `in 2h`, `завтра в 15`, `24 nov`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

DAY_START = time(9)


@dataclass(frozen=True, slots=True)
class WhenFound:
    """One moment that a phrase means.

    :ivar at: naive wall time; the day at `day_start` when only a day was said
    :ivar has_time: whether a time of day was said
    :ivar rest: the text without the phrase
    :ivar phrase: the phrase as typed; `phrase + rest` (`rest + phrase` for `find_when`) is the text
    :ivar delta: set for `in 2h`: the exact time from now, right over a clock change too
    """

    at: datetime
    has_time: bool
    rest: str
    phrase: str
    delta: timedelta | None = None


@dataclass(frozen=True, slots=True)
class WhenUnclear:
    """A date phrase with several readings, or (no options) with none that lies ahead."""

    options: tuple[WhenFound, ...]
    rest: str
    phrase: str


When = WhenFound | WhenUnclear


def read_when(
    text: str, now: datetime, language: str = "en", day_start: time = DAY_START, *, allow_past: bool = False
) -> When | None:
    """Read the longest date phrase at the start of `text`; None if there is none."""
    raise NotImplementedError


def find_when(
    text: str, now: datetime, language: str = "en", day_start: time = DAY_START, *, allow_past: bool = False
) -> When | None:
    """Read the longest date phrase at the end of `text`; `rest` is what comes before it."""
    raise NotImplementedError


def moment_of(found: WhenFound, now_utc: datetime, zone: str) -> datetime:
    """Turn a reading into an aware UTC moment."""
    raise NotImplementedError
