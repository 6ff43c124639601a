"""Read lengths of time: `15m`, `1h30`, `90 min`, `15мин`, `15分`."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

MOST_MINUTES = 60 * 24 * 31

_HOUR = r"(?:hours?|hrs?|h|часов|часа|час|ч|godzin[aęy]?|godz|g|時間|小时)\.?"
_MINUTE = r"(?:minutes?|mins?|min|m|'|′|минут[аыу]?|мин|м|minut[aęy]?|分間?|分钟)\.?"
_LENGTH = re.compile(
    rf"""
    (?: (?P<hours>\d{{1,3}}(?:[.,]\d{{1,2}})?) \s? {_HOUR}
        (?: \s? (?P<rest>\d{{1,2}}) (?: \s? {_MINUTE} )? )?
      | (?P<minutes>\d{{1,5}}) \s? {_MINUTE}
      | (?P<half>half \s an \s hour|полчаса|pół \s godziny|半時間)
      | (?P<hour>an \s hour)
    )
    (?= [,;:.!?)]* (?:\s|$) )
    """,
    re.VERBOSE | re.IGNORECASE,
)


def read_duration(text: str) -> int | None:
    """Read a length of time that is the whole text; minutes (1 to MOST_MINUTES), or None.

    Fractions are of hours (`1.5h`, `1,5h`) and round to the nearest minute.
    """
    text = text.strip()
    found = scan_duration(text)
    return found[0] if found is not None and found[1] == len(text) else None


def scan_duration(text: str, start: int = 0) -> tuple[int, int] | None:
    """Read the longest length of time that starts at `start`: (minutes, end)."""
    match = _LENGTH.match(text, start)
    if match is None:
        return None
    if match["half"] or match["hour"]:
        return (30 if match["half"] else 60), match.end()
    if match["minutes"]:
        minutes = int(match["minutes"])
    else:
        hours = Decimal(match["hours"].replace(",", "."))
        rest = int(match["rest"] or 0)
        if rest >= 60 or (rest and hours != int(hours)):
            return None
        minutes = int((hours * 60).quantize(Decimal(1), ROUND_HALF_UP)) + rest
    return (minutes, match.end()) if 1 <= minutes <= MOST_MINUTES else None
