"""The rep's home screen: counters, and open deals by when their next activity is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from botcrm.core import db
from botcrm.core.domain.due import Bounds, column_of, day_bounds, week_start_of
from botcrm.core.domain.findable import deal_name
from botcrm.core.domain.preferences import Preferences
from botcrm.core.services.access import owners
from botcrm.core.services.clients.incoming import Waiting, waiting_for
from botcrm.core.services.derived.counters import Counters, counters_of
from botcrm.core.services.filters import EVERY_DEAL, DealFilter
from botcrm.core.services.loose import UNDATED, Dated, LooseRow, count_loose, loose_rows, sees_loose
from botcrm.core.services.marks import NO_MARKS, Marks, marks_of
from botcrm.core.services.staff.people import person_by_id
from botcrm.core.services.work import Work

Column = Literal["overdue", "today", "this_week", "next_week", "later", "none"]
Section = Literal["pinned", "attention", "overdue", "today", "this_week", "next_week", "later", "none"]
COLUMNS: tuple[Column, ...] = ("overdue", "today", "this_week", "next_week", "later", "none")
# Counting the deals of a column stops here, so that it costs the same however many there are; the screen says "999+".
MOST = 1000
# So much of what came in stands on the home screen.
_MOST_WAITING = 3
# Before anything could ask for attention.
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class DealRow(NamedTuple):
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

    Among the deals stands what the person has to do beside them (services/loose.py), in the columns of its own deadlines.

    :ivar owner_id: whose deals, where they are not the reader's own
    :ivar attention: how many deals ask for attention
    :ivar marks: which ones the reader pinned and muted
    :ivar others: whether the reader reaches other people's deals
    :ivar owner: the name of `owner_id`, and `gone`: they have left
    :ivar waiting: what came in and hangs on no deal, the latest few of it; on the first page of everything only
    """

    incoming: int
    planned: int
    overdue: int
    counts: dict[Column, int]
    column: Column | None
    page: int
    rows: tuple[DealRow | LooseRow, ...]
    more: bool
    bounds: Bounds
    owner_id: int | None
    attention: int = 0
    marks: Marks = NO_MARKS
    narrowed: DealFilter = EVERY_DEAL
    others: bool = False
    waiting: tuple[Waiting, ...] = ()
    owner: str = ""
    gone: bool = False

    def section(self, row: DealRow | LooseRow, now: datetime) -> "Section":
        """Say under which heading a deal, or something beside the deals, stands."""
        if isinstance(row, LooseRow):
            # What has no deadline can wait.
            return column_of(row.deadline_at, now, self.bounds) if row.deadline_at else "later"
        if row.id in self.marks.pinned:
            return "pinned"
        if row.attention_at and row.id not in self.marks.muted:
            return "attention"
        return column_of(row.deadline_at, now, self.bounds)


def column_sql(
    column: Column, now: datetime, bounds: Bounds, deadline: str = "d.next_deadline_at"
) -> tuple[str, list[Any]]:
    """Return the condition on `deal d`, or on another deadline, of a column of the activity view, and its values."""
    match column:
        case "none":
            return f"{deadline} IS NULL", []
        case "overdue":
            return f"{deadline} < ?", [now]
        case "today":
            return f"{deadline} >= ? AND {deadline} < ?", [now, bounds.today_end]
        case "this_week":
            return f"{deadline} >= ? AND {deadline} < ?", [bounds.today_end, bounds.week_end]
        case "next_week":
            start = max(bounds.today_end, bounds.week_end)
            return f"{deadline} >= ? AND {deadline} < ?", [start, bounds.next_week_end]
        case "later":
            return f"{deadline} >= ?", [bounds.next_week_end]


def loose_columns(now: datetime, bounds: Bounds) -> list[tuple[Column, Dated]]:
    """Return what stands beside the deals by column; what has no deadline ends the last one."""
    dated = [(name, column_sql(name, now, bounds, "a.deadline_at")) for name in COLUMNS if name != "none"]
    return [*dated, ("later", UNDATED)]


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


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a list: a condition on a person's open deals, its values and the order; or what stands beside the deals."""

    condition: str
    values: list[Any]
    order: str
    loose: bool = False

    async def rows(self, owner: int, limit: int, offset: int) -> Sequence[DealRow | LooseRow]:
        if self.loose:
            dated, latest = (self.condition, self.values), self.order == _LATEST
            return await loose_rows(owner, dated, limit=limit, offset=offset, latest_first=latest)
        condition = f"{_OPEN} AND {self.condition}"
        return await deal_rows(condition, [owner, *self.values], self.order, limit=limit, offset=offset)

    async def count(self, owner: int, most: int) -> int:
        if self.loose:
            return (await count_loose(owner, [(self.condition, self.values)], most))[0]
        passed = _count_sql(f"SELECT 1 FROM deal d WHERE {_OPEN} AND {self.condition}", most=most)
        row = await db.fetch_one(f"SELECT {passed} AS n", owner, *self.values)
        return int(row["n"]) if row else 0


def _listed(ids: frozenset[int]) -> str:
    return ", ".join(str(int(deal_id)) for deal_id in sorted(ids))


_BY_DEADLINE, _LATEST = "d.next_deadline_at, d.id", "d.next_deadline_at DESC, d.id DESC"


def _part(column: Column, now: datetime, bounds: Bounds) -> _Part:
    return _Part(*column_sql(column, now, bounds), _LATEST if column == "overdue" else _BY_DEADLINE)


def _first_parts(marks: Marks, narrowed: tuple[str, list[Any]], within: _Part | None, attention: int) -> list[_Part]:
    """Return what a list, or a column of it, begins with: pinned deals, and those that ask for attention."""
    extra, more = narrowed
    condition, values = (within.condition, within.values) if within else ("1 = 1", [])
    parts: list[_Part] = []
    if marks.pinned:
        soonest = "d.next_deadline_at IS NULL, d.next_deadline_at, d.id"
        pinned = f"d.id IN ({_listed(marks.pinned)}) AND {condition}{extra}"
        parts.append(_Part(pinned, [*values, *more], soonest))
    if attention:
        muted = f" AND d.id NOT IN ({_listed(marks.muted)})" if marks.muted else ""
        asks = f"d.attention_at > ? AND {condition}{extra}{_not_pinned(marks)}{muted}"
        parts.append(_Part(asks, [_EVER, *values, *more], "d.attention_at DESC, d.id DESC"))
    return parts


def _not_pinned(marks: Marks) -> str:
    return f" AND d.id NOT IN ({_listed(marks.pinned)})" if marks.pinned else ""


def _other_part(part: _Part, marks: Marks, narrowed: tuple[str, list[Any]], attention: int) -> _Part:
    """Return a part without the deals that the list began with."""
    extra, more = narrowed
    quiet = f"(d.attention_at IS NULL OR d.id IN ({_listed(marks.muted)}))" if marks.muted else "d.attention_at IS NULL"
    rest = f"{part.condition}{extra}{_not_pinned(marks)}" + (f" AND {quiet}" if attention else "")
    return _Part(rest, [*part.values, *more], part.order)


def _beside(name: Column, loose: Sequence[tuple[Column, Dated, int]]) -> list[_Part]:
    """Return the parts of a column that stand beside the deals, where there are any."""
    order = _LATEST if name == "overdue" else _BY_DEADLINE
    return [_Part(*dated, order, loose=True) for column, dated, count in loose if column == name and count]


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
    the others by deadline, those with no activity last. In each column the deals come before what stands beside them.
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
    deals: dict[Column, int] = dict(zip(COLUMNS, found, strict=True))
    counts = dict(deals)
    loose = list[tuple[Column, Dated, int]]()
    if not narrowed and sees_loose(work, owner):
        beside = loose_columns(work.now, bounds)
        for (name, dated), count in zip(
            beside, await count_loose(owner, [dated for _, dated in beside], MOST), strict=True
        ):
            loose.append((name, dated, count))
            counts[name] = min(MOST, counts[name] + count)
    incoming, planned, overdue = await counters(work, owner)
    skip, rows = max(0, page) * size, list[DealRow | LooseRow]()
    only = _part(column, work.now, bounds) if column else None
    parts = _first_parts(marks, extra, only, attention)
    if column or any(count for _, _, count in loose):
        for name in (column,) if column else COLUMNS:
            if deals[name]:
                parts.append(_other_part(_part(name, work.now, bounds), marks, extra, attention))
            parts += _beside(name, loose)
    else:
        # What became overdue last asks the loudest; all the others follow each other by deadline, then those that have none.
        late, *coming, undated = found
        parts += [
            _other_part(part, marks, extra, attention)
            for count, part in (
                (late, _part("overdue", work.now, bounds)),
                (sum(coming), _Part("d.next_deadline_at >= ?", [work.now], _BY_DEADLINE)),
                (undated, _part("none", work.now, bounds)),
            )
            if count
        ]
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        shown = await part.rows(owner, size + 1 - len(rows), skip)
        rows += shown
        if len(rows) > size or last:
            break
        # This part is passed: the next one begins where its end left off (counted no further than what was skipped).
        if shown or not skip:
            skip = 0
            continue
        skip -= await part.count(owner, skip)
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
        attention,
        marks,
        narrowed,
        people is None or len(people) > 1,
        tuple(await waiting_for(work, owner, limit=_MOST_WAITING, loose=True))
        if incoming and not (page or column or narrowed)
        else (),
        *(await _whose(owner) if owner != work.actor.id else ("", False)),
    )


async def _whose(owner: int) -> tuple[str, bool]:
    """Return what somebody is called, and whether they have left."""
    row = await db.fetch_one('SELECT name, active FROM "user" WHERE id = ?', owner)
    return (str(row["name"]), not row["active"]) if row else ("", False)


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
        "LEFT JOIN company c ON c.id = p.company_id AND c.deleted_at IS NULL LEFT JOIN stage s ON s.id = p.stage_id "
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
