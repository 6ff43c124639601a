"""The settings people change in the chat: each with its kind, default, meaning, and who may choose it.

A person's choice goes before the company's, the company's before what the process was started with, that before the default.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import time
from typing import Any

from botcrm.core.domain.days_off import read_days_off, read_spans, show_spans
from botcrm.core.domain.due import WEEK_STARTS
from botcrm.core.domain.errors import InvalidValue
from botcrm.core.domain.reminding import read_by_kind, read_quiet, show_by_kind, show_quiet
from botcrm.core.domain.worktime import country_holidays, read_working_hours
from botcrm.core.domain.zones import valid_zone

# What people type for "no such thing".
NOTHING = frozenset({"off", "no", "none", "-", "never"})


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings in force for one reader."""

    zone: str = "UTC"
    language: str = "en"
    currency: str = "EUR"
    region: str = "US"
    working_hours: str = "Mon-Fri 09:00-18:00"
    holidays: str = ""
    days_off: str = ""
    leave: str = ""
    reminder_minutes: int = 15
    reminder_kinds: str = ""
    repeat_kinds: str = ""
    quiet_hours: str = "22:00-07:00"
    overdue_owner_hours: float = 1.0
    overdue_hours: float = 2.0
    overdue_head_hours: float = 8.0
    ping_minutes: int = 10
    digest_at: str = "09:00"
    digest: bool = True
    evening_at: str = "18:00"
    evening: bool = True
    smart_activity: bool = True
    week_start: str = "Mon"
    count_by: str = "deal"
    pinned: bool = False
    keep_updates_days: int = 30
    # Changes with every change of the company's own fields and their words, 0 where there are none: no setting of anybody's.
    own_fields: int = 0

    @property
    def digest_time(self) -> time:
        """Return when the morning digest comes, in the reader's zone."""
        return time.fromisoformat(self.digest_at)

    @property
    def evening_time(self) -> time:
        """Return when the evening digest comes, in the reader's zone."""
        return time.fromisoformat(self.evening_at)


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


def _quiet(text: str) -> str:
    return "" if text.strip().casefold() in NOTHING else show_quiet(read_quiet(text))


def _by_kind(text: str) -> str:
    return "" if text.strip().casefold() in NOTHING else show_by_kind(read_by_kind(text))


def _again_by_kind(text: str) -> str:
    found = {} if text.strip().casefold() in NOTHING else read_by_kind(text)
    if any(len(minutes) > 1 or (minutes and minutes[0] < 5) for minutes in found.values()):
        raise ValueError(text)
    return show_by_kind(found)


def _switch(text: str) -> bool:
    word = text.strip().casefold()
    if word in {"on", "yes", "true", "1"}:
        return True
    if word in {"off", "no", "false", "0"}:
        return False
    raise ValueError


def _country(text: str) -> str:
    if text.strip().casefold() in ("", *NOTHING):
        return ""
    country_holidays(text, (2026,))
    return text.strip().upper()


def _days_off(text: str) -> str:
    if text.strip().casefold() in NOTHING:
        return ""
    read_days_off(text)
    return " ".join(text.split())


def _leave(text: str) -> str:
    return "" if text.strip().casefold() in NOTHING else show_spans(read_spans(text))


def _week_start(text: str) -> str:
    found = text.strip()[:3].capitalize()
    if found.casefold() not in WEEK_STARTS:
        raise ValueError(text)
    return found


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
        Preference(
            "working_hours", "Working hours of the company, breaks and all", "Mon-Thu 9-13, 14-18; Fri 9-16", _hours
        ),
        Preference("holidays", "Country whose public holidays are free, or a part of it (off: none)", "PL", _country),
        Preference(
            "days_off",
            "The company's own days off: each year, or once where a year is named (off: none)",
            "24.12, 27.12-31.12, 2.5.2026",
            _days_off,
        ),
        Preference(
            "leave",
            "Days you are away: nothing is suggested for them, /leave takes them down too (off: none)",
            "2026-12-01..2026-12-07",
            _leave,
            personal=True,
        ),
        Preference(
            "reminder_minutes", "Minutes before an activity to remind you", "15", _between(0, 1440), personal=True
        ),
        Preference(
            "reminder_kinds",
            "Other reminders by kind of activity, several where wanted; 0: only at the time",
            "meeting 1d 1h, call 5m",
            _by_kind,
            personal=True,
        ),
        Preference(
            "repeat_kinds",
            "Kinds of activity to remind of again, in working time, until they are done",
            "call 1h",
            _again_by_kind,
            personal=True,
        ),
        Preference(
            "quiet_hours",
            "Hours without reminders: they wait until the end; what is due within is told at the start (off: none)",
            "22:00-7:00",
            _quiet,
            personal=True,
        ),
        Preference(
            "overdue_owner_hours",
            "Working hours until whoever is late is told again (0: never)",
            "1",
            _between(0, 240, float),
        ),
        Preference(
            "overdue_hours", "Working hours until a manager hears of what is overdue", "2", _between(0, 240, float)
        ),
        Preference(
            "overdue_head_hours",
            "Working hours until the manager's own manager hears of it (0: never)",
            "8",
            _between(0, 240, float),
        ),
        Preference(
            "ping_minutes",
            "Minutes between two messages about what is overdue: what comes up meanwhile goes together",
            "10",
            _between(0, 240),
            personal=True,
        ),
        Preference("digest_at", "When the morning digest comes", "9:00", _clock, personal=True),
        Preference("digest", "Morning digest (on or off)", "on", _switch, personal=True),
        Preference("evening_at", "When the evening digest comes", "18:00", _clock, personal=True),
        Preference("evening", "Evening digest (on or off)", "on", _switch, personal=True),
        Preference(
            "smart_activity", "Suggest a next step where none is planned (on or off)", "on", _switch, personal=True
        ),
        Preference("week_start", "The day a week starts on: Mon, Sat or Sun", "Sun", _week_start, personal=True),
        Preference(
            "count_by",
            "Whom a planned activity counts for: the responsible of its deal, or its own (deal or activity)",
            "deal",
            _matching("deal|activity", str.lower),
        ),
        Preference("pinned", "Your counters in a pinned message (on or off)", "on", _switch, personal=True),
        Preference(
            "keep_updates_days", "Days for which messages are kept as Telegram sent them", "30", _between(1, 3650)
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
