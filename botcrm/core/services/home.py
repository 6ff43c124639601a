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
from botcrm.core.services.violations import violations
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
    created_at: datetime | None = None
    waiting_until: datetime | None = None
    waiting_for: str = ""
    last_contact_at: datetime | None = None
    rot_days: int = 0


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
    return (await _counts(owner_id or work.actor.id or 0, work.now, bounds))[1]


_OPEN = "d.owner_id = ? AND d.status = 'open' AND d.deleted_at IS NULL"
_INCOMING = (
    "SELECT 1 FROM message m WHERE m.owner_id = ? AND m.answered = ? AND m.direction = 'in' AND m.deleted_at IS NULL"
)
# Of the first deals by deadline only, MOST of them: each has such an activity, and those with an overdue one come first, so
# that both counts are right as far as they are counted.
_PLANNED = (
    "(SELECT count(*) AS n, count(CASE WHEN a.deadline_at < ? THEN 1 END) AS late FROM (SELECT d.id FROM deal d "
    f"WHERE {_OPEN} AND d.next_deadline_at < ? ORDER BY d.next_deadline_at LIMIT {MOST}) AS first CROSS JOIN activity a "
    "WHERE a.deal_id = first.id AND a.status = 'planned' AND a.deadline_at < ? AND a.deleted_at IS NULL) AS planned"
)
_LOOSE = (
    "(SELECT count(*) AS n, count(CASE WHEN soon.at < ? THEN 1 END) AS late FROM (SELECT a.deadline_at AS at FROM activity a "
    "WHERE a.owner_id = ? AND a.status = 'planned' AND a.deleted_at IS NULL AND a.deal_id IS NULL AND a.deadline_at < ? "
    f"ORDER BY a.deadline_at LIMIT {MOST}) AS soon) AS loose"
)


def _count_sql(query: str, most: int = MOST) -> str:
    return f"(SELECT count(*) FROM ({query} LIMIT {int(most)}) AS counted)"


async def _counts(
    owner: int, now: datetime, bounds: Bounds, conditions: Sequence[tuple[str, list[Any]]] = ()
) -> tuple[list[int], tuple[int, int, int]]:
    """Return how many open deals meet each condition, and the counters, all in one query and each up to MOST."""
    parts = [
        f"{_count_sql(f'SELECT 1 FROM deal d WHERE {_OPEN} AND {condition}')} AS n{place}"
        for place, (condition, _) in enumerate(conditions)
    ]
    end = bounds.today_end
    row = await db.fetch_one(
        f"SELECT {''.join(part + ', ' for part in parts)}{_count_sql(_INCOMING)} AS incoming, "
        "planned.n AS planned, planned.late AS overdue, loose.n AS loose, loose.late AS loose_overdue "
        f"FROM {_PLANNED}, {_LOOSE}",
        *(value for _, values in conditions for value in (owner, *values)),
        owner,
        False,
        *(now, owner, end, end),
        *(now, owner, end),
    )
    assert row is not None
    planned, overdue = row["planned"] + row["loose"], row["overdue"] + row["loose_overdue"]
    return [int(row[f"n{place}"]) for place in range(len(parts))], (
        int(row["incoming"]),
        min(MOST, int(planned)),
        min(MOST, int(overdue)),
    )


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
    conditions = [_column_sql(name, work.now, bounds) for name in COLUMNS]
    found, (incoming, planned, overdue) = await _counts(owner, work.now, bounds, conditions)
    counts: dict[Column, int] = dict(zip(COLUMNS, found, strict=True))
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
            f"{_OPEN} AND {condition}",
            [owner, *values],
            "d.next_deadline_at, d.id",
            limit=size + 1 - len(rows),
            offset=skip,
        )
        rows += shown
        if len(rows) > size or last:
            break
        # This part is passed: the next one begins where its end left off (counted no further than what was skipped).
        if shown or not skip:
            skip = 0
            continue
        passed = _count_sql(f"SELECT 1 FROM deal d WHERE {_OPEN} AND {condition}", most=skip)
        row = await db.fetch_one(f"SELECT {passed} AS n", owner, *values)
        skip -= int(row["n"]) if row else 0
    return Home(
        incoming,
        planned,
        overdue,
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
        "SELECT p.*, c.name AS company, s.name AS stage, s.rot_days, u.name AS owner, a.title AS next_title, a.kind AS next_kind, "
        "a.due_at AS next_at, a.has_time AS next_has_time FROM "
        "(SELECT d.id, d.title, d.amount, d.currency, d.status, d.owner_id, d.company_id, d.stage_id, d.stage_entered_at, "
        "d.created_at, d.waiting_until, d.waiting_for, d.last_contact_at, "
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
            created_at=db.moment(row["created_at"]),
            waiting_until=db.moment(row["waiting_until"]),
            waiting_for=row["waiting_for"] or "",
            last_contact_at=db.moment(row["last_contact_at"]),
            rot_days=row["rot_days"] or 0,
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
    violations: int = 0


async def team(work: Work, limit: int = 50) -> list[TeamRow]:
    """Return the counters of everybody within the actor's reach but the actor, the most overdue first.

    Violations are open deals with neither a next step nor a day to wait for.
    """
    if reach(work.actor, "deal") in (Reach.NONE, Reach.OWN):
        return []
    people = owners(work.actor, "deal")
    rows = await db.fetch(
        f'SELECT u.id, u.name FROM "user" u WHERE u.active AND u.id <> ? AND {owned_sql("u.id", people)} ORDER BY u.name LIMIT 500',
        work.actor.id,
    )
    without = await violations(work.now, (row["id"] for row in rows), MOST)
    found = [
        TeamRow(row["id"], row["name"], *await counters(work, row["id"]), without.get(row["id"], 0)) for row in rows
    ]
    found.sort(key=lambda row: (-row.overdue, -row.planned, row.name))
    return found[:limit]
