"""Whom an erasure looks for, and how what tells of them is taken out of a row."""

import html
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from botcrm.core import db
from botcrm.core.domain.personal import GONE, Traces, scrubbed
from botcrm.core.services.personal.person import Person
from botcrm.core.services.work import Work

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hunt:
    """Whom to look for.

    :ivar strong: what tells of them wherever it stands
    :ivar loose: what tells of them in a copy or a log, a single name, too
    :ivar only: the same, and each word of their names that is in nobody else's
    :ivar sayings: how things begin that were said with them, in small letters
    :ivar operation_id: the operation that looks, which is passed over
    """

    person: Person
    strong: re.Pattern[str]
    loose: re.Pattern[str]
    only: re.Pattern[str]
    sayings: tuple[str, ...]
    operation_id: int

    @classmethod
    def of(
        cls,
        person: Person,
        strong: Traces,
        loose: Traces,
        sayings: Iterable[str],
        operation_id: int,
        own: Iterable[str] = (),
    ) -> "Hunt":
        """Make it of traces, and of the words of the person's names that are in nobody else's."""
        nobody = re.compile(r"(?!)")
        only = Traces((*strong.words, *own), strong.numbers)
        first, second, third = (one.pattern() or nobody for one in (strong, loose, only))
        return cls(person, first, second, third, tuple(sayings), operation_id)

    def in_copy(self, text: str) -> bool:
        """Tell whether a copy tells of the person."""
        if self.loose.search(text):
            return True
        low = text.lower()
        return any(saying in low for saying in self.sayings)


@dataclass(frozen=True, slots=True)
class Table:
    """A table to look through: its columns of words, those of them that hold JSON, and how one row is dealt with."""

    name: str
    columns: tuple[str, ...]
    json: frozenset[str]
    more: tuple[str, ...]
    sweep: "Sweep"


Sweep = Callable[[Work, Hunt, Table, list[Row]], Awaitable[int]]


def clean(table: Table, row: Row, column: str, pattern: re.Pattern[str]) -> Any:
    """Return a column's value without what tells of the person; the same object where nothing does."""
    value = row[column]
    if value is None:
        return value
    if column not in table.json:
        text = str(value)
        return pattern.sub(GONE, text) if pattern.search(text) else value
    if isinstance(value, str) and "\\u" not in value and not pattern.search(value):
        return value
    document = db.from_json(value)
    left = scrubbed(document, pattern)
    return value if left == document else db.to_json(left)


def cleaned(table: Table, row: Row, pattern: re.Pattern[str]) -> Row:
    """Return the columns that tell of the person, without what does."""
    left = {name: clean(table, row, name, pattern) for name in table.columns}
    return {name: value for name, value in left.items() if value is not row[name]}


async def write(table: str, row_id: int, values: Row) -> None:
    """Write some columns of a row."""
    columns = ", ".join(f'"{name}" = ?' for name in values)
    await db.execute(f'UPDATE "{table}" SET {columns} WHERE id = ?', *values.values(), row_id)


async def delete(table: str, ids: Iterable[int]) -> None:
    """Delete rows."""
    await db.execute_many(f'DELETE FROM "{table}" WHERE id = ?', [(one,) for one in ids])


async def scrub(pattern: re.Pattern[str], table: Table, rows: list[Row]) -> int:
    """Take out of each row what tells of the person; returns how many did."""
    changed = 0
    for row in rows:
        values = cleaned(table, row, pattern)
        if values:
            await write(table.name, row["id"], values)
            changed += 1
    return changed


def copied(hunt: Hunt, table: Table, row: Row) -> bool:
    """Tell whether one of a row's columns is a copy of what tells of the person."""
    return any(hunt.in_copy(html.unescape(_readable(table, row, name))) for name in table.columns if row[name])


def _readable(table: Table, row: Row, column: str) -> str:
    value = row[column]
    if column in table.json and not (isinstance(value, str) and "\\u" not in value):
        return json.dumps(db.from_json(value), ensure_ascii=False)
    return str(value)


def tells(table: Table, row: Row, pattern: re.Pattern[str]) -> bool:
    """Tell whether a row tells of the person."""
    return any(clean(table, row, name, pattern) is not row[name] for name in table.columns)


def besides(rows: list[Row], known: list[Row]) -> list[Row]:
    """Return the other rows."""
    ids = {row["id"] for row in known}
    return [row for row in rows if row["id"] not in ids]
