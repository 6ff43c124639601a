"""Read phrases that repeat: `every mon 9:00`, `every 2 weeks`, `every first working day`, `каждый вторник в 10`, `co piątek`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from botcrm.core.domain.date_words import LANGUAGES, Phrases
from botcrm.core.domain.dates import DAY_START, When, WhenFound, WhenUnclear, read_when
from botcrm.core.domain.recurrence import DAILY_WORKING, WEEKDAYS, WORKING, first_wall, on_day_of_month, whole_rule
from botcrm.core.domain.recurrence_ja import after_particle, may_repeat_ja, read_rule_ja
from botcrm.core.domain.text import fold

_EVERY = {
    "en": frozenset({"every", "each"}),
    "ru": frozenset(map(fold, ("каждый", "каждую", "каждое", "каждые"))),
    "pl": frozenset(map(fold, ("co", "każdy", "każdą", "każde", "każdego"))),
}
_ALONE = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}
_WORKDAY = frozenset(
    fold(words).split()[0] if " " not in words else fold(words)
    for words in ("weekday", "workday", "working day", "business day", "work day", "рабочий день", "dzień roboczy")
)
_PLACES = {
    "first": 1, "1st": 1, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": -1,
    "первый": 1, "первую": 1, "последний": -1, "последнюю": -1, "pierwszy": 1, "pierwsza": 1, "ostatni": -1, "ostatnia": -1,
}  # fmt: skip
_OF_MONTH = re.compile(r"\s+(?:of\s+(?:(?:the|each|every)\s+)?month|месяца|miesiąca)\b", re.IGNORECASE)
_ON_DAY = re.compile(r"\s+on\s+(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)?(?=[\s,.;]|$)(?!\s*[:.]\d)", re.IGNORECASE)
# What stands bare behind `every month`: the 15th, or 15:00? A dot, an ending or a time of day behind it tells.
_DAY = re.compile(r"\s+(\d{1,2})(?:(\.|st|nd|rd|th|-?го|-?е)(?!\w))?(\s+числа)?(?=[\s,;]|$),?", re.IGNORECASE)
_DATE = re.compile(r"\s+\d{1,2}[./](?:0?[1-9]|1[0-2])\.?(?=[\s,;]|$)")
_AMOUNT = re.compile(r"\s+(?:min|mins|minutes|h|hours?|мин|минут|ч|часов|godzin|days|x|%|pm|am)\b", re.IGNORECASE)
_LATEST_HOUR = 24
# A number and a time of day behind it: `15 9:00` after `every week` is no 15:00.
_TWO = re.compile(r"\s+(\d{1,2})\s+(\d{1,2}:\d{2})(?!\w)")
_ON = re.compile(r"\s+on(?=\s)", re.IGNORECASE)
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|-?го|-?е)(?!\w)", re.IGNORECASE)
_WORD = re.compile(r"\s*([^\W_]+)")
_AND = re.compile(r"\s*(?:,|&|/|\s(?:and|и|i|oraz)\s|\s)\s*(?=[^\W\d])", re.IGNORECASE)
# A bare hour is one only behind a day.
_LEADS = {"en": "tomorrow ", "ru": "завтра ", "pl": "jutro "}
_UNITS = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
_MOST_INTERVAL = 52


@dataclass(frozen=True, slots=True)
class RepeatFound:
    """A phrase that repeats.

    :ivar rule: as `recurrence` stores it
    :ivar when: the first time, or its readings
    :ivar phrase: as typed
    """

    rule: str
    when: When
    phrase: str


def may_repeat(word: str) -> bool:
    """Say quickly whether such a phrase may start with a word."""
    low = fold(word)
    return low in _ALONE or any(low in words for words in _EVERY.values()) or may_repeat_ja(word)


def read_repeat(text: str, now: datetime, language: str = "en") -> RepeatFound | None:
    """Read the phrase at the start of `text`; None if there is none.

    A time of day may follow, and after `every week`, `every month` a date that it begins with. Without a time it is the day.
    `daily 9:00` repeats; `weekly report` is a report.

    :param now: naive wall time of the reader
    """
    word = _WORD.match(text)
    if word is None or not may_repeat(word[1]):
        return None
    if may_repeat_ja(word[1]):
        return _japanese(text, now)
    low = fold(word[1])
    if low in _ALONE:
        return _unit(text, word.end(), _ALONE[low], 1, now, "en") if _clock(text, word.end(), now, "en") else None
    known = [
        name for name, words in _EVERY.items() if low in words and (name != "pl" or language == "pl" or low != "co")
    ]
    return _after_every(text, word.end(), now, known[0]) if known else None


def _japanese(text: str, now: datetime) -> RepeatFound | None:
    found = read_rule_ja(text)
    if found is None:
        return None
    rule, end, lead = found
    unit, _, number = rule.partition(":")
    if number:
        return _unit(text, end, unit, int(number), now, "ja", lead)
    clock = _clock(text, end, now, "ja", lead)
    return (
        _found(text, clock[1], rule, clock[0], now) if clock else _found(text, after_particle(text, end), rule, (), now)
    )


def _after_every(text: str, pos: int, now: datetime, language: str) -> RepeatFound | None:
    tables = LANGUAGES[language].tables
    ordinal = _ORDINAL.match(text, _space(text, pos))
    place = _WORD.match(text, pos)
    if place is not None and fold(place[1]) in _PLACES:
        found = _placed(text, place.end(), _PLACES[fold(place[1])], tables["weekdays"], tables["units"])
        if found is not None:
            return _with_time(text, *found, now, language)
    if ordinal is not None and 1 <= int(ordinal[1]) <= 31:
        rule = f"FREQ=MONTHLY;{on_day_of_month(int(ordinal[1]))}"
        return _with_time(text, _past(_OF_MONTH, text, ordinal.end()), rule, now, language)
    interval, pos = _interval(text, pos)
    worked = _workday(text, pos)
    if worked is not None and interval == 1:
        return _with_time(text, worked, DAILY_WORKING, now, language)
    days = _weekdays(text, pos, tables["weekdays"])
    if days is not None:
        return _with_time(text, days[1], _weekly(interval, days[0]), now, language)
    unit = _phrase(text, pos, tables["units"])
    if unit is None or unit[0] not in _UNITS:
        return None
    if unit[0] == "week" and (on := _ON.match(text, unit[1])):
        days = _weekdays(text, on.end(), tables["weekdays"])
        if days is not None:
            return _with_time(text, days[1], _weekly(interval, days[0]), now, language)
    if unit[0] == "month" and (day := _ON_DAY.match(text, unit[1])) and 1 <= int(day[1]) <= 31:
        rule = f"FREQ=MONTHLY{_every(interval)};{on_day_of_month(int(day[1]))}"
        return _with_time(text, day.end(), rule, now, language)
    return _unit(text, unit[1], unit[0], interval, now, language)


def _interval(text: str, pos: int) -> tuple[int, int]:
    word = _WORD.match(text, pos)
    if word is None:
        return 1, pos
    if fold(word[1]) == "other":
        return 2, word.end()
    if word[1].isdecimal() and 2 <= int(word[1]) <= _MOST_INTERVAL:
        return int(word[1]), word.end()
    return 1, pos


def _every(interval: int) -> str:
    return f";INTERVAL={interval}" if interval > 1 else ""


def _weekly(interval: int, days: Sequence[int]) -> str:
    return f"FREQ=WEEKLY{_every(interval)};BYDAY={','.join(WEEKDAYS[day] for day in sorted(set(days)))}"


def _space(text: str, pos: int) -> int:
    while pos < len(text) and text[pos].isspace():
        pos += 1
    return pos


def _past(pattern: re.Pattern[str], text: str, pos: int) -> int:
    match = pattern.match(text, pos)
    return match.end() if match else pos


def _phrase(text: str, pos: int, phrases: Phrases) -> tuple[str, int] | None:
    """Match the longest phrase of a table at a place: (meaning, end). A plural `s` is passed over."""
    word = _WORD.match(text, pos)
    if word is None:
        return None
    low = fold(word[1])
    for first in (low, low.removesuffix("s")):
        for words, meaning in phrases.get(first, []):
            if len(words) == 1:
                return meaning, word.end()
    return None


def _weekdays(text: str, pos: int, phrases: Phrases) -> tuple[list[int], int] | None:
    found = _phrase(text, pos, phrases)
    if found is None:
        return None
    days, pos = [int(found[0])], found[1]
    while (joint := _AND.match(text, pos)) and (found := _phrase(text, joint.end(), phrases)):
        days.append(int(found[0]))
        pos = found[1]
    return days, pos


def _workday(text: str, pos: int) -> int | None:
    first = _WORD.match(text, pos)
    if first is None:
        return None
    second = _WORD.match(text, first.end())
    if second is not None and f"{fold(first[1])} {fold(second[1]).removesuffix('s')}" in _WORKDAY:
        return second.end()
    return first.end() if fold(first[1]).removesuffix("s") in _WORKDAY else None


def _placed(text: str, pos: int, place: int, weekdays: Phrases, units: Phrases) -> tuple[int, str] | None:
    """Read what `first` or `last` is of: (end, rule)."""
    worked = _workday(text, pos)
    if worked is not None:
        return _past(_OF_MONTH, text, worked), f"FREQ=MONTHLY;BYDAY={WORKING};BYSETPOS={place}"
    day = _phrase(text, pos, weekdays)
    if day is not None:
        return _past(_OF_MONTH, text, day[1]), f"FREQ=MONTHLY;BYDAY={place}{WEEKDAYS[int(day[0])]}"
    unit = _phrase(text, pos, units)
    if unit is not None and unit[0] == "day":
        return _past(_OF_MONTH, text, unit[1]), f"FREQ=MONTHLY;BYMONTHDAY={place}"
    return None


def _unit(
    text: str, end: int, unit: str, interval: int, now: datetime, language: str, lead: str = ""
) -> RepeatFound | None:
    """Read what follows `every week`: a time of day, or the date it begins with."""
    if unit == "month" and not lead and (found := _bare_day(text, end, interval, now, language)):
        return found
    if unit in ("week", "year") and (found := _day_or_hour(text, end, _UNITS[unit], interval, now)):
        return found
    dated = unit in ("month", "year") and _DATE.match(text, end)
    clock = None if dated else _clock(text, end, now, language, lead)
    if clock is None:
        start = read_when(text[_space(text, end) :], now, language)
        if isinstance(start, WhenUnclear) and not start.options:
            return None  # `every month 31.2.`
        if isinstance(start, WhenFound) and start.delta is None:
            stop = _space(text, end) + len(start.phrase.rstrip())
            rule = _unit_rule(unit, interval, start.at)
            return RepeatFound(rule, WhenFound(start.at, start.has_time, text[stop:], text[:stop]), text[:stop])
    base = datetime.combine(now.date(), time())
    if clock is None:
        rule = _unit_rule(unit, interval, base)
        end = after_particle(text, end) if language == "ja" else end
    else:
        times, stop = clock
        walls = [datetime.combine(now.date(), moment) for moment in times]
        tomorrow = [wall if wall > now else first_wall("FREQ=DAILY", wall, now) or wall for wall in walls]
        rule, end = _unit_rule(unit, interval, tomorrow[0]), stop
        return _found(text, end, rule, times, now)
    return _found(text, end, rule, (), now)


def _bare_day(text: str, end: int, interval: int, now: datetime, language: str) -> RepeatFound | None:
    """Read a number behind `every month`: a day where a time of day follows or it can be no hour; else both are offered."""
    match = _DAY.match(text, end)
    if match is None or not 1 <= int(match[1]) <= 31 or _AMOUNT.match(text, match.end()):
        return None
    rule = f"FREQ=MONTHLY{_every(interval)};{on_day_of_month(int(match[1]))}"
    if match[2] or match[3] or int(match[1]) > _LATEST_HOUR or _clock(text, match.end(), now, language):
        return _with_time(text, match.end(), rule, now, language)
    clock = _clock(text, end, now, language)
    day = _found(text, match.end(), rule, (), now)
    if clock is None or clock[1] != match.end(1) or day is None or not isinstance(day.when, WhenFound):
        return None
    hours = [_soonest(moment, now) for moment in clock[0]]
    rest, phrase = text[clock[1] :], text[: clock[1]]
    options = (day.when, *(WhenFound(at, True, rest, phrase) for at in hours if at))
    # The day that is chosen completes the rule: `recurrence.whole_rule`.
    return RepeatFound(f"FREQ=MONTHLY{_every(interval)}", WhenUnclear(options, rest, phrase), phrase)


def _day_or_hour(text: str, end: int, frequency: str, interval: int, now: datetime) -> RepeatFound | None:
    """Offer what `every week 15 9:00` may mean: from the 15th on at 9:00, from the next 9:00 on, from the next 15:00 on."""
    two = _TWO.match(text, end)
    if two is None:
        return None
    rest, phrase = text[two.end() :], text[: two.end()]
    walls = [when.at for when in (read_when(f"{two[1]}th {two[2]}", now),) if isinstance(when, WhenFound)]
    clocks = _clock(text, end, now, "en")
    walls += [at for moment in (clocks[0] if clocks else ()) if (at := _soonest(moment, now))]
    options = tuple(WhenFound(at, True, rest, phrase) for at in dict.fromkeys(walls))
    # What is chosen completes the rule: `recurrence.whole_rule`.
    rule = f"FREQ={frequency}{_every(interval)}"
    if len(options) == 1:
        return RepeatFound(whole_rule(rule, options[0].at.date()), options[0], phrase)
    return RepeatFound(rule, WhenUnclear(options, rest, phrase), phrase) if options else None


def _soonest(moment: time, now: datetime) -> datetime | None:
    return first_wall("FREQ=DAILY", datetime.combine(now.date(), moment), now)


def _unit_rule(unit: str, interval: int, start: datetime) -> str:
    every = _every(interval)
    match unit:
        case "day":
            return f"FREQ=DAILY{every}"
        case "week":
            return f"FREQ=WEEKLY{every};BYDAY={WEEKDAYS[start.weekday()]}"
        case "month":
            return f"FREQ=MONTHLY{every};{on_day_of_month(start.day)}"
    return f"FREQ=YEARLY{every};BYMONTH={start.month};{on_day_of_month(start.day)}"


def _with_time(text: str, end: int, rule: str, now: datetime, language: str) -> RepeatFound | None:
    clock = _clock(text, end, now, language)
    return _found(text, clock[1], rule, clock[0], now) if clock else _found(text, end, rule, (), now)


def _clock(text: str, end: int, now: datetime, language: str, lead: str = "") -> tuple[tuple[time, ...], int] | None:
    """Read a time of day: its readings and its end. `tomorrow` before it makes a bare hour readable.

    Of a number and a time behind it (`every mon 15 9:00`) either may be meant: the time first.
    """
    two = _TWO.match(text, end)
    if two is not None:
        times = [found[0] for start in (2, 1) if (found := _clock(" " + two[start], 0, now, language, lead))]
        return (tuple(one for found in times for one in found), two.end()) if times else None
    lead = lead or _LEADS.get(language, _LEADS["en"])
    rest = _space(text, end)
    when = read_when(lead + text[rest:], now, language, two_days=False)
    if when is None or len(when.phrase.rstrip()) <= len(lead):
        return None
    options = when.options if isinstance(when, WhenUnclear) else (when,)
    if not options or not all(option.has_time for option in options):
        return None
    return tuple(option.at.time() for option in options), rest + len(when.phrase.rstrip()) - len(lead)


def _found(text: str, end: int, rule: str, times: Sequence[time], now: datetime) -> RepeatFound | None:
    """Put the first time of a rule together, with each reading of its time of day."""
    phrase, rest = text[:end], text[end:]
    if not times:
        today = datetime.combine(now.date(), DAY_START)
        at = first_wall(rule, today, datetime.combine(now.date(), time()))
        return RepeatFound(rule, WhenFound(at, False, rest, phrase), phrase) if at else None
    walls = [first_wall(rule, datetime.combine(now.date(), moment), now) for moment in times]
    options = tuple(WhenFound(at, True, rest, phrase) for at in walls if at)
    if not options:
        return None
    return RepeatFound(rule, options[0] if len(options) == 1 else WhenUnclear(options, rest, phrase), phrase)
