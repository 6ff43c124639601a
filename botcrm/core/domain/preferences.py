"""The settings people change in the chat: each with its kind, default, meaning, and who may choose it.

A person's choice goes before the company's, the company's before what the process was started with, that before the default.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import time
from typing import Any

from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.worktime import read_working_hours
from botcrm.core.domain.zones import valid_zone


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings in force for one reader."""

    zone: str = "UTC"
    language: str = "en"
    currency: str = "EUR"
    region: str = "US"
    working_hours: str = "Mon-Fri 09:00-18:00"
    holidays: str = ""
    reminder_minutes: int = 15
    overdue_hours: float = 2.0
    digest_at: str = "09:00"
    digest: bool = True
    smart_activity: bool = True

    @property
    def digest_time(self) -> time:
        """Return when the morning digest comes, in the reader's zone."""
        return time.fromisoformat(self.digest_at)


@dataclass(frozen=True, slots=True)
class Preference:
    """One setting: how it is named, what it means, how a typed value is read."""

    key: str
    meaning: str
    example: str
    read: Callable[[str], Any]
    personal: bool = False


def _zone(text: str) -> str:
    if not valid_zone(text):
        raise ValueError
    return text


def _hours(text: str) -> str:
    read_working_hours(text)
    return text


def _clock(text: str) -> str:
    found = re.fullmatch(r"([01]?\d|2[0-3])(?:[:.]([0-5]\d))?", text.strip())
    if not found:
        raise ValueError
    return f"{int(found[1]):02d}:{found[2] or '00'}"


def _switch(text: str) -> bool:
    word = text.strip().casefold()
    if word in {"on", "yes", "true", "1"}:
        return True
    if word in {"off", "no", "false", "0"}:
        return False
    raise ValueError


def _matching(pattern: str, change: Callable[[str], str] = str.upper) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text.strip(), re.IGNORECASE):
            raise ValueError
        return change(text.strip())

    return read


def _between(low: float, high: float, kind: Callable[[str], Any] = int) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = kind(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return read


PREFERENCES = {
    preference.key: preference
    for preference in (
        Preference("zone", "Time zone (IANA name)", "Europe/Warsaw", _zone, personal=True),
        Preference("language", "Language of the texts", "en", _matching("en", str.lower), personal=True),
        Preference("currency", "Currency of new deals", "PLN", _matching("[a-z]{3}")),
        Preference("region", "Country that phone numbers without a code belong to", "PL", _matching("[a-z]{2}")),
        Preference("working_hours", "Working hours of the company", "Mon-Fri 09:00-18:00", _hours),
        Preference("holidays", "Country whose public holidays are free (empty: none)", "PL", _matching("([a-z]{2})?")),
        Preference(
            "reminder_minutes", "Minutes before an activity to remind you", "15", _between(0, 1440), personal=True
        ),
        Preference(
            "overdue_hours", "Working hours until a manager hears of what is overdue", "2", _between(0, 240, float)
        ),
        Preference("digest_at", "When the morning digest comes", "9:00", _clock, personal=True),
        Preference("digest", "Morning digest (on or off)", "on", _switch, personal=True),
        Preference(
            "smart_activity", "Suggest a next step where none is planned (on or off)", "on", _switch, personal=True
        ),
    )
}


def read_preference(key: str, text: str) -> Any:
    """Read a typed value of a setting.

    :raises InvalidValue: the setting is unknown or the value is not one of its kind
    """
    preference = PREFERENCES.get(key)
    if preference is None:
        raise InvalidValue(what="setting", value=key, how="Known settings: " + ", ".join(PREFERENCES) + ".")
    try:
        return preference.read(text.strip())
    except (ValueError, ArithmeticError):
        raise InvalidValue(what=key, value=text, how=f"For example: {preference.example}.") from None


def in_force(defaults: Preferences, company: Mapping[str, Any], own: Mapping[str, Any]) -> Preferences:
    """Lay the company's and a person's choices over the defaults; unknown keys are passed over."""
    known = {item.name for item in fields(Preferences)}
    chosen = {key: value for key, value in {**company, **own}.items() if key in known and value is not None}
    values = {name: getattr(defaults, name) for name in known} | chosen
    return Preferences(**values)
