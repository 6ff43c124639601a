"""Read Japanese date phrases, which have no spaces: `明日15時`, `来週の金曜日`, `3日後`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from botcrm.core.domain import calendar_days as days
from botcrm.core.domain.clock import Clock
from botcrm.core.domain.date_reader import Reading
from botcrm.core.domain.day_reader import NO_SUCH_DAY, Day

_OFFSETS = {
    "今日": 0, "本日": 0, "きょう": 0, "明日": 1, "あした": 1, "あす": 1, "明後日": 2, "あさって": 2,
    "昨日": -1, "きのう": -1, "一昨日": -2, "おととい": -2,
}  # fmt: skip
_SPANS = {
    "来週末": "next_week_end",
    "来週": "next_week",
    "来月末": "next_month_end",
    "来月": "next_month",
    "月末": "month_end",
    "今月末": "month_end",
    "週末": "weekend",
    "年末": "year_end",
    "来年": "next_year",
}
_WEEKDAYS = "月火水木金土日"
_PARTS = {
    "朝": "morning",
    "午前": "am",
    "午後": "pm",
    "昼": "afternoon",
    "夕方": "evening",
    "夜": "night",
    "今夜": "evening",
}
_WEEKDAY = rf"[{_WEEKDAYS}]曜日?"


def _any(words: dict[str, object] | dict[str, int] | dict[str, str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_DELTA = re.compile(r"(?:(?P<hours>\d{1,3})時間(?P<half>半)?)?(?:(?P<minutes>\d{1,4})分)?(?P<way>後|前)")
_DAY = re.compile(
    rf"""
    (?P<offset>{_any(_OFFSETS)})
  | (?P<week>再来週|来週|今週|先週) の? (?P<weekday>{_WEEKDAY})
  | (?P<after>再来週)
  | (?P<span>{_any(_SPANS)})
  | (?:次の)? (?P<bare>{_WEEKDAY})
  | (?:(?P<year>\d{{4}})年)? (?P<month>\d{{1,2}})月 (?P<day>\d{{1,2}})日 (?: [(（][{_WEEKDAYS}][)）] )?
  | (?P<slash_month>\d{{1,2}})/(?P<slash_day>\d{{1,2}})(?![\d/])
  | (?P<number>\d{{1,3}}) (?P<unit>日|週間|[ヶかカケヵ]月) (?P<way>後|前)
    """,
    re.VERBOSE,
)
_CLOCK = re.compile(
    rf"""
    (?P<part>{_any(_PARTS)})? \s*の?\s*
    (?: (?P<noon>正午)
      | (?P<hour>\d{{1,2}}) (?: 時 (?: (?P<half>半) | (?P<minute>\d{{1,2}})分 )? | [:：](?P<colon>\d{{2}}) ) (?!\d|間) )
  | (?P<alone>{_any(_PARTS)})
    """,
    re.VERBOSE,
)
_JOIN = re.compile(r"[\s、,]*の?\s*")
_PARTICLE = re.compile(r"\s*[にの、](?=.)|(?:まで|から)に?(?=.)")


def read_japanese(text: str, now: datetime, *, allow_past: bool) -> Reading | None:
    """Read the longest Japanese date phrase at the start of a text; a particle behind it belongs to it."""
    start = len(text) - len(text.lstrip())
    delta = _DELTA.match(text, start)
    if delta is not None and (delta["hours"] or delta["minutes"]):
        minutes = int(delta["hours"] or 0) * 60 + (30 if delta["half"] else 0) + int(delta["minutes"] or 0)
        sign = 1 if delta["way"] == "後" else -1
        return Reading(_particle(text, delta.end()), delta=timedelta(minutes=sign * minutes))
    day_match = _DAY.match(text, start)
    day = _day(day_match, now, allow_past) if day_match is not None else None
    end = day_match.end() if day is not None and day_match is not None else start
    clock_match = _CLOCK.match(text, _end_of(_JOIN, text, end) if day is not None else start)
    clock = _clock(clock_match) if clock_match is not None else None
    if clock is not None and clock_match is not None and (clock.hour is not None or day is not None):
        return Reading(_particle(text, clock_match.end()), day=day, clocks=(clock,))
    if clock is not None and clock_match is not None and clock_match["alone"] == "今夜":
        return Reading(_particle(text, clock_match.end()), day=Day((now.date(),)), clocks=(clock,))
    return Reading(_particle(text, end), day=day) if day is not None else None


def _end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match is not None else start


def _particle(text: str, end: int) -> int:
    return _end_of(_PARTICLE, text, end)


def _clock(match: re.Match[str]) -> Clock | None:
    if match["alone"]:
        alone = _PARTS[match["alone"]]
        return Clock(None, part={"am": "morning", "pm": "afternoon"}.get(alone, alone))
    if match["noon"]:
        return Clock(12, exact=True)
    hour = int(match["hour"])
    minute = 30 if match["half"] else int(match["minute"] or match["colon"] or 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        return None
    part = _PARTS[match["part"]] if match["part"] else None
    said = bool(match["half"] or match["minute"] or match["colon"])
    return Clock(hour, minute, minutes_said=said, part=part if hour <= 12 else None, exact=hour == 24)


def _day(match: re.Match[str], now: datetime, allow_past: bool) -> Day | None:
    today = now.date()
    if match["offset"]:
        return Day((today + timedelta(days=_OFFSETS[match["offset"]]),))
    if match["weekday"]:
        weeks = {"今週": 0, "来週": 1, "再来週": 2, "先週": -1}[match["week"]]
        monday = today - timedelta(days=today.weekday())
        return Day((monday + timedelta(weeks=weeks, days=_WEEKDAYS.index(match["weekday"][0])),))
    if match["after"]:
        return Day((today + timedelta(days=14 - today.weekday()),))
    if match["span"]:
        found, at = days.span_days(_SPANS[match["span"]], today)
        return Day(tuple(found), at)
    if match["bare"]:
        return Day((days.next_weekday(today, _WEEKDAYS.index(match["bare"][0])),))
    if match["number"]:
        number = int(match["number"]) * (1 if match["way"] == "後" else -1)
        if match["unit"] == "日":
            return Day((today + timedelta(days=number),))
        if match["unit"] == "週間":
            return Day((today + timedelta(weeks=number),))
        return Day((days.plus_months(today, number),))
    month, day = int(match["month"] or match["slash_month"]), int(match["day"] or match["slash_day"])
    if match["year"]:
        found_date = days.date_of(int(match["year"]), month, day)
    else:
        found_date = days.next_date(today, month, day, nearest=allow_past)
    if found_date is not None:
        return Day((found_date,))
    # 2月31日 is meant for a date; 31/2 is not.
    return NO_SUCH_DAY if match["month"] and 1 <= month <= 12 and 1 <= day <= 31 else None
