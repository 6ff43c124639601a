"""The rep's home screen: counters, and open deals by when their next activity is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from botcrm.core import db
from botcrm.core.domain.due import Bounds, column_of, day_bounds, week_start_of
from botcrm.core.domain.kinds import Reach
from botcrm.core.domain.preferences import Preferences
from botcrm.core.services.access import owned_sql, owners, reach
from botcrm.core.services.counters import Counters, counters_of
from botcrm.core.services.derive import deal_name
from botcrm.core.services.filters import EVERY_DEAL, DealFilter
from botcrm.core.services.marks import NO_MARKS, Marks, marks_of
from botcrm.core.services.people import person_by_id
from botcrm.core.services.violations import violations
from botcrm.core.services.work import Work

Column = Literal["overdue", "today", "this_week", "next_week", "later", "none"]
Section = Literal["pinned", "attention", "overdue", "today", "this_week", "next_week", "later", "none"]
COLUMNS: tuple[Column, ...] = ("overdue", "today", "this_week", "next_week", "later", "none")
# Counting the deals of a column stops here, so that it costs the same however many there are; the screen says "999+".
MOST = 1000
# Before anything could ask for attention.
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


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
    next_version: int = 0
    attention_at: datetime | None = None
    attention_reason: str = ""
    last_call: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """Counters and one page of deals in the order of attention; `counts` and `attention` stop at MOST.

    :ivar owner_id: whose deals, where they are not the reader's own
    :ivar attention: how many deals ask for attention
    :ivar marks: which ones the reader pinned and muted
    :ivar others: whether the reader reaches other people's deals
    """

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
    attention: int = 0
    marks: Marks = NO_MARKS
    narrowed: DealFilter = EVERY_DEAL
    others: bool = False

    def section(self, row: DealRow, now: datetime) -> "Section":
        """Say under which heading a deal stands."""
        if row.id in self.marks.pinned:
            return "pinned"
        if row.attention_at and row.id not in self.marks.muted:
            return "attention"
        return column_of(row.deadline_at, now, self.bounds)


def column_sql(column: Column, now: datetime, bounds: Bounds) -> tuple[str, list[Any]]:
    """Return the condition on `deal d` of a column of the activity view, and its values."""
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
    """Return (incoming, planned for today or overdue, overdue) of a person, the actor's own where none is named; exact.

    They go by the person's own day, and count what they are responsible for, as the setting `count_by` says.
    """
    owner = owner_id or work.actor.id or 0
    prefs = await _prefs_of(work, owner)
    found = (await counters_of(work.company, work.now, {owner: prefs.zone})).get(owner, Counters())
    return found.incoming, found.planned, found.overdue


async def _prefs_of(work: Work, owner_id: int) -> Preferences:
    if owner_id == work.actor.id:
        return work.prefs
    person = await person_by_id(work.company, owner_id)
    return person.prefs if person else work.prefs


_OPEN = "d.owner_id = ? AND d.status = 'open' AND d.deleted_at IS NULL"


def _count_sql(query: str, most: int = MOST) -> str:
    return f"(SELECT count(*) FROM ({query} LIMIT {int(most)}) AS counted)"


# A condition on a deal, its values, and the order of its deals.
_Part = tuple[str, list[Any], str]


def _listed(ids: frozenset[int]) -> str:
    return ", ".join(str(int(deal_id)) for deal_id in sorted(ids))


_BY_DEADLINE = "d.next_deadline_at, d.id"


def _part(column: Column, now: datetime, bounds: Bounds) -> _Part:
    order = "d.next_deadline_at DESC, d.id DESC" if column == "overdue" else _BY_DEADLINE
    return (*column_sql(column, now, bounds), order)


def _parts(marks: Marks, narrowed: tuple[str, list[Any]], columns: list[_Part], attention: int) -> list[_Part]:
    """Return what a list is made of: pinned deals, those that ask for attention, then the others by deadline."""
    extra, more = narrowed
    pinned = f" AND d.id NOT IN ({_listed(marks.pinned)})" if marks.pinned else ""
    muted = f" AND d.id NOT IN ({_listed(marks.muted)})" if marks.muted else ""
    quiet = f"(d.attention_at IS NULL OR d.id IN ({_listed(marks.muted)}))" if marks.muted else "d.attention_at IS NULL"
    within, values = columns[0][:2] if len(columns) == 1 else ("1 = 1", [])
    parts: list[_Part] = []
    if marks.pinned:
        soonest = "d.next_deadline_at IS NULL, d.next_deadline_at, d.id"
        parts.append((f"d.id IN ({_listed(marks.pinned)}) AND {within}{extra}", [*values, *more], soonest))
    if attention:
        asks = f"d.attention_at > ? AND {within}{extra}{pinned}{muted}"
        parts.append((asks, [_EVER, *values, *more], "d.attention_at DESC, d.id DESC"))
    for condition, own, order in columns:
        rest = f"{condition}{extra}{pinned}" + (f" AND {quiet}" if attention else "")
        parts.append((rest, [*own, *more], order))
    return parts


async def home(
    work: Work,
    *,
    owner_id: int | None = None,
    column: Column | None = None,
    page: int = 0,
    size: int = 8,
    narrowed: DealFilter = EVERY_DEAL,
) -> Home:
    """Return the home screen of a person (the actor's own unless another within reach is named), by that person's day.

    First come the deals that the reader pinned, then those that ask for attention and the overdue ones, the latest first, then
    the others by deadline, those with no activity last.
    """
    owner = owner_id or work.actor.id or 0
    people = owners(work.actor, "deal")
    if people is not None and owner not in people:
        owner = work.actor.id or 0
    prefs = await _prefs_of(work, owner)
    bounds = day_bounds(work.now, prefs.zone, week_start_of(prefs.week_start))
    marks, extra = await marks_of(work.actor.id), narrowed.sql()
    conditions = [column_sql(name, work.now, bounds) for name in COLUMNS]
    found = await _counts(owner, [*conditions, ("d.attention_at > ?", [_EVER])], extra)
    attention = found.pop()
    incoming, planned, overdue = await counters(work, owner)
    skip, rows = max(0, page) * size, list[DealRow]()
    # What became overdue last asks the loudest; all the others follow each other by deadline, then those that have none.
    columns = (
        [_part(column, work.now, bounds)]
        if column
        else [
            _part("overdue", work.now, bounds),
            ("d.next_deadline_at >= ?", [work.now], _BY_DEADLINE),
            _part("none", work.now, bounds),
        ]
    )
    parts = _parts(marks, extra, columns, attention)
    for place, (condition, values, order) in enumerate(parts):
        last = place == len(parts) - 1
        shown = await deal_rows(
            f"{_OPEN} AND {condition}", [owner, *values], order, limit=size + 1 - len(rows), offset=skip
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
        dict(zip(COLUMNS, found, strict=True)),
        column,
        page,
        tuple(rows[:size]),
        len(rows) > size,
        bounds,
        owner if owner != work.actor.id else None,
        attention,
        marks,
        narrowed,
        people is None or len(people) > 1,
    )


async def _counts(
    owner: int, conditions: Sequence[tuple[str, list[Any]]], narrowed: tuple[str, list[Any]]
) -> list[int]:
    """Return how many open deals meet each condition, all in one query and each up to MOST."""
    extra, more = narrowed
    parts = [
        f"{_count_sql(f'SELECT 1 FROM deal d WHERE {_OPEN} AND {condition}{extra}')} AS n{place}"
        for place, (condition, _) in enumerate(conditions)
    ]
    row = await db.fetch_one(
        f"SELECT {', '.join(parts)}", *(value for _, values in conditions for value in (owner, *values, *more))
    )
    return [int(row[f"n{place}"]) if row else 0 for place in range(len(parts))]


async def deal_rows(condition: str, values: list[Any], order: str, *, limit: int, offset: int = 0) -> list[DealRow]:
    """Return deals as lists show them, by an SQL condition on `deal d`; one query, whatever the page."""
    rows = await db.fetch(
        "SELECT p.*, c.name AS company, s.name AS stage, s.rot_days, u.name AS owner, a.title AS next_title, a.kind AS next_kind, "
        "a.due_at AS next_at, a.has_time AS next_has_time, a.version AS next_version FROM "
        "(SELECT d.id, d.title, d.amount, d.currency, d.status, d.owner_id, d.company_id, d.stage_id, d.stage_entered_at, "
        "d.created_at, d.waiting_until, d.waiting_for, d.last_contact_at, d.attention_at, d.attention_reason, d.last_call, "
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
            next_version=row["next_version"] or 0,
            attention_at=db.moment(row["attention_at"]),
            attention_reason=row["attention_reason"] or "",
            last_call=row["last_call"] or "",
        )
        for row in rows
    ]


_MOST_PEOPLE = 1000


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
        f"SELECT u.id, u.name, u.zone, s.value AS own_zone FROM \"user\" u LEFT JOIN setting s ON s.user_id = u.id AND s.key = 'zone' "
        f"WHERE u.active AND u.id <> ? AND {owned_sql('u.id', people)} ORDER BY u.name LIMIT {_MOST_PEOPLE}",
        work.actor.id,
    )
    zones = {row["id"]: _own_zone(row) or work.company.zone for row in rows}
    counted = await counters_of(work.company, work.now, zones)
    without = await violations(work.now, zones, MOST)
    found: list[TeamRow] = []
    for row in rows:
        own = counted.get(row["id"], Counters())
        found.append(TeamRow(row["id"], row["name"], own.incoming, own.planned, own.overdue, without.get(row["id"], 0)))
    found.sort(key=lambda row: (-row.overdue, -row.planned, row.name))
    return found[:limit]


def _own_zone(row: dict[str, Any]) -> str | None:
    chosen = db.from_json(row["own_zone"]) if row["own_zone"] is not None else row["zone"]
    return str(chosen) if chosen else None
