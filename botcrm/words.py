"""Words for one reader: gettext in their language, and amounts, moments and durations as they write them."""

import copy
import functools
import gettext
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from botcrm.core.domain.preferences import Preferences
from botcrm.core.domain.zones import to_wall

_LOCALES = Path(__file__).parent / "locales"
# English texts use the day-month order that chat.md shows.
_FORMATS = {"en": "en_GB"}


@functools.cache
def _translations(language: str) -> gettext.NullTranslations:
    return gettext.translation("botcrm", _LOCALES, languages=[language], fallback=True)


@functools.lru_cache(maxsize=256)
def _with_ours(domain: str, folder: Path, language: str) -> gettext.NullTranslations:
    """Return a plugin's catalogue that asks ours for what it lacks."""
    theirs = gettext.translation(domain, folder, languages=[language], fallback=True)
    if not isinstance(theirs, gettext.GNUTranslations):
        return _translations(language)
    # gettext hands out a copy at each call, so its own fallback may be set.
    theirs.add_fallback(_translations(language))
    return theirs


@functools.lru_cache(maxsize=4096)
def _money(amount: Decimal, currency: str, locale: str) -> str:
    from babel import Locale
    from babel.numbers import format_currency

    whole = amount == amount.to_integral_value()
    pattern = str(Locale.parse(locale).currency_formats["standard"].pattern)
    if whole:
        pattern = re.sub(r"\.0+", "", pattern)
    text = str(format_currency(amount, currency, pattern, locale, currency_digits=not whole)).replace("\xa0", " ")
    # A code reads better apart from its amount: PLN 12,000, but €12,000.
    return re.sub(r"(?<=[A-Za-z])(?=\d)", " ", text, count=1)


@functools.lru_cache(maxsize=2048)
def _day(year: int, month: int, day: int, locale: str, with_year: bool) -> str:
    from babel.dates import format_skeleton

    text = format_skeleton("yMMMEd" if with_year else "MMMEd", datetime(year, month, day), locale=locale)
    return str(text).replace(",", "").replace("\xa0", " ")


class Phrase(str):
    """A text of a plugin, to be shown by whoever shows it: `Words.t` looks it up in the plugin's own catalogue."""

    __slots__ = ("domain", "folder")

    domain: str
    folder: Path

    @classmethod
    def of(cls, text: str, domain: str, folder: Path) -> "Phrase":
        """Return a text with where its translations are: <folder>/<language>/LC_MESSAGES/<domain>.mo."""
        phrase = cls(text)
        phrase.domain, phrase.folder = domain, folder
        return phrase


class Words:
    """How to speak to one reader at one moment."""

    def __init__(self, prefs: Preferences, now: datetime) -> None:
        self.prefs = prefs
        self.now = now
        self._catalogue = _translations(prefs.language)
        self._locale = _FORMATS.get(prefs.language, prefs.language)

    def with_catalogue(self, domain: str, folder: Path | None) -> "Words":
        """Return words that look texts up in a plugin's catalogue first: <folder>/<language>/LC_MESSAGES/<domain>.mo."""
        if folder is None:
            return self
        words = copy.copy(self)
        words._catalogue = _with_ours(domain, folder, self.prefs.language)
        return words

    def t(self, message: str, **values: Any) -> str:
        """Translate a text and fill its {places}."""
        catalogue = self._catalogue
        if isinstance(message, Phrase):
            catalogue = _with_ours(message.domain, message.folder, self.prefs.language)
        text = catalogue.gettext(message)
        return text.format(**values) if values else text

    def n(self, one: str, many: str, count: int, **values: Any) -> str:
        """Translate a text that counts something; {n} is the count."""
        return self._catalogue.ngettext(one, many, count).format(n=count, **values)

    def money(self, amount: Decimal | None, currency: str) -> str:
        """Write an amount; empty where there is none."""
        return _money(amount, currency, self.prefs.language) if amount is not None else ""

    def wall(self, moment: datetime) -> datetime:
        """Return a moment as the reader's wall clock shows it."""
        return to_wall(moment, self.prefs.zone)

    def clock(self, wall: datetime) -> str:
        """Write a time of day."""
        return f"{wall.hour}:{wall.minute:02d}"

    @functools.cached_property
    def _today(self) -> date:
        return self.wall(self.now).date()

    def day(self, wall: datetime) -> str:
        """Write a day: today, tomorrow, yesterday, or the date, with its year when that is another one."""
        match (wall.date() - self._today).days:
            case 0:
                return self.t("today")
            case 1:
                return self.t("tomorrow")
            case -1:
                return self.t("yesterday")
        return self.date(wall)

    def date(self, wall: datetime) -> str:
        """Write a date with its weekday."""
        far = abs((wall.date() - self._today).days) > 300
        return _day(wall.year, wall.month, wall.day, self._locale, far)

    def when(self, moment: datetime | None, has_time: bool = True) -> str:
        """Write when something is, to the minute: the date itself and the time."""
        if moment is None:
            return self.t("no time yet")
        wall = self.wall(moment)
        return f"{self.date(wall)} {self.clock(wall)}" if has_time else self.date(wall)

    def soon(self, moment: datetime | None, has_time: bool = True) -> str:
        """Write when something is as one says it: today 15:00, tomorrow, Tue 24 Nov 9:00."""
        if moment is None:
            return self.t("no time yet")
        wall = self.wall(moment)
        return f"{self.day(wall)} {self.clock(wall)}" if has_time else self.day(wall)

    def minutes(self, minutes: int) -> str:
        """Write a duration: 15 min, 1 h 30 min."""
        hours, rest = divmod(minutes, 60)
        if not hours:
            return self.t("{n} min", n=rest)
        return self.t("{h} h {n} min", h=hours, n=rest) if rest else self.t("{h} h", h=hours)

    def ago(self, moment: datetime) -> str:
        """Write how long something lasts already, in its largest unit."""
        return self.span(self.now - moment)

    def span(self, length: timedelta) -> str:
        """Write a length of time in its largest unit."""
        minutes = int(length.total_seconds() // 60)
        if minutes < 60:
            return self.n("{n} minute", "{n} minutes", max(minutes, 0))
        if minutes < 48 * 60:
            return self.n("{n} hour", "{n} hours", minutes // 60)
        return self.n("{n} day", "{n} days", minutes // (24 * 60))

    def days_since(self, moment: datetime) -> int:
        """Count the reader's midnights since a moment."""
        return (self._today - self.wall(moment).date()).days
