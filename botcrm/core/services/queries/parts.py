"""The conditions that queries are put together from."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from botcrm.core import db
from botcrm.core.domain.findable import typed
from botcrm.core.domain.query_times import Stretch
from botcrm.core.services.access import NOTHING

Sql = tuple[str, list[Any]]
SIGNS = {":": "=", ">": ">", "<": "<", ">=": ">=", "<=": "<="}
# Up to so many rows of another table are looked up and then found; of more, each record is asked for its own.
_FEW = 2000
# In a large base more are few: up to a share of it, since finding one by an index takes ten times as long as reading the next.
_FEW_OF_MANY, _SHARE = 10_000, 20
# What may stand before a word in a name.
_BETWEEN = tuple(" -,.;:(/&'\"_+@#")


def either(parts: Iterable[Sql]) -> Sql:
    """Return a condition that one of several holds."""
    sqls, bound = list[str](), list[Any]()
    for sql, more in parts:
        sqls.append(f"({sql})" if " OR " in sql or " AND " in sql else sql)
        bound += more
    return " OR ".join(sqls) or NOTHING, bound


def within(column: str, stretch: Stretch) -> Sql:
    """Return a condition that a moment lies in a stretch."""
    parts, bound = list[str](), list[Any]()
    if stretch.since:
        parts.append(f"{column} >= ?")
        bound.append(stretch.since)
    if stretch.until:
        parts.append(f"{column} < ?")
        bound.append(stretch.until)
    return " AND ".join(parts), bound


def contains(column: str, value: str, *, folded: bool = False) -> Sql:
    """Return a condition that a text holds a part, whatever its case.

    :param folded: the column is folded, and so is the value
    """
    like = "ILIKE" if db.dialect() == "postgres" else "LIKE"
    # SQLite knows the case of A to Z only.
    forms = [value] if value.isascii() or folded else [value, value.lower(), value.upper(), value.capitalize()]
    return either((f"{column} {like} ? ESCAPE '!'", [f"%{_escaped(form)}%"]) for form in dict.fromkeys(forms))


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def called_by(text: str) -> Sql:
    """Return a condition that in an entry of search, `o`, all these words are found in the name itself."""
    parts, bound = list[str](), list[Any]()
    for word in typed(text):
        ways = list[Sql]()
        for start in (*word.starts, *word.words):
            # Nothing stands between the words of some scripts.
            before = _BETWEEN if start.isascii() or start.upper() != start else ("",)
            likes = [f"{_escaped(start)}%", *(f"%{_escaped(sign)}{_escaped(start)}%" for sign in before)]
            ways.append((" OR ".join(["o.folded LIKE ? ESCAPE '!'"] * len(likes)), list[Any](likes)))
        sql, more = either(ways)
        parts.append(f"({sql})")
        bound += more
    return " AND ".join(parts) or NOTHING, bound


async def linked(table: str, link: str, where: str, bound: Sequence[Any], column: str = "t.id") -> Sql:
    """Return a condition that a column is among the links of other rows.

    Few are found first, by their index. Where there are many, each record is asked for its own, until enough are found.
    """
    row = await db.fetch_one(
        f"SELECT count(*) AS n FROM (SELECT 1 FROM {table} WHERE {where} LIMIT {_FEW + 1}) AS few", *bound
    )
    if row and row["n"] > _FEW:
        return f"EXISTS (SELECT 1 FROM {table} WHERE {link} = {column} AND {where})", list(bound)
    return f"{column} IN (SELECT {link} FROM {table} WHERE {where})", list(bound)


async def ranged(entity: str, column: str, condition: Callable[[str], Sql]) -> Sql:
    """Return a condition on a column of `t` that has an index of its own.

    PostgreSQL knows how many there are. On SQLite few are found first, by the index; where there are many, each record is looked
    at, until enough are found.

    :param condition: makes it for the column
    """
    sql, bound = condition(column)
    if db.dialect() == "postgres":
        return sql, bound
    found = f"SELECT t.id FROM {entity} t WHERE {sql}"
    newest = await db.fetch_one(f"SELECT max(id) AS id FROM {entity}")
    few = max(_FEW, min(_FEW_OF_MANY, (newest["id"] or 0) // _SHARE if newest else 0))
    row = await db.fetch_one(f"SELECT count(*) AS n FROM ({found} LIMIT {few + 1}) AS few", *bound)
    if row and row["n"] <= few:
        return f"t.id IN ({found})", bound
    # The sign keeps SQLite from the index.
    return condition(f"+{column}")
