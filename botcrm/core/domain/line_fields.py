"""Read the company's own fields in a line: `budget:12k`, `from:24 nov`, `kind:"flat roof"`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botcrm.core.domain import shapes
from botcrm.core.domain.custom_errors import BadValue, NothingSaid
from botcrm.core.domain.text import fold

_FIELD = re.compile(r"([^\W\d_][\w-]*)[:：][^\S\r\n]?(?=\S)")
# A key that the line ends with.
_EMPTY = re.compile(r"([^\W\d_][\w-]*)[:：][^\S\r\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field as lines read it.

    :ivar read: returns what a text means, None where it empties the field, or raises BadValue
    :ivar words: how many words a value may have without quotes, as in “12 000 PLN”
    :ivar listed: whether a value goes on behind a comma
    :ivar name: what it is called, for what is said of it
    :ivar dated: a date behind its key is its value without a colon, too: `close 24 dec`
    """

    read: Callable[[str], Any]
    words: int = 1
    listed: bool = False
    name: str = ""
    dated: bool = False


Fields = Mapping[str, OwnField]
"""Of one verb's lines, by key."""


def keys_in(text: str) -> list[tuple[str, str]]:
    """Return what may be fields in a text: each key, folded, with the word behind it, empty where there is none."""
    empty = [(fold(match[1]), "") for match in _EMPTY.finditer(text)]
    return empty + [(fold(match[1]), text[match.end() :].split(maxsplit=1)[0]) for match in _FIELD.finditer(text)]


@dataclass(frozen=True, slots=True)
class FieldFound:
    """A key of a field at one place of a line.

    :ivar readings: each end that a value can have, the longest first, with the value
    :ivar refused: what is wrong with the shortest one, where none can be read
    """

    key: str
    readings: tuple[tuple[int, Any], ...]
    refused: BadValue | None


def find_field(raw: str, pos: int, fields: Fields, ends: Callable[[int], bool]) -> FieldFound | None:
    """Find a field at a place of a line; None where no key of a field stands there.

    :param ends: whether no value goes on at a place, as where the next step begins
    """
    match = _FIELD.match(raw, pos) or _EMPTY.match(raw, pos)
    own = fields.get(fold(match[1])) if match is not None else None
    if match is None or own is None:
        return None
    if not raw[match.end() :].strip() or raw[match.end()] in "\r\n":
        return FieldFound(fold(match[1]), (), NothingSaid(what=own.name, key=fold(match[1])))
    readings, refused = [], None
    for end, text in _values(raw, match.end(), own, ends):
        try:
            readings.append((end, own.read(text)))
        except BadValue as error:
            refused = refused or error
    return FieldFound(fold(match[1]), tuple(reversed(readings)), None if readings else refused)


def _values(raw: str, start: int, own: OwnField, ends: Callable[[int], bool]) -> Iterator[tuple[int, str]]:
    """Yield the texts that a value can be, the shortest first, each with its end."""
    if raw[start] in shapes.QUOTES:
        end = shapes.quoted_end(raw, start)
        if end > 0:
            yield end, raw[start + 1 : end - 1].strip()
            return
    end = start
    for count in range(own.words):
        space = shapes.SPACE.match(raw, end)
        begin = space.end() if space is not None else end
        word = shapes.WORD.match(raw, begin)
        if word is None or "\n" in raw[end:begin] or (count and ends(begin)):
            return
        end = word.end()
        yield end, raw[start:end].strip().rstrip(",;")
        if raw[end - 1] in ",;" and not own.listed:
            return
