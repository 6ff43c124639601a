"""What comes again, and when people are reminded, in words."""

from datetime import datetime

from babel.dates import format_skeleton, get_day_names

from botcrm.core.domain.recurrence import DAILY_WORKING, WEEKDAYS, is_of_working_days, parts_of
from botcrm.words import Words


def repeat_text(words: Words, rule: str) -> str:
    """Write a rule as people say it: every Mon, Thu."""
    parts = parts_of(rule)
    every = int(parts.get("INTERVAL", 1))
    if rule == DAILY_WORKING:
        return words.t("every working day")
    if is_of_working_days(rule):
        return _place(words, int(parts["BYSETPOS"]), words.t("working day"))
    match parts["FREQ"]:
        case "DAILY":
            return words.n("every day", "every {n} days", every)
        case "WEEKLY":
            return _weekly(words, parts, every)
        case "MONTHLY":
            return _monthly(words, parts, every)
    month = int(parts.get("BYMONTH", 1))
    day = int(parts.get("BYMONTHDAY", "1").split(",")[-1])
    date = format_skeleton("MMMd", datetime(2024, month, max(1, day)), locale=words.prefs.language)
    return words.n("every year on {date}", "every {n} years on {date}", every, date=date)


def _day(words: Words, code: str) -> str:
    return str(get_day_names("abbreviated", locale=words.prefs.language)[WEEKDAYS.index(code)])


def _weekly(words: Words, parts: dict[str, str], every: int) -> str:
    days = ", ".join(_day(words, code) for code in parts.get("BYDAY", "").split(",") if code in WEEKDAYS)
    if not days:
        return words.n("every week", "every {n} weeks", every)
    return words.n("every {days}", "every {n} weeks on {days}", every, days=days)


def _monthly(words: Words, parts: dict[str, str], every: int) -> str:
    day = parts.get("BYDAY", "")
    if day[-2:] in WEEKDAYS and day[:-2].lstrip("-").isdecimal():
        return _place(words, int(day[:-2]), _day(words, day[-2:]))
    if not day and "BYMONTHDAY" not in parts:
        return words.n("every month", "every {n} months", every)
    number = int(parts.get("BYMONTHDAY", "1").split(",")[-1])
    if number < 0:
        return words.t("last day of the month")
    return words.n("every month on day {day}", "every {n} months on day {day}", every, day=number)


def _place(words: Words, place: int, what: str) -> str:
    match place:
        case 1:
            return words.t("first {day} of the month", day=what)
        case -1:
            return words.t("last {day} of the month", day=what)
    return words.t("{day} number {n} of the month", day=what, n=place)


def length_text(words: Words, minutes: int) -> str:
    """Write how long before: 15 min, 1 day."""
    if minutes and minutes % (24 * 60) == 0:
        return words.n("{n} day", "{n} days", minutes // (24 * 60))
    return words.minutes(minutes)
