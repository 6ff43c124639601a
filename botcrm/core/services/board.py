"""The board: open deals by stage or by when their next step is due, the first few of each column.

By days it also shows what people have to do beside their deals.

The first deals of a column are looked up person by person through an index, so that the cost follows how many people are
shown and not how many deals there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from botcrm.core import db
from botcrm.core.domain.due import Bounds, day_bounds, week_start_of
from botcrm.core.domain.errors import NotFound
from botcrm.core.domain.kinds import Action, Reach
from botcrm.core.domain.preferences import Preferences
from botcrm.core.services.access import demand, owned_sql, owners, reach
from botcrm.core.services.home import COLUMNS, DealRow, column_sql, deal_rows, loose_columns
from botcrm.core.services.loose import LooseRow, count_loose, loose_of_team, loose_rows
from botcrm.core.services.reading import fetch
from botcrm.core.services.staff.people import person_by_id
from botcrm.core.services.work import Work

View = Literal["stages", "days"]
# Counting and summing stop here; a larger column says "999+" and gives no sum.
MOST = 1000
# Deals of a column that are shown.
SHOWN = 4
_EARLIEST = datetime.min.replace(tzinfo=UTC)

# A condition on a deal, and its values.
_Part = tuple[str, list[Any]]
# As the indexes hold them. That deleted_at is the same for all of them is nothing PostgreSQL makes use of by itself: without
# its name here it sorts all of a person's deals.
_ORDER = "d.deleted_at, d.next_deadline_at, d.id"


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """One column: `count` stops at MOST; `amount` is None where it is not known to the end or in several currencies.

    :ivar key: the stage's id, or the name of the activity view's column
    :ivar name: the stage's name, else empty
    """

    key: str
    name: str
    count: int
    amount: Decimal | None
    currency: str
    rows: tuple[DealRow | LooseRow, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A board.

    :ivar owner_id: whose deals; None for everybody's within the reader's reach
    :ivar owner: that person's name
    :ivar pipelines: all of them as (id, name), in their order
    :ivar others: whether the reader reaches other people's deals
    """

    view: View
    columns: tuple[BoardColumn, ...]
    owner_id: int | None
    owner: str
    pipeline_id: int
    pipelines: tuple[tuple[int, str], ...]
    others: bool


def reaches_others(work: Work) -> bool:
    """Tell whether the actor may see other people's deals."""
    return reach(work.actor, "deal") in (Reach.DEPARTMENT, Reach.ALL)


def _people(work: Work, owner_id: int | None) -> frozenset[int] | None:
    """Return whose deals to show; None for everybody's.

    :raises NotAllowed: the actor may see no deals
    :raises NotFound: that person's deals are out of reach
    """
    demand(work, "deal", Action.READ)
    reached = owners(work.actor, "deal")
    if owner_id is None:
        return reached
    if reached is not None and owner_id not in reached:
        raise NotFound(ref=f"u{owner_id}")
    return frozenset({owner_id})


async def board(
    work: Work, view: View, *, owner_id: int | None = None, pipeline_id: int | None = None, shown: int = SHOWN
) -> Board:
    """Return a board of somebody's open deals by that person's day, or of everybody's within reach by the reader's.

    :param pipeline_id: whose stages are the columns; the first pipeline's where none, or one that is gone, is named
    :raises NotAllowed: the actor may see no deals
    :raises NotFound: that person is none, or out of reach
    """
    people = _people(work, owner_id)
    pipelines = await db.fetch("SELECT id, name FROM pipeline ORDER BY position, id")
    known = [int(row["id"]) for row in pipelines]
    pipeline = pipeline_id if pipeline_id in known else next(iter(known), 0)
    prefs = await _prefs(work, owner_id)
    bounds = day_bounds(work.now, prefs.zone, week_start_of(prefs.week_start))
    if view == "stages":
        stages = await db.fetch(
            "SELECT id, name FROM stage WHERE pipeline_id = ? AND kind = 'open' ORDER BY position, id", pipeline
        )
        columns = [(str(row["id"]), str(row["name"]), _stage_parts(int(row["id"]))) for row in stages]
    else:
        columns = [(name, "", [column_sql(name, work.now, bounds)]) for name in COLUMNS]
    ids = await _ids(people)
    firsts = [await _first(work, parts, people, ids, shown) for _, _, parts in columns]
    rows = {row.id: row for row in await _rows(deal_id for first in firsts for deal_id in first)}
    made = [
        await _column(work, key, name, parts, people, tuple(rows[deal_id] for deal_id in first if deal_id in rows))
        for (key, name, parts), first in zip(columns, firsts, strict=True)
    ]
    if view == "days":
        made = await _beside(work, made, bounds, owner_id, ids, shown)
    return Board(
        view,
        tuple(made),
        owner_id,
        await _name(owner_id),
        pipeline,
        tuple((int(row["id"]), str(row["name"])) for row in pipelines),
        reaches_others(work),
    )


async def _prefs(work: Work, owner_id: int | None) -> Preferences:
    person = await person_by_id(work.company, owner_id) if owner_id and owner_id != work.actor.id else None
    return person.prefs if person else work.prefs


def _stage_parts(stage_id: int) -> list[_Part]:
    """Return a stage's deals: by deadline, then those that have none (databases differ in where they put those)."""
    return [
        ("d.stage_id = ? AND d.next_deadline_at IS NOT NULL", [stage_id]),
        ("d.stage_id = ? AND d.next_deadline_at IS NULL", [stage_id]),
    ]


_OPEN = "d.status = 'open' AND d.deleted_at IS NULL"


async def _ids(people: frozenset[int] | None) -> frozenset[int]:
    if people is not None:
        return people
    return frozenset(int(row["id"]) for row in await db.fetch('SELECT id FROM "user"'))


async def _first(
    work: Work, parts: list[_Part], people: frozenset[int] | None, ids: frozenset[int], most: int
) -> list[int]:
    """Return the ids of a column's first deals."""
    found: list[int] = []
    for condition, values in parts:
        room = most - len(found)
        if room <= 0:
            break
        each = await fetch(work, _each_person(condition, ids, room), *values)
        if people is None:
            each += await fetch(
                work,
                f"SELECT d.id, d.next_deadline_at FROM deal d WHERE {_OPEN} AND d.owner_id IS NULL AND {condition} "
                f"ORDER BY {_ORDER} LIMIT {room}",
                *values,
            )
        # All have a deadline, or none has.
        each.sort(key=lambda row: (db.moment(row["next_deadline_at"]) or _EARLIEST, row["id"]))
        found += [int(row["id"]) for row in each[:room]]
    return found


def _each_person(condition: str, ids: frozenset[int], most: int) -> str:
    """Return the statement that looks up each person's first deals through the index that holds them in order."""
    one = f"d.owner_id = u.id AND {_OPEN} AND {condition} ORDER BY {_ORDER} LIMIT {most}"
    people = owned_sql("u.id", ids)
    if db.dialect() == "sqlite":
        return (
            'SELECT p.id, p.next_deadline_at FROM "user" u CROSS JOIN deal p '
            f"WHERE {people} AND p.id IN (SELECT d.id FROM deal d WHERE {one})"
        )
    return (
        'SELECT p.id, p.next_deadline_at FROM "user" u CROSS JOIN LATERAL '
        f"(SELECT d.id, d.next_deadline_at FROM deal d WHERE {one}) AS p WHERE {people}"
    )


async def _rows(ids: Iterable[int]) -> list[DealRow]:
    listed = ", ".join(str(int(deal_id)) for deal_id in ids)
    return await deal_rows(f"d.id IN ({listed})", [], "d.id", limit=MOST) if listed else []


async def _column(
    work: Work, key: str, name: str, parts: list[_Part], people: frozenset[int] | None, rows: tuple[DealRow, ...]
) -> BoardColumn:
    owned = owned_sql("d.owner_id", people)
    count = 0
    for condition, values in parts:
        # Answered by the index alone.
        found = await fetch(
            work,
            f"SELECT count(*) AS n FROM (SELECT 1 FROM deal d WHERE {_OPEN} AND {condition} AND {owned} LIMIT {MOST}) AS c",
            *values,
        )
        count += int(found[0]["n"])
    amount, currency = await _sum(work, parts, owned) if 0 < count < MOST else (None, "")
    return BoardColumn(key, name, min(MOST, count), amount, currency, rows)


async def _sum(work: Work, parts: list[_Part], owned: str) -> tuple[Decimal | None, str]:
    """Return what a column's deals come to, where all of them are in one currency."""
    amount, currencies = Decimal(0), set[str]()
    for condition, values in parts:
        found = await fetch(
            work,
            "SELECT d.currency, sum(d.amount) AS amount FROM deal d "
            f"WHERE {_OPEN} AND {condition} AND {owned} AND d.amount IS NOT NULL GROUP BY d.currency",
            *values,
        )
        amount += sum(Decimal(str(row["amount"])) for row in found)
        currencies |= {str(row["currency"]) for row in found}
    return (amount, currencies.pop()) if len(currencies) == 1 else (None, "")


async def _beside(
    work: Work, columns: list[BoardColumn], bounds: Bounds, owner_id: int | None, ids: frozenset[int], shown: int
) -> list[BoardColumn]:
    """Add what the people have to do beside their deals to the columns of their days, behind the deals."""
    reached = owners(work.actor, "activity")
    ids = ids if reached is None else ids & reached
    if not ids:
        return columns
    more: dict[str, tuple[int, list[LooseRow]]] = {}
    for name, dated in loose_columns(work.now, bounds):
        if owner_id is None:
            count, rows = await loose_of_team(ids, dated, MOST, shown)
        else:
            count = (await count_loose(owner_id, [dated], MOST))[0]
            rows = await loose_rows(owner_id, dated, limit=shown) if count else []
        before = more.get(name, (0, []))
        more[name] = (before[0] + count, before[1] + rows)
    return [
        replace(
            column,
            count=min(MOST, column.count + more[column.key][0]),
            rows=(*column.rows, *more[column.key][1])[:shown],
        )
        if column.key in more
        else column
        for column in columns
    ]


async def _name(owner_id: int | None) -> str:
    row = await db.fetch_one('SELECT name FROM "user" WHERE id = ?', owner_id) if owner_id else None
    return str(row["name"]) if row else ""
