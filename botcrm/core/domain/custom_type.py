"""What a type of own field is: how it reads, shows, writes, indexes and compares its values."""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from botcrm.core.domain.text import fold

Json = Any
Names = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What reading a value depends on.

    :ivar name: what the field is called, for what is said of a wrong value
    :ivar now: naive wall time of the writer
    :ivar names: what can be chosen, by id: a list's words, the people, the files
    :ivar me: who writes, for “me”
    """

    name: str
    now: datetime
    language: str = "en"
    currency: str = "EUR"
    names: Names = field(default_factory=dict)
    me: int | None = None


@dataclass(frozen=True, slots=True)
class Indexed:
    """One row of a value as filters see it: a folded text, a number, a moment."""

    text: str | None = None
    number: Decimal | None = None
    moment: datetime | None = None


class Reader(Protocol):
    """How one reader is spoken to; `botcrm.words.Words` is one."""

    @property
    def prefs(self) -> Any: ...

    def t(self, message: str, **values: Any) -> str: ...

    def money(self, amount: Decimal | None, currency: str) -> str: ...

    def date(self, wall: datetime) -> str: ...


class ValueType(ABC):
    """A type of values.

    :cvar name: how it is stored
    :cvar label: what people call it
    :cvar example: a value as one types it; empty where the choices say it all
    :cvar names_of: what its values are ids of: choice, person, file; empty where they are values themselves
    :cvar many: a value is a list
    """

    name: ClassVar[str]
    label: ClassVar[str]
    sign: ClassVar[str]
    example: ClassVar[str] = ""
    names_of: ClassVar[str] = ""
    many: ClassVar[bool] = False

    @abstractmethod
    def read(self, text: str, context: ReadContext) -> Json:
        """Return what a text means.

        :raises BadValue: it means nothing of this type
        """

    def take(self, value: object, context: ReadContext) -> Json:
        """Return a value that a program gives: a text is read, JSON of the type's own or the natural Python type is taken.

        :raises BadValue: it is none of this type
        """
        return self.read(value if isinstance(value, str) else str(value), context)

    def show(self, value: Json, words: Reader, names: Names) -> str:
        """Write a value for a reader, as plain text."""
        return self.write(value, names)

    def write(self, value: Json, names: Names) -> str:
        """Write a value for a file; `read` reads it again, whatever the language."""
        return str(value)

    def index(self, value: Json, names: Names) -> list[Indexed]:
        """Return the rows that filters look through."""
        return [Indexed(text=fold(str(value))[:300])]

    def key(self, value: Json, names: Names) -> Any:
        """Return what two values are compared by."""
        return fold(str(value))


def tidy(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()
