"""A report's values as their reader writes them, and as plain values for files."""

import functools
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from botcrm.contract.reports import CellKind
from botcrm.core.domain.periods import Period, period_name
from botcrm.core.domain.zones import to_wall
from botcrm.words import Words

_FORMATS = {"en": "en_GB"}
# Kinds that stand flush right, as figures do.
FIGURES: frozenset[CellKind] = frozenset({"number", "money", "percent", "duration"})
# More of a text than a chat shows is not looked at: a report may list whole messages.
_MOST_TEXT = 1000


@functools.lru_cache(maxsize=4096)
def _decimal(value: Decimal, locale: str, pattern: str) -> str:
    from babel.numbers import format_decimal

    return str(format_decimal(value, pattern, locale=locale)).replace("\xa0", " ").replace("\u202f", " ")


@functools.lru_cache(maxsize=2048)
def _date(value: date, locale: str) -> str:
    from babel.dates import format_date

    return str(format_date(value, "medium", locale=locale)).replace("\xa0", " ")


@functools.lru_cache(maxsize=4096)
def _compact(amount: Decimal, locale: str) -> str:
    from babel.numbers import format_compact_decimal

    # Three digits are kept, so that 999,999 becomes 1M and not 1000K.
    kept = Decimal(f"{amount:.3g}")
    return str(format_compact_decimal(kept, fraction_digits=1, locale=locale)).replace("\xa0", " ")


def _locale(words: Words) -> str:
    return _FORMATS.get(words.prefs.language, words.prefs.language)


def number(words: Words, value: Any, digits: int = 2) -> str:
    """Write a number with at most so many digits behind the point."""
    return _decimal(Decimal(str(value)), words.prefs.language, "#,##0." + "#" * digits)


Room = Literal["ample", "narrow", "tight"]


def shown(words: Words, kind: CellKind, value: Any, currency: str, room: Room = "ample") -> str:
    """Write a cell's value; empty for None.

    :param room: in a narrow column money has neither its currency nor cents; in a tight one it is rounded: 1.2M
    """
    if value is None:
        return ""
    match kind:
        case "number":
            return number(words, value)
        case "money":
            amount = Decimal(str(value))
            if room == "tight":
                return _compact(amount, words.prefs.language)
            return number(words, amount, 0) if room == "narrow" else words.money(amount, currency)
        case "percent":
            share = Decimal(str(value)) * 100
            return f"{number(words, share, 1)} %" if room == "ample" else f"{number(words, share, 0)}%"
        case "duration":
            minutes = int(value)
            return words.minutes(minutes) if room == "ample" else f"{minutes // 60}:{minutes % 60:02d}"
        case "date":
            return _date(value, _locale(words)) if isinstance(value, date) else str(value)
        case "moment":
            return words.when(value) if isinstance(value, datetime) else str(value)
    return " ".join(_sendable(str(value)[:_MOST_TEXT]).split())


def plain(kind: CellKind, value: Any, zone: str) -> str | int | float | Decimal | date | datetime | None:
    """Return a cell's value for a file: numbers stay numbers, a moment is the wall time of a zone."""
    if value is None or isinstance(value, bool):
        return None if value is None else int(value)
    if kind == "moment" and isinstance(value, datetime):
        return to_wall(value, zone).replace(microsecond=0)
    if isinstance(value, int | float | Decimal | date):
        return value
    return _sendable(str(value))


def _sendable(text: str) -> str:
    """Take halves of surrogate pairs out, which no file and no message can carry."""
    return text.encode("utf-8", "replace").decode()


def period_text(words: Words, period: Period, today: date) -> str:
    """Write a period: its name where it has one, and its days."""
    locale = _locale(words)
    since, until = period.since, period.until
    days = _date(since, locale) if since == until else _days(since, until, locale)
    name = period_name(period, today)
    names = {
        "today": words.t("today"),
        "yesterday": words.t("yesterday"),
        "this_week": words.t("this week"),
        "last_week": words.t("last week"),
        "this_month": words.t("this month"),
        "last_month": words.t("last month"),
        "this_quarter": words.t("this quarter"),
        "last_quarter": words.t("last quarter"),
        "this_year": words.t("this year"),
        "last_year": words.t("last year"),
    }
    return f"{names[name]} ({days})" if name else days


@functools.lru_cache(maxsize=1024)
def _days(since: date, until: date, locale: str) -> str:
    from babel.dates import format_interval

    text = str(format_interval(since, until, "yMMMd", locale=locale))
    return text.replace("\xa0", " ").replace("\u202f", " ").replace("\u2009", " ")


def width(text: str) -> int:
    """Count the columns that a text takes in a fixed-width font: two for a Chinese or Japanese character."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    return 0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, most: int) -> str:
    """Shorten a text to so many columns, with an ellipsis where something is left out."""
    taken = kept = 0
    for place, char in enumerate(text):
        taken += _columns(char)
        if taken > most:
            return text[:kept].rstrip() + "…"
        if taken < most:
            kept = place + 1
    return text


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Fill a text up with spaces to a width."""
    space = " " * max(0, columns - width(text))
    return space + text if right else text + space
