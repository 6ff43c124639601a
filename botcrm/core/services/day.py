"""What was done on a day: by one person, and by everybody who works for them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from botcrm.core import db
from botcrm.core.domain.kinds import Reach
from botcrm.core.domain.zones import start_of_day, to_wall
from botcrm.core.services.access import owned_sql, owners, reach
from botcrm.core.services.home import DealRow, deal_rows
from botcrm.core.services.loose import LooseRow, loose_rows
from botcrm.core.services.work import Work

_MOST_PEOPLE = 15


@dataclass(frozen=True, slots=True)
class DayDone:
    """A person's day.

    :ivar kinds: done activities by kind, the most first
    :ivar won: amounts of won deals by currency; of a deal without one nothing
    """

    kinds: tuple[tuple[str, int], ...] = ()
    deals_won: int = 0
    won: tuple[tuple[str, Decimal], ...] = ()
    deals_lost: int = 0
    deals_opened: int = 0
    answered: int = 0

    @property
    def done(self) -> int:
        """Return how many activities were done."""
        return sum(count for _, count in self.kinds)

    def __bool__(self) -> bool:
        return any((self.kinds, self.deals_won, self.deals_lost, self.deals_opened, self.answered))


@dataclass(frozen=True, slots=True)
class PersonDone:
    """What somebody of the team did."""

    user_id: int
    name: str
    done: int
    won: int


def _day(work: Work, day: date | None) -> tuple[datetime, datetime]:
    day = day or to_wall(work.now, work.prefs.zone).date()
    return start_of_day(day, work.prefs.zone), start_of_day(day + timedelta(days=1), work.prefs.zone)


# The day's rows are found by their time, of everybody: a person has thousands of older ones. The plus keeps the owner's index out.
_DONE = "a.status = 'done' AND a.deleted_at IS NULL AND a.done_at >= ? AND a.done_at < ?"
_TODAYS = "SELECT DISTINCT e.record_id FROM event e WHERE e.type IN ({}) AND e.at >= ? AND e.at < ?"


async def day_done(work: Work, day: date | None = None) -> DayDone:
    """Return what the actor got done on a day of their zone, today where none is named; what was undone does not count."""
    start, end = _day(work, day)
    me = work.actor.id or 0
    kinds = await db.fetch(
        f"SELECT a.kind, count(*) AS n FROM activity a WHERE {_DONE} AND +a.owner_id = ? "
        "GROUP BY a.kind ORDER BY n DESC, a.kind",
        start,
        end,
        me,
    )
    deals = await db.fetch(
        "SELECT d.status, d.amount, d.currency, d.created_at, d.closed_at FROM deal d WHERE d.id IN "
        f"({_TODAYS.format(_DEAL_EVENTS)}) AND +d.owner_id = ? AND d.deleted_at IS NULL",
        start,
        end,
        me,
    )
    closed = [row for row in deals if row["closed_at"] and start <= db.moment_needed(row["closed_at"]) < end]
    won = [row for row in closed if row["status"] == "won"]
    sums: dict[str, Decimal] = {}
    for row in won:
        if row["amount"] is not None:
            sums[row["currency"]] = sums.get(row["currency"], Decimal()) + Decimal(str(row["amount"]))
    said = await db.fetch_one(
        "SELECT count(*) AS n FROM event e WHERE e.type = 'MessageSent' AND e.at >= ? AND e.at < ? AND e.actor_id = ?",
        start,
        end,
        me,
    )
    return DayDone(
        kinds=tuple((row["kind"], int(row["n"])) for row in kinds),
        deals_won=len(won),
        won=tuple(sorted(sums.items())),
        deals_lost=sum(row["status"] == "lost" for row in closed),
        deals_opened=sum(start <= db.moment_needed(row["created_at"]) < end for row in deals),
        answered=int(said["n"]) if said else 0,
    )


_DEAL_EVENTS = "'DealCreated', 'DealWon', 'DealLost'"


async def team_done(work: Work, day: date | None = None) -> list[PersonDone]:
    """Return what everybody within the actor's reach but the actor did on a day, the most first; who did nothing is left out."""
    if reach(work.actor, "deal") in (Reach.NONE, Reach.OWN):
        return []
    start, end = _day(work, day)
    done = await db.fetch(
        f"SELECT a.owner_id AS id, count(*) AS n FROM activity a WHERE {_DONE} "
        f"AND {owned_sql('+a.owner_id', owners(work.actor, 'activity'))} AND a.owner_id <> ? GROUP BY a.owner_id",
        start,
        end,
        work.actor.id,
    )
    won = await db.fetch(
        f"SELECT d.owner_id AS id, count(*) AS n FROM deal d WHERE d.id IN ({_TODAYS.format(_DEAL_EVENTS)}) "
        f"AND {owned_sql('+d.owner_id', owners(work.actor, 'deal'))} AND d.owner_id <> ? AND d.deleted_at IS NULL "
        "AND d.status = 'won' AND d.closed_at >= ? AND d.closed_at < ? GROUP BY d.owner_id",
        start,
        end,
        work.actor.id,
        start,
        end,
    )
    counts: dict[int, list[int]] = {}
    for place, rows in enumerate((done, won)):
        for row in rows:
            counts.setdefault(row["id"], [0, 0])[place] = int(row["n"])
    first = sorted(counts.items(), key=lambda item: (-item[1][1], -item[1][0], item[0]))[:_MOST_PEOPLE]
    if not first:
        return []
    rows = await db.fetch(f'SELECT id, name FROM "user" WHERE {owned_sql("id", counts)}')
    names = {row["id"]: row["name"] for row in rows}
    return [PersonDone(user_id, names.get(user_id, "?"), *found) for user_id, found in first]


async def steps_tomorrow(work: Work, limit: int = 4) -> list[DealRow | LooseRow]:
    """Return what the actor has planned for tomorrow, the first first: each step of a deal stands with its deal.

    What is overdue on the same deal hides none of it.
    """
    me = work.actor.id or 0
    start, end = _day(work, to_wall(work.now, work.prefs.zone).date() + timedelta(days=1))
    steps = await db.fetch(
        "SELECT a.id, a.version, a.kind, a.title, a.due_at, a.has_time, a.deadline_at, a.deal_id FROM activity a "
        "WHERE a.counts_for = ? AND a.deadline_at >= ? AND a.deadline_at < ? AND a.status = 'planned' "
        f"AND a.deal_id IS NOT NULL ORDER BY a.deadline_at, a.id LIMIT {int(limit)}",
        me,
        start,
        end,
    )
    ids = {row["deal_id"] for row in steps}
    deals = {row.id: row for row in await deal_rows(owned_sql("d.id", ids), [], "d.id", limit=limit)} if ids else {}
    found: list[DealRow | LooseRow] = [
        deals[row["deal_id"]]._replace(
            next_id=row["id"],
            next_version=row["version"],
            next_kind=row["kind"],
            next_title=row["title"],
            next_at=db.moment(row["due_at"]),
            next_has_time=bool(row["has_time"]),
            deadline_at=db.moment(row["deadline_at"]),
        )
        for row in steps
        if row["deal_id"] in deals
    ]
    dated = ("a.deadline_at >= ? AND a.deadline_at < ?", [start, end])
    found += await loose_rows(me, dated, limit=limit)
    return sorted(found, key=lambda row: row.deadline_at or end)[:limit]
