"""Read what repeats in Japanese, up to its time of day: `毎週月曜`, `毎月第一営業日`, `毎日`, `隔週金曜`, `2週間ごと`."""

from __future__ import annotations

import re
from datetime import date

from botcrm.core.domain.recurrence import DAILY_WORKING, WEEKDAYS, WORKING, on_day_of_month

_DAYS = "月火水木金土日"
_PLACES = {
    **dict(zip("一二三四1234１２３４", (1, 2, 3, 4) * 3, strict=True)),
    "最初の": 1,
    "最後の": -1,
    "最終": -1,
}
# A single sign is a weekday only before a time or at the end: 毎週水やり waters something, 毎週日本語 is a lesson.
_ONE_DAY = rf"[{_DAYS}](?:曜日?|(?=[\s\d０-９・、,と{_DAYS}]|午|朝|夜|昼|夕|正午|$))"
_WEEKDAYS = rf"(?P<days>{_ONE_DAY}(?:[とや・、,]?{_ONE_DAY})*)"
_PHRASE = re.compile(
    rf"""
    (?P<worked>毎(?:営業日|平日|勤務日)|平日毎日)
  | (?:毎週|(?P<second>隔週)|(?P<weeks>\d{{1,2}})週間?ごとに?) \s*の?\s* {_WEEKDAYS}
  | 毎月 の?\s* (?:第\s*(?P<nth>[一二三四1234１２３４])|(?P<end>最初の|最後の|最終)) \s*
        (?: (?P<work>営業日|平日) | (?P<day>[{_DAYS}])曜日? )
  | (?P<last>毎月 の?\s* (?:末日|月末|末))
  | 毎月 の?\s* (?P<date>\d{{1,2}})日
  | 毎年 の?\s* (?P<month>\d{{1,2}})月(?P<of_month>\d{{1,2}})日
  | (?P<number>\d{{1,2}})(?P<unit>日|週間?|[ヶかカケヵ]月|年)ごと
  | (?P<every>毎日|毎週|毎月|毎年|隔週)
  | (?P<part>毎(?=朝)|毎晩)
    """,
    re.VERBOSE,
)
_UNITS = {"日": "day", "週": "week", "年": "year"}
_PARTICLE = re.compile(r"\s*[にのは、]\s*(?=.)")
_MOST_INTERVAL = 52
# Whatever such a phrase may begin with.
_BEGINS = re.compile(r"毎|隔週|平日毎日|\d{1,2}(?:日|週間?|[ヶかカケヵ]月|年)ごと")


def may_repeat_ja(word: str) -> bool:
    """Say quickly whether such a phrase may start with a word."""
    return _BEGINS.match(word) is not None


def read_rule_ja(text: str) -> tuple[str, int, str] | None:
    """Read the phrase at the start of a text; None where there is none.

    :returns: the rule, or `day`, `week:2` and the like where it depends on the day that it begins with; where it ends; and
        what to read a bare hour behind: tomorrow, or tomorrow night
    """
    start = len(text) - len(text.lstrip())
    match = _PHRASE.match(text, start)
    if match is None:
        return None
    rule = _rule(match)
    return (rule, match.end(), "明日夜" if match["part"] == "毎晩" else "明日") if rule else None


def after_particle(text: str, end: int) -> int:
    """Return where the words go on behind a particle that belongs to the phrase."""
    match = _PARTICLE.match(text, end)
    return match.end() if match else end


def _rule(match: re.Match[str]) -> str:
    if match["worked"]:
        return DAILY_WORKING
    if match["days"]:
        interval = 2 if match["second"] else int(match["weeks"] or 1)
        days = sorted({_DAYS.index(sign) for sign in re.sub("曜日?", "", match["days"]) if sign in _DAYS})
        return f"FREQ=WEEKLY{_every(interval)};BYDAY={','.join(WEEKDAYS[day] for day in days)}" if interval else ""
    if match["nth"] or match["end"]:
        place = _PLACES[match["nth"] or match["end"]]
        if match["work"]:
            return f"FREQ=MONTHLY;BYDAY={WORKING};BYSETPOS={place}"
        return f"FREQ=MONTHLY;BYDAY={place}{WEEKDAYS[_DAYS.index(match['day'])]}"
    if match["last"]:
        return "FREQ=MONTHLY;BYMONTHDAY=-1"
    if match["date"]:
        return f"FREQ=MONTHLY;{on_day_of_month(int(match['date']))}" if 1 <= int(match["date"]) <= 31 else ""
    if match["month"]:
        month, day = int(match["month"]), int(match["of_month"])
        return f"FREQ=YEARLY;BYMONTH={month};{on_day_of_month(day)}" if _is_date(month, day) else ""
    if match["number"]:
        number = int(match["number"])
        unit = _UNITS.get(match["unit"][0], "month")
        return f"{unit}:{number}" if 1 <= number <= _MOST_INTERVAL else ""
    every = match["every"] or "毎日"
    return {"毎日": "day:1", "毎週": "week:1", "毎月": "month:1", "毎年": "year:1", "隔週": "week:2"}[every]


def _every(interval: int) -> str:
    return f";INTERVAL={interval}" if interval > 1 else ""


def _is_date(month: int, day: int) -> bool:
    try:
        date(2024, month, day)
    except ValueError:
        return False
    return True
