"""Read the day that a deal is expected to close."""

from __future__ import annotations

from datetime import date, datetime

from botcrm.core.domain.custom_values import Day, ReadContext
from botcrm.core.domain.dates import WhenFound, read_when


def read_close(text: str, now: datetime, language: str, name: str) -> date:
    """Read a day: the next such date, a past one only where its year is said.

    :param now: naive wall time of the reader
    :param name: what the field is called, for what is wrong with it
    :raises BadValue: it is no day, or can be several
    """
    found = read_when(text, now, language)
    if isinstance(found, WhenFound) and not found.rest.strip():
        return found.at.date()
    return date.fromisoformat(str(Day().read(text, ReadContext(name, now, language))))
