"""Read date phrases as people type them: `fri 10:00`, `in 2h`, `завтра в 15`, `24 nov`, `明日15時`.

What is read is never in the past unless asked for, and what has two readings is never guessed: see `WhenUnclear`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from botcrm.core.domain.clock import Clock
from botcrm.core.domain.date_reader import Reading, read_phrase
from botcrm.core.domain.date_words import ENGLISH, LANGUAGES, Words
from botcrm.core.domain.dates_ja import read_japanese
from botcrm.core.domain.day_reader import Day
from botcrm.core.domain.zones import to_utc

DAY_START = time(9)
_CYRILLIC = re.compile("[а-яёА-ЯЁ]")
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+|\d|@")
_STARTS = re.compile(r"(?<![\w.,:/-])[\w@]")
_FURTHEST_START = 80
# In a line it begins the next step: `close 24.12 next fri call`.
_NEXT = re.compile(r"next\b", re.IGNORECASE)
# Between two days: `mon, tue 9:00`, `mon or tue 9:00`.
_BETWEEN = re.compile(r"(?:\s|,\s)\s*(?:(?:and|or|и|или|i|lub|oraz|&)\s+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WhenFound:
    """One moment that a phrase means.

    :ivar at: naive wall time; the day at `day_start` when only a day was said
    :ivar has_time: whether a time of day was said
    :ivar rest: the text without the phrase, as typed
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
    text: str,
    now: datetime,
    language: str = "en",
    day_start: time = DAY_START,
    *,
    allow_past: bool = False,
    two_days: bool = True,
) -> When | None:
    """Read the longest date phrase at the start of `text`; None if there is none.

    A bare weekday is the next one strictly after today; `next fri` too, but if that is tomorrow it is unclear. A time
    of day already past is tomorrow; a date without a year is the next such date. `5/6` is unclear in English. A bare
    hour from 1 to 5 is in the afternoon; `at 6`, `at 7` and `3:30` without am or pm are unclear. `fri 4 dec` is one day
    if it is a Friday; two days that differ (`mon tue 9:00`) are unclear, and so is a date that does not exist (`31.2.`),
    with no options. English is read beside the language asked for, and Russian and Japanese wherever their letters stand.

    :param now: naive wall time of the reader
    :param language: two letters; en, ru, pl, ja have words
    :param allow_past: read `yesterday` and a date that has gone by, for what is logged afterwards
    :param two_days: read a second day behind the first as one phrase with it
    """
    found = (_both_days if two_days else _longest)(text, now, language, allow_past)
    if found is None:
        return None
    phrase, rest = text[: found.end], text[found.end :]
    try:
        moments = _moments(found, now, day_start, allow_past)
    except (OverflowError, ValueError):
        return None
    options = tuple(WhenFound(at, has_time, rest, phrase, found.delta) for at, has_time in moments[0])
    return options[0] if len(options) == 1 and moments[1] else WhenUnclear(options, rest, phrase)


def find_when(
    text: str, now: datetime, language: str = "en", day_start: time = DAY_START, *, allow_past: bool = False
) -> When | None:
    """Read the longest date phrase at the end of `text`; `rest` is what comes before it."""
    last = len(text.rstrip(" .!\t\r\n"))
    for match in _STARTS.finditer(text, max(0, last - _FURTHEST_START)):
        start = match.start()
        if start and not text[start - 1].isspace() and text[start - 1] not in "([,;":
            continue
        if not can_start(text, start, language):
            continue
        when = read_when(text[start:], now, language, day_start, allow_past=allow_past)
        if when is not None and start + len(when.phrase) >= last:
            return _with_rest(when, text[:start], text[start:])
    return None


def can_start(text: str, start: int, language: str) -> bool:
    """Say quickly whether a date phrase could start at `start`."""
    match = _WORD.match(text, start)
    if match is None:
        return False
    word = match[0]
    if word.isascii():
        low = word.lower()
        return word.isdecimal() or low in ENGLISH.starters or (language == "pl" and low in LANGUAGES["pl"].starters)
    return True


def moment_of(found: WhenFound, now: datetime, zone: str) -> datetime:
    """Turn a reading into an aware UTC moment.

    :param now: the aware UTC moment whose wall time was given when reading
    """
    if found.delta is not None:
        return now.replace(microsecond=0) + found.delta
    return to_utc(found.at, zone)


def _with_rest(when: When, rest: str, phrase: str) -> When:
    if isinstance(when, WhenFound):
        return WhenFound(when.at, when.has_time, rest, phrase, when.delta)
    options = tuple(WhenFound(option.at, option.has_time, rest, phrase, option.delta) for option in when.options)
    return WhenUnclear(options, rest, phrase)


def _both_days(text: str, now: datetime, language: str, allow_past: bool) -> Reading | None:
    """Read a day and another one beside it as one phrase: the one they agree on, or both."""
    found = _longest(text, now, language, allow_past)
    if found is None or found.day is None or found.clocks or found.other is not None:
        return found
    between = _BETWEEN.match(text, found.end)
    start = between.end() if between is not None else len(text)
    following = _NEXT.match(text, start) is not None or not can_start(text, start, language)
    second = None if following else _both_days(text[start:], now, language, allow_past)
    if second is None or second.day is None or second.other is not None:
        return found
    same = _agreed(found.day, second.day)
    phrase = text[start : start + second.end]
    if not same and not second.clocks and not any(character.isdecimal() for character in phrase):
        return found  # `today Friday report`
    dates = same or (second.day.dates and tuple(sorted({*found.day.dates, *second.day.dates})))
    return replace(second, end=start + second.end, day=replace(second.day, dates=dates, weekday=False))


def _agreed(first: Day, second: Day) -> tuple[date, ...]:
    """Return the days that both can mean; a bare weekday can mean any date that falls on it."""
    for one, other in ((first, second), (second, first)):
        if one.weekday and not other.weekday:
            return tuple(day for day in other.dates if day.weekday() == one.dates[0].weekday())
    return tuple(day for day in second.dates if day in first.dates)


def _longest(text: str, now: datetime, language: str, allow_past: bool) -> Reading | None:
    """Read with each language that can apply; the longest wins, the language asked for on a tie."""
    tables: list[Words] = [ENGLISH]
    ascii_only = text.isascii()
    if language in LANGUAGES and language != "en":
        tables.insert(0, LANGUAGES[language])
    if not ascii_only and language != "ru" and _CYRILLIC.search(text, 0, 40):
        tables.append(LANGUAGES["ru"])
    best: Reading | None = None
    try:
        if language == "ja" or (not ascii_only and _JAPANESE.search(text, 0, 40)):
            best = read_japanese(text, now, allow_past=allow_past)
        for words in tables:
            found = read_phrase(text, now, words, allow_past=allow_past)
            if found is not None and (best is None or found.end > best.end):
                best = found
    except (OverflowError, ValueError):
        # Near the first or the last year that a date can hold.
        return None
    return best


Moments = tuple[list[tuple[datetime, bool]], bool]
"""The readings (moment, whether a time was said), and whether a single one may be taken without asking."""


def _moments(found: Reading, now: datetime, day_start: time, allow_past: bool) -> Moments:
    if found.delta is not None:
        at = now.replace(microsecond=0) + found.delta
        return ([(at, True)] if allow_past or found.delta >= timedelta() else []), True
    if found.day is None:
        return _times_alone(found.clocks, now), True
    day = found.day
    if not found.clocks and found.other is None:
        at_time = day.at or day_start
        dates = [one for one in day.dates if allow_past or one >= now.date()]
        moments = [(datetime.combine(one, at_time), day.at is not None) for one in dates]
        if day.at is not None and not allow_past:
            ahead = [moment for moment in moments if moment[0] >= now]
            tomorrow = datetime.combine(now.date() + timedelta(days=1), at_time)
            return (ahead, True) if ahead or not moments else ([(tomorrow, True)], False)
        return moments, True
    said = [(_at(one, *clock), True) for one in day.dates for read in found.clocks for clock in read.times()]
    if found.other is not None:
        said = [(datetime.combine(one, day_start), False) for one in day.dates if one >= now.date()]
        said += _times_alone(found.other, now)
    elif any(read.hour == 24 and read.exact for read in found.clocks):
        # Midnight of a day: the one it starts with or the one it ends with.
        said = [(_at(one, hour, 0), True) for one in day.dates for hour in (0, 24)]
    ahead = [
        moment
        for moment in said
        if allow_past or moment[0] >= now or (not moment[1] and moment[0].date() >= now.date())
    ]
    if ahead:
        return _unique(ahead), True
    if now.date() not in day.dates:
        return [], False
    return _instead(found.clocks, now), False


def _instead(clocks: tuple[Clock, ...], now: datetime) -> list[tuple[datetime, bool]]:
    """Offer what may have been meant by a time of today that has passed: tonight, or tomorrow."""
    read = clocks[0]
    if read.hour is None and read.part == "evening" and now.hour < 23:
        later = (now + timedelta(minutes=30)).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return [(later, True)] if later.date() == now.date() else []
    hour, minute = read.times()[0]
    found = [_at(now.date() + timedelta(days=1), hour, minute)]
    if hour < 12 and not read.exact and read.part is None and not (read.minutes_said and hour > 7):
        found.insert(0, _at(now.date(), hour + 12, minute))
    return [(at, True) for at in found if at >= now]


def _times_alone(clocks: tuple[Clock, ...], now: datetime) -> list[tuple[datetime, bool]]:
    """Place times without a day: today, or tomorrow if past."""
    found: list[tuple[datetime, bool]] = []
    for read in clocks:
        for hour, minute in read.times():
            at = _at(now.date(), hour, minute)
            found.append((at if at > now else at + timedelta(days=1), True))
        # `at 8` in the afternoon may well be this evening.
        if read.hour == 8 and not read.exact and not read.minutes_said and read.part is None and 8 <= now.hour < 20:
            found.append((_at(now.date(), 20, 0), True))
    return _unique(found)


def _unique(found: list[tuple[datetime, bool]]) -> list[tuple[datetime, bool]]:
    return sorted(set(found))


def _at(day: date, hour: int, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(hours=hour, minutes=minute)
