"""Read days and moments as other systems and people write them. Pure."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from botcrm.core.domain.text import fold
from botcrm.core.domain.zones import zone_info

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(.+))?\Z")
_PARTS = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:,?[T ]+(.+))?\Z")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{6})(Z?))?\Z")
_NAMED = re.compile(
    r"(?:(\d{1,2})\.? +([^\W\d_]{3,})\.?,? +(\d{4})|([^\W\d_]{3,})\.? +(\d{1,2}),? +(\d{4}))(?:,?[T ]+(.+))?\Z"
)
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?\Z", re.IGNORECASE
)
_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "jan sty янв ene", "feb lut фев", "mar мар", "apr kwi апр avr abr", "may maj мая май mai", "jun cze июн juin",
            "jul lip июл juil", "aug sie авг aou ago", "sep wrz сен set", "oct paz окт okt out", "nov lis ноя",
            "dec gru дек dez dic",
        ),
        1,
    )
    for word in words.split()
}  # fmt: skip


def read_moment(text: str, day_first: bool, zone: str) -> datetime | None:
    """Return the moment that a text writes, as UTC; a day alone is its midnight in the zone. None where it is none."""
    found = _day_and_rest(text, day_first)
    if found is None:
        return None
    day, rest = found
    clock, offset = time(), None
    if rest:
        match = _CLOCK.match(rest.strip())
        if match is None:
            return None
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        if match[4]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if match[4][0] in "pP" else 0)
        try:
            clock = time(hour, minute, second)
        except ValueError:
            return None
        offset = match[5]
    try:
        if offset is None:
            return datetime.combine(day, clock, zone_info(zone)).astimezone(UTC)
        return datetime.combine(day, clock, UTC) - _offset(offset)
    except (OverflowError, ValueError):
        return None


def read_day(text: str, day_first: bool) -> date | None:
    """Return the day that a text writes, whatever time is behind it; None where it is none."""
    found = _day_and_rest(text, day_first)
    if found is None or (found[1] and not _CLOCK.match(found[1].strip())):
        return None
    return found[0]


def _offset(text: str) -> timedelta:
    if text[0] not in "+-":
        return timedelta()
    digits = text[1:].replace(":", "")
    length = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return length if text[0] == "+" else -length


def _day_and_rest(text: str, day_first: bool) -> tuple[date, str] | None:
    try:
        if match := _ISO.match(text):
            return date(int(match[1]), int(match[2]), int(match[3])), match[4] or ""
        if match := _PARTS.match(text):
            first, second = int(match[1]), int(match[3])
            # A point is never the American way.
            days = day_first or match[2] == "." or first > 12
            day, month = (first, second) if days and second <= 12 else (second, first)
            return date(_year(match[4]), month, day), match[5] or ""
        if match := _COMPACT.match(text):
            clock = f"{match[4][:2]}:{match[4][2:4]}:{match[4][4:]}{match[5]}" if match[4] else ""
            return date(int(match[1]), int(match[2]), int(match[3])), clock
        if match := _NAMED.match(text):
            month_number = _MONTHS.get(fold(match[2] or match[4])[:4], 0) or _MONTHS.get(
                fold(match[2] or match[4])[:3], 0
            )
            if month_number:
                return date(int(match[3] or match[6]), month_number, int(match[1] or match[5])), match[7] or ""
    except ValueError:
        pass
    return None


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else 2000 + year if year < 50 else 1900 + year


def day_comes_first(cells: Sequence[str], region: str) -> bool:
    """Tell how a column writes its dates: by those that can be read one way only, else by the country."""
    for cell in cells:
        match = _PARTS.match(cell.strip())
        if match and match[2] == "/":
            if int(match[1]) > 12:
                return True
            if int(match[3]) > 12:
                return False
    return region != "US"


_SHORT_YEAR = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2}\b(?!\1)")
# What Apple writes for the year of a birthday that nobody told.
_NO_YEAR = 1604


def born(day: date, text: str, today: date) -> date | None:
    """Return the day that somebody was born, which is not after today: 12.03.45 is in 1945; None where it is none."""
    if day > today and _SHORT_YEAR.match(text):
        day = day.replace(year=day.year - 100)
    return None if day > today or day.year == _NO_YEAR else day
