"""The rep's home screen: counters, and open deals by when their next activity is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from botcrm.core import db
from botcrm.core.domain.due import Bounds, day_bounds
from botcrm.core.domain.kinds import Reach
from botcrm.core.services.access import owned_sql, owners, reach
from botcrm.core.services.derive import deal_name
from botcrm.core.services.work import Work

Column = Literal["overdue", "today", "this_week", "next_week", "later", "none"]
COLUMNS: tuple[Column, ...] = ("overdue", "today", "this_week", "next_week", "later", "none")
# Counting stops here, so that a count costs the same however many there are; the screen says "99+".
MOST = 100


@dataclass(frozen=True, slots=True)
class DealRow:
    """A deal as a list shows it."""

    id: int
    name: str
    amount: Decimal | None
    currency: str
    stage: str
    status: str
    owner_id: int | None
    owner: str
    next_id: int | None
    next_title: str
    next_kind: str
    next_at: datetime | None
    next_has_time: bool
    deadline_at: datetime | None
    stage_entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """Counters and one page of deals in the order of attention; `counts` stop at MOST."""

    incoming: int
    planned: int
    overdue: int
    counts: dict[Column, int]
    column: Column | None
    page: int
    rows: tuple[DealRow, ...]
    more: bool
    bounds: Bounds
    owner_id: int | None


def _column_sql(column: Column, now: datetime, bounds: Bounds) -> tuple[str, list[Any]]:
    match column:
        case "none":
            return "d.next_deadline_at IS NULL", []
        case "overdue":
            return "d.next_deadline_at < ?", [now]
        case "today":
            return "d.next_deadline_at >= ? AND d.next_deadline_at < ?", [now, bounds.today_end]
        case "this_week":
            return "d.next_deadline_at >= ? AND d.next_deadline_at < ?", [bounds.today_end, bounds.week_end]
        case "next_week":
            start = max(bounds.today_end, bounds.week_end)
            return "d.next_deadline_at >= ? AND d.next_deadline_at < ?", [start, bounds.next_week_end]
        case "later":
            return "d.next_deadline_at >= ?", [bounds.next_week_end]


async def counters(work: Work, owner_id: int | None = None) -> tuple[int, int, int]:
    """Return (incoming, planned for today or overdue, overdue), each for the deals' owner and up to MOST.

    Planned counts the activities of open deals that are due by the end of today, plus such activities without a deal.
    """
    bounds = day_bounds(work.now, work.prefs.zone)
    incoming, *due = await _counts(_counter_queries(owner_id or work.actor.id or 0, work.now, bounds))
    return incoming, min(MOST, due[0] + due[1]), min(MOST, due[2] + due[3])


_Query = tuple[str, list[Any]]


def _counter_queries(owner: int, now: datetime, bounds: Bounds) -> list[_Query]:
    incoming = "SELECT 1 FROM message m WHERE m.owner_id = ? AND m.answered = ? AND m.direction = 'in' AND m.deleted_at IS NULL"
    return [(incoming, [owner, False]), *_due_before(owner, bounds.today_end), *_due_before(owner, now)]


def _due_before(owner: int, moment: datetime) -> list[_Query]:
    deals = (
        "SELECT 1 FROM deal d JOIN activity a ON a.deal_id = d.id AND a.status = 'planned' AND a.deadline_at < ? "
        "AND a.deleted_at IS NULL WHERE d.owner_id = ? AND d.status = 'open' AND d.next_deadline_at < ? AND d.deleted_at IS NULL"
    )
    loose = (
        "SELECT 1 FROM activity a WHERE a.owner_id = ? AND a.status = 'planned' AND a.deadline_at < ? "
        "AND a.deal_id IS NULL AND a.deleted_at IS NULL"
    )
    return [(deals, [moment, owner, moment]), (loose, [owner, moment])]


async def _counts(queries: Sequence[_Query], most: int = MOST) -> list[int]:
    """Count the rows of several queries, each up to a limit, in one go."""
    parts = [
        f"(SELECT count(*) FROM ({sql} LIMIT {int(most)}) AS counted) AS n{place}"
        for place, (sql, _) in enumerate(queries)
    ]
    row = await db.fetch_one("SELECT " + ", ".join(parts), *(value for _, values in queries for value in values))
    assert row is not None
    return [int(row[f"n{place}"]) for place in range(len(queries))]


async def home(
    work: Work, *, owner_id: int | None = None, column: Column | None = None, page: int = 0, size: int = 8
) -> Home:
    """Return the home screen of a person (the actor's own unless another within reach is named).

    Without a column the deals come in the order of attention: by deadline, those with no activity last.
    """
    owner = owner_id or work.actor.id or 0
    people = owners(work.actor, "deal")
    if people is not None and owner not in people:
        owner = work.actor.id or 0
    bounds = day_bounds(work.now, work.prefs.zone)
    base = "d.owner_id = ? AND d.status = 'open' AND d.deleted_at IS NULL"
    columns = {name: _column_sql(name, work.now, bounds) for name in COLUMNS}
    queries: list[_Query] = [
        (f"SELECT 1 FROM deal d WHERE {base} AND {condition}", [owner, *values])
        for condition, values in columns.values()
    ]
    found = await _counts([*queries, *_counter_queries(owner, work.now, bounds)])
    counts: dict[Column, int] = dict(zip(COLUMNS, found, strict=False))
    incoming, *due = found[len(COLUMNS) :]
    skip, rows = max(0, page) * size, list[DealRow]()
    # By deadline, the columns follow each other: all that have one, then all that have none.
    parts = (
        [_column_sql(column, work.now, bounds)]
        if column
        else [("d.next_deadline_at IS NOT NULL", []), _column_sql("none", work.now, bounds)]
    )
    for place, (condition, values) in enumerate(parts):
        last = place == len(parts) - 1
        shown = await deal_rows(
            f"{base} AND {condition}",
            [owner, *values],
            "d.next_deadline_at, d.id",
            limit=size + 1 - len(rows),
            offset=skip,
        )
        rows += shown
        if len(rows) > size or last:
            break
        # This part is passed: the next one begins where its end left off (counted no further than what was skipped).
        part = (f"SELECT 1 FROM deal d WHERE {base} AND {condition}", [owner, *values])
        skip -= skip if shown else (await _counts([part], most=skip))[0]
    return Home(
        incoming,
        min(MOST, due[0] + due[1]),
        min(MOST, due[2] + due[3]),
        counts,
        column,
        page,
        tuple(rows[:size]),
        len(rows) > size,
        bounds,
        owner if owner != work.actor.id else None,
    )


async def deal_rows(condition: str, values: list[Any], order: str, *, limit: int, offset: int = 0) -> list[DealRow]:
    """Return deals as lists show them, by an SQL condition on `deal d`; one query, whatever the page."""
    rows = await db.fetch(
        "SELECT p.*, c.name AS company, s.name AS stage, u.name AS owner, a.title AS next_title, a.kind AS next_kind, "
        "a.due_at AS next_at, a.has_time AS next_has_time FROM "
        "(SELECT d.id, d.title, d.amount, d.currency, d.status, d.owner_id, d.company_id, d.stage_id, d.stage_entered_at, "
        f"d.next_activity_id, d.next_deadline_at FROM deal d WHERE {condition} "
        f"ORDER BY {order} LIMIT {int(limit)} OFFSET {int(offset)}) AS p "
        "LEFT JOIN company c ON c.id = p.company_id LEFT JOIN stage s ON s.id = p.stage_id "
        'LEFT JOIN "user" u ON u.id = p.owner_id LEFT JOIN activity a ON a.id = p.next_activity_id '
        f"ORDER BY {order.replace('d.', 'p.')}",
        *values,
    )
    return [
        DealRow(
            id=row["id"],
            name=deal_name(row["title"], row["company"] or ""),
            amount=Decimal(str(row["amount"])) if row["amount"] is not None else None,
            currency=row["currency"],
            stage=row["stage"] or "",
            status=row["status"],
            owner_id=row["owner_id"],
            owner=row["owner"] or "",
            next_id=row["next_activity_id"],
            next_title=row["next_title"] or "",
            next_kind=row["next_kind"] or "",
            next_at=db.moment(row["next_at"]),
            next_has_time=bool(row["next_has_time"]),
            deadline_at=db.moment(row["next_deadline_at"]),
            stage_entered_at=db.moment(row["stage_entered_at"]),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One person's counters as their manager sees them."""

    user_id: int
    name: str
    incoming: int
    planned: int
    overdue: int


async def team(work: Work, limit: int = 50) -> list[TeamRow]:
    """Return the counters of everybody within the actor's reach but the actor, the most overdue first."""
    if reach(work.actor, "deal") in (Reach.NONE, Reach.OWN):
        return []
    people = owners(work.actor, "deal")
    rows = await db.fetch(
        f'SELECT u.id, u.name FROM "user" u WHERE u.active AND u.id <> ? AND {owned_sql("u.id", people)} ORDER BY u.name LIMIT 500',
        work.actor.id,
    )
    found = [TeamRow(row["id"], row["name"], *await counters(work, row["id"])) for row in rows]
    found.sort(key=lambda row: (-row.overdue, -row.planned, row.name))
    return found[:limit]
