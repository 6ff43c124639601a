"""Queries as people ask them: read, counted, listed a page at a time, within the rights of whoever asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botcrm.core import db
from botcrm.core.domain.errors import InvalidValue, NotAllowed, NotFound
from botcrm.core.domain.findable import deal_name
from botcrm.core.domain.kinds import Action
from botcrm.core.domain.query import KIND_OF, Query, parse_query
from botcrm.core.services.access import activity_sql, may, owned_sql, owners
from botcrm.core.services.exporting.export import Narrowed
from botcrm.core.services.queries.saved import find_saved
from botcrm.core.services.queries.sql import Compiled, compile_query
from botcrm.core.services.work import Work

# Counting stops here, so that it costs the same however many there are.
MOST = 10_000
_WITH_SUMS = ("deal", "lead")
_FOLLOWS = "filter"


@dataclass(frozen=True, slots=True)
class Counted:
    """How many records a query finds, and what they sum up to.

    :ivar count: up to MOST; `more` that there are more, and no sums then
    :ivar sums: (currency, amount), the largest first
    """

    count: int
    more: bool = False
    sums: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A record of a page; `detail` are what one knows it by: phone and e-mail, a date."""

    entity: str
    record_id: int
    name: str
    owner: str = ""
    detail: tuple[str, ...] = ()


async def query_of(work: Work, text: str, entity: str | None = None) -> Query:
    """Read a query that somebody types, or take the one that was saved under this name. What is kept is `parse_query`'s.

    :raises QueryUnclear: it cannot be read
    """
    saved = await find_saved(work, text, entity)
    return parse_query(saved.query, saved.entity) if saved else parse_query(text, entity)


async def kept_query(work: Work, text: str, entity: str) -> Query:
    """Read a query that was kept: words stay words; `filter:NAME` follows the saved filter of that name.

    :raises QueryUnclear: it cannot be read
    :raises NotFound: there is no such filter any more
    """
    mark, colon, name = text.strip().partition(":")
    if not colon or mark.casefold() != _FOLLOWS:
        return parse_query(text, entity)
    name = name.strip().strip('"“”„«»')
    saved = await find_saved(work, name, entity)
    if saved is None:
        raise NotFound(ref=f"{_FOLLOWS}:{name[:40]}")
    return parse_query(saved.query, saved.entity)


async def compiled(work: Work, query: Query, *, every: bool = False) -> Compiled:
    """Find out what a query means for the reader.

    :param every: closed ones as well, also where the query says nothing of them
    :raises NotAllowed: the reader may see no such records
    """
    if not may(work.actor, query.entity, Action.READ):
        raise NotAllowed(entity=query.entity, action=Action.READ)
    return await compile_query(work, query, every=every)


async def _about(work: Work, entity: str, text: str | Query) -> Query:
    """Read a query about these records as it was typed, or take the one that was saved under this name.

    :raises InvalidValue: it is about other records
    """
    query = await query_of(work, text, entity) if isinstance(text, str) else text
    if query.entity != entity:
        raise InvalidValue(what="filter", value=str(text)[:40], how=f"It is about {KIND_OF[query.entity]}.")
    return query


async def narrowed(work: Work, entity: str, query: str | Query) -> Narrowed:
    """Return what of a kind of records a query leaves: for exports and the like.

    :param query: as it was typed, or a saved filter's name; one that was kept is given as it was read
    :raises CrmError: the query cannot be read, or is about other records
    """
    found = await compiled(work, await _about(work, entity, query))
    return Narrowed(found.condition, found.values)


async def found_sql(work: Work, entity: str, text: str | Query, column: str) -> tuple[str, tuple[Any, ...]]:
    """Return an SQL condition that a column is the id of a record that a query or a saved filter finds, and its values.

    Closed ones count unless the query says otherwise; what the actor may not see does not.

    :raises CrmError: the query cannot be read, or is about other records
    """
    found = await compiled(work, await _about(work, entity, text), every=True)
    return f"{column} IN (SELECT t.id FROM {entity} t WHERE {where(work, found)})", found.values


async def is_found(work: Work, entity: str, record_id: int, text: str) -> bool:
    """Tell whether a query that was kept finds a record, open or closed: by its words, whatever filters are called by now.

    Who may see the record is not asked.

    :param text: a query, or `filter:NAME` for a saved filter as it is now
    :raises CrmError: the query cannot be read, or is about other records
    :raises NotFound: there is no such filter any more
    """
    query = await _about(work, entity, await kept_query(work, text, entity))
    found = await compiled(work, query, every=True)
    row = await db.fetch_one(
        f"SELECT 1 AS y FROM {entity} t WHERE t.id = ? AND {found.condition}", record_id, *found.values
    )
    return row is not None


def scope_sql(work: Work, entity: str, action: Action = Action.READ) -> str:
    """Return an SQL condition on the alias `t` for the records of an entity within the actor's reach."""
    if entity == "activity":
        return f"t.deleted_at IS NULL AND {activity_sql(work.actor, 't', action)}"
    return f"t.deleted_at IS NULL AND {owned_sql('t.owner_id', owners(work.actor, entity, action))}"


def where(work: Work, found: Compiled, action: Action = Action.READ) -> str:
    """Return the whole condition of a query: what it asks for, within the actor's reach."""
    return f"{scope_sql(work, found.query.entity, action)} AND {found.condition}"


async def count(work: Work, found: Compiled, *, most: int = MOST) -> Counted:
    """Count what a query finds, up to a limit, and add its amounts up."""
    entity = found.query.entity
    sums = entity in _WITH_SUMS
    chosen = "t.currency, t.amount" if sums else "1 AS one"
    inner = f"SELECT {chosen} FROM {entity} t WHERE {where(work, found)} LIMIT {int(most) + 1}"
    if not sums:
        row = await db.fetch_one(f"SELECT count(*) AS n FROM ({inner}) AS f", *found.values)
        number = int(row["n"]) if row else 0
        return Counted(min(number, most), number > most)
    rows = await db.fetch(
        f"SELECT f.currency, count(*) AS n, sum(f.amount{_times_one()}) AS amount FROM ({inner}) AS f GROUP BY f.currency",
        *found.values,
    )
    number = sum(int(row["n"]) for row in rows)
    if number > most:
        return Counted(most, True)
    added = [(row["currency"], Decimal(str(row["amount"])).quantize(Decimal("0.01"))) for row in rows if row["amount"]]
    return Counted(number, False, tuple(sorted(added, key=lambda pair: -pair[1])))


def _times_one() -> str:
    return " * 1.0" if db.dialect() == "sqlite" else ""


async def ids_of(work: Work, found: Compiled, *, limit: int, offset: int = 0, many: bool = False) -> list[int]:
    """Return a page of what a query finds, the newest first.

    :param many: it finds more than MOST: then the newest are found soon by going back from the end; else all of them are
        found by the query's own index and put in order
    """
    entity = found.query.entity
    if many:
        sql = f"SELECT t.id FROM {entity} t WHERE {where(work, found)} ORDER BY t.id DESC LIMIT ? OFFSET ?"
    else:
        inner = f"SELECT t.id FROM {entity} t WHERE {where(work, found)} LIMIT {MOST}"
        sql = f"SELECT f.id FROM ({inner}) AS f ORDER BY f.id DESC LIMIT ? OFFSET ?"
    return await db.column(sql, *found.values, limit, offset)


async def matches(work: Work, found: Compiled, ids: Sequence[int]) -> set[int]:
    """Return which of these records a query still finds, whoever may see them."""
    listed = ", ".join(str(int(one)) for one in ids) or "NULL"
    sql = f"SELECT t.id FROM {found.query.entity} t WHERE t.id IN ({listed}) AND t.deleted_at IS NULL AND {found.condition}"
    return set(await db.column(sql, *found.values))


_ITEMS = {
    "contact": (
        "t.name, t.phone AS one, t.email AS two, o.name AS three",
        "contact t LEFT JOIN company o ON o.id = t.company_id AND o.deleted_at IS NULL",
    ),
    "company": ("t.name, t.phone AS one, t.email AS two, t.city AS three", "company t"),
    "lead": ("t.title AS name, t.phone AS one, t.source AS two, t.city AS three", "lead t"),
    "activity": (
        "t.title AS name, t.kind AS one, t.due_wall AS two, t.status AS three",
        "activity t",
    ),
    "deal": (
        "t.title AS name, o.name AS one, NULL AS two, NULL AS three",
        "deal t LEFT JOIN company o ON o.id = t.company_id AND o.deleted_at IS NULL",
    ),
}


async def items(entity: str, ids: Sequence[int]) -> list[Item]:
    """Return records as a list shows them, in the order of their ids given."""
    if not ids:
        return []
    columns, tables = _ITEMS[entity]
    rows: list[dict[str, Any]] = await db.fetch(
        f'SELECT t.id, {columns}, u.name AS owner FROM {tables} LEFT JOIN "user" u ON u.id = t.owner_id '
        f"WHERE t.id IN ({', '.join(str(int(one)) for one in ids)})"
    )
    place = {record_id: at for at, record_id in enumerate(ids)}
    return [
        Item(
            entity,
            row["id"],
            deal_name(row["name"], row["one"] or "") if entity == "deal" else row["name"] or "",
            row["owner"] or "",
            tuple(str(row[key]) if row[key] else "" for key in ("one", "two", "three")),
        )
        for row in sorted(rows, key=lambda row: place[row["id"]])
    ]
