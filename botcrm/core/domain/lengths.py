"""Read lengths of time that go beyond a day: `3 days`, `1 week`, `1 d 4 h`, `2h`; days and weeks in en, ru, pl and ja."""

from __future__ import annotations

import re
from datetime import timedelta

from botcrm.core.domain.durations import scan_duration

MOST = timedelta(days=3660)

_UNITS = (
    (7 * 24 * 60, r"weeks?|wks?|w|недел[яюиь]|нед|н|tydzień|tygodnie|tygodni|tyg|週間?"),
    (24 * 60, r"days?|d|дн(?:ей|я)|день|дн|д|dzień|dni|日間?"),
)
_LONG = tuple(
    (minutes, re.compile(rf"(\d{{1,4}})\s?(?:{words})\.?(?=\W|\d|$)", re.IGNORECASE)) for minutes, words in _UNITS
)
_FILLER = re.compile(r"[\s,]*(?:and|и|i)?[\s,]*", re.IGNORECASE)


def read_length(text: str) -> timedelta | None:
    """Read a length of time that is the whole text, weeks before days before hours before minutes; `0` is none at all.

    :returns: zero to ten years, None where the text is anything else
    """
    text = text.strip()
    if text == "0":
        return timedelta()
    place, minutes = 0, 0
    for size, pattern in _LONG:
        match = pattern.match(text, place)
        if match:
            minutes += int(match[1]) * size
            place = _skipped(text, match.end())
    rest = scan_duration(text, place) if place < len(text) else None
    if rest:
        minutes, place = minutes + rest[0], rest[1]
    length = timedelta(minutes=minutes)
    return length if place == len(text) and timedelta() < length <= MOST else None


def _skipped(text: str, place: int) -> int:
    """Return where the next piece begins."""
    match = _FILLER.match(text, place)
    return match.end() if match else place
