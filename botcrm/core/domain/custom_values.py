"""What a field that a company made for itself can hold: one class a type, found by its name in `TYPES`.

A type reads what a person typed, shows it to a reader, writes it into a file, indexes it for filters, and says what is wrong.
What it makes is JSON; a list's words, people and files are kept by their ids, so that a new name shows everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar

from botcrm.core.domain.custom_errors import (
    AmbiguousValue,
    BadValue,
    NoSuchChoice,
    NoSuchFile,
    NoSuchPerson,
    NotADate,
    NotALink,
    NotATime,
    NotText,
    NotYesOrNo,
    TooLong,
    UnclearDate,
)
from botcrm.core.domain.custom_numbers import Amount, Number, read_number
from botcrm.core.domain.custom_type import Indexed, Json, Names, ReadContext, Reader, ValueType, tidy
from botcrm.core.domain.dates import WhenUnclear, read_when
from botcrm.core.domain.text import fold

__all__ = ["TYPES", "BadValue", "Indexed", "Json", "Names", "ReadContext", "Reader", "ValueType", "read_number"]

_MOST_TEXT = 1000
_MOST_SHOWN = 12


class Text(ValueType):
    name, label, sign, example = "text", "Text", "🔤", "any words"

    def read(self, text: str, context: ReadContext) -> Json:
        text = text.replace("\0", "").strip()
        if not text:
            raise NotText(what=context.name, value=text)
        if len(text) > _MOST_TEXT:
            raise TooLong(what=context.name, value=text[:30], most=_MOST_TEXT)
        return text


class Day(ValueType):
    name, label, sign, example = "date", "Date", "📅", "24 nov"

    def read(self, text: str, context: ReadContext) -> Json:
        said = tidy(text)
        try:
            return (
                date.fromisoformat(said).isoformat()
                if re.fullmatch(r"\d{4}-\d\d-\d\d", said)
                else self._said(said, context)
            )
        except ValueError:
            raise NotADate(what=context.name, value=text) from None

    def _said(self, text: str, context: ReadContext) -> Json:
        found = read_when(text, context.now, context.language, allow_past=True)
        if found is None or found.rest.strip() or (not isinstance(found, WhenUnclear) and found.has_time):
            raise NotADate(what=context.name, value=text)
        if isinstance(found, WhenUnclear):
            days = sorted({option.at.date().isoformat() for option in found.options})
            if not days:
                raise NotADate(what=context.name, value=text)
            if len(days) != 1:
                raise UnclearDate(what=context.name, value=text, days=", ".join(days))
            return days[0]
        return found.at.date().isoformat()

    def take(self, value: object, context: ReadContext) -> Json:
        if isinstance(value, date):
            return (value.date() if isinstance(value, datetime) else value).isoformat()
        return super().take(value, context)

    def show(self, value: Json, words: Reader, names: Names) -> str:
        day = date.fromisoformat(value)
        return words.date(datetime(day.year, day.month, day.day))

    def index(self, value: Json, names: Names) -> list[Indexed]:
        day = date.fromisoformat(value)
        return [Indexed(moment=datetime(day.year, day.month, day.day, tzinfo=UTC))]

    def key(self, value: Json, names: Names) -> Any:
        return date.fromisoformat(value)


class Clock(ValueType):
    name, label, sign, example = "time", "Time of day", "🕘", "9:30"

    _TIME = re.compile(r"(\d{1,2})(?:\s*[:.h時]\s*(\d{2})?\s*分?)?\s*(am|pm)?", re.IGNORECASE)

    def read(self, text: str, context: ReadContext) -> Json:
        match = self._TIME.fullmatch(tidy(text))
        if match is None:
            raise NotATime(what=context.name, value=text)
        hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "pm" else 0)
        elif half:
            hour = 24
        if hour > 23 or minute > 59:
            raise NotATime(what=context.name, value=text)
        return f"{hour:02d}:{minute:02d}"

    def take(self, value: object, context: ReadContext) -> Json:
        if isinstance(value, time):
            return f"{value.hour:02d}:{value.minute:02d}"
        return super().take(value, context)

    def show(self, value: Json, words: Reader, names: Names) -> str:
        return str(value).removeprefix("0")

    def index(self, value: Json, names: Names) -> list[Indexed]:
        at = time.fromisoformat(value)
        return [Indexed(text=value, number=Decimal(at.hour * 60 + at.minute))]

    def key(self, value: Json, names: Names) -> Any:
        return time.fromisoformat(value)


class _Named(ValueType):
    """What is chosen by name and kept by id."""

    def take(self, value: object, context: ReadContext) -> Json:
        if isinstance(value, int) and not isinstance(value, bool) and value in context.names:
            return value
        return super().take(value, context)

    def write(self, value: Json, names: Names) -> str:
        return names.get(value, "?")

    def index(self, value: Json, names: Names) -> list[Indexed]:
        # By its id alone: what people and files are called is looked up when somebody asks for them.
        return [Indexed(number=Decimal(value))]

    def key(self, value: Json, names: Names) -> Any:
        return fold(names.get(value, ""))


class Pick(_Named):
    name, label, sign, names_of = "list", "List", "📋", "choice"

    def read(self, text: str, context: ReadContext) -> Json:
        return _one_of(text, context)

    def index(self, value: Json, names: Names) -> list[Indexed]:
        return [Indexed(text=fold(names.get(value, ""))[:300], number=Decimal(value))]


class Picks(ValueType):
    name, label, sign, names_of, many = "multi", "List, several", "🗂", "choice", True

    def read(self, text: str, context: ReadContext) -> Json:
        pieces = [piece.strip() for piece in re.split(r"[,;\n、，]", text)]
        if not any(pieces):
            raise NoSuchChoice(what=context.name, value=text, choices=_some(context.names.values()))
        return list(dict.fromkeys(_one_of(piece, context) for piece in pieces if piece))

    def take(self, value: object, context: ReadContext) -> Json:
        if isinstance(value, list | tuple | set | frozenset) and value:
            one = TYPES["list"]
            return list(dict.fromkeys(one.take(each, context) for each in value))
        return super().take(value, context)

    def write(self, value: Json, names: Names) -> str:
        # Two words that were merged are one.
        return ", ".join(dict.fromkeys(names.get(one, "?") for one in value))

    def index(self, value: Json, names: Names) -> list[Indexed]:
        return [row for one in value for row in TYPES["list"].index(one, names)]

    def key(self, value: Json, names: Names) -> Any:
        return sorted(fold(names.get(one, "")) for one in value)


class YesNo(ValueType):
    name, label, sign, example = "yes_no", "Yes or no", "☑", "yes"

    _YES: ClassVar = frozenset(["yes", "y", "true", "on", "1", "+", "✓", "✅", "да", "д", "tak", "t", "はい"])
    _NO: ClassVar = frozenset(["no", "n", "false", "off", "0", "-", "−", "✗", "❌", "нет", "н", "nie", "いいえ"])

    def read(self, text: str, context: ReadContext) -> Json:
        word = fold(text)
        if word not in self._YES | self._NO:
            raise NotYesOrNo(what=context.name, value=text)
        return word in self._YES

    def show(self, value: Json, words: Reader, names: Names) -> str:
        return words.t("yes") if value else words.t("no")

    def write(self, value: Json, names: Names) -> str:
        return "yes" if value else "no"

    def index(self, value: Json, names: Names) -> list[Indexed]:
        return [Indexed(text=self.write(value, names), number=Decimal(int(value)))]

    def key(self, value: Json, names: Names) -> Any:
        return bool(value)


class Person(_Named):
    name, label, sign, example, names_of = "person", "Colleague", "👤", "Anna", "person"

    _ME: ClassVar = frozenset(("me", "я", "ja", "私"))

    def read(self, text: str, context: ReadContext) -> Json:
        wanted = fold(text.strip().lstrip("@"))
        if wanted in self._ME and context.me in context.names:
            return context.me
        exact = [one for one, name in context.names.items() if fold(name) == wanted]
        starts = [
            one
            for one, name in context.names.items()
            if wanted and (fold(name).startswith(wanted) or any(word.startswith(wanted) for word in fold(name).split()))
        ]
        for found in (exact, starts):
            if len(found) == 1:
                return found[0]
            if found:
                names = _some(context.names[one] for one in found)
                raise AmbiguousValue(what=context.name, value=text, choices=names)
        raise NoSuchPerson(what=context.name, value=text)


class Link(ValueType):
    name, label, sign, example = "link", "Link", "🔗", "example.com/page"

    _LINK = re.compile(r"(?:(https?|tg)://)?([^\s/?#@]+)([/?#]\S*)?", re.IGNORECASE)
    _HOST = re.compile(
        r"(?:[\w-]{1,63}\.)+[^\W\d_]{2,63}(?::\d{1,5})?|\[[0-9a-f:]+\]|localhost(?::\d{1,5})?", re.IGNORECASE
    )

    def read(self, text: str, context: ReadContext) -> Json:
        text = text.strip()
        match = self._LINK.fullmatch(text)
        if match is None or ((match[1] or "").lower() != "tg" and not self._HOST.fullmatch(match[2])):
            raise NotALink(what=context.name, value=text)
        if len(text) > _MOST_TEXT:
            raise TooLong(what=context.name, value=text[:30], most=_MOST_TEXT)
        return text if match[1] else f"https://{text}"


class Document(_Named):
    name, label, sign, example, names_of = "file", "File", "📎", "f12", "file"

    def read(self, text: str, context: ReadContext) -> Json:
        match = re.fullmatch(r"/?f?(\d{1,9})", text.strip(), re.IGNORECASE)
        if match is None or int(match[1]) not in context.names:
            raise NoSuchFile(what=context.name, value=text)
        return int(match[1])

    def write(self, value: Json, names: Names) -> str:
        return f"f{value}"

    def show(self, value: Json, words: Reader, names: Names) -> str:
        return f"{names[value]} (f{value})" if names.get(value) else f"f{value}"


TYPES: Mapping[str, ValueType] = {
    one.name: one
    for one in (
        Text(),
        Number(),
        Amount(),
        Day(),
        Clock(),
        Pick(),
        Picks(),
        YesNo(),
        Person(),
        Link(),
        Document(),
    )
}
"""The types by name: text, number, money, date, time, list, multi, yes_no, person, link, file."""


def _one_of(text: str, context: ReadContext) -> int:
    """Return the choice of a name, or of the only one that starts so."""
    wanted = fold(text)
    folded = {one: fold(name) for one, name in context.names.items()}
    exact = [one for one, name in folded.items() if name == wanted]
    starts = [one for one, name in folded.items() if wanted and name.startswith(wanted)]
    found = exact[:1] or starts
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousValue(what=context.name, value=text, choices=_some(context.names[one] for one in found))
    raise NoSuchChoice(what=context.name, value=text, choices=_some(context.names.values()))


def _some(names: Any) -> str:
    listed: Sequence[str] = list(names)
    return ", ".join(listed[:_MOST_SHOWN]) + (" …" if len(listed) > _MOST_SHOWN else "")
